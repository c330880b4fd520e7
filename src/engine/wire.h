/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of the control socket, for both sides: a 4-byte little-endian length and that many bytes of JSON. Descriptors
 * travel with the first byte of their message and are matched in order: a message that has some says how many by its
 * key "fds".
 */
#ifndef WHALE_ENGINE_WIRE_H
#define WHALE_ENGINE_WIRE_H

#include "whale/codec/node.h"
#include "whale/engine.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

#include <stdbool.h>
#include <stddef.h>

#define WH_WIRE_MAX_BYTES ((size_t)64 << 20) /* of one message, and of what waits to be sent to one peer */
#define WH_WIRE_FDS_KEY   "fds"

struct wh_wire_out;

struct wh_wire {
    int fd; /* owned */
    struct wh_str in;
    size_t in_start; /* first byte of the next frame */
    int in_fds[4 * WH_ENGINE_MAX_FDS];
    size_t n_in_fds;
    struct wh_wire_out *out, **out_tail;
    size_t out_bytes;
};

void wh_wire_init(struct wh_wire *w, int take_fd);
void wh_wire_fini(struct wh_wire *w);

enum { WH_WIRE_NOTHING = 1, WH_WIRE_CLOSED = 2 };
/* Reads what is there, once (blocks on a blocking socket). 0, WH_WIRE_NOTHING, WH_WIRE_CLOSED (also on a reset), -1. */
int wh_wire_read(struct wh_wire *w, struct wh_err *err);
/* The next whole message, parsed into a; WH_WIRE_NOTHING when there is none; -1: the peer broke the protocol. Its
 * descriptors (fds must have room for WH_ENGINE_MAX_FDS) belong to the caller. */
int wh_wire_next(struct wh_wire *w, struct wh_arena *a, struct wh_node **ret, int fds[WH_ENGINE_MAX_FDS],
                 size_t *ret_n_fds, struct wh_err *err);
bool wh_wire_has_frame(const struct wh_wire *w);

/* Queues a message and sends what the socket takes; fds are borrowed (duplicated when the message must wait). */
int wh_wire_send(struct wh_wire *w, const struct wh_node *message, const int *fds, size_t n_fds, struct wh_err *err);
/* Sends what waits. 0 = all sent, WH_WIRE_NOTHING = more waits for the socket, -1 = the peer is gone. */
int wh_wire_flush(struct wh_wire *w, struct wh_err *err);

#endif
