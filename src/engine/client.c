/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands' end of the control socket, and how a supervisor comes to be: the first command that needs one makes
 * the listening socket under the project lock and starts the program with it, so that it can connect at once and two
 * commands never start two.
 */
#include "whale/engine.h"

#include "whale/state.h"
#include "whale/sys/process.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"
#include "whale/util/vec.h"

#include "engine/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define LISTEN_FD        3
#define PROGRAM_FD       4
#define BACKLOG          64
#define LIBEXEC_VARIABLE "WHALE_COMPOSE_LIBEXEC"

struct wh_client {
    struct wh_wire wire;
};

int wh_engine_fail_not_running(struct wh_err *err, const char *service, int64_t index)
{
    if (index > 0)
        return wh_fail(err, WH_E_NOT_FOUND, "service \"%s\" is not running container #%lld", service, (long long)index);
    return wh_fail(err, WH_E_NOT_FOUND, "service \"%s\" is not running", service);
}

/* ---- places ----------------------------------------------------------------------------------------------------- */

/* A socket's address holds 107 bytes; longer paths go through the folder's descriptor. */
static int socket_address(int dir_fd, struct sockaddr_un *ret)
{
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/socket", dir_fd);
    return n > 0 && (size_t)n < sizeof(ret->sun_path) ? 0 : -1;
}

static int open_run_dir(const char *project, int *ret_fd, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_project_run_dir(project);
    if (!dir)
        return wh_fail(err, ENOMEM, "run folder");
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return WH_ENGINE_ABSENT;
    if (fd < 0)
        return wh_fail(err, errno, "open %s", dir);
    *ret_fd = fd;
    return 0;
}

/* The supervisor's program: WHALE_COMPOSE_LIBEXEC, beside our own, or in libexec. */
static char *find_program(struct wh_err *err)
{
    const char *name = "whale-supervisor";
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    wh_auto_free char *own_dir = wh_path_dir(self);
    const char *env = getenv(LIBEXEC_VARIABLE);
    wh_auto_strv candidates = {0};
    if (env && env[0])
        wh_strv_fmt(&candidates, "%s/%s", env, name);
    wh_strv_fmt(&candidates, "%s/%s", own_dir, name);
    wh_strv_fmt(&candidates, "%s/../libexec/whale-compose/%s", own_dir, name);
    for (size_t i = 0; i < candidates.len; i++)
        if (access(candidates.items[i], X_OK) == 0)
            return wh_path_clean(candidates.items[i]);
    wh_fail(err, WH_E_NOT_FOUND, "program %s not found beside %s", name, self);
    wh_err_hint(err, "set " LIBEXEC_VARIABLE " to the folder that holds it");
    return NULL;
}

/* ---- starting a supervisor -------------------------------------------------------------------------------------- */

static int make_listener(int dir_fd, int *ret_fd, struct wh_err *err)
{
    struct sockaddr_un address;
    if (socket_address(dir_fd, &address) < 0)
        return wh_fail(err, WH_E_BUG, "socket address");
    unlinkat(dir_fd, "socket", 0); /* a stale one: nobody listens, and we hold the lock */
    wh_auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return wh_fail(err, errno, "control socket");
    mode_t old = umask(0177);
    int r = bind(fd, (struct sockaddr *)&address, sizeof(address));
    umask(old);
    if (r < 0 || listen(fd, BACKLOG) < 0)
        return wh_fail(err, errno, "control socket");
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

extern char **environ;

#ifdef WH_DEBUG
#define CHECKERS "ASAN_OPTIONS=", "UBSAN_OPTIONS=" /* where the tests look for what a sanitizer finds */
#else
#define CHECKERS
#endif

/* Only what is ours and harmless: a supervisor outlives the shell whose secrets it would otherwise keep. The folder of
 * the programs is said because a sealed program does not see its own. */
static int keep_environment(const char *program, struct wh_strv *env)
{
    static const char *const wanted[] = {"WHALE_COMPOSE_", "PATH=", "TZ=", "LANG=", "LC_ALL=", CHECKERS};
    wh_auto_free char *dir = wh_path_dir(program);
    if (!getenv(LIBEXEC_VARIABLE) && (!dir || wh_strv_fmt(env, LIBEXEC_VARIABLE "=%s", dir) < 0))
        return -1;
    for (char **e = environ; *e; e++)
        for (size_t i = 0; i < WH_ARRAY_LEN(wanted); i++)
            if (wh_starts(*e, wanted[i]) && wh_strv_add(env, *e) < 0)
                return -1;
    return 0;
}

/* fds: listening socket, log, sealed program (-1: the kernel or the rights are not there for it). */
struct start {
    const char *program, *project;
    char **env;
    int listen_fd, log_fd, program_fd;
};

static void exec_supervisor(const struct start *s)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Out of the way first: the descriptors may be the very numbers that are set next. */
    int listen_copy = fcntl(s->listen_fd, F_DUPFD_CLOEXEC, 10);
    int log_copy = fcntl(s->log_fd, F_DUPFD_CLOEXEC, 10);
    int program_copy = fcntl(s->program_fd, F_DUPFD_CLOEXEC, 10);
    null_fd = fcntl(null_fd, F_DUPFD_CLOEXEC, 10);
    if (chdir("/") < 0 || dup2(null_fd, 0) < 0 || dup2(log_copy, 1) < 0 || dup2(log_copy, 2) < 0 ||
        dup2(listen_copy, LISTEN_FD) < 0)
        _exit(126);
    /* Without it, number 4 must not be left to what the user's shell may have opened there. */
    bool is_sealed = dup3(program_copy, PROGRAM_FD, O_CLOEXEC) >= 0;
    wh_sys_close_range(is_sealed ? PROGRAM_FD + 1 : PROGRAM_FD, ~0U);
    wh_sys_reset_signals();
    umask(022);
    char *const argv[] = {(char *)"whale-supervisor", (char *)s->project, NULL};
    if (is_sealed)
        wh_sys_execveat(PROGRAM_FD, argv, s->env);
    execve(s->program, argv, s->env);
    _exit(127);
}

