/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring between the decompressing thread and the unpacker. */
#include "stream.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_BUFFERS    6
#define BUFFER_BYTES ((size_t)256 << 10)

struct buffer {
    unsigned char *data;
    size_t len;
};

struct stream {
    struct decoder decoder;
    struct stream_options options;
    struct hash output_hash;
    uint64_t output_bytes;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct buffer ring[N_BUFFERS];
    size_t filled;  /* buffers ever filled by the thread */
    size_t emptied; /* buffers ever given back by the caller */
    bool ended, failed, abandoned;
    struct wh_err err;
    size_t offset; /* of the caller in its buffer */
};

/* ---- the thread ---- */

static bool wait_for_room(struct stream *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->filled - s->emptied == N_BUFFERS && !s->abandoned)
        pthread_cond_wait(&s->changed, &s->lock);
    bool go_on = !s->abandoned;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static int check_ratio(struct stream *s, struct wh_err *err)
{
    const struct limits *l = s->options.limits;
    if (s->output_bytes <= l->ratio_after_bytes || s->decoder.kind == DECODER_PLAIN ||
        s->output_bytes / l->ratio <= s->decoder.in_bytes)
        return 0;
    return wh_fail(err, WH_E_LIMIT, "compressed data expands more than %" PRIu64 " times", l->ratio);
}

/* Fills the buffer to the brim, so that a member of an archive starts at a block inside one. */
static ssize_t fill_buffer(struct stream *s, struct buffer *b)
{
    size_t len = 0;
    while (len < BUFFER_BYTES) {
        ssize_t n = decoder_read(&s->decoder, b->data + len, BUFFER_BYTES - len, &s->err);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    if (s->options.hash_output)
        hash_add(&s->output_hash, b->data, len);
    s->output_bytes += len;
    return check_ratio(s, &s->err) < 0 ? -1 : (ssize_t)len;
}

static void publish(struct stream *s, ssize_t n)
{
    pthread_mutex_lock(&s->lock);
    if (n > 0) {
        s->ring[s->filled % N_BUFFERS].len = (size_t)n;
        s->filled++;
    } else {
        s->ended = true;
        s->failed = n < 0;
    }
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
    struct stream *s = arg;
    ssize_t n = 1;
    while (n > 0 && wait_for_room(s)) {
        n = fill_buffer(s, &s->ring[s->filled % N_BUFFERS]);
        if (n == 0 && decoder_drain(&s->decoder, &s->err) < 0)
            n = -1;
        publish(s, n);
    }
    return NULL;
}

/* ---- the caller ---- */

static void release(struct stream *s)
{
    decoder_end(&s->decoder);
    hash_drop(&s->output_hash);
    for (size_t i = 0; i < N_BUFFERS; i++)
        free(s->ring[i].data);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    wh_err_fini(&s->err);
    free(s);
}

static int prepare(struct stream *s, struct source source, struct wh_err *err)
{
    for (size_t i = 0; i < N_BUFFERS; i++)
        if (!(s->ring[i].data = malloc(BUFFER_BYTES)))
            return wh_fail(err, ENOMEM, "layer buffers");
    if (s->options.hash_output && hash_begin(&s->output_hash) < 0)
        return wh_fail(err, ENOMEM, "layer digest");
    return decoder_begin(&s->decoder, source, s->options.hash_input, err);
}

int stream_open(struct source source, const struct stream_options *options, struct stream **ret, struct wh_err *err)
{
    struct stream *s = calloc(1, sizeof(*s));
    if (!s)
        return wh_fail(err, ENOMEM, "layer stream");
    s->options = *options;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    int r = prepare(s, source, err);
    int e = r == 0 ? pthread_create(&s->thread, NULL, run, s) : 0;
    if (e)
        r = wh_fail(err, e, "start a thread");
    if (r < 0) {
        release(s);
        return -1;
    }
    *ret = s;
    return 0;
}

/* Gives the used-up buffer back and waits for the next. */
static bool next_buffer(struct stream *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->emptied < s->filled && s->offset == s->ring[s->emptied % N_BUFFERS].len) {
        s->emptied++;
        s->offset = 0;
        pthread_cond_broadcast(&s->changed);
    }
    while (s->emptied == s->filled && !s->ended)
        pthread_cond_wait(&s->changed, &s->lock);
    bool has = s->emptied < s->filled;
    pthread_mutex_unlock(&s->lock);
    return has;
}

int stream_peek(struct stream *s, const unsigned char **ret, size_t *ret_n, struct wh_err *err)
{
    *ret_n = 0;
    if (!next_buffer(s)) {
        if (!s->failed)
            return 0;
        wh_err_move(err, &s->err);
        return -1;
    }
    const struct buffer *b = &s->ring[s->emptied % N_BUFFERS];
    *ret = b->data + s->offset;
    *ret_n = b->len - s->offset;
    return 0;
}

void stream_take(struct stream *s, size_t n)
{
    s->offset += n;
}

int stream_read(struct stream *s, void *buf, size_t len, struct wh_err *err)
{
    for (size_t done = 0; done < len;) {
        const unsigned char *p;
        size_t n;
        if (stream_peek(s, &p, &n, err) < 0)
            return -1;
        if (!n)
            return wh_fail(err, WH_E_INVALID, "archive is truncated");
        if (n > len - done)
            n = len - done;
        memcpy((char *)buf + done, p, n);
        stream_take(s, n);
        done += n;
    }
    return 0;
}

int stream_finish(struct stream *take_s, struct stream_result *ret, struct wh_err *err)
{
    struct stream *s = take_s;
    const unsigned char *p;
    size_t n;
    do {
        if (stream_peek(s, &p, &n, err) < 0) {
            stream_close(s);
            return -1;
        }
        stream_take(s, n);
    } while (n);
    pthread_join(s->thread, NULL);
    *ret = (struct stream_result){
        .input_bytes = s->decoder.in_bytes, .output_bytes = s->output_bytes, .kind = s->decoder.kind};
    if (s->options.hash_output)
        hash_end(&s->output_hash, ret->output_hex);
    if (s->decoder.hashing)
        hash_end(&s->decoder.hash, ret->input_hex);
    else if (s->options.hash_input)
        memcpy(ret->input_hex, ret->output_hex, sizeof(ret->input_hex));
    release(s);
    return 0;
}

void stream_close(struct stream *take_s)
{
    struct stream *s = take_s;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->abandoned = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    release(s);
}
