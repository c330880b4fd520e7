/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container of the project and its life: created, started, stopped, ended, removed. */
#ifndef ENGINE_CTR_H
#define ENGINE_CTR_H

#include "whale/image.h"
#include "whale/model.h"
#include "whale/state.h"

#include "engine/health.h"
#include "engine/policy.h"

struct ctr;

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

/* stop.c */
void ctr_stop(struct ctr *c, int64_t timeout_ns); /* < 0: the service's own; ends in CTR_IDLE */
int ctr_kill(struct ctr *c, int signo, struct wh_err *err);
int ctr_pause(struct ctr *c, bool pause, struct wh_err *err);
int64_t ctr_grace_ns(const struct ctr *c);
int signal_parse(const char *text, int *ret); /* "SIGTERM", "term", "15", "RTMIN+3"; 0 or -1 */

/* exit.c */
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

/* hooks.c: runs the service's hooks in the container one after the other; output (may be NULL) gets what each has
 * written, fn the first failure. */
typedef void (*hook_output_fn)(void *data, const struct ctr *c, const char *text, size_t len);
typedef void (*hooks_done_fn)(void *data, const struct wh_err *err);
void ctr_run_hooks(struct ctr *c, const struct wh_hooks *hooks, hook_output_fn output, hooks_done_fn fn, void *data);

#endif
