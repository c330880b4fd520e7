/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor seen from outside: the client that every mutating command uses, and the entry points of the
 * supervisor program.
 *
 * Protocol, version 1, over the project's stream socket (0600, peer checked with SO_PEERCRED): each message is a
 * 4-byte little-endian length and that many bytes of JSON; file descriptors travel with the first byte of the
 * message that mentions them. A client sends one request {"v":1,"op":...,...} and reads events (whale/event.h) until
 * WH_EVENT_DONE. It may send {"op":"cancel"} or close the connection: an `up` that still waits is then given up, what
 * runs stays running.
 *
 * Mutating requests of one project run one after the other; a stop, kill or down that arrives while an `up` waits for
 * a condition cancels that `up`.
 *
 *   op          parameters (besides "services":[name...] which most accept; absent = all)
 *   up          project: canonical project (config --format json, unescaped, scale already applied),
 *               images: {service: image id}, hashes: {service: hash, ...}, network_hashes, volume_hashes,
 *               meta: {working_dir, config_files, environment_file, version},
 *               disabled: [service...] that the files define but no active profile enables: they are no orphans;
 *               the project holds every enabled service, `services` names those that were asked for
 *               options: {no_start, no_deps, force_recreate, no_recreate, always_recreate_deps, renew_anon_volumes,
 *                         remove_orphans, timeout_s (-1 = each service's own), wait, wait_timeout_s, create_only,
 *                         remade_volumes: [name...] (changed ones that lose their data), ignore_orphans (no
 *                         warning), scale: {service: n} for `scale`, underscores (in names of containers)};
 *               every mutating request: parallel (most steps at a time)
 *   down        options: {volumes, rmi: "local"|"all"|"", remove_orphans, timeout_s}, project (may be absent: from
 *               labels), project also names external resources that must stay
 *   stop start restart kill pause unpause rm
 *               options: {timeout_s, no_deps, signal, stop, volumes, force, wait, wait_timeout_s, remove_orphans},
 *               project (may be absent: then dependencies come from the records' labels)
 *   run         service, project/images/hashes as up; command: [..] or absent, options: {name, detach, rm, tty, stdin,
 *               no_deps, use_aliases, service_ports, publish: [..], env: ["K=V"], user, workdir, entrypoint: [..] or
 *               absent, labels: {..}, volumes: [..], cap_add, cap_drop, ...}; fds as for exec. Events: LIFECYCLE create
 *               (container_id), start; DONE carries the program's exit code (detached: 0 at once)
 *   exec        service, index (0 = default), argv, env, user, workdir, privileged, tty, detach; fds: without tty
 *               stdin, stdout, stderr as pipe ends made by the client; with tty none (the master comes back with the
 *               LIFECYCLE exec_start event). DONE carries the exit code
 *   attach      service, index; fds: stdout and stderr write ends; event LIFECYCLE attach brings back the container's
 *               stdin (pipe or pty master) when it has one. DONE carries the exit code when the container ends
 *   resize      not a request: the client owns a dup of the pty master and sets its size itself
 *   wait        services; one LIFECYCLE die event per container; DONE carries the code
 *   events      a stream of LIFECYCLE events until the client closes
 *   watch_exits a stream of LOG_EXIT events for the given services: attached `up` uses it
 *   containers  one event with a memory file: wh_state_listing_read. For commands that only look
 *   info        DONE at once; details: supervisor pid, version (doctor, tests)
 */
#ifndef WHALE_ENGINE_H
#define WHALE_ENGINE_H

#include "whale/event.h"
#include "whale/plan.h"
#include "whale/state.h"
#include "whale/util/arena.h"
#include "whale/util/err.h"

#include <stdbool.h>

#define WH_ENGINE_PROTOCOL 1
#define WH_ENGINE_MAX_FDS  8
#define WH_ENGINE_ABSENT   1 /* no supervisor runs for this project */
#define WH_ENGINE_TIMEOUT  2
#define WH_ENGINE_CLOSED   3 /* the supervisor went away in the middle of a request */

struct wh_client;

/* The message of exec, attach and port for a service without a running container; index 0: any. Returns -1. */
int wh_engine_fail_not_running(struct wh_err *err, const char *service, int64_t index);

/* What `down --rmi` removes: "all" images of the services, or with "local" those without a name in the file. */
struct wh_texts wh_engine_removed_images(struct wh_arena *a, const struct wh_project *p, const char *which);

/* Connects to the project's supervisor; with spawn, starts one when none runs (it ends by itself when nothing runs
 * and nobody is connected). Without spawn: WH_ENGINE_ABSENT. */
int wh_client_open(const char *project, bool spawn, struct wh_client **ret, struct wh_err *err);
/* As without spawn, but never waits for one that ends just now, and leaves no trace. */
int wh_client_open_present(const char *project, struct wh_client **ret, struct wh_err *err);
void wh_client_close(struct wh_client *c);
/* The project's containers, without the nodes of their records, as the supervisor knows them; nothing that has ended is
 * shown as running. WH_ENGINE_ABSENT: the records on disk are to be read, for whatever reason. */
int wh_client_containers(const char *project, struct wh_arena *a, struct wh_container **ret_items, size_t *ret_n);
/* Waits until no process of the project's supervisor is left (after a `down` that removed everything), at most
 * timeout_ms: 0 or WH_ENGINE_TIMEOUT. */
int wh_client_wait_end(const char *project, int timeout_ms, struct wh_err *err);

/* request: JSON object node with "op"; "v" is added. fds are borrowed (duplicated by the kernel).
 * 0, WH_ENGINE_CLOSED or -1. */
int wh_client_send(struct wh_client *c, const struct wh_node *request, const int *fds, size_t n_fds,
                   struct wh_err *err);
/* Next event; its strings live in `a`. timeout_ms < 0 waits for ever. ret_fds (may be NULL) receives descriptors that
 * came with the event, -1 where none. 0, WH_ENGINE_TIMEOUT, WH_ENGINE_CLOSED or -1. */
int wh_client_next(struct wh_client *c, int timeout_ms, struct wh_arena *a, struct wh_event *ret,
                   int ret_fds[WH_ENGINE_MAX_FDS], struct wh_err *err);
int wh_client_fd(const struct wh_client *c);            /* for poll */
bool wh_client_has_buffered(const struct wh_client *c); /* a whole event is waiting: do not poll first */

/* The project's life-cycle events of late, oldest first, whether its supervisor runs or not. */
int wh_engine_past_events(const char *project, void (*fn)(void *data, const struct wh_event *e), void *data,
                          struct wh_err *err);

/* The planner's input from a request (as above) of the verb, and from what there is: the supervisor's way, and that of
 * --dry-run. */
int wh_plan_input_fill(struct wh_arena *a, const struct wh_node *request, const char *project_name,
                       struct wh_project *project, enum wh_plan_op verb, struct wh_plan_input *ret, struct wh_err *err);
int wh_plan_actual_add(struct wh_arena *a, const struct wh_container_rec *rec, const struct wh_container_state *state,
                       struct wh_plan_container *ret);
int wh_plan_actual_resources(struct wh_arena *a, struct wh_plan_actual *ret, struct wh_err *err);

/* main() of whale-supervisor: argv = project; descriptor 3 = the listening socket made by wh_client_open. */
int wh_supervisor_main(int argc, char **argv);

#endif
