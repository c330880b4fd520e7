/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing over a stream socket. The peer is not trusted to send whole or sane messages; it is trusted to be one of us
 * or the superuser (the server checks). */
#include "engine/wire.h"

#include "whale/codec/json.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_BYTES 4
#define READ_BYTES   ((size_t)64 << 10)

struct wh_wire_out {
    struct wh_wire_out *next;
    size_t len, done;
    int fds[WH_ENGINE_MAX_FDS]; /* owned; sent with the first byte */
    size_t n_fds;
    char bytes[];
};

void wh_wire_init(struct wh_wire *w, int take_fd)
{
    *w = (struct wh_wire){.fd = take_fd};
    w->in.max = WH_WIRE_MAX_BYTES + READ_BYTES + HEADER_BYTES;
    w->out_tail = &w->out;
}

static void close_all(int *fds, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wh_close(&fds[i]);
}

static void drop_first_out(struct wh_wire *w)
{
    struct wh_wire_out *o = w->out;
    w->out = o->next;
    if (!w->out)
        w->out_tail = &w->out;
    w->out_bytes -= o->len;
    close_all(o->fds, o->n_fds);
    free(o);
}

void wh_wire_fini(struct wh_wire *w)
{
    while (w->out)
        drop_first_out(w);
    close_all(w->in_fds, w->n_in_fds);
    wh_str_fini(&w->in);
    wh_close(&w->fd);
}

/* ---- receiving -------------------------------------------------------------------------------------------------- */

static void take_fds(struct wh_wire *w, struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (w->n_in_fds < WH_ARRAY_LEN(w->in_fds))
                w->in_fds[w->n_in_fds++] = fd;
            else
                close(fd);
        }
    }
}

static void drop_consumed(struct wh_wire *w)
{
    if (!w->in_start)
        return;
    size_t left = w->in.len - w->in_start;
    if (!left) { /* most of the time: give a large buffer back */
        size_t max = w->in.max;
        wh_str_fini(&w->in);
        w->in = (struct wh_str){.max = max};
    } else {
        memmove(w->in.data, w->in.data + w->in_start, left);
        wh_str_cut(&w->in, left);
    }
    w->in_start = 0;
}

