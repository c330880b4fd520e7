/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off: a picture of folders
 *
 * Records on disk. The supervisor writes them, every command may read them without asking it.
 *
 *   <root>/                            WHALE_COMPOSE_ROOT, default /var/lib/whale-compose, 0700
 *     images/                          whale-image's store (whale/image.h)
 *     networks/<name>.json             struct wh_network_rec
 *     volumes/<name>.json, volumes/<name>/_data
 *     projects/<project>/containers/<id>/
 *         container.json               struct wh_container_rec: what does not change after create
 *         state.json                   struct wh_container_state: what does
 *         log.json, log.json.1 ...     json-file log
 *         upper/ work/ files/          overlay; generated hosts, resolv.conf, hostname, secrets
 *     trash/                           removed trees, deleted later: the unlinking of many files takes its time
 *   <run>/                             WHALE_COMPOSE_RUN, default /run/whale-compose, 0700, on tmpfs
 *     global.lock                      short lock for names, subnets and host ports
 *     projects/<project>/lock          flock of whoever changes the project's set of supervisors; goes with the last
 *                                      one and, when no past events are kept there, the folder
 *     projects/<project>/socket        the supervisor's control socket (0600)
 *     projects/<project>/ports.json    host ports this project has reserved
 *
 * Every write is temp + rename; against power loss the engine syncs the file system once at the end of an operation.
 * Each file carries "format": 1. What the kernel can tell is asked, not stored: a state that says running is believed
 * only when the boot id is the current one and the recorded process (pid + start time) is alive;
 * wh_state_container_load corrects it otherwise to exited with code 255 (pid stays set: nobody has recorded that end
 * yet).
 */
/* clang-format on */
#ifndef WHALE_STATE_H
#define WHALE_STATE_H

#include "whale/codec/node.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define WH_ID_LEN 64 /* hex digits of a container id */

/* ---- places ---------------------------------------------------------------------------------------------------- */

const char *wh_state_root(void); /* from the environment, cached; absolute */
const char *wh_state_run(void);
const char *wh_state_instance(void); /* 6 hex digits of the run folder: part of kernel-side names */
/* Both folders with mode 0700. Not root, or no permission: one clear error with a hint. */
int wh_state_ensure_roots(struct wh_err *err);
char *wh_state_project_dir(const char *project); /* malloc'ed, as the next ones */
char *wh_state_container_dir(const char *project, const char *id);
char *wh_state_project_run_dir(const char *project);
char *wh_state_volume_dir(const char *name); /* .../volumes/<name>/_data */
const char *wh_state_boot_id(void);
/* Start time of a process in clock ticks since boot; 0 when there is none. */
uint64_t wh_state_process_start(int pid);
bool wh_state_process_alive(int pid, uint64_t start, const char *boot_id);

/* ---- locks ----------------------------------------------------------------------------------------------------- */

/* flock on a file that is made when missing; the fd releases it when closed. wait == false: 1 (WH_LOCK_BUSY) when
 * somebody holds it. */
#define WH_LOCK_BUSY 1
int wh_state_lock_global(int *ret_fd, struct wh_err *err);
int wh_state_lock_project(const char *project, bool wait, int *ret_fd, struct wh_err *err);
/* 1 or 0; nothing is made or left. */
int wh_state_project_is_locked(const char *project, struct wh_err *err);
/* The last act of a project's supervisor, which holds the project's lock: its log, the lock, the folder. */
void wh_state_remove_run_dir(const char *project);

/* ---- containers ------------------------------------------------------------------------------------------------ */

enum wh_container_status {
    WH_CONTAINER_CREATED,
    WH_CONTAINER_RUNNING,
    WH_CONTAINER_PAUSED,
    WH_CONTAINER_RESTARTING, /* ended, the restart policy waits for its delay */
    WH_CONTAINER_REMOVING,
    WH_CONTAINER_EXITED,
    WH_CONTAINER_DEAD, /* could not be removed completely */
    WH_CONTAINER_STATUS_MAX_,
};
extern const char *const wh_container_status_text[WH_CONTAINER_STATUS_MAX_];

