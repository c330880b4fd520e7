/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container's start: ports, network namespace, files, spec, cgroup, clone. Nothing here waits for the child: it
 * reports on a descriptor, and the next container can be cloned meanwhile. The cgroup's folder, named by the id, exists
 * before the process: whoever comes after a crash finds it.
 */
#include "engine/check.h"
#include "engine/network.h"
#include "engine/spec.h"

#include "whale/sys/process.h"
#include "whale/util/log.h"
#include "whale/util/size.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- namespaces -------------------------------------------------------------------------------------------------- */

static struct ctr *mode_target(const struct ctr *c, const char *mode)
{
    const char *service = wh_mode_service(mode);
    if (service)
        return ctr_find_service(c->p, service, 0, true);
    if (!wh_starts(mode, "container:"))
        return NULL;
    const char *name = mode + strlen("container:");
    struct ctr *other = ctr_find_name(c->p, name);
    return other ? other : ctr_find(c->p, name);
}

/* A process of another project's container, held until the next start. */
static int hold_foreign(const struct ctr *c, const char *name, int *hold_fd, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container other;
    if (foreign_find(&a, c->p, name, &other, err) != 0)
        return -1;
    wh_close(hold_fd);
    *hold_fd = wh_sys_pidfd_open(other.state.pid);
    return *hold_fd < 0 ? wh_fail(err, errno, "container %s", name) : 0;
}

/* host, private or another container's. hold_fd: for one of another project; may be NULL. */
static int set_namespace(const struct ctr *c, const char *what, const char *mode, int *hold_fd, struct wh_ns *ret,
                         struct wh_err *err)
{
    if (!mode || !mode[0] || strcmp(mode, "private") == 0 || strcmp(mode, "shareable") == 0 ||
        strcmp(mode, "none") == 0)
        return 0;
    if (strcmp(mode, "host") == 0) {
        ret->kind = WH_NS_HOST;
        return 0;
    }
    const struct ctr *other = mode_target(c, mode);
    if (!other && hold_fd && wh_starts(mode, "container:")) {
        if (hold_foreign(c, mode + strlen("container:"), hold_fd, err) < 0)
            return wh_wrap(err, "%s \"%s\"", what, mode);
        *ret = (struct wh_ns){WH_NS_JOIN, *hold_fd, false};
        return 0;
    }
    if (!other || other->phase != CTR_RUNNING)
        return wh_fail(err, WH_E_NOT_FOUND, "%s \"%s\": that container does not run", what, mode);
    ret->kind = WH_NS_JOIN;
    ret->fd = other->pidfd;
    return 0;
}

/* The namespace of a running container of another project; found anew at each start, because it may have been made
 * anew. */
static int join_foreign(struct ctr *c, struct wh_container_spec *spec, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container other;
    char path[64];
    int r = ctr_foreign_owner(&a, c, &other, err);
    if (r != 0)
        return r;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", other.state.pid);
    wh_close(&c->joined_fd);
    c->joined_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (c->joined_fd < 0)
        return wh_fail(err, errno, "network of container %s", other.rec.name);
    spec->net = (struct wh_ns){WH_NS_JOIN, c->joined_fd, false};
    return 0;
}

static int set_network(struct ctr *c, struct wh_container_spec *spec, struct wh_err *err)
{
    const struct ctr *owner = ctr_net_owner(c);
    if (c->netns_fd >= 0) {
        spec->net = (struct wh_ns){WH_NS_JOIN, c->netns_fd, true};
        return 0;
    }
    if (owner && owner->netns_fd >= 0) {
        spec->net = (struct wh_ns){WH_NS_JOIN, owner->netns_fd, false};
        return 0;
    }
    int r = join_foreign(c, spec, err);
    return r > 0 ? set_namespace(c, "network_mode", c->service->network_mode, NULL, &spec->net, err) : r;
}

