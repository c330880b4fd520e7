/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of whale-image: finds it, spawns it and turns its JSON lines into calls. */
#include "whale/codec/json.h"
#include "whale/image.h"
#include "whale/util/file.h"
#include "whale/util/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define HELPER_NAME    "whale-image"
#define LIBEXEC_FOLDER "../libexec/whale-compose"
#define ROOT_VARIABLE  "WHALE_COMPOSE_ROOT="
#define MAX_LINE_BYTES ((size_t)1 << 20)

extern char **environ;

/* What the reasons of error lines mean as codes of struct wh_err. */
static const struct {
    const char *reason;
    int code;
} reason_codes[] = {
    {"not_found", WH_E_NOT_FOUND}, {"unauthorized", EACCES},  {"tls", WH_E_PROTOCOL},   {"refused", ECONNREFUSED},
    {"timeout", ETIMEDOUT},        {"no_space", ENOSPC},      {"digest", WH_E_INVALID}, {"invalid", WH_E_INVALID},
    {"limit", WH_E_LIMIT},         {"in_use", WH_E_CONFLICT}, {"usage", WH_E_USAGE},
};

static int code_of_reason(const char *reason)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(reason_codes); i++)
        if (wh_streq(reason_codes[i].reason, reason))
            return reason_codes[i].code;
    return WH_E_GENERIC;
}

struct helper {
    pid_t pid;
    int fd; /* readable when there are lines; nonblocking */
    struct wh_str buffer;
    char *error_text; /* of the first error line */
    char *error_hint;
    int error_code;
};

/* ---- where it is ---- */

