/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking a running supervisor for its containers. */
#include "whale/engine.h"

#include "whale/util/cleanup.h"

#include <sys/stat.h>
#include <unistd.h>

#define ANSWER_MS 1000 /* a supervisor that is stopped or drowned in work: records tell as well */

static int ask(struct wh_client *c, struct wh_arena *a, int *ret_fd)
{
    struct wh_node *request = wh_node_map(a, NULL);
    wh_node_put_str(a, request, "op", "containers");
    if (a->failed || wh_client_send(c, request, NULL, 0, NULL) != 0)
        return -1;
    struct wh_event e;
    int fds[WH_ENGINE_MAX_FDS];
    int r = wh_client_next(c, ANSWER_MS, a, &e, fds, NULL);
    *ret_fd = r == 0 ? fds[0] : -1;
    return *ret_fd < 0 ? -1 : 0;
}

static int read_listing(int fd, struct wh_arena *a, struct wh_container **ret_items, size_t *ret_n)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -1;
    size_t len = (size_t)st.st_size;
    char *bytes = wh_arena_alloc(a, len + 1);
    if (!bytes || pread(fd, bytes, len, 0) != (ssize_t)len)
        return -1;
    return wh_state_listing_read(a, bytes, len, ret_items, ret_n, NULL);
}

int wh_client_containers(const char *project, struct wh_arena *a, struct wh_container **ret_items, size_t *ret_n)
{
    struct wh_client *c = NULL;
    wh_auto_fd fd = -1;
    if (wh_client_open_present(project, &c, NULL) != 0)
        return WH_ENGINE_ABSENT;
    int r = ask(c, a, &fd);
    wh_client_close(c);
    return r == 0 && read_listing(fd, a, ret_items, ret_n) == 0 ? 0 : WH_ENGINE_ABSENT;
}
