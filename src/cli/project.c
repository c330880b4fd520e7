/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading of the project for a command, and its containers from the records on disk. */
#include "cli/project.h"

#include "cli/diag.h"

#include "whale/engine.h"
#include "whale/util/file.h"
#include "whale/util/size.h"
#include "whale/util/time.h"

#include <string.h>
#include <time.h>

#define SETTLE_STEP_NS 2000000
#define SETTLE_TRIES   300

/* ---- environment ----------------------------------------------------------------------------------------------- */

static const char *find_in(char **envp, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; envp && envp[i]; i++)
        if (strncmp(envp[i], name, len) == 0 && envp[i][len] == '=')
            return envp[i] + len + 1;
    return NULL;
}

const char *wh_cli_env(const struct wh_cli *cli, const char *name)
{
    const char *own = find_in(cli->envp, name);
    return own || !cli->env ? own : wh_env_get(cli->env, name);
}

bool wh_cli_env_is_true(const struct wh_cli *cli, const char *name)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", "y", "yes"};
    const char *text = wh_cli_env(cli, name);
    for (size_t i = 0; text && i < WH_ARRAY_LEN(yes); i++)
        if (strcmp(text, yes[i]) == 0)
            return true;
    return false;
}

bool wh_cli_is_compatible(const struct wh_cli *cli)
{
    return cli->globals.compatibility || wh_cli_env_is_true(cli, "COMPOSE_COMPATIBILITY");
}

int wh_cli_parallel(const struct wh_cli *cli, int64_t *ret, struct wh_err *err)
{
    const char *text = wh_cli_env(cli, "COMPOSE_PARALLEL_LIMIT");
    *ret = cli->globals.parallel;
    if (*ret != -1 || !text)
        return 0;
    if (wh_int_parse(text, INT32_MIN, INT32_MAX, ret) < 0)
        return wh_fail(err, WH_E_INVALID, "COMPOSE_PARALLEL_LIMIT must be an integer (found: \"%s\")", text);
    return 0;
}

