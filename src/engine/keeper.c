/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * K, the keeper process: parent of all containers, memory of what must survive the loop. It does as little as can be:
 * one poll loop, one table, no library, no thread, no lock, no file. It never blocks on S: what cannot be sent now
 * stays marked as unsent. Rules of the protocol: engine/keeper.h.
 *
 * A loop that dies before it was ready (before its first SYNC) is restarted with a growing delay; one that was ready
 * at once. When the very first one cannot get ready and nothing runs, K ends, so that the client sees the failure.
 */
#include "engine/keeper.h"

#include "whale/state.h"
#include "whale/sys/fdpass.h"
#include "whale/sys/pidfd.h"
#include "whale/sys/process.h"
#include "whale/util/cleanup.h"
#include "whale/util/file.h"
#include "whale/util/log.h"
#include "whale/util/time.h"

#include "engine/keeper_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_BACKOFF_MS   5000
#define FIRST_BACKOFF_MS 50
#define MAX_FOREIGN      64  /* waited for by poll; more are seen at the next tick */
#define FOREIGN_TICK_MS  100 /* older kernels do not report POLLHUP for a pidfd */

struct keeper {
    const char *project;
    struct wh_keeper_table table;
    uint64_t next_seq;
    int listen_fd;
    int sock; /* to S; -1 while there is none */
    int signal_fd;
    pid_t loop_pid;
    int n_loops;         /* started before the present one */
    int n_early_deaths;  /* in a row */
    bool ready;          /* the present S has synced */
    bool quit;           /* S said that nothing runs any more */
    bool unsent;         /* something in the table waits to be sent */
    uint64_t sync_token; /* != 0: S waits for SYNCED */
};

/* ---- exits ------------------------------------------------------------------------------------------------------ */

/* The last folder of the "0::/..." line of /proc/PID/cgroup: a zombie still has it. */
static void read_cgroup_name(pid_t pid, char *name, size_t size)
{
    char path[40], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
    wh_auto_fd fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    text[n > 0 ? n : 0] = '\0';
    char *line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
    if (!line)
        return;
    line += line[0] == '\n';
    line[strcspn(line, "\n")] = '\0';
    char *last = strrchr(line, '/');
    char *deleted = last ? strstr(last, " (deleted)") : NULL;
    if (deleted)
        *deleted = '\0';
    if (last)
        wh_keeper_copy_text(name, size, last + 1);
}

static void mark_ended(struct keeper *k, struct wh_keeper_proc *p, int code, int status)
{
    struct wh_pidfd_info info;
    if (!p->cgroup_id && wh_sys_pidfd_info(p->pidfd, &info) == 0)
        p->cgroup_id = info.cgroup_id;
    p->seq = ++k->next_seq;
    p->time_ns = wh_now_real_ns();
    p->code = code;
    p->status = status;
    p->sent = false;
    k->unsent = true;
}

/* False when memory is short: the zombie stays and is looked at again later. */
static bool take_zombie(struct keeper *k, const siginfo_t *zombie)
{
    pid_t pid = zombie->si_pid;
    struct wh_keeper_proc *p = wh_keeper_table_find_living_pid(&k->table, pid);
    if (!p)
        p = wh_keeper_table_add_proc(&k->table, "", pid, wh_sys_pidfd_open(pid));
    if (!p)
        return false;
    if (!p->key[0])
        read_cgroup_name(pid, p->cgroup, sizeof(p->cgroup));
    mark_ended(k, p, zombie->si_code, zombie->si_status);
    waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOHANG | __WALL);
    return true;
}

static void lost_loop(struct keeper *k);

