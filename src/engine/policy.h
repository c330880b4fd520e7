/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy half of the supervisor: the project's containers, networks and operations, and what may happen to them.
 * Everything here runs on the loop's thread.
 *
 *   policy.c   the object, recovery's driver, deferred work        op*.c      requests
 *   ctr.c      the table of containers                            executor.c steps of a plan
 *   create.c   records of new containers                          spec*.c    service -> container spec
 *   start.c    a container's start      exit.c   its end           net*.c     networks, DNS, published ports
 *   logging.c  log drivers and options
 */
#ifndef ENGINE_POLICY_H
#define ENGINE_POLICY_H

#include "whale/image.h"
#include "whale/model.h"
#include "whale/net.h"
#include "whale/runtime.h"
#include "whale/state.h"
#include "whale/util/map.h"

#include "engine/health.h"
#include "engine/host.h"
#include "engine/keeper.h"
#include "engine/loop.h"
#include "engine/server.h"
#include "engine/session.h"

#include <string.h>

struct ctr;
struct op;
struct wh_log_config;

/* ---- the supervisor's policy ------------------------------------------------------------------------------------ */

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

/* ---- containers -------------------------------------------------------------------------------------------------- */

enum ctr_phase {
    CTR_IDLE,     /* no process */
    CTR_STARTING, /* cloned, has not executed its program yet */
    CTR_RUNNING,
    CTR_ENDING, /* the process has ended, its output is being completed */
};

/* A reserved host port. want.first..last is what was asked. */
struct ctr_port {
    struct wh_port_want want;
    uint16_t container_port;
    uint16_t port; /* 0: not reserved now */
    int fd;        /* -1: shared with another replica, or not reserved */
    bool shared;   /* replicas of a replicated service: one reservation, balanced */
};

struct ctr_endpoint {
    const char *network;
    struct wh_addr ip4, ip6;
    uint8_t mac[6];
    char ifname[WH_IFNAME_MAX];
    char host_if[WH_IFNAME_MAX];
    const struct wh_service_network *config; /* or NULL */
};

/* Told of every change of the container until it is taken away; may take itself away, not free the container. */
struct ctr_watch {
    void (*fn)(struct ctr_watch *w, struct ctr *c);
    void *data;
};

struct ctr {
    struct wh_policy *p;
    struct wh_arena arena; /* rec, service, image */
    struct wh_container_rec rec;
    struct wh_container_state state; /* its strings: static, in state_arena */
    struct wh_arena state_arena;
    const struct wh_service *service;
    const struct wh_image *image;

    enum ctr_phase phase;
    struct wh_cgroup cgroup;
    bool has_cgroup;
    int pid;
    int pidfd, netns_fd, stdin_fd, status_fd;
    int joined_fd;                    /* network namespace of another project's container */
    int joined_ipc_fd, joined_pid_fd; /* pidfds of such */
    struct wh_io status_io;
    struct wh_timer stop_timer, restart_timer, cgroup_timer;
    bool is_stopping;          /* a stop was asked for: no restart */
    bool is_forced;            /* a pre_stop hook that fails does not keep it running */
    char *refusal;             /* text of the pre_stop hook that keeps it running; taken by who waits for the stop */
    int64_t signalled_mono_ns; /* when a user last sent it a signal; 0 = not in this run */
    bool is_removing;          /* nothing may start it any more */
    bool start_failed;         /* the child has reported why; its exit follows */
    bool exit_seen;            /* of the process that is starting */
    bool is_draining;          /* left out of balancing and name service */
    bool keeps_net;            /* a restart follows the stop: namespace and ports stay */
    bool is_captured;          /* the capture thread has its output */
    bool expects_exit;         /* recovery: its end may have come while no supervisor ran */
    int cgroup_retries;
    uint64_t oom_before;
    int64_t stop_timeout_ns;
    int64_t started_mono_ns;
    int64_t backoff_ns; /* last delay of the restart policy; 0 = none yet */
    int restart_streak; /* restarts since it last ran well, for on-failure:N and max_attempts */
    struct wh_err start_err;
    char *hook_failure; /* of a one-off: what its post_start hook failed with; the result of its `run` */
    int start_exit_code;