static int set_namespaces(struct ctr *c, struct wh_container_spec *spec, struct wh_err *err)
{
    const struct wh_service *s = c->service;
    if (set_network(c, spec, err) < 0)
        return wh_err_in(err, "network_mode");
    if (set_namespace(c, "pid", s->pid, &c->joined_pid_fd, &spec->pid, err) < 0)
        return wh_err_in(err, "pid");
    if (set_namespace(c, "ipc", s->ipc, &c->joined_ipc_fd, &spec->ipc, err) < 0)
        return wh_err_in(err, "ipc");
    if (set_namespace(c, "uts", s->uts, NULL, &spec->uts, err) < 0)
        return wh_err_in(err, "uts");
    if (spec->uts.kind == WH_NS_HOST)
        spec->hostname = spec->domainname = NULL;
    return 0;
}

/* Docker's: containers get the soft and hard limit that the supervisor was started with. */
static int add_nofile(const struct ctr *c, struct wh_arena *a, struct wh_container_spec *spec)
{
    for (size_t i = 0; i < spec->n_rlimits; i++)
        if (strcasecmp(spec->rlimits[i].name, "nofile") == 0)
            return 0;
    struct wh_rlimit *limits = wh_arena_array(a, struct wh_rlimit, spec->n_rlimits + 1);
    if (!limits)
        return -1;
    if (spec->n_rlimits)
        memcpy(limits, spec->rlimits, spec->n_rlimits * sizeof(*limits));
    limits[spec->n_rlimits++] =
        (struct wh_rlimit){"nofile", (int64_t)c->p->host->nofile.rlim_cur, (int64_t)c->p->host->nofile.rlim_max};
    spec->rlimits = limits;
    return 0;
}

/* ---- output ------------------------------------------------------------------------------------------------------ */

static char *spool_path(const struct ctr *c)
{
    wh_auto_free char *run = wh_state_project_run_dir(c->rec.project);
    return run ? wh_fmt("%s/%.16s.spool", run, c->rec.id) : NULL;
}

void ctr_drop_spool(const struct ctr *c)
{
    wh_auto_free char *spool = spool_path(c);
    if (spool)
        wh_capture_remove_spool(spool);
}

static int start_capture(struct ctr *c, int take_stdout, int take_stderr, struct wh_err *err)
{
    wh_auto_free char *dir = wh_state_container_dir(c->rec.project, c->rec.id);
    wh_auto_free char *spool = spool_path(c);
    struct wh_log_config config = {.dir = dir, .spool = spool, .discard = wh_streq(c->rec.log_driver, "none")};
    struct wh_keeper *k = c->p->host->keeper;
    int r = dir && spool ? logging_limits(c->service, &config, err) : wh_fail(err, ENOMEM, "log");
    if (r == 0)
        r = wh_keeper_keep(k, c->rec.id, WH_SLOT_STDOUT, take_stdout, err);
    if (r == 0 && take_stderr >= 0)
        r = wh_keeper_keep(k, c->rec.id, WH_SLOT_STDERR, take_stderr, err);
    if (r < 0) {
        wh_close(&take_stdout);
        wh_close(&take_stderr);
        return -1;
    }
    c->is_captured = true;
    return wh_capture_add(c->p->host->capture, c->rec.id, &config, take_stdout, take_stderr, err);
}

int ctr_capture_recover(struct ctr *c, struct wh_err *err)
{
    struct wh_keeper *k = c->p->host->keeper;
    int out = wh_keeper_take_fd(k, c->rec.id, WH_SLOT_STDOUT), other = wh_keeper_take_fd(k, c->rec.id, WH_SLOT_STDERR);
    c->stdin_fd = wh_keeper_take_fd(k, c->rec.id, WH_SLOT_STDIN);
    if (out < 0) {
        wh_close(&other);
        return 0;
    }
    if (c->rec.tty && c->stdin_fd < 0)
        c->stdin_fd = fcntl(out, F_DUPFD_CLOEXEC, 3);
    return start_capture(c, out, other, err);
}

/* Pipes of the container: [0] is ours for output, the container's for input. */
struct pipes {
    int in[2], out[2], err[2];
};

