/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a loaded project to a request that starts it. */
#include "cli/launch.h"

#include "cli/terminal.h"
#include "whale/util/size.h"

#include <string.h>

static int parse_scale(struct wh_arena *a, const char *text, bool is_option, const char **ret_name, int64_t *ret,
                       struct wh_err *err)
{
    const char *equals = strchr(text, '=');
    if (is_option && !equals)
        return wh_fail(err, WH_E_INVALID, "invalid --scale option \"%s\". Should be SERVICE=NUM", text);
    if (!equals || equals == text || !equals[1])
        return wh_fail(err, WH_E_INVALID, "invalid scale specifier: %s", text);
    if (wh_int_parse(equals + 1, 0, INT32_MAX, ret) < 0 && is_option)
        return wh_fail(err, WH_E_INVALID, "invalid --scale option \"%s\": strconv.Atoi: parsing \"%s\": invalid syntax",
                       text, equals + 1);
    if (wh_int_parse(equals + 1, 0, INT32_MAX, ret) < 0)
        return wh_fail(err, WH_E_INVALID, "invalid scale specifier: can't parse replica value as int: %s", text);
    *ret_name = wh_arena_strndup(a, text, (size_t)(equals - text));
    return *ret_name ? 0 : wh_fail(err, WH_E_LIMIT, "out of memory");
}

int wh_cli_scaled_services(struct wh_arena *a, const struct wh_opt_list *scale, struct wh_opt_list *ret,
                           struct wh_err *err)
{
    for (size_t i = 0; i < scale->len; i++) {
        const char *name;
        int64_t n;
        if (parse_scale(a, scale->items[i], false, &name, &n, err) < 0)
            return -1;
        wh_opt_list_add(a, ret, name);
    }
    return 0;
}

static int apply_one(struct wh_cli *cli, struct wh_cli_project *p, const char *text, bool is_option, struct wh_err *err)
{
    const char *name;
    int64_t n;
    if (parse_scale(&cli->arena, text, is_option, &name, &n, err) < 0)
        return -1;
    struct wh_node *service = wh_node_get(wh_node_get(p->load.root, "services"), name);
    if (!service)
        return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", name);
    wh_node_put_int(&p->load.arena, service, "scale", n);
    return 0;
}

int wh_cli_apply_scale(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *scale, bool is_option,
                       struct wh_err *err)
{
    for (size_t i = 0; i < scale->len; i++)
        if (apply_one(cli, p, scale->items[i], is_option, err) < 0)
            return -1;
    return scale->len ? wh_compose_project(&p->load, &p->model, err) : 0;
}

static int refuse_build(const struct wh_project *m, struct wh_err *err)
{
    for (size_t i = 0; i < m->services.len; i++)
        if (m->services.items[i].build) {
            wh_fail(err, WH_E_GENERIC, "service \"%s\": building images is not supported yet",
                    m->services.items[i].name);
            wh_err_at(err, &m->services.items[i].build->mark);
            return -1;
        }
    return 0;
}

int wh_cli_make_launch(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_launch *l,
                       const char *op, struct wh_progress *progress, struct wh_cli_request *ret, struct wh_err *err)
{
    struct wh_node *images = NULL;
    if (p->model->services.len == 0)
        return wh_fail(err, WH_E_NOT_FOUND, "no service selected");
    if (l->build && refuse_build(p->model, err) < 0)
        return -1;
    if (!cli->common.dry_run && wh_cli_ensure_images(cli, p, &l->services, &l->images, progress, &images, err) < 0)
        return -1;
    if (wh_cli_request_new(cli, op, ret, err) < 0 || wh_cli_request_project(ret, p, images, err) < 0)
        return -1;
    wh_cli_request_services(ret, &l->services);
    wh_cli_put_bool(ret, "all_resources", cli->globals.all_resources);
    return 0;
}

static bool is_used(const struct wh_project *m, const struct wh_opt_list *services, const char *volume)
{
    for (size_t i = 0; i < services->len; i++)
        if (wh_service_uses_volume(wh_project_service(m, services->items[i]), volume))
            return true;
    return false;
}

/* Of this project, and made from another definition. */
static bool is_changed(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_volume *v, const char *hash)
{
    wh_auto_err ignored = {0}; /* not there, or not readable: the supervisor says so */
    struct wh_volume_rec rec;
    if (v->external || wh_state_volume_load(&cli->arena, v->name, &rec, &ignored) != 0)
        return false;
    return wh_streq(rec.project, p->name) && rec.config_hash && *rec.config_hash && !wh_streq(rec.config_hash, hash);
}

static bool may_remake(struct wh_cli *cli, const char *volume)
{
    const char *question = wh_arena_fmt(&cli->arena,
                                        "Volume \"%s\" exists but doesn't match configuration in compose file. "
                                        "Recreate (data will be lost)?",
                                        volume);
    return !cli->common.dry_run && wh_cli_ask(question, " [y/N] ");
}

int wh_cli_put_remade_volumes(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_cli_launch *l,
                              bool yes, struct wh_cli_request *r, struct wh_err *err)
{
    const struct wh_node *hashes = wh_node_get(r->root, "volume_hashes");
    struct wh_node *names = wh_node_seq(r->arena, NULL);
    struct wh_opt_list services;
    if (wh_cli_closure(cli, p->model, &l->services, l->images.no_deps, &services, err) < 0)
        return -1;
    for (size_t i = 0; i < p->model->volumes.len; i++) {
        const struct wh_volume *v = &p->model->volumes.items[i];
        if (is_used(p->model, &services, v->key) && is_changed(cli, p, v, wh_node_get_str(hashes, v->key, NULL)) &&
            (yes || may_remake(cli, v->name)))
            wh_node_push_str(r->arena, names, v->name);
    }
    wh_node_put(r->arena, r->options, "remade_volumes", names);
    return r->arena->failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

int wh_cli_check_conflicts(const struct wh_cli_conflict *rows, size_t n, struct wh_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].both)
            return wh_fail(err, WH_E_INVALID, "%s", rows[i].text);
    return 0;
}
