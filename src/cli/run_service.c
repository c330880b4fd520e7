/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of `run` say in short forms what a compose file says. They are written as a small compose file in
 * memory, read by the loader, and its canonical result is put over the service: one parser, one set of messages.
 */
#include "cli/run_service.h"

#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#define SERVICE "run"

/* ---- the small file -------------------------------------------------------------------------------------------- */

/* Interpolation must leave the user's words alone. */
static const char *escape(struct wh_arena *a, const char *text)
{
    wh_auto_str out = {0};
    for (; *text; text++)
        wh_str_add(&out, *text == '$' ? "$$" : (char[]){*text, '\0'});
    return wh_arena_strdup(a, wh_str_c(&out));
}

static void put_list(struct wh_arena *a, struct wh_node *service, const char *key, const struct wh_opt_list *list)
{
    struct wh_node *seq = wh_node_seq(a, NULL);
    for (size_t i = 0; i < list->len; i++)
        wh_node_push_str(a, seq, escape(a, list->items[i]));
    if (list->len)
        wh_node_put(a, service, key, seq);
}

/* Of several --env-from-file the first that has a name wins, of several env_file the last. */
static void put_reversed(struct wh_arena *a, struct wh_node *service, const char *key, const struct wh_opt_list *list)
{
    struct wh_opt_list reversed = {0};
    for (size_t i = list->len; i-- > 0;)
        wh_opt_list_add(a, &reversed, list->items[i]);
    put_list(a, service, key, &reversed);
}

/* Sources that are no paths are volumes, which a compose file must define; they belong to no project. */
static struct wh_node *name_volumes(struct wh_arena *a, const struct wh_opt_list *volumes)
{
    struct wh_node *names = wh_node_map(a, NULL);
    for (size_t i = 0; i < volumes->len; i++) {
        const char *text = volumes->items[i];
        size_t len = strcspn(text, ":");
        bool is_name = text[len] == ':' && len > 1 && !memchr(text, '/', len) && !strchr(".~", text[0]);
        const char *name = is_name ? wh_arena_strndup(a, text, len) : NULL;
        struct wh_node *volume = wh_node_map(a, NULL);
        if (!name)
            continue;
        wh_node_put_str(a, volume, "name", name);
        wh_node_put_bool(a, volume, "external", true);
        wh_node_put(a, names, name, volume);
    }
    return names;
}

static struct wh_node *make_file(struct wh_arena *a, const struct wh_cli_run_changes *c, const struct wh_opt_list *env,
                                 const struct wh_opt_list *env_files)
{
    struct wh_node *root = wh_node_map(a, NULL), *services = wh_node_map(a, NULL), *s = wh_node_map(a, NULL);
    wh_node_put_str(a, s, "image", SERVICE);
    put_list(a, s, "environment", env);
    put_reversed(a, s, "env_file", env_files);
    put_list(a, s, "labels", &c->labels);
    put_list(a, s, "ports", &c->publish);
    put_list(a, s, "volumes", &c->volumes);
    put_list(a, s, "cap_add", &c->cap_add);
    put_list(a, s, "cap_drop", &c->cap_drop);
    if (c->user)
        wh_node_put_str(a, s, "user", escape(a, c->user));
    if (c->workdir)
        wh_node_put_str(a, s, "working_dir", escape(a, c->workdir));
    if (c->entrypoint && *c->entrypoint)
        wh_node_put_str(a, s, "entrypoint", escape(a, c->entrypoint));
    wh_node_put(a, services, SERVICE, s);
    wh_node_put(a, root, "services", services);
    wh_node_put(a, root, "volumes", name_volumes(a, &c->volumes));
    return root;
}