enum wh_health { WH_HEALTH_NONE, WH_HEALTH_STARTING, WH_HEALTH_HEALTHY, WH_HEALTH_UNHEALTHY, WH_HEALTH_MAX_ };
extern const char *const wh_health_text[WH_HEALTH_MAX_]; /* "", "starting", "healthy", "unhealthy" */

struct wh_label {
    const char *key, *value;
};

/* One mount as shown by ps and inspect, and as carried over on recreate. */
struct wh_mount_rec {
    const char *type;   /* bind, volume, tmpfs, image */
    const char *name;   /* volume: its name (64 hex for anonymous ones) */
    const char *source; /* host path */
    const char *target;
    bool anonymous;
    bool read_only;
};

struct wh_port_rec {
    const char *host_ip; /* "" = all addresses */
    uint16_t host_port;  /* 0 = exposed only */
    uint16_t container_port;
    const char *protocol; /* tcp, udp, sctp */
};

/* Written once at create. All strings and arrays belong to the arena the record was loaded into. */
struct wh_container_rec {
    const char *id;   /* 64 hex digits */
    const char *name; /* proj-svc-1 */
    const char *project, *service;
    int number; /* com.docker.compose.container-number */
    bool oneoff;
    bool auto_remove;     /* run --rm */
    const char *hook;     /* name of the pre_start hook this one-off runs, or NULL */
    const char *image;    /* as the user wrote it */
    const char *image_id; /* "sha256:..." */
    const char *config_hash;
    int64_t created_ns;
    const struct wh_label *labels; /* sorted by key, com.docker.compose.* included */
    size_t n_labels;
    const char *const *argv; /* entrypoint + command as started, for ps and top */
    size_t n_argv;
    const struct wh_mount_rec *mounts;
    size_t n_mounts;
    const char *const *networks; /* names of its networks; "host", "none" or "container:<id>" for those modes */
    size_t n_networks;
    bool tty, stdin_open;
    const char *log_driver;             /* json-file, local, none */
    const struct wh_node *service_node; /* the service as resolved at create (canonical): what start builds from */
    const struct wh_node *image_node;   /* the image's config and layer folders at create (engine/spec.c) */
    const struct wh_node *extra;        /* run's overrides and other engine-private data, or NULL */
};

struct wh_endpoint_rec {
    const char *network; /* name */
    const char *ipv4, *ipv6, *mac;
    const char *ifname;
    const char *host_if; /* name of the host's end */
};

struct wh_health_probe {
    int64_t start_ns, end_ns;
    int exit_code;      /* -1 = timed out or could not run */
    const char *output; /* at most 4096 bytes */
};

struct wh_container_state {
    enum wh_container_status status;
    enum wh_health health;
    int failing_streak;
    struct wh_health_probe last_probes[5]; /* oldest first */
    size_t n_probes;
    int pid;
    uint64_t pid_start; /* start time of the process, clock ticks since boot (field 22 of stat) */
    const char *boot_id;
    int exit_code;
    bool oom_killed;
    bool stopped_by_user;            /* unless-stopped and always stay down until started */
    const char *error;               /* why it could not start, or "" */
    int64_t started_ns, finished_ns; /* 0 = never */
    int restart_count;
    const struct wh_port_rec *ports; /* published ones as bound, and exposed ones */
    size_t n_ports;
    const struct wh_endpoint_rec *endpoints;
    size_t n_endpoints;
};

struct wh_container {
    struct wh_container_rec rec;
    struct wh_container_state state;
};

int wh_state_container_save_rec(const struct wh_container_rec *rec, struct wh_err *err);
int wh_state_container_save_state(const struct wh_container_rec *rec, const struct wh_container_state *state,
                                  struct wh_err *err);
/* > 0 (WH_STATE_ABSENT) when there is no such container. */
#define WH_STATE_ABSENT 1
int wh_state_container_load(struct wh_arena *a, const char *project, const char *id, struct wh_container *ret,
                            struct wh_err *err);
/* All containers of a project (NULL: of all projects), sorted by name; unreadable records are skipped with a log
 * line. *ret_items is an arena array. */
int wh_state_containers(struct wh_arena *a, const char *project, struct wh_container **ret_items, size_t *ret_n,
                        struct wh_err *err);
