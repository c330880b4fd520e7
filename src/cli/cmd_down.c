/* SPDX-License-Identifier: GPL-2.0-or-later */
/* down: stop and remove containers and networks. */
#include "commands.h"

#include "cli/progress.h"
#include "cli/request.h"

#include <stdio.h>
#include <string.h>

#define END_WAIT_MS 1000

struct down_options {
    bool remove_orphans, volumes;
    const char *rmi;
    int64_t timeout;
};

static const struct wh_opt options[] = {
    WH_OPT_FLAG(struct down_options, remove_orphans, 0, "remove-orphans",
                "Remove containers of services that the file does not define"),
    WH_OPT_CHOICE_OR(struct down_options, rmi, 0, "rmi", NULL, "local|all", "invalid value for --rmi: %s",
                     "Remove the images of services too; local: only those without a name of their own"),
    WH_OPT_INT(struct down_options, timeout, 't', "timeout", NULL,
               "Seconds to wait for a container to stop before it is killed"),
    WH_OPT_FLAG(struct down_options, volumes, 'v', "volumes",
                "Remove named volumes of the file and anonymous volumes too"),
    WH_OPT_ALIAS(struct down_options, volumes, WH_OPT_TYPE_FLAG, "volume",
                 "--volume is deprecated, please use --volumes"),
};

static bool owns_network(const struct wh_network_rec *items, size_t n, const char *project)
{
    for (size_t i = 0; i < n; i++)
        if (wh_streq(items[i].project, project))
            return true;
    return false;
}

/* Whether there is anything of the project that down could remove. */
static int has_something(struct wh_cli *cli, const struct wh_cli_project *p, const struct down_options *o,
                         struct wh_err *err)
{
    struct wh_container *containers;
    struct wh_network_rec *networks;
    struct wh_volume_rec *volumes;
    size_t n_containers, n_networks, n_volumes;
    if (wh_state_containers(&cli->arena, p->name, &containers, &n_containers, err) < 0 ||
        wh_state_networks(&cli->arena, &networks, &n_networks, err) < 0 ||
        wh_state_volumes(&cli->arena, &volumes, &n_volumes, err) < 0)
        return -1;
    for (size_t i = 0; o->volumes && i < n_volumes; i++)
        if (wh_streq(volumes[i].project, p->name))
            return 1;
    return n_containers || o->rmi || owns_network(networks, n_networks, p->name);
}

/* What the files define might be there to remove: only without it is "nothing found" worth a word. */
static bool defines_something(const struct wh_cli_project *p, const struct down_options *o)
{
    for (size_t i = 0; p->model && i < p->model->networks.len; i++)
        if (!p->model->networks.items[i].external)
            return true;
    for (size_t i = 0; o->volumes && p->model && i < p->model->volumes.len; i++)
        if (!p->model->volumes.items[i].external)
            return true;
    return false;
}

static int check_services(const struct wh_cli_project *p, const struct wh_opt_list *services,
                          const struct wh_cli_containers *all, struct wh_err *err)
{
    for (size_t i = 0; !p->model && i < services->len; i++)
        if (!wh_cli_pick(all, services->items[i], 0))
            return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", services->items[i]);
    return 0;
}

/* When the project is gone, so are its processes by the time the command returns. */
static int wait_for_nothing(struct wh_cli *cli, const struct wh_cli_project *p, struct wh_err *err)
{
    struct wh_container *left;
    size_t n;
    if (wh_state_containers(&cli->arena, p->name, &left, &n, err) < 0)
        return -1;
    return n || wh_client_wait_end(p->name, END_WAIT_MS, err) >= 0 ? 0 : -1;
}

static int run(struct wh_cli *cli, const void *values, struct wh_err *err)
{
    const struct down_options *o = values;
    const struct wh_opt_list *services = &cli->parser.args;
    wh_auto_cli_project p = {0};
    struct wh_cli_containers all;
    struct wh_cli_request r;
    if (wh_cli_load_or_name(cli, services, &p, err) < 0)
        return -1;
    wh_auto_progress *progress = wh_cli_progress_new(cli, "down", false, err);
    if (!progress || wh_cli_containers(cli, &p, NULL, WH_CLI_STOPPED | WH_CLI_ONEOFF, &all, err) < 0 ||
        check_services(&p, services, &all, err) < 0)
        return -1;
    int found = has_something(cli, &p, o, err);
    if (found == 0 && !defines_something(&p, o))
        fprintf(stderr, "Warning: No resource found to remove for project \"%s\".\n", p.name);
    if (found <= 0)
        return found;
    if (wh_cli_request_new(cli, "down", &r, err) < 0 || wh_cli_request_project(&r, &p, NULL, err) < 0)
        return -1;
    wh_cli_request_services(&r, services);
    wh_cli_put_bool(&r, "volumes", o->volumes);
    wh_cli_put_bool(&r, "remove_orphans", o->remove_orphans || wh_cli_env_is_true(cli, "COMPOSE_REMOVE_ORPHANS"));
    wh_node_put_str(r.arena, r.options, "rmi", o->rmi ? o->rmi : "");
    wh_node_put_int(r.arena, r.options, "timeout_s", wh_opt_given(&cli->parser, "timeout") ? o->timeout : -1);
    int status = wh_cli_perform(cli, &p, &r, progress, err);
    return status == 0 && !cli->common.dry_run ? wait_for_nothing(cli, &p, err) : status;
}

const struct wh_cmd wh_cmd_down = {
    .name = "down",
    .usage = "[OPTIONS] [SERVICES]",
    .summary = "Stop and remove containers and networks",
    WH_CMD_OPTIONS(options, struct down_options),
    .max_args = WH_CMD_ANY_ARGS,
    .run = run,
};
