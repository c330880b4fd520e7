/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor program with a policy of this test's own: it is started by clients, survives kills of its loop and of
 * its keeper with what runs, and ends when it is idle. Called as "whale-supervisor", this program is the supervisor.
 */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
#include "whale/engine.h"
#include "whale/state.h"
#include "whale/sys/process.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include "engine/host.h"
#include "engine/keeper.h"
#include "engine/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define PROJECT "unit"
#define JOB     "job" /* the one process of the test's policy */

/* ---- the policy: one process, started by "start", that sleeps until it is killed or its time is over ------------ */

struct wh_policy {
    struct wh_host *host;
    pid_t job;
    int last_exit;
};

static void on_exit_of_job(void *data, const struct wh_keeper_exit *exit)
{
    struct wh_policy *p = data;
    if (wh_streq(exit->key, JOB)) {
        p->job = 0;
        p->last_exit = exit->unknown ? 999 : exit->exit_code;
        wh_auto_free char *path = wh_fmt("%s/exit", wh_state_run());
        wh_auto_free char *text = wh_fmt("%d", p->last_exit);
        wh_file_replace(path, text, strlen(text), 0600, WH_SYNC_NONE, NULL);
    }
    wh_keeper_ack(p->host->keeper, exit->seq);
}

int wh_policy_new(struct wh_host *host, struct wh_policy **ret, struct wh_err *err)
{
    struct wh_policy *p = calloc(1, sizeof(*p));
    struct wh_keeper_process process;
    p->host = host;
    if (wh_keeper_take_process(host->keeper, JOB, &process)) {
        p->job = process.pid;
        close(process.pidfd);
    }
    wh_keeper_on_exit(host->keeper, on_exit_of_job, p);
    *ret = p;
    return 0;
}

void wh_policy_free(struct wh_policy *p)
{
    free(p);
}

bool wh_policy_may_exit(void *policy)
{
    return ((struct wh_policy *)policy)->job == 0;
}

void wh_policy_capture_finished(struct wh_policy *p, const char *container_id)
{
}

static void op_start(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    int pidfd, code = (int)wh_node_get_int(r->params, "code", 0);
    useconds_t us = (useconds_t)wh_node_get_int(r->params, "ms", 0) * 1000;
    struct wh_clone c = {.flags = CLONE_PARENT, .ret_pidfd = &pidfd, .cgroup_fd = -1};
    p->job = wh_sys_clone(&c);
    if (p->job == 0) {
        usleep(us);
        wh_sys_exit(code);
    }
    wh_keeper_register(p->host->keeper, JOB, p->job, pidfd, 0, NULL);
    wh_keeper_keep(p->host->keeper, JOB, "note", r->n_fds ? r->fds[0] : 0, NULL);
    close(pidfd);
    wh_request_done(r, 0, NULL);
}

/* The descriptor that was kept, the job's pid as exit code modulo 100. */
static void op_kept(struct wh_request *r, void *policy)
{
    struct wh_policy *p = policy;
    wh_auto_fd fd = wh_keeper_take_fd(p->host->keeper, JOB, "note");
    struct wh_event e = {.kind = WH_EVENT_WARNING};
    wh_request_emit_fds(r, &e, &fd, fd >= 0);
    wh_request_done(r, p->job % 100, NULL);
}

static void on_hang_cancelled(struct wh_request *r)
{
    wh_request_done(r, 1, NULL);
}

static void op_hang(struct wh_request *r, void *policy)
{
    r->on_cancel = on_hang_cancelled;
}

const struct wh_op wh_policy_ops[] = {{"start", op_start}, {"kept", op_kept}, {"hang", op_hang}, {NULL, NULL}};

/* ---- the client side -------------------------------------------------------------------------------------------- */

static char dir[64];

