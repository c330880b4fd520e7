/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short foreign texts: references, WWW-Authenticate headers, platforms and instructions; the first byte chooses. A
 * reference that is accepted must come out of its familiar form unchanged, and can never lead out of the store. */
#include "image/challenge.h"
#include "image/change.h"
#include "image/layout.h"
#include "image/platform.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_reference(struct wh_arena *a, const char *text)
{
    struct wh_ref ref, again;
    if (wh_ref_parse(a, text, &ref, NULL) < 0)
        return;
    const char *path = layout_ref_path(a, &ref);
    if (!path || strstr(path, "/../") || strstr(path, "//") || strstr(path, "/./"))
        abort();
    if (wh_ref_parse(a, wh_ref_familiar(a, &ref), &again, NULL) < 0 ||
        strcmp(wh_ref_canonical(a, &ref), wh_ref_canonical(a, &again)) != 0)
        abort();
}

static void try_challenge(struct wh_arena *a, const char *text)
{
    struct challenge c = {.realm = "", .service = "", .scope = "", .error = ""};
    (void)challenge_read(a, text, &c);
}

static void try_platform(struct wh_arena *a, const char *text)
{
    struct platform p;
    if (platform_parse(a, text, &p, NULL) == 0)
        (void)platform_rank(&p, &p);
}

static void try_change(struct wh_arena *a, const char *text)
{
    (void)change_apply(a, wh_node_map(a, NULL), text, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct wh_arena *, const char *) = {try_reference, try_challenge, try_platform,
                                                                     try_change};
    wh_auto_arena a = {0};
    if (!size || memchr(data + 1, '\0', size - 1))
        return 0;
    const char *text = wh_arena_strndup(&a, (const char *)data + 1, size - 1);
    tries[data[0] % WH_ARRAY_LEN(tries)](&a, text);
    return 0;
}
