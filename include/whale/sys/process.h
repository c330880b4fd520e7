/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes: clone3, pidfds, credentials of this one task, descriptors. glibc 2.36 has no wrapper for most of them, and
 * those it has for credentials act on all threads, which a child of a raw clone must not attempt.
 * All return 0 or a value >= 0, or -1 with errno. Nothing here allocates.
 */
#ifndef WHALE_SYS_PROCESS_H
#define WHALE_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct wh_clone {
    uint64_t flags;  /* CLONE_*; CLONE_PIDFD is implied by ret_pidfd */
    int *ret_pidfd;  /* or NULL */
    pid_t *ret_pid;  /* or NULL; both are set before the child runs */
    int cgroup_fd;   /* >= 0: CLONE_INTO_CGROUP */
    int exit_signal; /* 0 with CLONE_PARENT (EINVAL otherwise) */
};
/* As fork: returns 0 in the child. */
pid_t wh_sys_clone(const struct wh_clone *c);
/* Runs fn(arg) in the child on a stack of its own; for CLONE_VM, where returning from a shared frame would destroy it.
 * The child ends with fn's value. stack is the lowest byte. */
pid_t wh_sys_clone_on_stack(const struct wh_clone *c, void *stack, size_t size, int (*fn)(void *), void *arg);

/* The old clone, as fork but without the library's handlers; the default seccomp filter allows no clone3. */
pid_t wh_sys_fork(void);

int wh_sys_pidfd_open(pid_t pid);
int wh_sys_pidfd_signal(int pidfd, int signo);
bool wh_sys_pidfd_is_alive(int pidfd);
pid_t wh_sys_pidfd_pid(int pidfd); /* in the pid namespace of the caller's /proc; -1 with ESRCH when it is gone */

/* Of the calling task only. */
int wh_sys_setgroups(size_t n, const gid_t *groups);
int wh_sys_setgid(gid_t gid); /* real, effective, saved */
int wh_sys_setuid(uid_t uid); /* real, effective, saved */
struct wh_caps {
    uint64_t effective, permitted, inheritable;
};
int wh_sys_capset(const struct wh_caps *caps);
bool wh_sys_cap_in_bounding(int cap); /* false also when the kernel does not know cap */
int wh_sys_cap_drop_bounding(int cap);
int wh_sys_cap_ambient_clear(void);
int wh_sys_join_new_session_keyring(const char *name);
int wh_sys_set_dumpable(bool on);
int wh_sys_set_no_new_privs(void);
int wh_sys_set_name(const char *name);
int wh_sys_seccomp_load(const void *filters, size_t n);
int wh_sys_getcwd(char *buf, size_t size); /* the kernel's own text, "(unreachable)..." included */
void wh_sys_exit(int code) __attribute__((noreturn));
int wh_sys_execveat(int fd, char *const argv[], char *const envp[]); /* the file itself */
/* Default handler for every signal, none blocked. */
void wh_sys_reset_signals(void);
void wh_sys_block_signals(uint64_t *ret_old);
void wh_sys_set_signal_mask(uint64_t mask);

int wh_sys_close_range(unsigned first, unsigned last);
/* An own table of descriptors, which ends before `end`: what lies behind is not even copied. */
int wh_sys_unshare_files(unsigned end);
/* CLOEXEC on every descriptor from first. */
int wh_sys_cloexec_range(unsigned first);

/* A program's file through a private read-only mount, for wh_sys_execveat: whoever later opens /proc/PID/exe of it for
 * writing gets EROFS (CVE-2019-5736). A descriptor. */
int wh_sys_open_sealed(const char *path);

/* A block of bytes as a sealed memory file that can be executed. A descriptor. */
int wh_sys_memfd_program(const char *name, const void *bytes, size_t len);

#endif