static int make_dir(void **state)
{
    char self[PATH_MAX] = "";
    snprintf(dir, sizeof(dir), "/tmp/whale-test-XXXXXX");
    if (!mkdtemp(dir) || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        return -1;
    wh_auto_free char *link = wh_fmt("%s/whale-supervisor", dir);
    setenv("WHALE_COMPOSE_RUN", dir, 1);
    setenv("WHALE_COMPOSE_ROOT", dir, 1);
    setenv("WHALE_COMPOSE_LIBEXEC", dir, 1);
    return symlink(self, link);
}

static int remove_dir(void **state)
{
    return wh_remove_tree(dir, NULL);
}

static int request(struct wh_client *c, const char *json, int send_fd, int *ret_fd)
{
    wh_auto_arena a = {0};
    struct wh_node *n;
    struct wh_event e;
    int fds[WH_ENGINE_MAX_FDS], r = 0;
    assert_int_equal(wh_json_parse(&a, json, strlen(json), "request", &n, NULL), 0);
    if (wh_client_send(c, n, &send_fd, send_fd >= 0, NULL) == WH_ENGINE_CLOSED)
        return -WH_ENGINE_CLOSED;
    while ((r = wh_client_next(c, 10000, &a, &e, fds, NULL)) == 0 && e.kind != WH_EVENT_DONE)
        if (ret_fd && fds[0] >= 0)
            *ret_fd = fds[0];
    return r ? -r : e.exit_code;
}

static int one_request(const char *json, int send_fd, int *ret_fd)
{
    struct wh_client *c;
    wh_auto_err err = {0};
    if (wh_client_open(PROJECT, true, &c, &err) != 0) {
        wh_err_print(&err, stderr);
        fail();
    }
    int r = request(c, json, send_fd, ret_fd);
    wh_client_close(c);
    return r;
}

static pid_t supervisor_pid(void) /* the loop */
{
    struct wh_client *c;
    wh_auto_arena a = {0};
    struct wh_event e;
    struct wh_node *n = wh_node_map(&a, NULL);
    wh_node_put_str(&a, n, "op", "info");
    assert_int_equal(wh_client_open(PROJECT, true, &c, NULL), 0);
    assert_int_equal(wh_client_send(c, n, NULL, 0, NULL), 0);
    assert_int_equal(wh_client_next(c, 10000, &a, &e, NULL, NULL), 0);
    pid_t pid = atoi(e.details);
    wh_client_close(c);
    return pid;
}

static pid_t parent_of(pid_t pid)
{
    wh_auto_free char *path = wh_fmt("/proc/%d/stat", pid);
    wh_auto_str text = {0};
    int parent = 0;
    if (wh_file_read(path, 4096, &text, NULL) == 0)
        sscanf(strrchr(text.data, ')') + 1, " %*c %d", &parent);
    return parent;
}

static void wait_for_end(void)
{
    struct wh_client *c;
    for (int i = 0; i < 500; i++) {
        int r = wh_client_open(PROJECT, false, &c, NULL);
        if (r == WH_ENGINE_ABSENT)
            return;
        wh_client_close(c);
        poll(NULL, 0, 10);
    }
    fail_msg("the supervisor does not end");
}

static int last_exit(void)
{
    wh_auto_free char *path = wh_fmt("%s/exit", dir);
    wh_auto_str text = {0};
    return wh_file_read(path, 100, &text, NULL) == 0 ? atoi(wh_str_c(&text)) : -1;
}

static void starts_on_demand_and_ends_when_idle(void **state)
{
    int64_t start_ns = wh_now_mono_ns();
    pid_t pid = supervisor_pid();
    print_message("start and answer: %lld us\n", (long long)(wh_now_mono_ns() - start_ns) / 1000);
    assert_true(pid > 0);
    wait_for_end();
    assert_int_equal(one_request("{\"op\":\"start\",\"ms\":100,\"code\":7}", -1, NULL), 0);
    wait_for_end();
    assert_int_equal(last_exit(), 7);
}

static void many_clients_at_once_start_one(void **state)
{
    int64_t start_ns = wh_now_mono_ns();
    for (int i = 0; i < 20; i++)
        if (fork() == 0)
            _exit(one_request("{\"op\":\"start\",\"ms\":5}", -1, NULL));
    for (int i = 0; i < 20; i++) {
        int status;
        wait(&status);
        assert_int_equal(status, 0);
    }
    assert_true(wh_now_mono_ns() - start_ns < 5 * WH_NS_PER_S);
    wait_for_end();
}

static void expect_kept(pid_t job, int original)
{
    int kept = -1;
    assert_int_equal(one_request("{\"op\":\"kept\"}", -1, &kept), job % 100);
    assert_true(kept >= 0);
    char a[64], b[64] = "";
    wh_auto_free char *pa = wh_fmt("/proc/self/fd/%d", kept), *pb = wh_fmt("/proc/self/fd/%d", original);
    ssize_t n = readlink(pa, a, sizeof(a));
    assert_true(n > 0 && n == readlink(pb, b, sizeof(b)));
    assert_memory_equal(a, b, (size_t)n);
    close(kept);
}

static void kills_of_the_loop_lose_nothing(void **state)
{
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    assert_int_equal(one_request("{\"op\":\"start\",\"ms\":1500,\"code\":42}", p[0], NULL), 0);
    int job = one_request("{\"op\":\"kept\"}", -1, NULL);
    struct wh_client *c;
    for (int i = 0; i < 10; i++) {
        pid_t pid = supervisor_pid();
        assert_int_equal(wh_client_open(PROJECT, false, &c, NULL), 0);
        assert_int_equal(request(c, "{\"op\":\"kept\"}", -1, NULL), job); /* it is this loop that serves us */
        kill(pid, SIGKILL);
        assert_int_equal(request(c, "{\"op\":\"hang\"}", -1, NULL), -WH_ENGINE_CLOSED);
        wh_client_close(c);
        expect_kept(job, p[0]);
    }
    wait_for_end();
    assert_int_equal(last_exit(), 42);
    close(p[0]);
    close(p[1]);
}

static void kills_of_the_keeper_lose_nothing(void **state)
{
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    assert_int_equal(one_request("{\"op\":\"start\",\"ms\":1000,\"code\":43}", p[0], NULL), 0);
    int job = one_request("{\"op\":\"kept\"}", -1, NULL);
    for (int i = 0; i < 3; i++) {
        pid_t loop_pid = supervisor_pid(), keeper = parent_of(loop_pid);
        assert_true(keeper > 1);
        kill(keeper, SIGKILL);
        poll(NULL, 0, 50);
        expect_kept(job, p[0]);
        assert_int_not_equal(parent_of(supervisor_pid()), keeper);
    }
    wait_for_end();
    int got = last_exit();
    assert_true(got == 43 || got == 999); /* 999: a kernel that cannot tell the status of a reaped process */
    close(p[0]);
    close(p[1]);
}

int main(int argc, char **argv)
{
    if (wh_ends(argv[0], "whale-supervisor"))
        return wh_supervisor_main(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_on_demand_and_ends_when_idle),
        cmocka_unit_test(many_clients_at_once_start_one),
        cmocka_unit_test(kills_of_the_loop_lose_nothing),
        cmocka_unit_test(kills_of_the_keeper_lose_nothing),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