static void pipes_fini(struct pipes *p)
{
    int *fds[] = {p->in, p->out, p->err};
    for (size_t i = 0; i < WH_ARRAY_LEN(fds); i++) {
        wh_close(&fds[i][0]);
        wh_close(&fds[i][1]);
    }
}

static int open_pipes(const struct ctr *c, struct pipes *p, struct wh_err *err)
{
    if (c->rec.tty)
        return 0;
    if (pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    if (c->run_stdin_fd < 0 && c->rec.stdin_open && pipe2(p->in, O_CLOEXEC) < 0)
        return wh_fail(err, errno, "pipe");
    return 0;
}

/* Before the clone: the keeper has the read ends from the first byte on, and a client misses none. */
static int attach_output(struct ctr *c, struct pipes *p, struct wh_err *err)
{
    struct wh_keeper *k = c->p->host->keeper;
    if (c->rec.tty)
        return 0;
    c->stdin_fd = wh_steal_fd(&p->in[1]);
    if (c->stdin_fd >= 0)
        wh_keeper_keep(k, c->rec.id, WH_SLOT_STDIN, c->stdin_fd, NULL);
    if (start_capture(c, wh_steal_fd(&p->out[0]), wh_steal_fd(&p->err[0]), err) < 0)
        return -1;
    for (int i = 0; i < 2; i++)
        if (c->run_output_fds[i] >= 0) {
            wh_capture_attach(c->p->host->capture, c->rec.id, c->run_output_fds[0], c->run_output_fds[1], err);
            c->run_output_fds[0] = c->run_output_fds[1] = -1;
        }
    return 0;
}

static void give_up_output(struct ctr *c)
{
    if (c->is_captured)
        wh_capture_finish(c->p->host->capture, c->rec.id, 0);
    c->is_captured = false;
    wh_close(&c->stdin_fd);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_STDIN);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_STDOUT);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_STDERR);
}

/* ---- clone ------------------------------------------------------------------------------------------------------- */

static void on_status(struct wh_io *io, int events)
{
    ctr_start_status(io->data);
}

void ctr_watch_status(struct ctr *c, int take_status_fd)
{
    c->status_fd = take_status_fd;
    c->phase = CTR_STARTING;
    c->exit_seen = c->start_failed = false;
    c->status_io = (struct wh_io){.fn = on_status, .data = c};
    wh_io_start(c->p->host->loop, &c->status_io, c->status_fd, WH_IO_READ);
}

/* The status first: whoever finds a registered process without it takes the program for running. */
static int register_process(struct ctr *c, const struct wh_runtime_proc *proc, struct wh_err *err)
{
    struct wh_keeper *k = c->p->host->keeper;
    c->pid = proc->pid;
    c->pidfd = proc->pidfd;
    ctr_watch_status(c, proc->status_fd);
    wh_keeper_keep(k, c->rec.id, WH_SLOT_STATUS, c->status_fd, NULL);
    return wh_keeper_register(k, c->rec.id, c->pid, c->pidfd, wh_cgroup_id(&c->cgroup), err);
}

static int launch(struct ctr *c, const struct wh_container_spec *spec, struct wh_arena *take_memory, struct wh_err *err)
{
    WH_CLEANUP(pipes_fini) struct pipes p = {{-1, -1}, {-1, -1}, {-1, -1}};
    struct wh_runtime_proc proc;
    if (open_pipes(c, &p, err) < 0)
        return -1;
    struct wh_runtime_io io = {.stdin_fd = c->run_stdin_fd >= 0 ? c->run_stdin_fd : p.in[0],
                               .stdout_fd = p.out[1],
                               .stderr_fd = p.err[1],
                               .gate_fd = -1};
    if (attach_output(c, &p, err) < 0)
        return -1;
    if (wh_runtime_start(spec, &io, &c->cgroup, WH_RUNTIME_SIBLING, take_memory, &proc, err) < 0) {
        give_up_output(c);
        return -1;
    }
    wh_close(&c->run_stdin_fd);
    if (register_process(c, &proc, err) < 0) {
        /* It runs already: its end is an ordinary exit. */
        wh_cgroup_kill(&c->cgroup, NULL);
        wh_auto_free char *text = err ? wh_err_text(err) : NULL;
        wh_log_error("container %s: %s", c->rec.name, text ? text : "");
    }
    return 0;
}

