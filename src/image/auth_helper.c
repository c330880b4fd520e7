/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker's credential helpers: the server's name on stdin, JSON on stdout. The only foreign program that is started. */
#include "auth.h"
#include "limits.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define TIMEOUT_MS 30000
#define TOKEN_USER "<token>"
#define NOT_FOUND  "credentials not found in native keychain"

extern char **environ;

static bool is_name(const char *s)
{
    for (const char *c = s; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
            return false;
    return *s && strlen(s) < 64;
}

static int spawn(const char *program, int in, int out, pid_t *ret)
{
    posix_spawn_file_actions_t fa;
    char *argv[] = {(char *)program, (char *)"get", NULL};
    posix_spawn_file_actions_init(&fa);
    posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
    int r = posix_spawnp(ret, program, &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    return r;
}

/* Everything the helper prints, until it closes its end, the cap, or the deadline. */
static int collect(int fd, struct wh_str *text, const char *program, struct wh_err *err)
{
    int64_t deadline = wh_now_mono_ns() + TIMEOUT_MS * WH_NS_PER_MS;
    for (;;) {
        char chunk[4096];
        int64_t left_ms = (deadline - wh_now_mono_ns()) / WH_NS_PER_MS;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&p, 1, (int)left_ms) == 0)
            return wh_fail(err, ETIMEDOUT, "%s", program);
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return wh_fail(err, errno, "read from %s", program);
        if (n > 0 && wh_str_addn(text, chunk, (size_t)n) < 0)
            return wh_fail(err, WH_E_LIMIT, "%s says too much", program);
    }
}

static int run(const char *program, const char *server, struct wh_str *text, int *ret_status, struct wh_err *err)
{
    int in[2], out[2];
    pid_t pid;
    if (pipe2(in, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    wh_auto_fd in_read = in[0];
    wh_auto_fd in_write = in[1];
    if (pipe2(out, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    wh_auto_fd out_read = out[0];
    wh_auto_fd out_write = out[1];
    int r = spawn(program, in_read, out_write, &pid);
    if (r != 0)
        return wh_fail(err, r, "start %s", program);
    wh_close(&out_write);
    wh_close(&in_read);
    (void)wh_write_all(in_write, server, strlen(server)); /* fits into the pipe; a dead helper shows in its status */
    wh_close(&in_write);
    r = collect(out_read, text, program, err);
    if (r < 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        ;
    return r;
}

static int read_answer(const struct wh_str *text, const char *program, struct credentials *ret, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *doc;
    if (wh_json_parse(&a, wh_str_c(text), text->len, program, &doc, err) < 0)
        return -1;
    const char *user = wh_node_get_str(doc, "Username", ""), *secret = wh_node_get_str(doc, "Secret", "");
    if (wh_streq(user, TOKEN_USER)) {
        ret->identity_token = strdup(secret);
    } else if (*user) {
        ret->user = strdup(user);
        ret->secret = strdup(secret);
    }
    return 0;
}

int auth_ask_helper(const char *name, const char *server, struct credentials *ret, struct wh_err *err)
{
    wh_auto_str text = {.max = LIMIT_TOKEN_BYTES};
    int status = 0;
    if (!is_name(name))
        return wh_fail(err, WH_E_INVALID, "\"%.80s\" is not the name of a credential helper", name);
    wh_auto_free char *program = wh_fmt("docker-credential-%s", name);
    if (!program)
        return wh_fail(err, ENOMEM, "credential helper");
    if (run(program, server, &text, &status, err) < 0)
        return -1;
    int r = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        r = read_answer(&text, program, ret, err);
    else if (!strstr(wh_str_c(&text), NOT_FOUND))
        r = wh_fail(err, WH_E_GENERIC, "%s failed", program);
    if (text.data)
        explicit_bzero(text.data, text.len);
    return r;
}
