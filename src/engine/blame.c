/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what failed to the value of the project that is to blame: who checks or runs says which attribute of a service
 * it was, here it gets the service, and the attribute under which this service has it. */
#include "engine/check.h"

#include "whale/util/str.h"

#include <string.h>

static const struct {
    const char *attribute, *other; /* the other one counts first when it is there */
} twins[] = {
    {"command", "entrypoint"},
    {"mem_limit", "deploy/resources/limits/memory"},
    {"mem_reservation", "deploy/resources/reservations/memory"},
    {"cpu_quota", "deploy/resources/limits/cpus"},
    {"cpu_quota", "cpus"},
    {"cpus", "deploy/resources/limits/cpus"},
    {"pids_limit", "deploy/resources/limits/pids"},
};

static bool has(const struct wh_node *n, const char *path)
{
    char word[64];
    for (; n && *path; path += path[strcspn(path, "/")] ? strcspn(path, "/") + 1 : strlen(path)) {
        snprintf(word, sizeof(word), "%.*s", (int)strcspn(path, "/"), path);
        n = wh_node_get(n, word);
    }
    return n && n->kind != WH_NODE_NULL;
}

void blame_service(const struct wh_service *s, struct wh_err *err)
{
    if (!s || !err->value || err->value[0] == '/')
        return;
    for (size_t i = 0; i < WH_ARRAY_LEN(twins); i++) {
        if (strcmp(err->value, twins[i].attribute) != 0 || !has(s->node, twins[i].other))
            continue;
        wh_err_in(err, "services/%s/%s", s->name, twins[i].other);
        err->value[strlen(err->value) - strlen(twins[i].attribute) - 1] = '\0';
        return;
    }
    wh_err_in(err, "services/%s", s->name);
}
