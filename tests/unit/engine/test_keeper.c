/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper over kills of the loop. The test process forks a keeper whose loops start short processes as fast as they
 * can; the test kills loop after loop. Each process has a number, told to a journal file before its clone; each loop
 * writes what on_exit says to the same journal before it acknowledges. In the end every number that was started must
 * have ended exactly with its own status.
 */
#include "tests/unit/test.h"

#include "whale/sys/process.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include "engine/keeper.h"
#include "engine/loop.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define KILLS     200
#define MAX_PROCS 200000
#define MAX_ALIVE 40

/* Shared by the test and all loops; a store survives the kill of its writer. */
struct journal {
    volatile pid_t loop_pid;
    volatile bool finish;
    volatile uint32_t n_started;
    volatile uint8_t started[MAX_PROCS]; /* 1 = about to be cloned, 2 = cloned for sure */
    volatile uint8_t ended[MAX_PROCS];   /* times its exit was acknowledged */
    volatile int16_t status[MAX_PROCS];
    volatile uint32_t n_nameless, n_kept_lost, n_restarts;
    volatile bool done;
};

static struct journal *journal;

struct loop_state {
    struct wh_loop *loop;
    struct wh_keeper *keeper;
    struct wh_timer timer;
};

/* Numbers that were registered and have not ended; only the last ones can still be alive. */
static int count_alive(void)
{
    int alive = 0;
    uint32_t n = journal->n_started;
    for (uint32_t i = n > 1000 ? n - 1000 : 0; i < n; i++)
        alive += journal->started[i] == 2 && !journal->ended[i];
    return alive;
}

static int want_status(uint32_t n)
{
    return (int)(n * 7 % 120);
}

static void on_exit_of_process(void *data, const struct wh_keeper_exit *exit)
{
    struct loop_state *s = data;
    uint32_t n = 0;
    /* A process that was never registered tells its number by its own means: here by its status and the journal. */
    if (exit->key[0]) {
        n = (uint32_t)atoi(exit->key + 1);
        journal->status[n] = (int16_t)exit->exit_code;
        journal->ended[n]++;
        wh_keeper_drop(s->keeper, exit->key, NULL);
    } else {
        journal->n_nameless++;
    }
    wh_keeper_ack(s->keeper, exit->seq);
}

static void start_one(struct loop_state *s)
{
    uint32_t n = journal->n_started;
    if (n >= MAX_PROCS)
        return;
    journal->started[n] = 1;
    journal->n_started = n + 1;
    int pidfd;
    struct wh_clone c = {.flags = CLONE_PARENT, .ret_pidfd = &pidfd, .cgroup_fd = -1};
    pid_t pid = wh_sys_clone(&c);
    if (pid == 0) {
        if (n % 3)
            usleep(n % 5000);
        wh_sys_exit(want_status(n));
    }
    if (pid < 0)
        return;
    char key[32];
    snprintf(key, sizeof(key), "p%u", n);
    wh_keeper_register(s->keeper, key, pid, pidfd, 0, NULL);
    journal->started[n] = 2;
    wh_keeper_keep(s->keeper, key, "pidfd", pidfd, NULL);
    close(pidfd);
}

static void on_tick(struct wh_timer *t)
{
    struct loop_state *s = t->data;
    for (int alive = count_alive(); !journal->finish && alive < MAX_ALIVE; alive++)
        start_one(s);
    if (journal->finish && count_alive() == 0) {
        wh_keeper_sync(s->keeper, NULL);
        journal->done = true;
        wh_loop_stop(s->loop);
        return;
    }
    wh_timer_start(s->loop, t, WH_NS_PER_MS);
}

static void recover(struct loop_state *s)
{
    size_t cursor = 0;
    for (const char *key; (key = wh_keeper_next_key(s->keeper, &cursor));) {
        char copy[WH_KEEPER_KEY_MAX];
        snprintf(copy, sizeof(copy), "%s", key);
        struct wh_keeper_process p;
        if (!wh_keeper_take_process(s->keeper, copy, &p))
            continue;
        close(p.pidfd);
        int fd = wh_keeper_take_fd(s->keeper, copy, "pidfd");
        if (fd >= 0)
            close(fd);
        else
            journal->n_kept_lost++;
    }
    if (wh_keeper_is_restart(s->keeper))
        journal->n_restarts++;
}

static void run_loop(int keeper_fd)
{
    struct loop_state s = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (wh_loop_new(&s.loop, NULL) < 0 || wh_keeper_open(s.loop, keeper_fd, &s.keeper, NULL) < 0)
        _exit(1);
    wh_keeper_on_exit(s.keeper, on_exit_of_process, &s);
    recover(&s);
    s.timer = (struct wh_timer){.fn = on_tick, .data = &s};
    wh_timer_start(s.loop, &s.timer, 0);
    journal->loop_pid = getpid();
    wh_loop_run(s.loop);
    wh_keeper_quit(s.keeper);
    _exit(0);
}

static void run_keeper(void)
{
    /* Ends with the test, whatever happens. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null_fd = open("/dev/null", O_RDWR);
    dup2(null_fd, 3);
    int log_fd = open("/dev/null", O_WRONLY);
    dup2(log_fd, 2);
    run_loop(wh_keeper_become("test", 3, -1));
}

static void kill_next_loop(pid_t *last)
{
    while (journal->loop_pid == *last)
        usleep(200);
    *last = journal->loop_pid;
    usleep((useconds_t)(rand() % 10000));
    kill(*last, SIGKILL);
}

static void loses_no_exit_when_the_loop_is_killed(void **state)
{
    journal = mmap(NULL, sizeof(*journal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(journal != MAP_FAILED);
    pid_t keeper = fork();
    if (keeper == 0)
        run_keeper();
    srand(2);
    pid_t last = 0;
    for (int i = 0; i < KILLS; i++)
        kill_next_loop(&last);
    journal->finish = true;
    int status = -1;
    assert_int_equal(waitpid(keeper, &status, 0), keeper);
    assert_int_equal(status, 0);
    assert_true(journal->done);
    uint32_t n_nameless = 0;
    for (uint32_t n = 0; n < journal->n_started; n++) {
        if (journal->started[n] == 1 && !journal->ended[n]) { /* killed between the clone and the registration */
            n_nameless++;
            continue;
        }
        if (!journal->ended[n] || journal->status[n] != want_status(n))
            fail_msg("process %u: ended %d times, status %d instead of %d", n, journal->ended[n], journal->status[n],
                     want_status(n));
    }
    print_message("%u processes, %u restarts, %u nameless exits of at most %u\n", journal->n_started,
                  journal->n_restarts, journal->n_nameless, n_nameless);
    assert_int_equal(journal->n_restarts, KILLS);
    assert_true(journal->n_kept_lost <= KILLS); /* killed between registration and keep: at most one each */
    assert_true(journal->n_nameless <= n_nameless);
    munmap(journal, sizeof(*journal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loses_no_exit_when_the_loop_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