static void reap_all(struct keeper *k)
{
    for (;;) {
        siginfo_t zombie = {0};
        if (waitid(P_ALL, 0, &zombie, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || !zombie.si_pid)
            return;
        if (zombie.si_pid == k->loop_pid)
            lost_loop(k);
        else if (!take_zombie(k, &zombie))
            return;
    }
}

/* A process that is not K's child (after a takeover): its status comes from the pidfd once its parent has reaped it;
 * a kernel before 6.15 cannot tell it. */
static void check_foreign(struct keeper *k, struct wh_keeper_proc *p)
{
    struct wh_pidfd_info info = {0};
    if (wh_sys_pidfd_info(p->pidfd, &info) < 0) {
        if (!wh_sys_pidfd_is_alive(p->pidfd))
            mark_ended(k, p, 0, 0);
    } else if (info.has_exit && WIFSIGNALED(info.wait_status)) {
        mark_ended(k, p, CLD_KILLED, WTERMSIG(info.wait_status));
    } else if (info.has_exit) {
        mark_ended(k, p, CLD_EXITED, WEXITSTATUS(info.wait_status));
    }
}

static bool is_foreign(const struct wh_keeper_proc *p)
{
    return !p->seq && !p->is_child;
}

/* ---- messages to S ---------------------------------------------------------------------------------------------- */

static bool send_msg(struct keeper *k, const struct wh_keeper_msg *m, int fd)
{
    return wh_sys_send_fd(k->sock, m, sizeof(*m), fd) == 0;
}

static bool send_proc(struct keeper *k, const struct wh_keeper_proc *p)
{
    struct wh_keeper_msg m = {
        .op = p->seq ? WH_KEEPER_EXIT : WH_KEEPER_PROCESS,
        .pid = p->pid,
        .seq = p->seq,
        .cgroup_id = p->cgroup_id,
        .time_ns = p->time_ns,
        .code = p->code,
        .status = p->status,
    };
    wh_keeper_copy(m.key, p->key);
    wh_keeper_copy(m.name, p->cgroup);
    return send_msg(k, &m, p->seq ? -1 : p->pidfd);
}

static bool send_fd(struct keeper *k, const struct wh_keeper_fd *f)
{
    struct wh_keeper_msg m = {.op = WH_KEEPER_KEPT};
    wh_keeper_copy(m.key, f->key);
    wh_keeper_copy(m.name, f->slot);
    return send_msg(k, &m, f->fd);
}

/* Sends what S has not seen; stops when the socket is full and goes on when it is writable. */
static void send_unsent(struct keeper *k)
{
    for (size_t i = 0; k->unsent && i < k->table.n_fds; i++)
        if (!k->table.fds[i].sent && !(k->table.fds[i].sent = send_fd(k, &k->table.fds[i])))
            return;
    for (size_t i = 0; k->unsent && i < k->table.n_procs; i++)
        if (!k->table.procs[i].sent && !(k->table.procs[i].sent = send_proc(k, &k->table.procs[i])))
            return;
    k->unsent = false;
    struct wh_keeper_msg done = {.op = WH_KEEPER_SYNCED, .seq = k->sync_token, .pid = k->n_loops};
    if (k->sync_token && send_msg(k, &done, -1)) {
        k->sync_token = 0;
        k->ready = true;
        k->n_early_deaths = 0;
    }
}

/* ---- messages from S -------------------------------------------------------------------------------------------- */

static void do_register(struct keeper *k, const struct wh_keeper_msg *m, int take_pidfd)
{
    struct wh_keeper_proc *p = wh_keeper_table_find_nameless(&k->table, m->pid);
    if (p && !wh_sys_pidfd_is_alive(take_pidfd)) { /* it ended before S could name it */
        wh_keeper_copy(p->key, m->key);
        p->sent = false;
        k->unsent = true;
        wh_close(&take_pidfd);
        return;
    }
    p = wh_keeper_table_put_living(&k->table, m->key, m->pid, take_pidfd);
    if (!p)
        return;
    p->cgroup_id = m->cgroup_id;
    p->sent = true;
    p->is_child = wh_sys_pidfd_child(p->pidfd) != WH_PIDFD_NO_CHILD;
}

static void do_ack(struct keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    wh_close(&take_fd);
    wh_keeper_table_ack(&k->table, m->seq);
}

static void do_keep(struct keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    struct wh_keeper_fd *f = wh_keeper_table_set_fd(&k->table, m->key, m->name, take_fd);
    if (f)
        f->sent = true;
}

static void do_drop(struct keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    wh_close(&take_fd);
    wh_keeper_table_drop(&k->table, m->key, m->name);
}

static void do_sync(struct keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    wh_close(&take_fd);
    reap_all(k);
    k->sync_token = m->seq;
}

static void do_quit(struct keeper *k, const struct wh_keeper_msg *m, int take_fd)
{
    wh_close(&take_fd);
    k->quit = true;
}

static void (*const handlers[])(struct keeper *, const struct wh_keeper_msg *, int) = {
    [WH_KEEPER_REGISTER] = do_register, [WH_KEEPER_ACK] = do_ack,   [WH_KEEPER_KEEP] = do_keep,
    [WH_KEEPER_DROP] = do_drop,         [WH_KEEPER_SYNC] = do_sync, [WH_KEEPER_QUIT] = do_quit,
};

static void receive(struct keeper *k)
{
    while (k->sock >= 0) {
        struct wh_keeper_msg m;
        int fd;
        ssize_t n = wh_sys_recv_fd(k->sock, &m, sizeof(m), &fd);
        if (n < 0 && errno == ECONNRESET)
            continue; /* S died with unread messages: reported once, before what S has sent */
        if (n <= 0)
            return;
        m.key[sizeof(m.key) - 1] = m.name[sizeof(m.name) - 1] = '\0';
        if (n == sizeof(m) && m.op < WH_ARRAY_LEN(handlers) && handlers[m.op])
            handlers[m.op](k, &m, fd);
        else
            wh_close(&fd);
    }
}

/* ---- the loop process ------------------------------------------------------------------------------------------- */

/* Nothing runs any more. With the lock nobody else is at the project's folder in RUN, so that it can go. */
static __attribute__((noreturn)) void end(const struct keeper *k)
{
    if (wh_keeper_table_find_fd(&k->table, "", WH_SLOT_LOCK))
        wh_state_remove_run_dir(k->project);
    _exit(0);
}

/* S has ended: what it had sent is taken first, then all of the table belongs to the next one. */
static void lost_loop(struct keeper *k)
{
    siginfo_t info = {0};
    waitid(P_PID, (id_t)k->loop_pid, &info, WEXITED | WNOHANG | __WALL);
    k->loop_pid = 0;
    receive(k);
    wh_close(&k->sock);
    if (k->quit)
        end(k);
    wh_log_error("the loop has ended (%s %d)%s", info.si_code == CLD_EXITED ? "exit status" : "signal", info.si_status,
                 k->ready ? "" : " before it was ready");
    if (!k->ready)
        k->n_early_deaths++;
    if (k->n_early_deaths && k->n_loops == 0 && !wh_keeper_table_has_living(&k->table))
        _exit(1);
    k->n_loops++;
    k->sync_token = 0;
    k->ready = false;
    k->unsent = true;
    for (size_t i = 0; i < k->table.n_procs; i++)
        k->table.procs[i].sent = false;
    for (size_t i = 0; i < k->table.n_fds; i++)
        k->table.fds[i].sent = false;
}

static int backoff_ms(const struct keeper *k)
{
    int ms = FIRST_BACKOFF_MS;
    for (int i = 1; i < k->n_early_deaths && ms < MAX_BACKOFF_MS; i++)
        ms *= 2;
    return k->n_early_deaths ? ms : 0;
}

/* In S: only the standard descriptors, the listening socket (3) and the socket to K (4) stay open. */
static int become_loop(struct keeper *k, int sock)
{
    int to_keeper = fcntl(sock, F_DUPFD_CLOEXEC, 10);
    dup3(k->listen_fd, 3, O_CLOEXEC);
    dup3(to_keeper, 4, O_CLOEXEC);
    wh_sys_close_range(5, ~0U);
    free(k->table.procs);
    free(k->table.fds);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_DFL);
    wh_sys_set_name("whale-loop");
    return 4;
}