int wh_wire_read(struct wh_wire *w, struct wh_err *err)
{
    drop_consumed(w);
    if (wh_str_reserve(&w->in, READ_BYTES) < 0)
        return wh_fail(err, WH_E_LIMIT, "message of more than %zu MiB", WH_WIRE_MAX_BYTES >> 20);
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(WH_ENGINE_MAX_FDS * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = w->in.data + w->in.len, .iov_len = READ_BYTES};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    ssize_t n;
    do
        n = recvmsg(w->fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return WH_WIRE_NOTHING;
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return WH_WIRE_CLOSED;
    if (n < 0)
        return wh_fail(err, errno, "read the control socket");
    take_fds(w, &msg);
    w->in.len += (size_t)n;
    w->in.data[w->in.len] = '\0';
    return 0;
}

static size_t frame_len(const struct wh_wire *w)
{
    const unsigned char *p = (const unsigned char *)w->in.data + w->in_start;
    return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

bool wh_wire_has_frame(const struct wh_wire *w)
{
    size_t have = w->in.len - w->in_start;
    return have >= HEADER_BYTES && have - HEADER_BYTES >= frame_len(w);
}

static int give_fds(struct wh_wire *w, const struct wh_node *n, int *fds, size_t *ret_n, struct wh_err *err)
{
    int64_t want = wh_node_get_int(n, WH_WIRE_FDS_KEY, 0);
    if (want < 0 || want > WH_ENGINE_MAX_FDS || (size_t)want > w->n_in_fds)
        return wh_fail(err, WH_E_PROTOCOL, "message with %lld descriptors of which %zu came", (long long)want,
                       w->n_in_fds);
    size_t count = (size_t)want;
    memcpy(fds, w->in_fds, count * sizeof(int));
    w->n_in_fds -= count;
    memmove(w->in_fds, w->in_fds + count, w->n_in_fds * sizeof(int));
    *ret_n = count;
    return 0;
}

int wh_wire_next(struct wh_wire *w, struct wh_arena *a, struct wh_node **ret, int fds[WH_ENGINE_MAX_FDS],
                 size_t *ret_n_fds, struct wh_err *err)
{
    if (w->in.len - w->in_start < HEADER_BYTES)
        return WH_WIRE_NOTHING;
    size_t len = frame_len(w);
    if (len > WH_WIRE_MAX_BYTES)
        return wh_fail(err, WH_E_LIMIT, "message of %zu bytes", len);
    if (!wh_wire_has_frame(w))
        return WH_WIRE_NOTHING;
    const char *text = w->in.data + w->in_start + HEADER_BYTES;
    struct wh_node *n;
    if (wh_json_parse(a, text, len, "message", &n, err) < 0)
        return wh_wrap(err, "control socket");
    if (n->kind != WH_NODE_MAP)
        return wh_fail(err, WH_E_PROTOCOL, "message is not an object");
    if (give_fds(w, n, fds, ret_n_fds, err) < 0)
        return -1;
    w->in_start += HEADER_BYTES + len;
    *ret = n;
    return 0;
}

/* ---- sending ---------------------------------------------------------------------------------------------------- */

static ssize_t send_part(int fd, const struct wh_wire_out *o)
{
    struct iovec iov = {.iov_base = (void *)(o->bytes + o->done), .iov_len = o->len - o->done};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(WH_ENGINE_MAX_FDS * sizeof(int))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    if (o->n_fds && o->done == 0) {
        size_t size = o->n_fds * sizeof(int);
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(size);
        control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(size)};
        memcpy(CMSG_DATA(&control.head), o->fds, size);
    }
    ssize_t n;
    do
        n = sendmsg(fd, &msg, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n;
}

int wh_wire_flush(struct wh_wire *w, struct wh_err *err)
{
    while (w->out) {
        struct wh_wire_out *o = w->out;
        ssize_t n = send_part(w->fd, o);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return WH_WIRE_NOTHING;
        if (n < 0)
            return wh_fail(err, errno, "write to the control socket");
        o->done += (size_t)n;
        if (o->done == o->len)
            drop_first_out(w);
    }
    return 0;
}

static struct wh_wire_out *new_out(const struct wh_str *text, const int *fds, size_t n_fds)
{
    struct wh_wire_out *o = malloc(sizeof(*o) + HEADER_BYTES + text->len);
    if (!o)
        return NULL;
    *o = (struct wh_wire_out){.len = HEADER_BYTES + text->len};
    for (int i = 0; i < HEADER_BYTES; i++)
        o->bytes[i] = (char)(text->len >> (8 * i));
    memcpy(o->bytes + HEADER_BYTES, text->data, text->len);
    for (size_t i = 0; i < n_fds; i++) {
        int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            close_all(o->fds, o->n_fds);
            free(o);
            return NULL;
        }
        o->fds[o->n_fds++] = copy;
    }
    return o;
}

int wh_wire_send(struct wh_wire *w, const struct wh_node *message, const int *fds, size_t n_fds, struct wh_err *err)
{
    wh_auto_str text = {.max = WH_WIRE_MAX_BYTES};
    if (n_fds > WH_ENGINE_MAX_FDS || wh_json_write(message, WH_JSON_COMPACT, &text) < 0)
        return wh_fail(err, WH_E_LIMIT, "message is too large");
    if (w->out_bytes + text.len > WH_WIRE_MAX_BYTES)
        return wh_fail(err, WH_E_LIMIT, "the peer does not read its messages");
    struct wh_wire_out *o = new_out(&text, fds, n_fds);
    if (!o)
        return wh_fail(err, errno, "queue a message");
    *w->out_tail = o;
    w->out_tail = &o->next;
    w->out_bytes += o->len;
    return wh_wire_flush(w, err);
}
