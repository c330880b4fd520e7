/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which images `down --rmi` is about; also linked into the front end, for --dry-run. */
#include "engine/op.h"

#include "whale/image.h"
#include "whale/util/str.h"

void op_add_image(struct wh_arena *a, struct wh_texts *images, const char *text)
{
    wh_auto_err ignored = {0}; /* no reference: nothing can be there under that name */
    struct wh_ref ref;
    const char *name = wh_ref_parse(a, text, &ref, &ignored) < 0 ? NULL : wh_ref_familiar(a, &ref);
    for (size_t i = 0; name && i < images->len; i++)
        if (wh_streq(images->items[i], name))
            return;
    if (name)
        images->items[images->len++] = name;
}

struct wh_texts wh_engine_removed_images(struct wh_arena *a, const struct wh_project *p, const char *which)
{
    struct wh_texts images = {.items = wh_arena_array(a, const char *, p->services.len + 1)};
    bool all = wh_streq(which, "all");
    for (size_t i = 0; which[0] && images.items && i < p->services.len; i++) {
        const struct wh_service *s = &p->services.items[i];
        if (s->image && (all || s->image_is_implicit))
            op_add_image(a, &images, s->image);
    }
    return images;
}