bool wh_cli_list_has(const struct wh_opt_list *list, const char *text)
{
    for (size_t i = 0; i < list->len; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

/* ---- loading --------------------------------------------------------------------------------------------------- */

struct wh_load_options wh_cli_load_options(const struct wh_cli *cli)
{
    const struct wh_cli_globals *g = &cli->globals;
    return (struct wh_load_options){
        .files = g->files.items,
        .n_files = g->files.len,
        .project_name = g->project_name,
        .project_directory = g->project_directory ? g->project_directory : g->workdir,
        .env_files = g->env_files.items,
        .n_env_files = g->env_files.len,
        .profiles = g->profiles.items,
        .n_profiles = g->profiles.len,
        .environ = cli->envp,
        .cwd = cli->cwd,
        .keep_unused = g->all_resources,
    };
}

void wh_cli_project_fini(struct wh_cli_project *p)
{
    wh_load_fini(&p->load);
    for (size_t i = 0; i < WH_ARRAY_LEN(p->extra); i++)
        wh_load_fini(&p->extra[i]);
}

static int finish_load(struct wh_cli *cli, int status, struct wh_cli_project *p, struct wh_err *err)
{
    cli->env = &p->load.env;
    bool failed = status < 0;
    if ((failed || !cli->hides_warnings) && wh_cli_print_diags(cli, &p->load.diags, failed) > 0 && failed) {
        wh_err_fini(err); /* said with place and excerpt */
        return -1;
    }
    p->name = p->load.project_name;
    return failed ? -1 : 0;
}

/* Profiles that the named services need beyond the active ones. */
static int add_profiles_of(struct wh_cli *cli, const struct wh_cli_project *p, const struct wh_opt_list *services,
                           struct wh_opt_list *profiles)
{
    for (size_t i = 0; services && i < services->len; i++) {
        const struct wh_node *own = wh_node_get(wh_node_get(p->load.disabled_services, services->items[i]), "profiles");
        for (size_t n = 0; n < wh_node_len(own); n++)
            if (!wh_cli_list_has(profiles, own->seq.items[n]->text))
                wh_opt_list_add(&cli->arena, profiles, wh_arena_strdup(&cli->arena, own->seq.items[n]->text));
    }
    return profiles->len ? 1 : 0;
}

static int check_services(const struct wh_cli_project *p, const struct wh_opt_list *services, struct wh_err *err)
{
    const struct wh_node *known = wh_node_get(p->load.root, "services");
    for (size_t i = 0; services && i < services->len; i++)
        if (!wh_node_get(known, services->items[i]))
            return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", services->items[i]);
    return 0;
}

static int load_again_with(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *profiles,
                           struct wh_err *err)
{
    struct wh_load_options o = wh_cli_load_options(cli);
    o.more_profiles = profiles->items;
    o.n_more_profiles = profiles->len;
    cli->env = NULL;
    wh_load_fini(&p->load);
    p->load = (struct wh_load_result){0};
    return wh_compose_load(&o, &p->load, err);
}

int wh_cli_load(struct wh_cli *cli, const struct wh_opt_list *services, struct wh_cli_project *ret, struct wh_err *err)
{
    struct wh_load_options o = wh_cli_load_options(cli);
    struct wh_opt_list profiles = {0};
    *ret = (struct wh_cli_project){0};
    int status = wh_compose_load(&o, &ret->load, err);
    if (status == 0 && add_profiles_of(cli, ret, services, &profiles))
        status = load_again_with(cli, ret, &profiles, err);
    if (finish_load(cli, status, ret, err) < 0 || check_services(ret, services, err) < 0)
        return -1;
    return wh_compose_project(&ret->load, &ret->model, err);
}

int wh_cli_load_name(struct wh_cli *cli, struct wh_cli_project *ret, struct wh_err *err)
{
    struct wh_load_options o = wh_cli_load_options(cli);
    *ret = (struct wh_cli_project){0};
    return finish_load(cli, wh_compose_project_name(&o, &ret->load, err), ret, err);
}

int wh_cli_load_or_name(struct wh_cli *cli, const struct wh_opt_list *services, struct wh_cli_project *ret,
                        struct wh_err *err)
{
    const char *from_env = find_in(cli->envp, "COMPOSE_PROJECT_NAME");
    bool named = cli->globals.project_name || (from_env && *from_env);
    if (!named || cli->globals.files.len)
        return wh_cli_load(cli, services, ret, err);
    return wh_cli_load_name(cli, ret, err);
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

bool wh_cli_is_up(const struct wh_container *c)
{
    return c->state.status == WH_CONTAINER_RUNNING || c->state.status == WH_CONTAINER_PAUSED ||
           c->state.status == WH_CONTAINER_RESTARTING;
}

static bool has_service(const struct wh_container *items, size_t n, const char *service)
{
    for (size_t i = 0; i < n; i++)
        if (wh_streq(items[i].rec.service, service))
            return true;
    return false;
}

/* The files decide what is a service where they are loaded; otherwise they are read for those without a container. */
static int check_unknown(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *services,
                         const struct wh_container *items, size_t n, struct wh_err *err)
{
    for (size_t i = 0; services && i < services->len; i++) {
        if (!p->load.root && has_service(items, n, services->items[i]))
            continue;
        if (!p->load.root && !cli->globals.project_name) {
            cli->env = NULL;
            wh_cli_project_fini(p);
            if (wh_cli_load(cli, NULL, p, err) < 0)
                return -1;
        }
        bool known = wh_node_get(wh_node_get(p->load.root, "services"), services->items[i]) ||
                     wh_node_get(p->load.disabled_services, services->items[i]);
        if (!known)
            return wh_fail(err, WH_E_NOT_FOUND, "no such service: %s", services->items[i]);
    }
    return 0;
}

static bool is_wanted(const struct wh_container *c, const struct wh_opt_list *services, unsigned what)
{
    if (c->rec.hook || (c->rec.oneoff && !(what & WH_CLI_ONEOFF)))
        return false;
    if (!(what & WH_CLI_STOPPED) && !wh_cli_is_up(c))
        return false;
    return !services || !services->len || wh_cli_list_has(services, c->rec.service);
}

/* A process is gone and its exit status is not on disk yet: the supervisor is about to write it. */
static bool is_unrecorded(const struct wh_container_state *s)
{
    return s->status == WH_CONTAINER_EXITED && s->pid != 0;
}

static bool is_changing(const struct wh_container *items, size_t n)
{
    int64_t now_ns = wh_now_real_ns();
    for (size_t i = 0; i < n; i++)
        if (is_unrecorded(&items[i].state) || !wh_state_is_settled(&items[i].state, now_ns))
            return true;
    return false;
}

static bool has_supervisor(const char *project)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    wh_auto_free char *socket = dir ? wh_fmt("%s/socket", dir) : NULL;
    return socket && wh_path_exists(socket);
}

/* From the supervisor, or from the records: those are read again for a moment rather than to show an exit code that
 * nobody has seen, or a job that is just ending. */
static int load_settled(struct wh_cli *cli, const char *project, struct wh_container **ret, size_t *ret_n,
                        struct wh_err *err)
{
    if (wh_client_containers(project, &cli->arena, ret, ret_n) == 0)
        return 0;
    for (int tries = SETTLE_TRIES;; tries--) {
        if (wh_state_containers(&cli->arena, project, ret, ret_n, err) < 0)
            return -1;
        if (tries == 0 || !is_changing(*ret, *ret_n) || !has_supervisor(project))
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = SETTLE_STEP_NS}, NULL);
    }
}

int wh_cli_containers(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_opt_list *services, unsigned what,
                      struct wh_cli_containers *ret, struct wh_err *err)
{
    struct wh_container *items = NULL;
    size_t n = 0, kept = 0;
    *ret = (struct wh_cli_containers){0};
    if (load_settled(cli, p->name, &items, &n, err) < 0)
        return wh_wrap(err, "containers of project \"%s\"", p->name);
    if (check_unknown(cli, p, services, items, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_wanted(&items[i], services, what))
            items[kept++] = items[i];
    *ret = (struct wh_cli_containers){items, kept};
    return 0;
}

static bool is_better(const struct wh_container *c, const struct wh_container *than)
{
    if (!than)
        return true;
    if (c->rec.oneoff != than->rec.oneoff)
        return !c->rec.oneoff;
    if (wh_cli_is_up(c) != wh_cli_is_up(than))
        return wh_cli_is_up(c);
    return c->rec.number < than->rec.number;
}

struct wh_container *wh_cli_pick(const struct wh_cli_containers *all, const char *service, int64_t index)
{
    struct wh_container *best = NULL;
    for (size_t i = 0; i < all->len; i++) {
        struct wh_container *c = &all->items[i];
        if (!wh_streq(c->rec.service, service) || (index > 0 && (c->rec.oneoff || c->rec.number != index)))
            continue;
        best = is_better(c, best) ? c : best;
    }
    return best;
}

const char *wh_cli_short_name(const struct wh_container_rec *rec)
{
    wh_auto_free char *usual = wh_fmt("%s-%s-%d", rec->project, rec->service, rec->number);
    wh_auto_free char *older = wh_fmt("%s_%s_%d", rec->project, rec->service, rec->number);
    bool is_usual = wh_streq(usual, rec->name) || wh_streq(older, rec->name);
    return is_usual ? rec->name + strlen(rec->project) + 1 : rec->name;
}