static int write_file(const struct wh_node *root, int *ret_fd, struct wh_err *err)
{
    wh_auto_str text = {0};
    wh_auto_fd fd = memfd_create("run", MFD_CLOEXEC);
    wh_json_write(root, WH_JSON_PRETTY, &text);
    if (fd < 0 || wh_write_all(fd, wh_str_c(&text), text.len) < 0)
        return wh_fail(err, errno, "memory file");
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

static int load_file(struct wh_cli *cli, char **envp, const struct wh_cli_project *p, const struct wh_node *root,
                     struct wh_load_result *ret, struct wh_err *err)
{
    wh_auto_fd fd = -1;
    wh_auto_err failure = {0};
    if (write_file(root, &fd, err) < 0)
        return -1;
    const char *path = wh_arena_fmt(&cli->arena, "/proc/self/fd/%d", fd);
    struct wh_load_options o = {
        .files = &path,
        .n_files = 1,
        .project_name = p->name,
        .project_directory = cli->cwd, /* paths on the command line start where the user is */
        .env_files = cli->globals.env_files.items,
        .n_env_files = cli->globals.env_files.len,
        .environ = envp,
        .cwd = cli->cwd,
    };
    if (wh_compose_load(&o, ret, &failure) == 0)
        return 0;
    /* The place is in a file that the user did not write: only the message is of use. */
    wh_auto_free char *text = wh_err_text(&failure);
    return wh_fail(err, WH_E_INVALID, "%s", text ? text : "options of run");
}

/* ---- putting it over the service ------------------------------------------------------------------------------- */

static void put_over_map(struct wh_arena *a, struct wh_node *service, const char *key, const struct wh_node *from)
{
    struct wh_node *to = wh_node_get(service, key);
    if (!wh_node_len(from))
        return;
    if (!to || to->kind != WH_NODE_MAP) {
        to = wh_node_map(a, NULL);
        wh_node_put(a, service, key, to);
    }
    for (size_t i = 0; i < from->map.len; i++)
        if (from->map.pairs[i].value->kind != WH_NODE_NULL || strcmp(key, "environment") != 0)
            wh_node_put(a, to, from->map.pairs[i].key, wh_node_clone(a, from->map.pairs[i].value));
}

static struct wh_node *list_of(struct wh_arena *a, struct wh_node *service, const char *key)
{
    struct wh_node *to = wh_node_get(service, key);
    if (to && to->kind == WH_NODE_SEQ)
        return to;
    to = wh_node_seq(a, NULL);
    wh_node_put(a, service, key, to);
    return to;
}

/* A capability that was dropped is added again, and the other way round: the last word counts. */
static void put_caps(struct wh_arena *a, struct wh_node *service, const char *key, const char *opposite,
                     const struct wh_node *from)
{
    for (size_t i = 0; i < wh_node_len(from); i++) {
        struct wh_node *other = list_of(a, service, opposite);
        for (size_t n = other->seq.len; n > 0; n--)
            if (strcasecmp(other->seq.items[n - 1]->text, from->seq.items[i]->text) == 0)
                wh_node_remove(other, n - 1);
        wh_node_push(a, list_of(a, service, key), wh_node_clone(a, from->seq.items[i]));
    }
}

static void put_mounts(struct wh_arena *a, struct wh_node *service, const struct wh_node *from)
{
    for (size_t i = 0; i < wh_node_len(from); i++) {
        struct wh_node *to = list_of(a, service, "volumes");
        const char *target = wh_node_get_str(from->seq.items[i], "target", "");
        for (size_t n = to->seq.len; n > 0; n--)
            if (strcmp(wh_node_get_str(to->seq.items[n - 1], "target", ""), target) == 0)
                wh_node_remove(to, n - 1);
        wh_node_push(a, to, wh_node_clone(a, from->seq.items[i]));
    }
}

static void put_text(struct wh_arena *a, struct wh_node *service, const char *key, const struct wh_node *from)
{
    if (wh_node_get(from, key))
        wh_node_put(a, service, key, wh_node_clone(a, wh_node_get(from, key)));
}

/* Made when it is not there. */
static int ensure_volume(struct wh_cli *cli, const char *name, struct wh_err *err)
{
    struct wh_volume_rec rec;
    int r = wh_state_volume_load(&cli->arena, name, &rec, err);
    if (r != WH_STATE_ABSENT || cli->common.dry_run)
        return r < 0 ? -1 : 0;
    rec = (struct wh_volume_rec){.name = name, .project = "", .key = "", .driver = "local", .config_hash = ""};
    return wh_state_volume_make(&rec, err);
}

/* Those that the files do not define. */
static int put_volume_definitions(struct wh_cli *cli, struct wh_arena *a, struct wh_node *root,
                                  const struct wh_node *from, struct wh_err *err)
{
    struct wh_node *to = wh_node_get(root, "volumes");
    if (!wh_node_len(from))
        return 0;
    if (!to) {
        to = wh_node_map(a, NULL);
        wh_node_put(a, root, "volumes", to);
    }
    for (size_t i = 0; i < from->map.len; i++) {
        const char *key = from->map.pairs[i].key;
        if (wh_node_get(to, key))
            continue;
        if (ensure_volume(cli, key, err) < 0)
            return -1;
        wh_node_put(a, to, key, wh_node_clone(a, from->map.pairs[i].value));
    }
    return 0;
}

static void put_all(struct wh_cli_project *p, struct wh_node *service, const struct wh_load_result *small)
{
    struct wh_arena *a = &p->load.arena;
    const struct wh_node *from = wh_node_get(wh_node_get(small->root, "services"), SERVICE);
    const struct wh_node *ports = wh_node_get(from, "ports");
    put_over_map(a, service, "environment", wh_node_get(from, "environment"));
    put_over_map(a, service, "labels", wh_node_get(from, "labels"));
    put_text(a, service, "user", from);
    put_text(a, service, "working_dir", from);
    put_caps(a, service, "cap_add", "cap_drop", wh_node_get(from, "cap_add"));
    put_caps(a, service, "cap_drop", "cap_add", wh_node_get(from, "cap_drop"));
    put_mounts(a, service, wh_node_get(from, "volumes"));
    if (ports)
        wh_node_put(a, service, "ports", wh_node_clone(a, ports));
}

static int check_targets(const struct wh_node *mounts, struct wh_err *err)
{
    for (size_t i = 0; i < wh_node_len(mounts); i++) {
        const char *target = wh_node_get_str(mounts->seq.items[i], "target", "");
        if (target[0] != '/')
            return wh_fail(err, WH_E_INVALID, "invalid mount path: '%s' mount path must be absolute", target);
    }
    return 0;
}

/* What the files of --env-from-file may refer to. */
static char **env_of_options(struct wh_arena *a, const struct wh_opt_list *env)
{
    char **out = wh_arena_array(a, char *, env->len + 1);
    size_t n = 0;
    for (size_t i = 0; out && i < env->len; i++)
        if (strchr(env->items[i], '='))
            out[n++] = wh_arena_strdup(a, env->items[i]);
    return out;
}

static int check_texts(const struct wh_cli_run_changes *c, struct wh_err *err)
{
    for (size_t i = 0; i < c->labels.len; i++)
        if (!strchr(c->labels.items[i], '='))
            return wh_fail(err, WH_E_INVALID, "label must be set as KEY=VALUE: \"%s\"", c->labels.items[i]);
    for (size_t i = 0; i < c->env.len; i++)
        if (c->env.items[i][0] == '=')
            return wh_fail(err, WH_E_INVALID, "invalid environment variable: %s", c->env.items[i]);
    return 0;
}

/* Variables of --env-from-file come before those of -e. */
static int read_env_files(struct wh_cli *cli, struct wh_cli_project *p, const struct wh_cli_run_changes *c,
                          struct wh_arena *a, struct wh_node *service, struct wh_err *err)
{
    static const struct wh_cli_run_changes nothing;
    static const struct wh_opt_list none;
    struct wh_load_result *small = &p->extra[0]; /* clones share the texts of their originals */
    if (!c->env_files.len)
        return 0;
    if (load_file(cli, env_of_options(&cli->arena, &c->env), p, make_file(&cli->arena, &nothing, &none, &c->env_files),
                  small, err) < 0)
        return -1;
    put_over_map(a, service, "environment",
                 wh_node_get(wh_node_get(wh_node_get(small->root, "services"), SERVICE), "environment"));
    return 0;
}

int wh_cli_change_service(struct wh_cli *cli, struct wh_cli_project *p, const char *name,
                          const struct wh_cli_run_changes *c, struct wh_node **ret_entrypoint, struct wh_err *err)
{
    static const struct wh_opt_list none;
    struct wh_load_result *small = &p->extra[1];
    struct wh_node *service = wh_node_get(wh_node_get(p->load.root, "services"), name);
    *ret_entrypoint = NULL;
    if (check_texts(c, err) < 0)
        return -1;
    if (read_env_files(cli, p, c, &p->load.arena, service, err) < 0 ||
        load_file(cli, cli->envp, p, make_file(&cli->arena, c, &c->env, &none), small, err) < 0)
        return -1;
    if (check_targets(wh_node_get(wh_node_get(wh_node_get(small->root, "services"), SERVICE), "volumes"), err) < 0)
        return -1;
    put_all(p, service, small);
    if (put_volume_definitions(cli, &p->load.arena, p->load.root, wh_node_get(small->root, "volumes"), err) < 0)
        return -1;
    if (c->entrypoint) {
        const struct wh_node *words =
            wh_node_get(wh_node_get(wh_node_get(small->root, "services"), SERVICE), "entrypoint");
        *ret_entrypoint = *c->entrypoint && words ? wh_node_clone(&cli->arena, words) : wh_node_seq(&cli->arena, NULL);
    }
    return wh_compose_project(&p->load, &p->model, err);
}