static int make_cgroup(struct ctr *c, const struct wh_container_spec *spec, struct wh_err *err)
{
    wh_auto_free char *name = ctr_cgroup_name(c);
    if (!name)
        return wh_fail(err, ENOMEM, "cgroup");
    /* Left of an earlier life. It may have been ended by cgroup.kill, after which some kernels (seen on 6.18) kill
     * every process that is cloned into the same cgroup. */
    bool is_old = c->has_cgroup || wh_timer_is_active(&c->cgroup_timer);
    wh_timer_stop(&c->cgroup_timer);
    if (c->has_cgroup)
        wh_cgroup_close(&c->cgroup);
    if (is_old)
        wh_cgroup_remove(&c->p->layout, name, NULL);
    c->has_cgroup = false;
    if (wh_cgroup_create(&c->p->layout, name, &spec->resources, &c->cgroup, err) < 0)
        return -1;
    c->has_cgroup = true;
    c->oom_before = wh_cgroup_oom_kills(&c->cgroup);
    return 0;
}

static int hold_mounted_image(struct ctr *c, const char *name, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_image image;
    int r = wh_image_lookup(&a, wh_state_root(), name, &image, err);
    return r ? r : wh_image_hold_add(&c->hold, &image, err);
}

int ctr_hold_images(struct ctr *c, struct wh_err *err)
{
    const char *name = c->rec.image;
    int r = wh_image_hold_add(&c->hold, c->image, err);
    for (size_t i = 0; r == 0 && i < c->rec.n_mounts; i++) {
        if (!wh_streq(c->rec.mounts[i].type, "image"))
            continue;
        name = c->rec.mounts[i].source;
        r = hold_mounted_image(c, name, err);
    }
    if (r > 0) {
        wh_fail(err, WH_E_NOT_FOUND, "image %s was removed", name);
        wh_err_hint(err, "pull, load or import it again");
    }
    return r == 0 ? 0 : -1;
}

static int prepare_and_launch(struct ctr *c, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_container_spec *spec = wh_arena_new(&a, struct wh_container_spec);
    if (!spec)
        return wh_fail(err, ENOMEM, "container spec");
    if (ctr_hold_images(c, err) < 0)
        return -1;
    if (ctr_ports_reserve(c, err) < 0 || ctr_net_attach(c, err) < 0 || ctr_write_files(c, err) < 0 ||
        spec_build(&a, c, spec, err) < 0 || set_namespaces(c, spec, err) < 0)
        return -1;
    if (add_nofile(c, &a, spec) < 0)
        return wh_fail(err, ENOMEM, "container spec");
    if (make_cgroup(c, spec, err) < 0)
        return -1;
    return launch(c, spec, &a, err);
}

/* Strings of the state are made anew for each life of the process, so that nothing grows over restarts. */
static void renew_state(struct ctr *c)
{
    struct wh_arena old = c->state_arena;
    c->state_arena = (struct wh_arena){0};
    c->state.error = "";
    c->state.n_probes = 0;
    c->state.failing_streak = 0;
    c->state.health = WH_HEALTH_NONE;
    c->state.oom_killed = false;
    c->state.stopped_by_user = false;
    ctr_ports_to_state(c);
    if (c->n_endpoints)
        ctr_endpoints_to_state(c);
    else
        c->state.n_endpoints = 0;
    wh_arena_fini(&old);
}

void ctr_give_back(struct ctr *c)
{
    ctr_remove_cgroup(c);
    ctr_net_release(c);
    ctr_ports_release(c);
    wh_image_hold_fini(&c->hold);
    c->hold = (struct wh_image_hold){0};
    ports_save(c->p);
}

