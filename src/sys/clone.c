/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clone3 in its two forms: like fork, and on a stack of its own for children that share the caller's memory. */
#include "whale/sys/process.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

static struct clone_args fill_args(const struct wh_clone *c)
{
    struct clone_args args = {.flags = c->flags, .exit_signal = (uint64_t)(unsigned)c->exit_signal};
    if (c->ret_pidfd) {
        args.flags |= CLONE_PIDFD;
        args.pidfd = (uint64_t)(uintptr_t)c->ret_pidfd;
    }
    if (c->ret_pid) {
        args.flags |= CLONE_PARENT_SETTID;
        args.parent_tid = (uint64_t)(uintptr_t)c->ret_pid;
    }
    if (c->cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)(unsigned)c->cgroup_fd;
    }
    return args;
}

pid_t wh_sys_clone(const struct wh_clone *c)
{
    struct clone_args args = fill_args(c);
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* The order of the other arguments differs between machines; all of them are 0 here. */
pid_t wh_sys_fork(void)
{
    return (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
}

#if !defined(__aarch64__) /* x86-64 */
/* The child has all registers of the caller but rax and rsp; it must not return into the caller's frame. exit, not
 * exit_group: it may be a thread. */
static long clone3_and_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
    long ret;
    register int (*r_fn)(void *) __asm__("r12") = fn;
    register void *r_arg __asm__("r13") = arg;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %[arg], %%rdi\n\t"
                     "call *%[fn]\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov %[nr_exit], %%eax\n\t"
                     "syscall\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(ret)
                     : "0"((long)SYS_clone3), "D"(args),
                       "S"(sizeof(*args)), [fn] "r"(r_fn), [arg] "r"(r_arg), [nr_exit] "i"(SYS_exit)
                     : "rcx", "r11", "memory", "cc");
    return ret;
}
#else
static long clone3_and_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
    register long x0 __asm__("x0") = (long)args;
    register long x1 __asm__("x1") = (long)sizeof(*args);
    register long x8 __asm__("x8") = SYS_clone3;
    register int (*x20)(void *) __asm__("x20") = fn;
    register void *x21 __asm__("x21") = arg;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x0, %[arg]\n\t"
                     "blr %[fn]\n\t"
                     "mov x8, %[nr_exit]\n\t"
                     "svc #0\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x1), "r"(x8), [fn] "r"(x20), [arg] "r"(x21), [nr_exit] "i"(SYS_exit)
                     : "memory", "cc");
    return x0;
}
#endif

pid_t wh_sys_clone_on_stack(const struct wh_clone *c, void *stack, size_t size, int (*fn)(void *), void *arg)
{
    struct clone_args args = fill_args(c);
    args.stack = ((uint64_t)(uintptr_t)stack + 15) & ~(uint64_t)15;
    args.stack_size = (size - 16) & ~(size_t)15;
    long ret = clone3_and_call(&args, fn, arg);
    if (ret >= 0)
        return (pid_t)ret;
    errno = (int)-ret;
    return -1;
}