    struct wh_keeper_exit exit; /* while CTR_ENDING; key and cgroup unset */
    struct wh_image_hold hold;

    struct ctr_endpoint *endpoints; /* while it has a network namespace */
    size_t n_endpoints;
    struct ctr_port *ports;
    size_t n_ports;

    struct wh_health_monitor *health;
    struct probe_plan *probe_plan; /* health_glue.c */
    struct wh_arena output_arena;  /* outputs of the last probes */
    struct wh_vec watches;         /* struct ctr_watch * */
    bool is_changed;
    /* What a start takes instead of the defaults: an attached `run`. -1 = none. */
    int run_stdin_fd;
    int run_output_fds[2];
    bool (*on_tty)(struct ctr *c, int master_fd, void *data); /* master borrowed; true = a client reads it */
    void *on_tty_data;
};

struct ctr *ctr_find(const struct wh_policy *p, const char *id);
struct ctr *ctr_find_name(const struct wh_policy *p, const char *name);
/* Lowest-numbered container of a service; with running only those that run, one-offs as a fallback. */
struct ctr *ctr_find_service(const struct wh_policy *p, const char *service, int number, bool running);
/* Takes a loaded or new record (whose arena becomes the container's) into the table. */
int ctr_adopt(struct wh_policy *p, struct wh_arena *take_arena, const struct wh_container *loaded, struct ctr **ret,
              struct wh_err *err);
void ctr_free(struct ctr *c); /* also out of the table */
int ctr_save_state(struct ctr *c, struct wh_err *err);
void ctr_save_state_logged(struct ctr *c);
void ctr_changed(struct ctr *c); /* tells the watches, from the loop */
void ctr_watch(struct ctr *c, struct ctr_watch *w);
void ctr_unwatch(struct ctr *c, struct ctr_watch *w);
bool ctr_is_live(const struct ctr *c);                 /* has a process or waits for its restart */
bool ctr_is_ready(const struct ctr *c);                /* runs and is not unhealthy: answers for its service */
char *ctr_file(const struct ctr *c, const char *name); /* path in its folder; malloc'ed */
char *ctr_cgroup_name(const struct ctr *c);

/* events.c */
void ctr_event(struct ctr *c, const char *action, int exit_code);
void ctr_event_signal(struct ctr *c, int signo);
void ctr_event_log_exit(struct ctr *c, bool restarting);
const struct wh_node *ctr_attributes(struct wh_arena *a, const struct ctr *c);

/* create.c */
struct create_request {
    const struct wh_project *project;
    const struct wh_service *service; /* its node is what the record keeps */
    const char *image_id, *hash;
    const char *name;
    int number;
    const char *slug; /* of a one-off, or NULL */
    bool oneoff, auto_remove;
    const char *hook;
    const struct ctr *replaces; /* its anonymous volumes are taken over, or NULL */
    const struct wh_node *meta; /* working_dir, config_files, environment_file, version */
    bool use_aliases;           /* one-offs answer to the service's names */
};
int ctr_create(struct wh_policy *p, const struct create_request *r, struct ctr **ret, struct wh_err *err);
/* check.c: nothing is changed; finds what would make ctr_create or a start fail. */
int ctr_check(struct wh_policy *p, const struct create_request *r, struct wh_err *err);

int ctr_make_folders(const struct ctr *c, struct wh_err *err); /* upper, work, files; may be there already */
/* The container must be idle. Takes the record away, and its anonymous volumes if asked. */
int ctr_remove(struct ctr *c, bool volumes, struct wh_err *err);

/* start.c: 0 = under way: phase becomes RUNNING, or IDLE with start_err. */
int ctr_start(struct ctr *c, struct wh_err *err);
/* Its program is about to run, or not: the report (consumed) will say. */
void ctr_watch_status(struct ctr *c, int take_status_fd);
void ctr_start_status(struct ctr *c); /* reads the child's report as far as it is there */
void ctr_running(struct ctr *c, bool is_new);
void ctr_close_process(struct ctr *c);
void ctr_give_back(struct ctr *c); /* cgroup, namespace, ports, layers */
/* Takes the layers of its image and of those it mounts; again without harm. Given back by ctr_give_back. */
int ctr_hold_images(struct ctr *c, struct wh_err *err);
int ctr_capture_recover(struct ctr *c, struct wh_err *err);
void ctr_drop_spool(const struct ctr *c); /* of one whose output was lost with a keeper; else there is none */

