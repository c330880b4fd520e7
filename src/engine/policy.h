/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy half of the supervisor: the project's containers, networks and operations, and what may happen to them.
 * Everything here runs on the loop's thread.
 *
 *   op.h       requests and the steps of their plans         ctr.h      a container and its life
 *   network.h  networks, names, published ports              volumes.h  volumes
 *   check.h    what is refused before anything is changed    spec.h     service -> container spec
 */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "whale/net.h"
#include "whale/runtime.h"
#include "whale/util/map.h"

#include "engine/host.h"
#include "engine/keeper.h"
#include "engine/loop.h"

struct wh_policy {
    struct wh_host *host;
    const char *project;
    struct wh_cgroup_layout layout;
    char *cgroup_prefix; /* "whale/<instance>-<project>" */
    char *seccomp_cache;
    struct wh_net_scope scope;

    struct wh_map ctrs;          /* id -> struct ctr */
    struct wh_map networks;      /* name -> struct net (network.c) */
    struct wh_vec foreign;       /* struct foreign: other projects' containers on networks (foreign.c) */
    struct wh_map foreign_names; /* container name -> project: of other projects, as of the last operation's start */
    struct wh_arena foreign_arena;
    struct wh_io foreign_io; /* announcements of other projects */
    int foreign_fd;          /* inotify, -1 = not yet */

    struct wh_firewall *firewall; /* made when the first thing is published */
    struct wh_dns *dns;
    struct wh_io dns_io;
    struct wh_relay *relay;
    struct wh_timer drift_timer;
    bool is_recovering; /* what runs is being taken over */
    bool firewall_dirty, changed_scheduled, firewall_scheduled;

    struct netpool *netpool; /* netpool.c */
    struct wh_vec ops;       /* struct op *: [0] runs, the others wait */
    size_t n_background;     /* work that is neither an operation nor a container: sync, trash */
    bool is_gone;            /* the last operation left no container and no network */
};

void policy_run_deferred_firewall(struct wh_policy *p);
/* Removes what is empty of the project on disk, networks' kernel objects excepted, when no container is left. */
void policy_tidy(struct wh_policy *p);
/* One syncfs of the state root and the deletion of the trash, off the loop. */
void policy_sync_later(struct wh_policy *p);
bool policy_has_live(const struct wh_policy *p); /* a container that runs or will */
void op_pump_all(struct wh_policy *p);           /* what waits may go on (executor.c) */

/* exit.c: what the keeper tells */
void policy_on_exit(void *policy, const struct wh_keeper_exit *exit);
/* recover.c */
int policy_recover(struct wh_policy *p, struct wh_err *err);

#endif
