/* SPDX-License-Identifier: GPL-2.0-or-later */
/* post_start and pre_stop hooks: commands in a running container, one after the other, until one fails. */
#include "engine/spec.h"

#include "whale/util/str.h"

#include <errno.h>
#include <string.h>

#define MAX_OUTPUT_BYTES 4096
#define NOT_STARTED      126 /* status of a command that cannot be executed, whatever the reason */

struct hook_run {
    struct ctr *c;
    struct wh_arena arena;
    const struct wh_hooks *hooks;
    size_t next;
    hook_output_fn output;
    hooks_done_fn fn;
    void *data;
    struct wh_exec *exec;
    struct ctr_watch watch; /* the container may end meanwhile */
};

static void finish(struct hook_run *r, const struct wh_err *err)
{
    ctr_unwatch(r->c, &r->watch);
    r->fn(r->data, err);
    wh_arena_fini(&r->arena);
    free(r);
}

static void run_next(struct hook_run *r);

static void fail_exit(const struct hook_run *r, const struct wh_exec_result *result, struct wh_err *err)
{
    size_t len = result->output_len;
    while (len && strchr("\r\n ", result->output[len - 1]))
        len--;
    wh_fail(err, WH_E_GENERIC, len ? "%s hook exited with status %d: %.*s" : "%s hook exited with status %d",
            r->c->rec.service, result->exit_code, (int)len, result->output);
}

static void on_end(void *data, const struct wh_exec_result *result)
{
    struct hook_run *r = data;
    wh_auto_err err = {0};
    r->exec = NULL;
    if (result->exit_code == 0 && !result->err) {
        if (result->output_len && r->output)
            r->output(r->data, r->c, result->output, result->output_len);
        run_next(r);
        return;
    }
    wh_auto_free char *cause = result->err ? wh_err_text(result->err) : NULL;
    if (cause)
        wh_fail(&err, WH_E_GENERIC, "%s hook exited with status %d: %s", r->c->rec.service, NOT_STARTED, cause);
    else
        fail_exit(r, result, &err);
    finish(r, &err);
}

static int start_hook(struct hook_run *r, const struct wh_hook *h, struct wh_err *err)
{
    struct wh_exec_spec *spec = wh_arena_new(&r->arena, struct wh_exec_spec);
    struct exec_wish wish = {.argv = (const char *const *)h->command.argv,
                             .env = &h->environment,
                             .user = h->user,
                             .workdir = h->working_dir,
                             .privileged = h->privileged};
    if (!spec)
        return wh_fail(err, ENOMEM, "hook");
    if (!h->command.len || spec_exec(&r->arena, r->c, &wish, spec, err) < 0)
        return err->depth ? -1 : wh_fail(err, WH_E_INVALID, "%s hook has no command", r->c->rec.service);
    struct wh_exec_call call = {.container_id = r->c->rec.id,
                                .spec = spec,
                                .cgroup = &r->c->cgroup,
                                .io = WH_RUNTIME_IO_NULL,
                                .max_output_bytes = MAX_OUTPUT_BYTES,
                                .on_end = on_end,
                                .data = r};
    return wh_exec_start(r->c->p->host->sessions, &call, &r->exec, err);
}

static void run_next(struct hook_run *r)
{
    wh_auto_err err = {0};
    if (r->next == r->hooks->len || r->c->phase != CTR_RUNNING) {
        finish(r, NULL);
        return;
    }
    if (start_hook(r, &r->hooks->items[r->next++], &err) < 0)
        finish(r, &err);
}

static void on_change(struct ctr_watch *w, struct ctr *c)
{
    struct hook_run *r = w->data;
    if (c->phase == CTR_RUNNING || c->phase == CTR_ENDING)
        return;
    if (r->exec)
        wh_exec_forget(r->exec);
    finish(r, NULL);
}

void ctr_run_hooks(struct ctr *c, const struct wh_hooks *hooks, hook_output_fn output, hooks_done_fn fn, void *data)
{
    struct hook_run *r = calloc(1, sizeof(*r));
    if (!r) {
        fn(data, NULL);
        return;
    }
    *r = (struct hook_run){.c = c, .hooks = hooks, .output = output, .fn = fn, .data = data, .watch = {on_change, r}};
    r->watch.data = r;
    ctr_watch(c, &r->watch);
    run_next(r);
}
