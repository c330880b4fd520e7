/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which containers each service shall have: what is kept, replaced, added and taken away, and why. */
#include "plan/builder.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

static const struct wh_plan_hash *wanted_hash(const struct builder *b, const char *service)
{
    const struct wh_plan_hashes *h = &b->in->service_hashes;
    for (size_t i = 0; i < h->len; i++)
        if (strcmp(h->items[i].key, service) == 0)
            return &h->items[i];
    return NULL;
}

static bool has_text(const struct wh_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->len; i++)
        if (strcmp(texts->items[i], text) == 0)
            return true;
    return false;
}

static const char *missing_network(struct builder *b, const struct node *n, const struct wh_plan_container *c)
{
    for (size_t i = 0; i < n->service->networks.len; i++) {
        const struct wh_network *net = wh_project_network(b->in->project, n->service->networks.items[i].name);
        if (net && !has_text(&c->networks, net->name))
            return wh_arena_fmt(b->a, "it is not on network %s", net->name);
    }
    return NULL;
}

static const char *missing_volume(struct builder *b, const struct node *n, const struct wh_plan_container *c)
{
    for (size_t i = 0; i < n->service->mounts.len; i++) {
        const struct wh_service_mount *m = &n->service->mounts.items[i];
        const struct wh_volume *v =
            m->source && wh_streq(m->type, "volume") ? wh_project_volume(b->in->project, m->source) : NULL;
        if (v && !has_text(&c->volumes, v->name))
            return wh_arena_fmt(b->a, "volume %s is not mounted", v->name);
        if (v && wh_map_has(&b->remade_volumes, v->name))
            return wh_arena_fmt(b->a, "volume %s is made again", v->name);
    }
    return NULL;
}

static bool shares_with(const struct wh_service *s, const char *other)
{
    const char *const modes[] = {s->network_mode, s->pid, s->ipc};
    for (size_t i = 0; i < WH_ARRAY_LEN(modes); i++)
        if (modes[i] && wh_streq(wh_mode_service(modes[i]), other))
            return true;
    for (size_t i = 0; i < s->volumes_from.len; i++) {
        const char *from = s->volumes_from.items[i];
        size_t len = strcspn(from, ":");
        if (strlen(other) == len && strncmp(from, other, len) == 0)
            return true;
    }
    return false;
}

static const char *replaced_parent(struct builder *b, const struct node *n)
{
    for (size_t i = 0; i < n->n_edges; i++)
        if (n->edges[i].to->replaced && shares_with(n->service, n->edges[i].to->name))
            return wh_arena_fmt(b->a, "service %s, whose namespace or volumes it shares, is recreated",
                                n->edges[i].to->name);
    return NULL;
}

static bool is_there(const struct builder *b, const char *id)
{
    for (size_t i = 0; i < b->actual->n_containers; i++)
        if (wh_streq(b->actual->containers[i].id, id))
            return true;
    return false;
}

/* A parent that was replaced without this one: by an `up` that named it alone, or by a kill in between. */
static const char *lost_parent(struct builder *b, const struct wh_plan_container *c)
{
    for (size_t i = 0; i < wh_node_len(c->parents); i++)
        if (!is_there(b, c->parents->map.pairs[i].value->text))
            return wh_arena_fmt(b->a, "service %s, whose namespace or volumes it shares, has another container",
                                c->parents->map.pairs[i].key);
    return NULL;
}

static bool is_forced(const struct builder *b, const struct node *n)
{
    return n->named ? b->in->force_recreate : b->in->always_recreate_deps;
}

/* Why the container must be replaced, or NULL. */
static const char *replace_reason(struct builder *b, const struct node *n, const struct wh_plan_container *c)
{
    if (b->in->no_recreate)
        return NULL;
    if (is_forced(b, n))
        return "forced";
    const struct wh_plan_hash *want = wanted_hash(b, n->name);
    if (want && want->image_id && !wh_streq(want->image_id, c->image_id))
        return wh_arena_fmt(b->a, "image %s changed", n->service->image ? n->service->image : "");
    if (want && want->hash && !wh_streq(want->hash, c->hash))
        return reason_changed(b->a, c->service_node, n->service->node);
    if (want && want->image_volumes && !wh_streq(want->image_volumes, c->image_volumes))
        return "an image that it mounts changed";
    const char *reason = missing_network(b, n, c);
    if (!reason)
        reason = missing_volume(b, n, c);
    if (!reason)
        reason = replaced_parent(b, n);
    return reason ? reason : lost_parent(b, c);
}