/* Twice forked, so that it is nobody's child and in a session of its own. */
static int spawn(const char *project, int dir_fd, int listen_fd, struct wh_err *err)
{
    wh_auto_free char *program = find_program(err);
    if (!program)
        return -1;
    wh_auto_strv env = {0};
    char **envp = keep_environment(program, &env) < 0 ? NULL : wh_strv_argv(&env);
    if (!envp)
        return wh_fail(err, ENOMEM, "start the supervisor");
    wh_auto_fd log_fd = openat(dir_fd, "supervisor.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log_fd < 0)
        return wh_fail(err, errno, "open supervisor.log");
    wh_auto_fd program_fd = wh_sys_open_sealed(program);
    struct start start = {.program = program,
                          .project = project,
                          .env = envp,
                          .listen_fd = listen_fd,
                          .log_fd = log_fd,
                          .program_fd = program_fd};
    pid_t pid = fork();
    if (pid < 0)
        return wh_fail(err, errno, "start the supervisor");
    if (pid == 0) {
        setsid();
        pid_t second = fork();
        if (second == 0)
            exec_supervisor(&start);
        _exit(second < 0);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status ? wh_fail(err, EAGAIN, "start the supervisor") : 0;
}

/* ---- connecting ------------------------------------------------------------------------------------------------- */

static int try_connect(int dir_fd, int *ret_fd, struct wh_err *err)
{
    struct sockaddr_un address;
    if (socket_address(dir_fd, &address) < 0)
        return wh_fail(err, WH_E_BUG, "socket address");
    wh_auto_fd fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return wh_fail(err, errno, "control socket");
    int r;
    do
        r = connect(fd, (struct sockaddr *)&address, sizeof(address));
    while (r < 0 && errno == EINTR);
    if (r < 0 && (errno == ENOENT || errno == ECONNREFUSED))
        return WH_ENGINE_ABSENT;
    if (r < 0)
        return wh_fail(err, errno, "connect to the project's supervisor");
    *ret_fd = wh_steal_fd(&fd);
    return 0;
}

static int connect_or_spawn(const char *project, bool may_spawn, int *ret_fd, struct wh_err *err)
{
    wh_auto_fd dir_fd = -1, lock_fd = -1, listen_fd = -1;
    int r = may_spawn ? 0 : open_run_dir(project, &dir_fd, err);
    if (r)
        return r;
    wh_close(&dir_fd);
    if (wh_state_lock_project(project, true, &lock_fd, err) < 0)
        return -1;
    r = open_run_dir(project, &dir_fd, err); /* now: an ending keeper takes the folder with it */
    if (r)
        return r;
    r = try_connect(dir_fd, ret_fd, err);
    if (r != WH_ENGINE_ABSENT || !may_spawn)
        return r;
    if (make_listener(dir_fd, &listen_fd, err) < 0 || spawn(project, dir_fd, listen_fd, err) < 0)
        return -1;
    r = try_connect(dir_fd, ret_fd, err);
    return r > 0 ? wh_fail(err, WH_E_BUG, "the new control socket refuses connections") : r;
}

/* r: how connecting ended; on success fd is taken. */
static int make_client(const char *project, int r, int fd, struct wh_client **ret, struct wh_err *err)
{
    if (r < 0)
        return wh_wrap(err, "supervisor of project \"%s\"", project);
    if (r > 0)
        return r;
    struct wh_client *c = malloc(sizeof(*c));
    if (!c) {
        close(fd);
        return wh_fail(err, ENOMEM, "supervisor of project \"%s\"", project);
    }
    wh_wire_init(&c->wire, fd);
    *ret = c;
    return 0;
}

int wh_client_open(const char *project, bool spawn_one, struct wh_client **ret, struct wh_err *err)
{
    int fd = -1;
    if (spawn_one && wh_state_ensure_roots(err) < 0)
        return -1;
    int r = connect_or_spawn(project, spawn_one, &fd, err);
    return make_client(project, r, fd, ret, err);
}

int wh_client_open_present(const char *project, struct wh_client **ret, struct wh_err *err)
{
    wh_auto_fd dir_fd = -1;
    int fd = -1;
    int r = open_run_dir(project, &dir_fd, err);
    if (r == 0)
        r = try_connect(dir_fd, &fd, err);
    return make_client(project, r, fd, ret, err);
}

void wh_client_close(struct wh_client *c)
{
    if (!c)
        return;
    wh_wire_fini(&c->wire);
    free(c);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* The keeper holds the project lock to its end and the socket is unlinked before. */
static int has_ended(const char *project, struct wh_err *err)
{
    wh_auto_fd dir = -1;
    int r = open_run_dir(project, &dir, err);
    if (r != 0)
        return r < 0 ? -1 : 1;
    if (faccessat(dir, "socket", F_OK, 0) == 0)
        return 0;
    r = wh_state_project_is_locked(project, err);
    return r < 0 ? -1 : !r;
}

int wh_client_wait_end(const char *project, int timeout_ms, struct wh_err *err)
{
    int64_t deadline_ns = wh_now_mono_ns() + timeout_ms * WH_NS_PER_MS;
    for (;;) {
        int r = has_ended(project, err);
        if (r != 0)
            return r < 0 ? -1 : 0;
        if (wh_now_mono_ns() > deadline_ns)
            return WH_ENGINE_TIMEOUT;
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
}

int wh_client_send(struct wh_client *c, const struct wh_node *request, const int *fds, size_t n_fds, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *n = wh_node_clone(&a, request);
    if (!n)
        return wh_fail(err, ENOMEM, "request");
    wh_node_put_int(&a, n, "v", WH_ENGINE_PROTOCOL);
    if (n_fds)
        wh_node_put_int(&a, n, WH_WIRE_FDS_KEY, (int64_t)n_fds);
    if (a.failed)
        return wh_fail(err, ENOMEM, "request");
    struct wh_err own = {0};
    if (wh_wire_send(&c->wire, n, fds, n_fds, &own) >= 0)
        return 0;
    bool closed = own.code == EPIPE || own.code == ECONNRESET;
    if (closed || !err)
        wh_err_fini(&own);
    else
        wh_err_move(err, &own);
    return closed ? WH_ENGINE_CLOSED : wh_wrap(err, "send to the supervisor");
}

static int take_event(struct wh_client *c, struct wh_arena *a, struct wh_event *ret, int *ret_fds, struct wh_err *err)
{
    struct wh_node *n;
    int fds[WH_ENGINE_MAX_FDS];
    size_t n_fds;
    int r = wh_wire_next(&c->wire, a, &n, fds, &n_fds, err);
    if (r)
        return r;
    for (size_t i = 0; i < n_fds; i++) {
        if (ret_fds)
            ret_fds[i] = fds[i];
        else
            close(fds[i]);
    }
    return wh_event_from_node(n, ret, err);
}

int wh_client_next(struct wh_client *c, int timeout_ms, struct wh_arena *a, struct wh_event *ret,
                   int ret_fds[WH_ENGINE_MAX_FDS], struct wh_err *err)
{
    for (size_t i = 0; ret_fds && i < WH_ENGINE_MAX_FDS; i++)
        ret_fds[i] = -1;
    for (;;) {
        int r = take_event(c, a, ret, ret_fds, err);
        if (r < 0)
            return wh_wrap(err, "message of the supervisor");
        if (r == 0)
            return 0;
        struct pollfd p = {.fd = c->wire.fd, .events = POLLIN};
        r = poll(&p, 1, timeout_ms);
        if (r == 0 || (r < 0 && errno == EINTR))
            return WH_ENGINE_TIMEOUT;
        r = wh_wire_read(&c->wire, err);
        if (r == WH_WIRE_CLOSED)
            return WH_ENGINE_CLOSED;
        if (r < 0)
            return wh_wrap(err, "message of the supervisor");
    }
}

int wh_client_fd(const struct wh_client *c)
{
    return c->wire.fd;
}

bool wh_client_has_buffered(const struct wh_client *c)
{
    return wh_wire_has_frame(&c->wire);
}
