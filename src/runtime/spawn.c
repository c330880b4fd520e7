/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clone of a container's first and further processes, and the socket by which they say what failed. */
#include "spawn.h"
#include "slots.h"

#include "whale/sys/fdpass.h"
#include "whale/sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_BYTES  ((size_t)128 << 10) /* of a child that shares our memory: a line of passwd, some paths */
#define THREAD_BYTES (STACK_BYTES + ((size_t)64 << 10))
#define MAX_FDS      24

struct job {
    struct wh_spawn spawn;
    struct wh_clone clone;
    /* with a thread of its own: */
    bool is_apart;
    sem_t is_born; /* told by the child when it needs the caller no more, or by the thread when there is none */
    int error;
    int n_users;            /* the caller until then, and the thread */
    struct wh_arena memory; /* holds all of this */
};

static int run_child(void *arg)
{
    struct job *j = arg;
    struct wh_launch *l = j->spawn.launch;
    int r = j->clone.flags & CLONE_FILES ? wh_slots_take_table() : 0;
    if (j->is_apart)
        sem_post(&j->is_born);
    if (r < 0)
        wh_report_fail(&l->report, "get a table of descriptors");
    else
        j->spawn.child(j->spawn.arg);
    wh_report_send(l->status_fd, &l->report);
    wh_sys_exit(l->report.exit_code);
}

static pid_t clone_copying(struct job *j)
{
    pid_t pid = wh_sys_clone(&j->clone);
    if (pid == 0)
        run_child(j);
    return pid;
}

/* The caller's frame stays as it is until the child has gone on to its program: only this thread waits for it. */
static pid_t clone_sharing(struct job *j)
{
    char stack[STACK_BYTES] __attribute__((aligned(16)));
    j->clone.flags |= CLONE_VM | CLONE_VFORK;
    return wh_sys_clone_on_stack(&j->clone, stack, sizeof(stack), run_child, j);
}

/* A process cannot change its own pid namespace, only that of its future children: the calling thread's is switched for
 * the time of the clone. */
static pid_t clone_into_pidns(struct job *j, pid_t (*clone)(struct job *))
{
    if (j->spawn.pidns_fd < 0)
        return clone(j);
    wh_auto_fd own = open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (own < 0 || setns(j->spawn.pidns_fd, CLONE_NEWPID) < 0)
        return -1;
    pid_t pid = clone(j);
    int error = errno;
    if (setns(own, CLONE_NEWPID) < 0)
        abort(); /* every later container would be born into a stranger's namespace */
    errno = error;
    return pid;
}

/* ---- a thread that waits ---- */

static void drop_job(struct job *j)
{
    struct wh_arena memory = j->memory;
    if (__atomic_sub_fetch(&j->n_users, 1, __ATOMIC_ACQ_REL) == 0)
        wh_arena_fini(&memory);
}

static void *wait_for_exec(void *arg)
{
    struct job *j = arg;
    if (clone_into_pidns(j, clone_sharing) < 0)
        j->error = errno;
    sem_post(&j->is_born); /* also for a child that was killed before it could say so */
    drop_job(j);
    return NULL;
}

static int start_thread(struct job *j)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, THREAD_BYTES);
    int error = pthread_create(&thread, &attr, wait_for_exec, j);
    pthread_attr_destroy(&attr);
    return error;
}

static int lay_out_fds(struct job *j)
{
    struct wh_launch *l = j->spawn.launch;
    int *fds[MAX_FDS] = {&l->status_fd, &l->stdio[0], &l->stdio[1], &l->stdio[2], &l->init_fd};
    size_t n = 5;
    for (size_t i = 0; i < j->spawn.n_fds && n < MAX_FDS; i++)
        fds[n++] = j->spawn.fds[i];
    j->clone.flags |= CLONE_FILES;
    return wh_slots_fill(fds, n);
}

static int run_apart(struct job *j)
{
    int error = start_thread(j);
    if (error) {
        j->n_users--;
        return error;
    }
    while (sem_wait(&j->is_born) < 0)
        ;
    return j->error;
}

/* Returns when the child is there. */
static int clone_apart(const struct job *from, struct wh_arena *take_memory)
{
    struct job *j = wh_arena_new(take_memory, struct job);
    if (!j || sem_init(&j->is_born, 0, 0) < 0)
        return -1;
    *j = *from;
    j->is_apart = true;
    j->n_users = 2;
    j->memory = *take_memory;
    *take_memory = (struct wh_arena){0};
    bool has_slots = wh_slots_are_there();
    int error = has_slots && lay_out_fds(j) < 0 ? errno : run_apart(j);
    if (has_slots)
        wh_slots_empty();
    drop_job(j);
    errno = error;
    return error ? -1 : 0;
}

static int clone_child(struct job *j, struct wh_arena *take_memory)
{
    if (take_memory)
        return clone_apart(j, take_memory);
    return clone_into_pidns(j, clone_copying) < 0 ? -1 : 0;
}

/* Signals stay blocked until the child resets them: a handler of the supervisor's must not run there. */
int wh_spawn(const struct wh_spawn *s, const struct wh_runtime_io *io, const struct wh_cgroup *cg, uint32_t flags,
             struct wh_arena *take_memory, struct wh_runtime_proc *ret)
{
    int status[2];
    if (wh_sys_seqpacket_pair(status) < 0)
        return -1;
    wh_auto_fd mine = status[0], theirs = status[1];
    bool sibling = flags & WH_RUNTIME_SIBLING;
    struct job job = {.spawn = *s,
                      .clone = {.flags = s->clone_flags | (sibling ? (uint64_t)CLONE_PARENT : 0),
                                .ret_pidfd = &ret->pidfd,
                                .ret_pid = &ret->pid,
                                .cgroup_fd = cg ? cg->dir_fd : -1,
                                .exit_signal = sibling ? 0 : SIGCHLD}};
    struct wh_launch *l = s->launch;
    l->status_fd = theirs;
    l->stdio[0] = io->stdin_fd;
    l->stdio[1] = io->stdout_fd;
    l->stdio[2] = io->stderr_fd;
    uint64_t mask;
    wh_sys_block_signals(&mask);
    int r = clone_child(&job, take_memory), error = errno;
    wh_sys_set_signal_mask(mask);
    errno = error;
    if (r < 0)
        return -1;
    ret->status_fd = wh_steal_fd(&mine);
    return 0;
}