int ctr_start(struct ctr *c, struct wh_err *err)
{
    if (c->state.status == WH_CONTAINER_PAUSED)
        return wh_fail(err, WH_E_CONFLICT, "container %s is paused: unpause it first", c->rec.name);
    if (c->phase != CTR_IDLE)
        return wh_fail(err, WH_E_CONFLICT, "container %s runs already", c->rec.name);
    wh_timer_stop(&c->restart_timer);
    wh_err_fini(&c->start_err);
    c->start_err = (struct wh_err){0};
    c->is_stopping = c->is_draining = c->keeps_net = c->is_forced = false;
    c->signalled_mono_ns = 0;
    c->expects_exit = false; /* what recovery would conclude of the end of its last life must not meet the new one */
    if (prepare_and_launch(c, err) < 0) {
        ctr_give_back(c);
        return wh_wrap(err, "container %s", c->rec.name);
    }
    renew_state(c);
    return 0;
}

/* ---- the child's report ------------------------------------------------------------------------------------------ */

static void take_terminal(struct ctr *c, int take_master)
{
    wh_auto_err err = {0};
    c->stdin_fd = fcntl(take_master, F_DUPFD_CLOEXEC, 3);
    if (c->on_tty && c->on_tty(c, take_master, c->on_tty_data)) {
        wh_close(&take_master); /* a client has it now: two readers would share its bytes */
        return;
    }
    if (start_capture(c, take_master, -1, &err) < 0) {
        wh_auto_free char *text = wh_err_text(&err);
        wh_log_error("log of container %s: %s", c->rec.name, text);
    }
}

void ctr_running(struct ctr *c, bool is_new)
{
    c->phase = CTR_RUNNING;
    c->started_mono_ns = wh_now_mono_ns();
    if (is_new) {
        c->state.status = WH_CONTAINER_RUNNING;
        c->state.started_ns = wh_now_real_ns();
        c->state.pid = c->pid;
        c->state.pid_start = wh_state_process_start(c->pid);
        c->state.boot_id = wh_state_boot_id();
        c->state.exit_code = 0;
        if (ctr_has_healthcheck(c))
            c->state.health = WH_HEALTH_STARTING;
        ctr_save_state_logged(c);
        ctr_event(c, "start", 0);
    }
    ctr_dns_update(c);
    if (c->n_ports)
        firewall_mark(c->p);
    ctr_health_start(c, !is_new);
    ctr_changed(c);
}

static void on_start_failure(struct ctr *c)
{
    c->start_failed = true;
    if (c->exit_seen)
        ctr_finish_exit(c);
}

void ctr_start_status(struct ctr *c)
{
    int tty = -1, r = WH_RUNTIME_TTY;
    while (c->phase == CTR_STARTING && !c->start_failed && r == WH_RUNTIME_TTY) {
        r = wh_runtime_read_status(c->status_fd, &tty, &c->start_exit_code, &c->start_err);
        if (r == WH_RUNTIME_TTY)
            take_terminal(c, tty);
    }
    if (r == WH_RUNTIME_AGAIN || c->status_fd < 0)
        return;
    wh_io_stop(&c->status_io);
    wh_close(&c->status_fd);
    if (r != WH_RUNTIME_STARTED) {
        on_start_failure(c);
        return;
    }
    ctr_running(c, true);
    wh_keeper_drop(c->p->host->keeper, c->rec.id, WH_SLOT_STATUS); /* after the record */
    if (c->exit_seen)
        ctr_begin_end(c);
}

void ctr_close_process(struct ctr *c)
{
    wh_io_stop(&c->status_io);
    wh_close(&c->status_fd);
    wh_close(&c->pidfd);
    wh_close(&c->stdin_fd);
    if (c->has_cgroup)
        wh_cgroup_close(&c->cgroup);
    c->has_cgroup = false;
    c->cgroup.dir_fd = -1;
    c->pid = 0;
}