/* Returns S's end of the socket in S, -1 in K. */
static int start_loop(struct keeper *k)
{
    int pair[2];
    if (wh_sys_seqpacket_pair(pair) < 0) {
        wh_log_error("cannot make the loop's socket: %s", strerror(errno));
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        return become_loop(k, pair[1]);
    close(pair[1]);
    k->sock = pair[0];
    k->loop_pid = pid;
    if (pid < 0) {
        wh_log_error("cannot fork the loop: %s", strerror(errno));
        k->loop_pid = 0;
        wh_close(&k->sock);
        k->n_early_deaths++;
    }
    return -1;
}

/* ---- main loop -------------------------------------------------------------------------------------------------- */

/* Descriptors to wait for: S's socket, SIGCHLD, and the first of those processes that are not K's children. */
static nfds_t collect_fds(const struct keeper *k, struct pollfd fds[2 + MAX_FOREIGN])
{
    const struct wh_keeper_table *t = &k->table;
    fds[0] = (struct pollfd){.fd = k->sock, .events = (short)(POLLIN | (k->unsent || k->sync_token ? POLLOUT : 0))};
    fds[1] = (struct pollfd){.fd = k->signal_fd, .events = POLLIN};
    nfds_t n = 2;
    for (size_t i = 0; i < t->n_procs && n < 2 + MAX_FOREIGN; i++)
        if (is_foreign(&t->procs[i]))
            fds[n++] = (struct pollfd){.fd = t->procs[i].pidfd}; /* POLLHUP: reaped */
    return n;
}

static void serve_once(struct keeper *k, int timeout_ms)
{
    struct pollfd fds[2 + MAX_FOREIGN];
    nfds_t n = collect_fds(k, fds);
    bool has_foreign = n > 2;
    if (has_foreign && (timeout_ms < 0 || timeout_ms > FOREIGN_TICK_MS))
        timeout_ms = FOREIGN_TICK_MS;
    if (poll(fds, n, timeout_ms) < 0)
        return;
    for (size_t i = 0; has_foreign && i < k->table.n_procs; i++)
        if (is_foreign(&k->table.procs[i]))
            check_foreign(k, &k->table.procs[i]);
    struct signalfd_siginfo signals[8];
    while (read(k->signal_fd, signals, sizeof(signals)) > 0)
        ;
    reap_all(k);
    receive(k);
    if (k->sock >= 0)
        send_unsent(k);
}

static void prepare_process(struct keeper *k)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    wh_sys_set_name("whale-keeper");
    wh_auto_err ignored = {0};
    wh_file_poke("/proc/self/oom_score_adj", "-500", &ignored);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int run_keeper(struct keeper *k)
{
    prepare_process(k);
    for (;;) {
        if (!k->loop_pid) {
            for (int64_t until = wh_now_mono_ns() + backoff_ms(k) * WH_NS_PER_MS, left;
                 (left = until - wh_now_mono_ns()) > 0;)
                serve_once(k, (int)(left / WH_NS_PER_MS) + 1);
            int sock = start_loop(k);
            if (sock >= 0)
                return sock;
        }
        serve_once(k, k->loop_pid ? -1 : FIRST_BACKOFF_MS);
    }
}

/* What an earlier keeper had: nobody's children of ours, so all are watched by their pidfds. */
static void adopt(struct keeper *k, int take_fd)
{
    if (wh_keeper_takeover_read(take_fd, &k->table) < 0)
        wh_log_error("the table of the killed keeper is incomplete");
    for (size_t i = 0; i < k->table.n_procs; i++)
        if (k->table.procs[i].seq > k->next_seq)
            k->next_seq = k->table.procs[i].seq;
    k->n_loops = 1;
    k->unsent = true;
}

int wh_keeper_become(const char *project, int listen_fd, int takeover_fd)
{
    static struct keeper k;
    k = (struct keeper){.project = project, .listen_fd = listen_fd, .sock = -1, .signal_fd = -1};
    if (takeover_fd >= 0)
        adopt(&k, takeover_fd);
    return run_keeper(&k);
}
