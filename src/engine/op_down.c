/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `down`: folders whose record is damaged. `down --rmi`: when everything else is gone, the images of the services go
 * too, one after the other by whale-image on a helper thread. One that others use, or that is not there, is a warning
 * as with docker compose.
 */
#include "engine/op.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

struct rmi {
    struct op *op;
    struct wh_texts images;
    size_t next;
    int result;
    struct wh_err err; /* of the one that was just tried */
};

static void remove_one(void *data)
{
    struct rmi *rmi = data;
    const char *const args[] = {"rm", "--progress=json", rmi->images.items[rmi->next], NULL};
    rmi->result = wh_image_helper_run(wh_state_root(), args, NULL, NULL, &rmi->err);
}

static void one_removed(void *data);

static void start_next(struct rmi *rmi)
{
    struct op *op = rmi->op;
    if (rmi->next == rmi->images.len) {
        op_done(op, 0);
        return;
    }
    wh_request_progress(op->r, WH_STATUS_WORKING, "Removing", "Image %s", rmi->images.items[rmi->next]);
    if (wh_loop_offload(op->p->host->loop, 0, remove_one, one_removed, rmi) == 0)
        return;
    wh_fail(&op->err, ENOMEM, "remove images");
    op_done(op, 1);
}

static void say_kept(struct rmi *rmi, const char *image)
{
    wh_auto_free char *text = wh_err_text(&rmi->err);
    const char *why = text ? text : "", *said = "Skipped";
    if (strstr(why, "is using it"))
        said = "Resource is still in use";
    else if (strstr(why, "No such image"))
        said = "No resource found to remove";
    else
        wh_request_warn(rmi->op->r, "image %s: %s", image, why);
    wh_request_progress(rmi->op->r, WH_STATUS_WARNING, said, "Image %s", image);
}

static void one_removed(void *data)
{
    struct rmi *rmi = data;
    const char *image = rmi->images.items[rmi->next++];
    if (rmi->result == 0) {
        wh_request_progress(rmi->op->r, WH_STATUS_DONE, "Removed", "Image %s", image);
    } else {
        say_kept(rmi, image);
    }
    wh_err_fini(&rmi->err);
    rmi->err = (struct wh_err){0};
    start_next(rmi);
}

/* Without a file: those that the project's containers were made of, noted before the containers go. */
void op_note_images(struct op *op)
{
    struct wh_policy *p = op->p;
    struct wh_arena *a = &op->r->arena;
    bool all = wh_streq(wh_node_get_str(op->options, "rmi", ""), "all");
    op->images = (struct wh_texts){0};
    if (all && !op->project)
        op->images.items = wh_arena_array(a, const char *, p->ctrs.len + 1);
    for (size_t i = 0; op->images.items && i < p->ctrs.len; i++)
        op_add_image(a, &op->images, ((const struct ctr *)p->ctrs.entries[i].value)->rec.image);
}

/* What no listing shows any more would stay for ever; its processes were ended when the supervisor found no record. */
static void remove_damaged(struct op *op)
{
    struct wh_policy *p = op->p;
    wh_auto_strv ids = {0};
    if (wh_state_containers_damaged(p->project, &ids, NULL) < 0)
        return;
    for (size_t i = 0; i < ids.len; i++) {
        const struct ctr known = {.p = p, .rec = {.project = p->project, .id = ids.items[i]}};
        if (ctr_find(p, ids.items[i]) || wh_state_container_remove(p->project, ids.items[i], NULL) < 0)
            continue;
        ctr_drop_spool(&known);
        wh_request_warn(op->r, "container %.12s is removed: its record was damaged", ids.items[i]);
    }
}

static void after_down(struct op *op)
{
    const char *which = wh_node_get_str(op->options, "rmi", "");
    struct rmi *rmi = wh_arena_new(&op->r->arena, struct rmi);
    if (wh_node_len(wh_node_get(op->r->params, "services")) == 0)
        remove_damaged(op);
    if (!rmi || !which[0]) {
        op_done(op, 0);
        return;
    }
    rmi->op = op;
    rmi->images = op->project ? wh_engine_removed_images(&op->r->arena, op->project, which) : op->images;
    start_next(rmi);
}

void handle_down(struct wh_request *r, void *policy)
{
    op_start_request(r, policy, WH_PLAN_DOWN, after_down);
}