static char *try_folder(const char *folder)
{
    char *path = wh_path_join(folder, HELPER_NAME);
    if (path && access(path, X_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* malloc'ed; NULL with err when it is nowhere. */
static char *find_helper(struct wh_err *err)
{
    char exe[PATH_MAX];
    const char *forced = getenv("WHALE_COMPOSE_LIBEXEC");
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    exe[n > 0 ? n : 0] = '\0';
    wh_auto_free char *beside = wh_path_dir(exe);
    wh_auto_free char *libexec = beside ? wh_path_join(beside, LIBEXEC_FOLDER) : NULL;
    const char *folders[] = {forced, beside, libexec};
    for (size_t i = 0; i < WH_ARRAY_LEN(folders); i++) {
        char *path = folders[i] && *folders[i] ? try_folder(folders[i]) : NULL;
        if (path)
            return path;
    }
    wh_fail(err, WH_E_NOT_FOUND, "cannot find the program " HELPER_NAME);
    wh_err_hint(err, "it belongs beside %s or into %s; WHALE_COMPOSE_LIBEXEC names another folder", exe,
                LIBEXEC_FOLDER);
    return NULL;
}

/* ---- starting ---- */

static int build_argv(struct wh_strv *v, const char *const *args)
{
    wh_strv_add(v, HELPER_NAME);
    for (; *args; args++)
        wh_strv_add(v, *args);
    return wh_strv_argv(v) ? 0 : -1;
}

static int build_environment(struct wh_strv *v, const char *root)
{
    for (char **e = environ; *e; e++)
        if (!wh_starts(*e, ROOT_VARIABLE))
            wh_strv_add(v, *e);
    wh_strv_fmt(v, ROOT_VARIABLE "%s", root);
    return wh_strv_argv(v) ? 0 : -1;
}

/* posix_spawn, because the front end's heap may be large and must not be copied. */
static int spawn(struct helper *h, const char *path, char **argv, char **env, int out)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    int r = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn(&h->pid, path, &fa, &attr, argv, env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&fa);
    return r;
}

static int start(struct helper *h, const char *root, const char *const *args, struct wh_err *err)
{
    wh_auto_strv argv = {0};
    wh_auto_strv env = {0};
    int ends[2];
    *h = (struct helper){.fd = -1, .buffer.max = MAX_LINE_BYTES};
    wh_auto_free char *path = find_helper(err);
    if (!path)
        return -1;
    if (build_argv(&argv, args) < 0 || build_environment(&env, root) < 0)
        return wh_fail(err, ENOMEM, HELPER_NAME);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    wh_auto_fd in = ends[0];
    wh_auto_fd out = ends[1];
    if (fcntl(in, F_SETFL, O_NONBLOCK) < 0)
        return wh_fail(err, errno, "pipe");
    int r = spawn(h, path, argv.items, env.items, out);
    if (r != 0)
        return wh_fail(err, r, "start %s", path);
    h->fd = wh_steal_fd(&in);
    return 0;
}

/* ---- lines ---- */

static void keep_error(struct helper *h, const struct wh_image_progress *p)
{
    if (h->error_text)
        return;
    h->error_text = strdup(p->text);
    h->error_hint = *p->hint ? strdup(p->hint) : NULL;
    h->error_code = code_of_reason(p->reason);
}

static void handle_line(struct helper *h, const char *line, size_t len, wh_image_progress_fn fn, void *ctx)
{
    wh_auto_arena a = {0};
    struct wh_node *n = NULL;
    if (wh_json_parse(&a, line, len, HELPER_NAME, &n, NULL) < 0)
        return;
    struct wh_image_progress p = {
        .event = wh_node_get_str(n, "event", ""),
        .ref = wh_node_get_str(n, "ref", ""),
        .status = wh_node_get_str(n, "status", ""),
        .id = wh_node_get_str(n, "id", ""),
        .layer = wh_node_get_str(n, "layer", ""),
        .text = wh_node_get_str(n, "text", ""),
        .reason = wh_node_get_str(n, "reason", ""),
        .hint = wh_node_get_str(n, "hint", ""),
        .current = wh_node_get_int(n, "current", 0),
        .total = wh_node_get_int(n, "total", 0),
    };
    if (wh_streq(p.event, "error"))
        keep_error(h, &p);
    if (fn)
        fn(ctx, &p);
}

static void handle_lines(struct helper *h, wh_image_progress_fn fn, void *ctx)
{
    size_t start = 0;
    for (char *end; h->buffer.len > start && (end = memchr(h->buffer.data + start, '\n', h->buffer.len - start));) {
        size_t len = (size_t)(end - h->buffer.data) - start;
        handle_line(h, h->buffer.data + start, len, fn, ctx);
        start += len + 1;
    }
    if (!start)
        return;
    memmove(h->buffer.data, h->buffer.data + start, h->buffer.len - start);
    wh_str_cut(&h->buffer, h->buffer.len - start);
}

/* Hands over the lines that are there. 0 = more may come (poll fd), 1 = the helper has closed its end, -1. */
static int read_lines(struct helper *h, wh_image_progress_fn fn, void *ctx, struct wh_err *err)
{
    char chunk[16384];
    for (;;) {
        ssize_t n = read(h->fd, chunk, sizeof(chunk));
        if (n == 0)
            return 1;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : wh_fail(err, errno, "read from " HELPER_NAME);
        if (wh_str_addn(&h->buffer, chunk, (size_t)n) < 0)
            return wh_fail(err, WH_E_LIMIT, "a line from " HELPER_NAME " is too long");
        handle_lines(h, fn, ctx);
    }
}

/* ---- the end ---- */

static int fail_by_status(const struct helper *h, int status, struct wh_err *err)
{
    if (h->error_text) {
        if (h->error_code < WH_E_GENERIC) { /* the text already tells what errno means: keep it out */
            wh_fail(err, WH_E_GENERIC, "%s", h->error_text);
            if (err)
                err->code = h->error_code;
        } else {
            wh_fail(err, h->error_code, "%s", h->error_text);
        }
        if (h->error_hint)
            wh_err_hint(err, "%s", h->error_hint);
        return -1;
    }
    if (WIFSIGNALED(status))
        return wh_fail(err, WH_E_GENERIC, HELPER_NAME " was ended by signal %d", WTERMSIG(status));
    return wh_fail(err, WH_E_GENERIC, HELPER_NAME " ended with status %d", WEXITSTATUS(status));
}

/* Waits for the end and releases h. */
static int finish(struct helper *h, struct wh_err *err)
{
    int status = 0;
    wh_close(&h->fd);
    while (waitpid(h->pid, &status, 0) < 0)
        if (errno != EINTR)
            break;
    int r = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : fail_by_status(h, status, err);
    wh_str_fini(&h->buffer);
    free(h->error_text);
    free(h->error_hint);
    *h = (struct helper){.fd = -1};
    return r;
}

int wh_image_helper_run(const char *root, const char *const *args, wh_image_progress_fn fn, void *ctx,
                        struct wh_err *err)
{
    struct helper h;
    if (start(&h, root, args, err) < 0)
        return -1;
    int r = 0;
    while (r == 0) {
        struct pollfd p = {.fd = h.fd, .events = POLLIN};
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            break;
        r = read_lines(&h, fn, ctx, NULL);
    }
    if (r < 0)
        kill(h.pid, SIGTERM);
    return finish(&h, err);
}

int wh_image_helper_exec(const char *const *args, struct wh_err *err)
{
    wh_auto_strv argv = {0};
    wh_auto_free char *path = find_helper(err);
    if (!path)
        return -1;
    if (build_argv(&argv, args) < 0)
        return wh_fail(err, ENOMEM, HELPER_NAME);
    execv(path, argv.items);
    return wh_fail(err, errno, "start %s", path);
}
