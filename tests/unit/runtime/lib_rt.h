/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers for unit tests, without the engine: a root of busybox and the probe program, started by wh_runtime_start.
 *
 *   struct rt t;
 *   rt_init(&t);                                    skips the test when not root
 *   t.spec.hostname = "box";
 *   assert_int_equal(rt_sh(&t, "hostname"), 0);     t.out is "box\n"
 *   rt_fini(&t);                                    nothing is left on the host
 */
#ifndef TESTS_RT_H
#define TESTS_RT_H

#include "whale/runtime.h"
#include "whale/util/str.h"

struct rt {
    char dir[64];
    char lower[96], upper[96], work[96];
    const char *lowers[1];
    struct wh_container_spec spec;
    struct wh_runtime_io io;
    struct wh_cgroup *cgroup; /* NULL unless rt_cgroup was called */
    struct wh_cgroup cgroup_storage;
    struct wh_cgroup_layout layout;
    uint32_t flags, exec_flags;
    bool copies_memory;          /* starts are as by fork; else as the supervisor does it */
    struct wh_runtime_proc proc; /* of the last start */
    int out_fd;                  /* read end while it runs */
    int tty_fd;
    struct wh_str out; /* stdout and stderr of the last run */
    struct wh_err err; /* of the last failed start */
};

void rt_init(struct rt *t);
void rt_fini(struct rt *t);

/* Gives the container a cgroup of its own; skips the test on hosts without any. */
void rt_cgroup(struct rt *t, const struct wh_resources *res);

/* Host path of a file in the image: "etc/passwd". Valid until the next call. */
const char *rt_image_path(struct rt *t, const char *path);
void rt_image_write(struct rt *t, const char *path, const char *text, mode_t mode); /* makes parents */

/* Starts and waits until exec: 0, or the exit code of a start that failed (125..127) with t->err set. */
int rt_start(struct rt *t, const char *const *argv);
/* Starts, reads all output, waits. The exit code; a failed start gives its code and t->err. */
int rt_run(struct rt *t, const char *const *argv);
int rt_sh(struct rt *t, const char *script);
int rt_probe(struct rt *t, const char *question, const char *arg); /* arg may be NULL */
/* Another process in the one that runs. */
int rt_exec(struct rt *t, struct wh_exec_spec *exec, const char *const *argv);
/* Exit code of the first process; reads the rest of the output. */
int rt_wait(struct rt *t);
void rt_kill(struct rt *t);
const char *rt_error(struct rt *t); /* text of t->err */

#endif
