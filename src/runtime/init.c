/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The init program. It is a section of this very file that stands alone: no library, no data, system calls only. The
 * supervisor wraps its bytes into a minimal ELF file in memory, and pid 1 executes that. So nothing of the supervisor's
 * memory stays in the container, /proc/1/exe is not a file of the host, and each container pays two pages.
 *
 * argv is for display; envp[0] is the pid of the program in decimal. All signals are blocked when it starts.
 */
#include "init.h"

#include "whale/sys/process.h"
#include "whale/util/cleanup.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INIT_CODE    __attribute__((section("wh_init_code"), used, noinline, no_stack_protector, no_sanitize("all")))
#define INIT_ADDRESS 0x400000u

extern const unsigned char __start_wh_init_code[], __stop_wh_init_code[];

#if defined(__x86_64__)
#define INIT_MACHINE EM_X86_64
static inline __attribute__((always_inline)) long call4(long nr, long a, long b, long c, long d)
{
    long ret;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return ret;
}
__asm__(".pushsection wh_init_code,\"ax\",@progbits\n"
        ".globl wh_init_entry\n.hidden wh_init_entry\n"
        "wh_init_entry:\n"
        "  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call wh_init_main\n  hlt\n"
        ".popsection\n");
#elif defined(__aarch64__)
#define INIT_MACHINE EM_AARCH64
static inline __attribute__((always_inline)) long call4(long nr, long a, long b, long c, long d)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}
__asm__(".pushsection wh_init_code,\"ax\",%progbits\n"
        ".globl wh_init_entry\n.hidden wh_init_entry\n"
        "wh_init_entry:\n"
        "  mov x29, xzr\n  mov x0, sp\n  bl wh_init_main\n"
        ".popsection\n");
#endif
extern const unsigned char wh_init_entry[];

__attribute__((visibility("hidden"))) void wh_init_main(long *stack);

INIT_CODE static long main_pid(long *stack)
{
    long argc = stack[0], pid = 0;
    const char *text = (const char *)stack[argc + 2];
    for (; text && *text >= '0' && *text <= '9'; text++)
        pid = pid * 10 + (*text - '0');
    return pid;
}

/* Takes all that have ended; when the program is among them, so do we, with its status. */
INIT_CODE static void reap(long program)
{
    int status = 0;
    for (;;) {
        long pid = call4(SYS_wait4, -1, (long)&status, WNOHANG, 0);
        if (pid <= 0 && pid != -ECHILD)
            return;
        if (pid == program || pid == -ECHILD)
            call4(SYS_exit_group, WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), 0, 0, 0);
    }
}

INIT_CODE void wh_init_main(long *stack)
{
    unsigned long all = ~0ul;
    long program = main_pid(stack);
    for (;;) {
        reap(program);
        long signo = call4(SYS_rt_sigtimedwait, (long)&all, 0, 0, 8);
        if (signo > 0 && signo != SIGCHLD)
            call4(SYS_kill, program, signo, 0, 0);
    }
}

struct image {
    Elf64_Ehdr head;
    Elf64_Phdr segments[2];
};

static struct image make_headers(size_t code_len)
{
    size_t entry = sizeof(struct image) + ((uintptr_t)wh_init_entry - (uintptr_t)__start_wh_init_code);
    struct image i = {
        .head = {.e_type = ET_EXEC,
                 .e_machine = INIT_MACHINE,
                 .e_version = EV_CURRENT,
                 .e_entry = INIT_ADDRESS + entry,
                 .e_phoff = sizeof(Elf64_Ehdr),
                 .e_ehsize = sizeof(Elf64_Ehdr),
                 .e_phentsize = sizeof(Elf64_Phdr),
                 .e_phnum = 2},
        .segments = {{.p_type = PT_LOAD,
                      .p_flags = PF_R | PF_X,
                      .p_vaddr = INIT_ADDRESS,
                      .p_filesz = sizeof(struct image) + code_len,
                      .p_memsz = sizeof(struct image) + code_len,
                      .p_align = 0x1000},
                     {.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W}},
    };
    memcpy(i.head.e_ident, ELFMAG, SELFMAG);
    i.head.e_ident[EI_CLASS] = ELFCLASS64;
    i.head.e_ident[EI_DATA] = ELFDATA2LSB;
    i.head.e_ident[EI_VERSION] = EV_CURRENT;
    return i;
}

static int make_program(void)
{
    unsigned char bytes[4096];
    size_t code_len = (uintptr_t)__stop_wh_init_code - (uintptr_t)__start_wh_init_code;
    struct image head = make_headers(code_len);
    if (sizeof(head) + code_len > sizeof(bytes)) {
        errno = EFBIG;
        return -1;
    }
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + sizeof(head), __start_wh_init_code, code_len);
    return wh_sys_memfd_program("init", bytes, sizeof(head) + code_len);
}

int wh_init_program(int *ret_fd, struct wh_err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int fd = -1;
    pthread_mutex_lock(&lock);
    if (fd < 0)
        fd = make_program();
    pthread_mutex_unlock(&lock);
    if (fd < 0)
        return wh_fail(err, errno, "make the init program");
    *ret_fd = fd;
    return 0;
}

/* The program gets a process group of its own, in the foreground of its terminal: ^C is for it, init stays. */
static int become_program(struct wh_launch *l)
{
    pid_t self = getpid();
    if (setpgid(0, 0) < 0)
        return wh_report_fail(&l->report, "make a process group");
    if (l->process->tty && ioctl(0, TIOCSPGRP, &self) < 0)
        return wh_report_fail(&l->report, "take the terminal");
    return 0;
}

static int become_init(struct wh_launch *l, pid_t program)
{
    char pid[16], name[] = "/sbin/docker-init", dashes[] = "--";
    char *argv[64] = {name, dashes};
    char *env[] = {pid, NULL};
    snprintf(pid, sizeof(pid), "%d", (int)program);
    for (size_t i = 0; l->process->argv[i] && i + 3 < WH_ARRAY_LEN(argv); i++)
        argv[i + 2] = (char *)(uintptr_t)l->process->argv[i];
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    wh_sys_execveat(l->init_fd, argv, env);
    return wh_report_fail(&l->report, "start the init program");
}

int wh_init_split(struct wh_launch *l)
{
    uint64_t old;
    wh_sys_reset_signals();
    wh_sys_block_signals(&old);
    pid_t pid = wh_sys_fork();
    if (pid < 0)
        return wh_report_fail(&l->report, "fork below the init program");
    return pid == 0 ? become_program(l) : become_init(l, pid);
}