/* logging.c: the driver and the names of its options, before anything is made; their values when it starts */
int logging_check(const struct wh_service *s, struct wh_err *err);
int logging_limits(const struct wh_service *s, struct wh_log_config *ret, struct wh_err *err);

/* stop.c */
void ctr_stop(struct ctr *c, int64_t timeout_ns); /* < 0: the service's own; ends in CTR_IDLE */
int ctr_kill(struct ctr *c, int signo, struct wh_err *err);
int ctr_pause(struct ctr *c, bool pause, struct wh_err *err);
int64_t ctr_grace_ns(const struct ctr *c);
int signal_parse(const char *text, int *ret); /* "SIGTERM", "term", "15", "RTMIN+3"; 0 or -1 */

/* exit.c */
void policy_on_exit(void *policy, const struct wh_keeper_exit *exit);
void ctr_begin_end(struct ctr *c);
void ctr_finish_exit(struct ctr *c);
void ctr_schedule_restart(struct ctr *c, int64_t delay_ns);
void ctr_remove_cgroup(struct ctr *c);

/* health_glue.c */
void ctr_health_start(struct ctr *c, bool resume);
void ctr_health_stop(struct ctr *c);
bool ctr_has_healthcheck(const struct ctr *c);

/* recover.c */
/* A process that lives in the container's cgroup without having been registered; others in it are killed. */
bool recover_find_unregistered(const struct ctr *c, struct wh_keeper_process *ret);
int policy_recover(struct wh_policy *p, struct wh_err *err);

/* hooks.c: runs the service's hooks in the container one after the other; output (may be NULL) gets what each has
 * written, fn the first failure. */
typedef void (*hook_output_fn)(void *data, const struct ctr *c, const char *text, size_t len);
typedef void (*hooks_done_fn)(void *data, const struct wh_err *err);
void ctr_run_hooks(struct ctr *c, const struct wh_hooks *hooks, hook_output_fn output, hooks_done_fn fn, void *data);

/* ---- networks ---------------------------------------------------------------------------------------------------- */

/* network.c */
struct net {
    struct wh_arena arena;
    struct wh_network_rec rec;
    struct wh_bridge bridge;
    struct wh_ipam ipam4, ipam6;
    struct wh_addr last4;
    struct wh_vec lingering; /* struct lingering */
    bool is_own;
    bool is_up; /* the bridge was made or seen by this supervisor */
};
int net_get(struct wh_policy *p, const char *name, struct net **ret, struct wh_err *err);
void net_free_all(struct wh_policy *p);
int net_create(struct wh_policy *p, const struct wh_network *n, const char *hash, struct wh_err *err);
/* 1 = in use by a running container: left alone. */
int net_remove(struct wh_policy *p, const char *name, struct wh_err *err);
/* The project's network of network_mode bridge, which resolves no names: its name; whether a name is such a one; made
 * when it is missing. */
const char *net_bridge_name(const struct wh_policy *p, struct wh_arena *a);
static inline bool net_is_bridge(const char *name)
{
    return strchr(name, WH_NETWORK_OWN) != NULL;
}
int net_create_bridge(struct wh_policy *p, const char *name, struct wh_err *err);
int net_ensure_up(struct wh_policy *p, struct net *n, struct wh_err *err);

/* foreign.c: what other projects have, read from their records when an operation begins */
struct foreign {
    const char *container_id, *container, *project, *service, *network;
    const struct wh_service *decoded; /* for its aliases, or NULL */
    struct wh_addr ip4, ip6;
};
/* Reads them and tells the name service; drops what it knew before. */
void foreign_refresh(struct wh_policy *p);
void foreign_free(struct wh_policy *p);
/* A running container of another project by name or id. */
int foreign_find(struct wh_arena *a, const struct wh_policy *p, const char *name, struct wh_container *ret,
                 struct wh_err *err);
