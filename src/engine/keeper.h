/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper (K) and the loop's side of it (S).
 *
 * K is the parent of every container process: S clones with CLONE_PARENT. K reaps at once, remembers each exit until S
 * has acknowledged it, keeps duplicates of descriptors that must outlive S, and starts a new S when S dies. The life of
 * one process, as S must write it:
 *
 *   1. make the cgroup directory named by the container's id        (write-ahead record)
 *   2. clone, then at once wh_keeper_register(key, pid, pidfd, cgroup id), then wh_keeper_keep for its descriptors
 *   3. on_exit(key, status) arrives exactly once per life of S (again after a crash of S, until acknowledged)
 *   4. store it durably (state.json), then wh_keeper_ack(exit)
 *   5. before an empty cgroup directory without a stored exit is removed: wh_keeper_sync, which returns after every
 *      exit up to now was delivered
 *
 * Exits of processes that S cloned but never registered (S was killed in between) arrive after recovery with key "" and
 * the name of their cgroup by which the container is found (a container whose registered process lives had only an
 * exec end). While S lives such exits are helpers of the runtime and are acknowledged here. After kill -9 of S, the new
 * S has everything in this object before wh_keeper_open returns: take what belongs to each container
 * (wh_keeper_take_*), then let the loop run: only then on_exit is called.
 */
#ifndef WHALE_ENGINE_KEEPER_H
#define WHALE_ENGINE_KEEPER_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct wh_loop;
struct wh_keeper;

#define WH_KEEPER_KEY_MAX  80 /* bytes with NUL: a container id, or "<container id>.<exec number>" */
#define WH_KEEPER_SLOT_MAX 32

/* Slots by convention; others are free text ("port:tcp:127.0.0.1:8080"). */
#define WH_SLOT_STDOUT "stdout" /* read end of the pipe, or the pty master */
#define WH_SLOT_STDERR "stderr"
#define WH_SLOT_STDIN  "stdin"
#define WH_SLOT_NETNS  "netns"
#define WH_SLOT_STATUS "status" /* the first process's report, until it runs its program */
#define WH_SLOT_LOCK   "lock"   /* key "": the project lock, to be held to the very end */

struct wh_keeper_exit {
    uint64_t seq;       /* for wh_keeper_ack */
    const char *key;    /* "" when the process was never registered */
    const char *cgroup; /* without a key: last folder of its cgroup in the unified tree, the container's id; or "" */
    pid_t pid;
    uint64_t cgroup_id; /* inode of its directory in the unified hierarchy, 0 = unknown */
    int exit_code;      /* 0..255; 128 + signal when killed by one */
    int signal;         /* the signal, or 0 */
    bool unknown;       /* the keeper was killed and the kernel could not tell the status (before 6.15) */
    int64_t time_ns;    /* real time when it was reaped */
};
/* The exit must be acknowledged now or later. */
typedef void (*wh_keeper_exit_fn)(void *data, const struct wh_keeper_exit *exit);

struct wh_keeper_process {
    pid_t pid;
    int pidfd; /* owned by the caller after take */
    uint64_t cgroup_id;
};

/* S: take_fd is the socket to K. Blocks until everything kept was received. */
int wh_keeper_open(struct wh_loop *l, int take_fd, struct wh_keeper **ret, struct wh_err *err);
void wh_keeper_close(struct wh_keeper *k);
void wh_keeper_on_exit(struct wh_keeper *k, wh_keeper_exit_fn fn, void *data);

/* The keeper was killed: nothing can be kept any more. Called once, from the loop. */
void wh_keeper_on_lost(struct wh_keeper *k, void (*fn)(void *data), void *data);

/* pidfd is borrowed. A registered process whose exit came first is delivered all the same. */
int wh_keeper_register(struct wh_keeper *k, const char *key, pid_t pid, int pidfd, uint64_t cgroup_id,
                       struct wh_err *err);
void wh_keeper_ack(struct wh_keeper *k, uint64_t seq);
/* fd is borrowed (K gets a duplicate); a slot that is taken is replaced. */
int wh_keeper_keep(struct wh_keeper *k, const char *key, const char *slot, int fd, struct wh_err *err);
void wh_keeper_drop(struct wh_keeper *k, const char *key, const char *slot); /* slot NULL: all of the key */
/* Barrier: on return K has reaped all it could and on_exit was called for every exit not yet delivered. Blocks for
 * one round trip (about 20 us) and calls on_exit from inside. */
int wh_keeper_sync(struct wh_keeper *k, struct wh_err *err);

/* Recovery. A registered process that lives; false when there is none (an exit, if any, comes by on_exit). */
bool wh_keeper_take_process(struct wh_keeper *k, const char *key, struct wh_keeper_process *ret);
int wh_keeper_take_fd(struct wh_keeper *k, const char *key, const char *slot); /* owned; -1 = none */
/* Keys that still have something to take, one after the other from *cursor = 0; NULL at the end. Whoever recovers
 * drops what belongs to nothing any more. */
const char *wh_keeper_next_key(const struct wh_keeper *k, size_t *cursor);
/* True when this S is not the first one of its K. */
bool wh_keeper_is_restart(const struct wh_keeper *k);

/* Asks K to end when S has ended (nothing runs any more): S calls it as its last act. */
void wh_keeper_quit(struct wh_keeper *k);

/* ---- K's side (called by wh_supervisor_main before any library has started a thread) ---------------------------- */

/* Makes the caller the keeper: forks S, serves, restarts S when it dies; returns only in S, with the socket to K. In K
 * it ends in _exit. listen_fd stays open in both. A restarted S is a fresh fork of K, so K must have no threads.
 * takeover_fd: what wh_keeper_replace wrote, or -1. */
int wh_keeper_become(const char *project, int listen_fd, int takeover_fd);

/* In S, when K was killed: executes the supervisor again as the keeper of a new S. Returns only on failure. */
int wh_keeper_replace(struct wh_keeper *k, const char *project, int listen_fd, struct wh_err *err);

#endif