/* Containers as bytes: the supervisor's answer to "which are there", cheaper to read than records. Everything but
 * service_node, image_node and extra. Begin, then one call for each. */
int wh_state_listing_begin(struct wh_str *out);
int wh_state_listing_add(struct wh_str *out, const struct wh_container_rec *rec,
                         const struct wh_container_state *state);
/* take_bytes: in the arena, texts point into it. Sorted by name. -1 when it is none of this version. */
int wh_state_listing_read(struct wh_arena *a, const char *take_bytes, size_t len, struct wh_container **ret_items,
                          size_t *ret_n, struct wh_err *err);
/* Moves the container's folder to the trash; files behind it are deleted by wh_state_empty_trash. */
/* Ids whose folder has no record, or one that cannot be read: no listing shows them. */
int wh_state_containers_damaged(const char *project, struct wh_strv *ret_ids, struct wh_err *err);
int wh_state_container_remove(const char *project, const char *id, struct wh_err *err);
int wh_state_empty_trash(struct wh_err *err);
const char *wh_container_label(const struct wh_container_rec *rec, const char *key); /* NULL when absent */
/* False for a moment after the start while a process of it works: a job of a few milliseconds is then seen as ended by
 * whoever looks right after the start, however busy the machine is. A service that has begun to wait is settled at
 * once, and so is everything that runs longer than half a second. */
bool wh_state_is_settled(const struct wh_container_state *s, int64_t now_ns);

/* ---- networks, volumes, projects ------------------------------------------------------------------------------- */

/* network_mode bridge: "bridge@PROJECT". Made and removed with its containers; '@' is in no name that users give. */
#define WH_DEFAULT_BRIDGE "bridge"
#define WH_NETWORK_OWN    '@'

struct wh_network_rec {
    const char *name;               /* proj_default */
    const char *id;                 /* 64 hex digits */
    const char *project;            /* owner; "" = made by hand */
    const char *key;                /* key in the compose file */
    const char *driver;             /* bridge */
    const char *bridge;             /* interface name */
    const char *subnet4, *gateway4; /* "172.20.1.0/24", "172.20.1.1" */
    const char *subnet6, *gateway6; /* or NULL */
    const char *ip_range;           /* or NULL */
    int mtu;                        /* 0 = default */
    bool internal;
    const char *config_hash;
    int64_t created_ns;
    const struct wh_label *labels;
    size_t n_labels;
    const struct wh_node *network_node; /* canonical definition */
};

struct wh_volume_rec {
    const char *name;
    const char *project; /* owner; "" = made by hand */
    const char *key;     /* "" for anonymous ones */
    const char *driver;  /* local */
    const char *mountpoint;
    const char *config_hash;
    bool anonymous;
    int64_t created_ns;
    const struct wh_label *labels;
    size_t n_labels;
    const struct wh_node *driver_opts; /* map or NULL */
};

int wh_state_network_save(const struct wh_network_rec *rec, struct wh_err *err);
int wh_state_network_load(struct wh_arena *a, const char *name, struct wh_network_rec *ret, struct wh_err *err);
int wh_state_networks(struct wh_arena *a, struct wh_network_rec **ret_items, size_t *ret_n, struct wh_err *err);
int wh_state_network_remove(const char *name, struct wh_err *err);

int wh_state_volume_save(const struct wh_volume_rec *rec, struct wh_err *err);
/* A new one: its folder is made, the time and the mount point are filled in. */
int wh_state_volume_make(struct wh_volume_rec *rec, struct wh_err *err);
int wh_state_volume_load(struct wh_arena *a, const char *name, struct wh_volume_rec *ret, struct wh_err *err);
int wh_state_volumes(struct wh_arena *a, struct wh_volume_rec **ret_items, size_t *ret_n, struct wh_err *err);
int wh_state_volume_remove(const char *name, struct wh_err *err); /* record and data */

int wh_state_project_names(struct wh_strv *ret, struct wh_err *err); /* sorted */
int wh_state_project_remove(const char *name, struct wh_err *err);   /* its folder, when it has no container any more */

#endif