bool foreign_uses(const struct wh_policy *p, const char *network);
/* Starts to listen for changes that other projects announce on networks of this one. */
void foreign_watch(struct wh_policy *p);
/* Tells the other projects on the container's networks that it came, changed or went; its state must be saved. */
void foreign_announce(const struct ctr *c);

/* netpool.c: namespaces made ahead; count = how many containers will start */
void netpool_want(struct wh_policy *p, size_t count);
int netpool_take(struct wh_policy *p, int *ret_fd, struct wh_err *err);
void netpool_empty(struct wh_policy *p);
void netpool_free(struct wh_policy *p);

/* lingering.c: endpoints that were given back, until their addresses have another owner */
void lingering_add(struct net *n, const struct ctr_endpoint *e);
void lingering_mute(struct net *n, const struct ctr_endpoint *successor); /* those that had one of its addresses */
void lingering_mute_endpoint(const struct ctr_endpoint *e);

/* endpoints.c */
bool ctr_has_endpoints(const struct ctr *c);           /* on networks of its own, not on none, host or another's */
int ctr_net_attach(struct ctr *c, struct wh_err *err); /* namespace with addresses, DNS; kept over restarts */
void ctr_net_release(struct ctr *c);
void ctr_net_take(struct ctr *c); /* recovery: netns_fd from the keeper, or from the live process */
/* A recreated container gets the addresses of the one it replaces, where they are free: who remembers them (nginx, a
 * connection pool) still finds it. */
void ctr_net_inherit(struct ctr *c, const struct ctr *old);
void ctr_net_recover(struct ctr *c); /* namespace taken from the keeper, addresses from the state */
void ctr_net_lost(struct ctr *c);    /* recovery: its namespace went with keeper and process, perhaps just now */
void ctr_endpoints_to_state(struct ctr *c);
/* The container of this project whose network namespace it shares (network_mode: service:x), or NULL. */
struct ctr *ctr_net_owner(const struct ctr *c);
/* What `hostname` says inside: the service's, the network owner's, the host's (network_mode: host), or the short id. */
const char *ctr_hostname(struct wh_arena *a, const struct ctr *c);
/* network_mode container:NAME with a container of another project: its record. 0, 1 = it is not such, -1 = not there or
 * not running. */
int ctr_foreign_owner(struct wh_arena *a, const struct ctr *c, struct wh_container *ret, struct wh_err *err);

/* What the service says of a network (full name), or NULL. */
const struct wh_service_network *ctr_network_config(const struct ctr *c, const char *network);

/* blame.c: completes the path of an error (wh_err_in) that names an attribute of the service; without one nothing. */
void blame_service(const struct wh_service *s, struct wh_err *err);

/* The error about one item of a list or map of the service. */
#define fail_item(err, attribute, item, ...)                                                                           \
    (wh_fail(err, WH_E_INVALID, __VA_ARGS__), wh_err_in(err, "%s/%s", attribute, item))
#define fail_attribute(err, attribute, ...) (wh_fail(err, WH_E_INVALID, __VA_ARGS__), wh_err_in(err, attribute))

/* check.c, check_limits.c, check_network.c, check_mounts.c: before anything is changed */
int check_limits(const struct wh_service *s, struct wh_err *err);
int check_network(const struct wh_service *s, struct wh_err *err);
int check_mounts(const struct wh_service *s, struct wh_err *err);

/* names.c: name service */
void names_put_foreign(struct wh_policy *p);
void names_drop_foreign(struct wh_policy *p);
bool ctr_asks_names(const struct ctr *c); /* it has the project's resolver */
void ctr_dns_join(struct ctr *c);
void ctr_dns_update(struct ctr *c);
void ctr_dns_drop(struct ctr *c);

