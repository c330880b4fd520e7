/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the control socket: the input is what a client has sent so far. */
#include "engine/wire.h"

#include "whale/event.h"
#include "whale/util/arena.h"

#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wh_wire w;
    wh_wire_init(&w, -1);
    wh_str_addn(&w.in, data, size);
    for (;;) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        struct wh_node *n;
        struct wh_event e;
        int fds[WH_ENGINE_MAX_FDS];
        size_t n_fds = 0;
        if (wh_wire_next(&w, &a, &n, fds, &n_fds, &err) != 0)
            break;
        wh_event_from_node(n, &e, &err);
    }
    wh_wire_fini(&w);
    return 0;
}