/* Up-to-date ones with low numbers stay when there are too many. */
static int compare_keep(const void *x, const void *y)
{
    const struct slot *a = *(struct slot *const *)x, *b = *(struct slot *const *)y;
    if (a->obsolete != b->obsolete)
        return a->obsolete ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

static int mark_surplus(struct builder *b, struct node *n, size_t wanted)
{
    if (n->n_slots <= wanted)
        return 0;
    struct slot **sorted = wh_arena_array(b->a, struct slot *, n->n_slots);
    if (!sorted)
        return wh_fail(b->err, ENOMEM, "plan");
    for (size_t i = 0; i < n->n_slots; i++)
        sorted[i] = &n->slots[i];
    qsort(sorted, n->n_slots, sizeof(*sorted), compare_keep);
    for (size_t i = wanted; i < n->n_slots; i++)
        sorted[i]->removed = true;
    return 0;
}

static int add_new_slots(struct builder *b, struct node *n, size_t wanted)
{
    if (n->n_slots >= wanted)
        return 0;
    struct slot *slots = wh_arena_array(b->a, struct slot, wanted);
    if (!slots)
        return wh_fail(b->err, ENOMEM, "plan");
    int next = 1;
    for (size_t i = 0; i < n->n_slots; i++) {
        slots[i] = n->slots[i];
        next = slots[i].number >= next ? slots[i].number + 1 : next;
    }
    for (size_t i = n->n_slots; i < wanted; i++, next++)
        slots[i] = (struct slot){
            .number = next, .name = wh_plan_container_name(b->a, b->in, n->service, next), .step = NO_STEP};
    n->slots = slots;
    n->n_slots = wanted;
    return 0;
}

static int check_name(struct builder *b, const struct node *n, size_t wanted)
{
    if (!n->service->container_name || wanted < 2)
        return 0;
    wh_fail(b->err, WH_E_CONFLICT,
            "service \"%s\" has the container name \"%s\" and cannot have %zu containers: names are unique", n->name,
            n->service->container_name, wanted);
    wh_err_at(b->err, &n->service->mark);
    wh_err_hint(b->err, "remove container_name to scale the service");
    return -1;
}

static int decide(struct builder *b, struct node *n)
{
    int64_t replicas = wh_service_replicas(n->service);
    size_t wanted = replicas > 0 ? (size_t)replicas : 0;
    if (check_name(b, n, wanted) < 0)
        return -1;
    for (size_t i = 0; i < n->n_slots; i++) {
        struct slot *s = &n->slots[i];
        s->reason = replace_reason(b, n, s->actual);
        s->obsolete = s->reason != NULL;
    }
    if (mark_surplus(b, n, wanted) < 0 || add_new_slots(b, n, wanted) < 0)
        return -1;
    for (size_t i = 0; i < n->n_slots; i++) {
        struct slot *s = &n->slots[i];
        s->replaced = s->obsolete && !s->removed;
        n->replaced |= s->replaced;
        /* The new name counts: container_name may have changed. */
        if (s->replaced)
            s->name = wh_plan_container_name(b->a, b->in, n->service, s->number);
    }
    return 0;
}

/* `volumes_from: [container:NAME]` looks for the container when this one is made; it may be one that is made just now.
 */
static bool borrows_by_name(const struct wh_service *s)
{
    for (size_t i = 0; i < s->volumes_from.len; i++)
        if (wh_starts(s->volumes_from.items[i], "container:"))
            return true;
    return false;
}

static void need_parents(struct builder *b, const struct node *n, uint32_t step)
{
    step_need(b, step, b->ready);
    for (size_t i = 0; i < n->n_edges; i++)
        if (shares_with(n->service, n->edges[i].to->name) || borrows_by_name(n->service))
            step_need(b, step, n->edges[i].to->created);
}

static void remove_slot(struct builder *b, struct node *n, struct slot *s)
{
    if (!s->stopped)
        s->step = step_add_slot(b, WH_STEP_STOP, n, s);
    uint32_t remove = step_add_slot(b, WH_STEP_REMOVE, n, s);
    step_at(b, remove)->removes_volumes = true;
    step_need(b, remove, s->step);
    s->step = remove;
}

static void need_stopped_dependents(struct builder *b, const struct node *n, uint32_t step)
{
    for (size_t i = 0; i < b->nodes.len; i++) {
        const struct node *other = b->order[i];
        for (size_t j = 0; j < other->n_edges; j++) {
            if (other->edges[j].to != n || !other->edges[j].restart)
                continue;
            for (size_t k = 0; k < other->n_slots; k++)
                if (other->slots[k].stopped)
                    step_need(b, step, other->slots[k].step);
        }
    }
}

static void make_slot(struct builder *b, struct node *n, struct slot *s)
{
    if (s->removed) {
        remove_slot(b, n, s);
        return;
    }
    bool keeps = s->actual && !s->replaced;
    if (keeps && (s->actual->status != WH_PLAN_RUNNING || s->stopped))
        return;
    enum wh_step_kind kind = keeps ? WH_STEP_KEEP : s->actual ? WH_STEP_RECREATE : WH_STEP_CREATE;
    uint32_t before = s->step;
    s->step = step_add_slot(b, kind, n, s);
    step_at(b, s->step)->keeps_anonymous = kind == WH_STEP_RECREATE && !b->in->renew_anonymous;
    step_need(b, s->step, before);
    if (!keeps)
        need_parents(b, n, s->step);
    if (kind == WH_STEP_RECREATE)
        need_stopped_dependents(b, n, s->step);
}

/* Dependents that asked for it (restart: true) are stopped before what they depend on is replaced. */
static void stop_dependents(struct builder *b, struct node *n)
{
    for (size_t i = 0; i < n->n_edges; i++) {
        if (!n->edges[i].restart || !n->edges[i].to->replaced || n->replaced)
            continue;
        for (size_t j = 0; j < n->n_slots; j++) {
            struct slot *s = &n->slots[j];
            if (!s->actual || s->removed || s->stopped || s->actual->status != WH_PLAN_RUNNING)
                continue;
            s->step = step_add_slot(b, WH_STEP_STOP, n, s);
            step_at(b, s->step)->reason = wh_arena_fmt(b->a, "%s is recreated", n->edges[i].to->name);
            s->stopped = true;
        }
    }
}

static void make_node(struct builder *b, struct node *n)
{
    uint32_t first = (uint32_t)b->drafts.len;
    for (size_t i = 0; i < n->n_slots; i++)
        make_slot(b, n, &n->slots[i]);
    uint32_t end = (uint32_t)b->drafts.len;
    n->created = step_add(b, WH_STEP_MARK, n->name);
    step_need(b, n->created, b->ready);
    for (uint32_t i = first; i < end; i++)
        step_need(b, n->created, i);
}

static bool takes_part(const struct builder *b, const struct node *n)
{
    return n->selected && n->service && !wh_streq(n->name, b->in->run_service);
}

int converge(struct builder *b)
{
    for (size_t i = 0; i < b->nodes.len; i++)
        if (takes_part(b, b->order[i]) && decide(b, b->order[i]) < 0)
            return -1;
    for (size_t i = 0; i < b->nodes.len; i++)
        if (takes_part(b, b->order[i]))
            stop_dependents(b, b->order[i]);
    uint32_t stops_end = (uint32_t)b->drafts.len;
    for (size_t i = 0; i < b->nodes.len; i++)
        if (takes_part(b, b->order[i]))
            make_node(b, b->order[i]);
    b->all_made = step_add(b, WH_STEP_MARK, "containers");
    step_need(b, b->all_made, b->ready);
    for (size_t i = 0; i < b->nodes.len; i++)
        step_need(b, b->all_made, b->order[i]->created);
    for (uint32_t i = 0; i < stops_end; i++)
        if (step_at(b, i)->kind == WH_STEP_STOP)
            step_need(b, b->all_made, i);
    return 0;
}

static void warn_orphans(struct builder *b, const char *names)
{
    warn(b,
         wh_arena_fmt(b->a,
                      "Found orphan containers (%s) for this project. If you removed or renamed this service in your "
                      "compose file, you can run this command with the --remove-orphans flag to clean it up.",
                      names));
}

void orphans_up(struct builder *b)
{
    wh_auto_str names = {0};
    for (size_t i = 0; i < b->actual->n_containers; i++) {
        const struct wh_plan_container *c = &b->actual->containers[i];
        bool unfinished = c->oneoff && c->status != WH_PLAN_ENDED;
        if (!graph_is_orphan(b, c) || unfinished)
            continue;
        if (b->in->remove_orphans) {
            uint32_t stop = step_add_container(b, WH_STEP_STOP, c);
            uint32_t remove = step_add_container(b, WH_STEP_REMOVE, c);
            step_at(b, remove)->reason = "no service of the file has it";
            step_need(b, remove, stop);
        } else {
            wh_str_fmt(&names, "%s%s", names.len ? ", " : "", c->name);
        }
    }
    if (names.len && !b->in->ignore_orphans)
        warn_orphans(b, wh_str_c(&names));
}
