/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the keeper remembers: processes (living, or ended and not yet acknowledged) and kept descriptors; and the
 * messages that both sides exchange. K has the authoritative table; S has a mirror of it, so that a new keeper can be
 * made from S when K is killed. A table owns its descriptors.
 */
#ifndef WHALE_ENGINE_KEEPER_TABLE_H
#define WHALE_ENGINE_KEEPER_TABLE_H

#include "engine/keeper.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum wh_keeper_op {
    /* S to K */
    WH_KEEPER_REGISTER = 1, /* key, pid, cgroup_id, pidfd */
    WH_KEEPER_ACK,          /* seq */
    WH_KEEPER_KEEP,         /* key, name = slot, fd */
    WH_KEEPER_DROP,         /* key, name = slot or "" */
    WH_KEEPER_SYNC,         /* seq = token */
    WH_KEEPER_QUIT,
    /* K to S */
    WH_KEEPER_PROCESS, /* recovery: as REGISTER */
    WH_KEEPER_KEPT,    /* recovery: as KEEP */
    WH_KEEPER_EXIT,    /* key or "", name = cgroup's last folder, pid, cgroup_id, seq, time_ns, code, status */
    WH_KEEPER_SYNCED,  /* seq = token; pid = number of loops started before this one */
};

struct wh_keeper_msg {
    uint32_t op;
    int32_t pid;
    uint64_t seq;
    uint64_t cgroup_id;
    int64_t time_ns;
    int32_t code; /* CLD_*; 0 = the status is unknown */
    int32_t status;
    char key[WH_KEEPER_KEY_MAX];
    char name[WH_KEEPER_KEY_MAX];
};

struct wh_keeper_proc {
    char key[WH_KEEPER_KEY_MAX];
    char cgroup[WH_KEEPER_KEY_MAX]; /* ended ones only */
    pid_t pid;
    int pidfd; /* -1 in S's mirror of ended ones */
    uint64_t cgroup_id;
    uint64_t seq; /* of its exit; 0 = lives */
    int64_t time_ns;
    int code, status;
    bool is_child; /* K: reaped by waitid; else watched by its pidfd */
    bool sent;     /* K: to the present S. S: given to on_exit, or taken by the recovery */
};

struct wh_keeper_fd {
    char key[WH_KEEPER_KEY_MAX];
    char slot[WH_KEEPER_SLOT_MAX];
    int fd;
    bool sent; /* as above */
};

struct wh_keeper_table {
    struct wh_keeper_proc *procs;
    size_t n_procs, cap_procs;
    struct wh_keeper_fd *fds;
    size_t n_fds, cap_fds;
};

/* New zeroed entries with key and descriptor set; NULL when memory is short. Pointers are valid until the next add or
 * remove. */
struct wh_keeper_proc *wh_keeper_table_add_proc(struct wh_keeper_table *t, const char *key, pid_t pid, int take_pidfd);
/* The same, but a living process of that number is renewed: who recovers may register again. */
struct wh_keeper_proc *wh_keeper_table_put_living(struct wh_keeper_table *t, const char *key, pid_t pid,
                                                  int take_pidfd);
struct wh_keeper_fd *wh_keeper_table_set_fd(struct wh_keeper_table *t, const char *key, const char *slot, int take_fd);
struct wh_keeper_proc *wh_keeper_table_find_living_pid(const struct wh_keeper_table *t, pid_t pid);
/* An ended process of that number which was never registered. */
struct wh_keeper_proc *wh_keeper_table_find_nameless(const struct wh_keeper_table *t, pid_t pid);
struct wh_keeper_proc *wh_keeper_table_find_living(const struct wh_keeper_table *t, const char *key);
struct wh_keeper_fd *wh_keeper_table_find_fd(const struct wh_keeper_table *t, const char *key, const char *slot);
void wh_keeper_table_ack(struct wh_keeper_table *t, uint64_t seq);
void wh_keeper_table_drop(struct wh_keeper_table *t, const char *key, const char *slot); /* slot "": all of the key */
bool wh_keeper_table_has_living(const struct wh_keeper_table *t);
void wh_keeper_table_fini(struct wh_keeper_table *t);

/* Text into a message's field; longer text is cut (keys are at most WH_KEEPER_KEY_MAX - 1 bytes by contract). */
#define wh_keeper_copy(field, text) wh_keeper_copy_text((field), sizeof(field), (text))
void wh_keeper_copy_text(char *field, size_t size, const char *text);

/* ---- a keeper made from S (K was killed) ------------------------------------------------------------------------ */

#define WH_KEEPER_TAKEOVER_ENV "WHALE_COMPOSE_TAKEOVER" /* number of the memory file's descriptor */
/* Turns the calling S into the keeper of a new S by executing the supervisor again with everything of the table handed
 * over; listen_fd too. Returns only on failure. */
int wh_keeper_takeover(const char *project, int listen_fd, struct wh_keeper_table *t, struct wh_err *err);
/* In the new image: reads back what takeover wrote (a memory file's descriptor). */
int wh_keeper_takeover_read(int take_fd, struct wh_keeper_table *ret);

#endif