/* ports.c */
int ctr_ports_prepare(struct ctr *c, struct wh_err *err); /* c->ports from the service */
int ctr_ports_reserve(struct ctr *c, struct wh_err *err);
/* Whether the services' ports are free of other projects and programs; reserves nothing. */
int ports_check(const struct wh_policy *p, const struct wh_project *project, const struct wh_service *const *services,
                size_t n, struct wh_err *err);
void ctr_ports_release(struct ctr *c);
void ctr_ports_to_state(struct ctr *c);
void ports_save(struct wh_policy *p);
void ports_recover(struct ctr *c); /* from the state and the keeper */
void firewall_mark(struct wh_policy *p);

/* volumes.c */
int volume_create(struct wh_policy *p, const struct wh_volume *v, const char *hash, struct wh_err *err);
int volume_create_anonymous(struct wh_policy *p, const char *name, struct wh_err *err);
/* 1 = a container uses it. */
int volume_remove(struct wh_policy *p, const char *name, struct wh_err *err);

/* ---- translation --------------------------------------------------------------------------------------------------
 */

/* image_node.c */
struct wh_node *image_to_node(struct wh_arena *a, const struct wh_image *image);
const struct wh_image *image_from_node(struct wh_arena *a, const struct wh_node *n);

/* labels.c */
/* "TARGET=IMAGE_ID,..." of the images that the service mounts, as they are now; NULL without any. */
const char *labels_image_volumes(struct wh_arena *a, const struct wh_service *s);
int labels_make(struct wh_arena *a, const struct wh_policy *p, const struct create_request *r,
                const struct wh_image *image, struct wh_container_rec *rec);

/* spec.c: the parts that depend only on the record; namespaces are the caller's. Everything lives in `a`. */
int spec_build(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err);
bool spec_propagation_is_known(const char *word); /* of a bind mount */
int spec_resources(struct wh_arena *a, const struct wh_service *s, struct wh_resources *ret, struct wh_err *err);
int spec_mounts(struct wh_arena *a, const struct ctr *c, struct wh_container_spec *ret, struct wh_err *err);
/* A process as `exec`, hooks and health checks have it. argv is NULL-terminated. */
struct exec_wish {
    const char *const *argv;
    const struct wh_pairs *env; /* over the container's */
    const char *user, *workdir; /* NULL = the container's */
    bool privileged, tty;
};
int spec_exec(struct wh_arena *a, const struct ctr *c, const struct exec_wish *wish, struct wh_exec_spec *ret,
              struct wh_err *err);
const char *const *spec_argv(struct wh_arena *a, const struct wh_service *s, const struct wh_image *image);
const char *const *spec_env(struct wh_arena *a, const struct ctr *c, const struct wh_pairs *more, bool tty);

/* files.c: hosts, hostname, resolv.conf in the container's folder */
int ctr_write_files(struct ctr *c, struct wh_err *err);

/* mounts_plan.c: rec.mounts of a new container */
int mounts_plan(struct wh_policy *p, const struct create_request *r, const struct wh_image *image, struct wh_arena *a,
                struct wh_container_rec *rec, struct wh_err *err);

/* restart.c: pure */
enum restart_kind { RESTART_NO, RESTART_ALWAYS, RESTART_UNLESS_STOPPED, RESTART_ON_FAILURE };
struct restart_policy {
    enum restart_kind kind;
    int64_t max_attempts; /* 0 = no limit */
    int64_t delay_ns;     /* first delay; 0 = 100 ms */
    bool is_fixed;        /* deploy's delay: no doubling */
    int64_t window_ns;    /* ran at least so long: counts as a success; 0 = 10 s */
};
int restart_policy_parse(const struct wh_service *s, struct restart_policy *ret, struct wh_err *err);
bool restart_wanted(const struct restart_policy *policy, int exit_code, bool stopped, int attempts);
int64_t restart_delay_ns(const struct restart_policy *policy, int64_t last_delay_ns, int64_t ran_ns);
int64_t restart_window_ns(const struct restart_policy *policy);

/* ---- operations (op.h has the rest) ------------------------------------------------------------------------------ */

void op_pump_all(struct wh_policy *p);
bool policy_has_live(const struct wh_policy *p); /* a container that runs or will */

#endif
