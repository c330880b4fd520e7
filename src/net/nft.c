/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with libnftables: text in, one transaction, nft's own message when it fails. The context is made anew for
 * each call (16 us after the first): its socket belongs to the namespace of the moment, and its cache is never stale.
 */
#include "net_private.h"

#include <errno.h>
#include <fcntl.h>
#include <nftables/libnftables.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

#define LOW_FDS   64  /* kept in the thread's table: the standard ones and a few more */
#define SPARE_FDS 128 /* other threads open some meanwhile */

/* First line of nft's message, without its "Error: " and the place in the buffer. */
static void first_line(const char *text, char *buf, size_t size)
{
    const char *from = strstr(text, "Error: ");
    from = from ? from + strlen("Error: ") : text;
    size_t len = strcspn(from, "\n");
    snprintf(buf, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

static void *free_in_thread(void *ctx)
{
    nft_ctx_free(ctx);
    return NULL;
}

/* Closing a socket that has deleted something waits until the kernel has released its memory (RCU, 16 ms). What was
 * deleted is gone by then, so nobody needs to wait with it. */
static void free_later(struct nft_ctx *ctx)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, free_in_thread, ctx) == 0)
        pthread_detach(thread);
    else
        nft_ctx_free(ctx);
}

static void free_context(struct nft_ctx **ctx)
{
    if (*ctx)
        nft_ctx_free(*ctx);
}

static int ask_here(const char *commands, struct wh_str *ret_text, struct wh_err *err)
{
    struct nft_ctx *ctx WH_CLEANUP(free_context) = nft_ctx_new(NFT_CTX_DEFAULT);
    if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx))
        return wh_fail(err, WH_E_GENERIC, "nftables cannot be used");
    nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_NUMERIC_PROTO);
    if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
        char line[256];
        first_line(nft_ctx_get_error_buffer(ctx), line, sizeof(line));
        return wh_fail(err, WH_E_GENERIC, "nftables: %s", line);
    }
    if (ret_text && wh_str_add(ret_text, nft_ctx_get_output_buffer(ctx)) < 0)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    if (strstr(commands, "delete "))
        free_later(wh_steal(ctx));
    return 0;
}

/* ---- many descriptors -------------------------------------------------------------------------------------------- */

struct question {
    const char *commands;
    struct wh_str *ret_text;
    struct wh_err *err;
    int result;
};

static void *ask_apart(void *data)
{
    struct question *q = data;
    if (unshare(CLONE_FILES) < 0 || close_range(LOW_FDS, ~0U, 0) < 0)
        q->result = wh_fail(q->err, errno, "nftables: an own table of descriptors");
    else
        q->result = ask_here(q->commands, q->ret_text, q->err);
    return NULL;
}

/* The library waits for its socket with select(), which ends the program when the descriptor's number is 1024 or more.
 * A supervisor of a hundred containers has that many: then the work is done in a thread whose own copy of the table of
 * descriptors has been emptied. The thread inherits the network namespace. */
static int ask_in_thread(const char *commands, struct wh_str *ret_text, struct wh_err *err)
{
    struct question q = {.commands = commands, .ret_text = ret_text, .err = err};
    pthread_t thread;
    int error = pthread_create(&thread, NULL, ask_apart, &q);
    if (error)
        return wh_fail(err, error, "nftables: thread");
    pthread_join(thread, NULL);
    return q.result;
}

static bool has_low_fds(void)
{
    int next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (next >= 0)
        close(next);
    return next >= 0 && next < FD_SETSIZE - SPARE_FDS;
}

int wh_nft_ask(const char *commands, struct wh_str *ret_text, struct wh_err *err)
{
    return has_low_fds() ? ask_here(commands, ret_text, err) : ask_in_thread(commands, ret_text, err);
}

int wh_nft_run(const char *commands, struct wh_err *err)
{
    return wh_nft_ask(commands, NULL, err);
}

int wh_nft_has_table(const char *name, struct wh_err *err)
{
    wh_auto_str text = {0};
    char want[WH_TABLE_MAX + 32];
    if (wh_nft_ask("list tables inet", &text, err) < 0)
        return -1;
    snprintf(want, sizeof(want), "table inet %s", name);
    for (const char *at = wh_str_c(&text); (at = strstr(at, want)); at++) {
        char after = at[strlen(want)];
        if (after == '\n' || after == ' ' || after == '\0')
            return 0;
    }
    return 1;
}
