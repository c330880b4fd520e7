/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A static program that answers questions from inside a container: `probe QUESTION [ARG...]`. One line or a few of
 * plain text on stdout, exit status 0 when the answer was found, 2 for an unknown question. It needs no library of the
 * image.
 *
 *   caps               inheritable, permitted, effective, bounding, ambient in hex, one a line
 *   fds                open descriptors and where they lead
 *   env                environment as received, one entry a line
 *   ids                uid, gid, supplementary groups
 *   prctl              dumpable, no_new_privs, seccomp mode, keepcaps, subreaper
 *   signals            SigBlk, SigIgn of /proc/self/status
 *   limits             one line a resource: name soft hard
 *   cwd                getcwd as the kernel says it
 *   keyring            description of the session keyring, or the errno
 *   syscalls NAME...   for each: number called with zeros; name and errno name or "ok"
 *   socket FAMILY TYPE PROTO   errno or ok
 *   open PATH          reads: errno, or bytes read of the first 64
 *   write PATH TEXT    errno or ok
 *   stat PATH          type mode uid gid rdev
 *   clone FLAGS        clone(2) with flags: errno or ok
 *   personality N      errno or ok
 *   type TEXT          pushes TEXT into the terminals on 0, 1 and 2 as if typed; for each errno or ok
 *   threads N          has N threads, says "ready" and stays
 *   exit CODE / signal N / sleep SECONDS / alloc MIB / fork N
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int answer(const char *what, long ret)
{
    printf("%s%s%s\n", what ? what : "", what ? " " : "", ret < 0 ? strerrorname_np(errno) : "ok");
    return 0;
}

static int print_status_lines(const char *prefix)
{
    char line[512];
    FILE *f = fopen("/proc/self/status", "re");
    if (!f)
        return 1;
    while (fgets(line, sizeof(line), f)) {
        if (!strncmp(line, prefix, strlen(prefix)))
            fputs(line, stdout);
    }
    fclose(f);
    return 0;
}

static int ask_caps(char **unused)
{
    (void)unused;
    return print_status_lines("Cap");
}

static int ask_signals(char **unused)
{
    (void)unused;
    return print_status_lines("SigBlk") || print_status_lines("SigIgn");
}

static int ask_fds(char **unused)
{
    (void)unused;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return 1;
    for (struct dirent *e; (e = readdir(d));) {
        char target[512];
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
        if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d) || n < 0)
            continue;
        target[n] = '\0';
        printf("%s %s\n", e->d_name, target);
    }
    closedir(d);
    return 0;
}

static int ask_env(char **unused)
{
    (void)unused;
    for (char **e = environ; *e; e++)
        puts(*e);
    return 0;
}

static int ask_ids(char **unused)
{
    (void)unused;
    gid_t groups[512];
    int n = getgroups(512, groups);
    printf("%u %u", geteuid(), getegid());
    for (int i = 0; i < n; i++)
        printf("%c%u", i ? ',' : ' ', groups[i]);
    putchar('\n');
    return 0;
}

static int ask_prctl(char **unused)
{
    (void)unused;
    int reaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &reaper);
    printf("dumpable %d\nno_new_privs %d\nkeepcaps %d\nsubreaper %d\n", prctl(PR_GET_DUMPABLE),
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_KEEPCAPS), reaper);
    return print_status_lines("Seccomp:");
}

static int ask_limits(char **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        int resource;
    } table[] = {{"nofile", RLIMIT_NOFILE},
                 {"nproc", RLIMIT_NPROC},
                 {"core", RLIMIT_CORE},
                 {"stack", RLIMIT_STACK},
                 {"memlock", RLIMIT_MEMLOCK}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rlimit r;
        getrlimit((__rlimit_resource_t)table[i].resource, &r);
        printf("%s %lld %lld\n", table[i].name, (long long)r.rlim_cur, (long long)r.rlim_max);
    }
    return 0;
}

static int ask_cwd(char **unused)
{
    (void)unused;
    char buf[4096];
    if (syscall(SYS_getcwd, buf, sizeof(buf)) < 0)
        return answer(NULL, -1);
    puts(buf);
    return 0;
}

static int ask_keyring(char **unused)
{
    (void)unused;
    char buf[256];
    long n = syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3 /* session */, buf, sizeof(buf));
    if (n < 0)
        return answer(NULL, n);
    puts(buf);
    return 0;
}

struct named_call {
    const char *name;
    long nr;
};
#define CALL(n)                                                                                                        \
    {                                                                                                                  \
#n, SYS_##n                                                                                                    \
    }
/* Those that Docker's default profile refuses and that do no harm with arguments of zero. */
static const struct named_call calls[] = {
    CALL(acct),
    CALL(add_key),
    CALL(bpf),
    CALL(clock_settime),
    CALL(clone3),
    CALL(delete_module),
    CALL(fanotify_init),
    CALL(finit_module),
    CALL(fsconfig),
    CALL(fsmount),
    CALL(fsopen),
    CALL(fspick),
    CALL(get_mempolicy),
    CALL(init_module),
    CALL(io_uring_setup),
    CALL(io_uring_enter),
    CALL(io_uring_register),
    CALL(kcmp),
    CALL(kexec_load),
    CALL(keyctl),
    CALL(mbind),
    CALL(migrate_pages),
    CALL(mount),
    CALL(mount_setattr),
    CALL(move_mount),
    CALL(move_pages),
    CALL(name_to_handle_at),
    CALL(open_by_handle_at),
    CALL(open_tree),
    CALL(perf_event_open),
    CALL(pidfd_getfd),
    CALL(pivot_root),
    CALL(process_madvise),
    CALL(quotactl),
    CALL(quotactl_fd),
    CALL(reboot),
    CALL(request_key),
    CALL(set_mempolicy),
    CALL(set_mempolicy_home_node),
    CALL(setdomainname),
    CALL(sethostname),
    CALL(setns),
    CALL(settimeofday),
    CALL(swapoff),
    CALL(swapon),
    CALL(syslog),
    CALL(umount2),
    CALL(unshare),
    CALL(userfaultfd),
    CALL(vhangup),
    CALL(getpid),
    CALL(sync),
    CALL(getcpu),
    CALL(ptrace),
    CALL(memfd_create),
    CALL(landlock_create_ruleset),
#ifdef __x86_64__
    CALL(ioperm),
    CALL(iopl),
    CALL(kexec_file_load),
    CALL(lookup_dcookie),
    CALL(arch_prctl),
    CALL(_sysctl),
    CALL(afs_syscall),
    CALL(create_module),
    CALL(get_kernel_syms),
    CALL(getpmsg),
    CALL(nfsservctl),
    CALL(putpmsg),
    CALL(query_module),
    CALL(security),
    CALL(sysfs),
    CALL(tuxcall),
    CALL(uselib),
    CALL(ustat),
    CALL(vserver),
#endif
};

static long find_call(const char *name)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (!strcmp(calls[i].name, name))
            return calls[i].nr;
    }
    return strtol(name, NULL, 0) ? strtol(name, NULL, 0) : -1;
}

static int ask_syscalls(char **argv)
{
    if (!*argv) {
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
            answer(calls[i].name, syscall(calls[i].nr, 0L, 0L, 0L, 0L, 0L, 0L));
    }
    for (; *argv; argv++)
        answer(*argv, syscall(find_call(*argv), 0L, 0L, 0L, 0L, 0L, 0L));
    return 0;
}

static long number(char **argv, int i)
{
    for (int k = 0; k < i; k++) {
        if (!argv[k])
            return 0;
    }
    return argv[i] ? strtol(argv[i], NULL, 0) : 0;
}

static int ask_socket(char **argv)
{
    return answer(NULL, socket((int)number(argv, 0), (int)number(argv, 1), (int)number(argv, 2)));
}

static int ask_open(char **argv)
{
    char buf[64];
    int fd = open(argv[0], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof(buf));
    if (n < 0)
        return answer(NULL, -1);
    printf("%zd\n", n);
    return 0;
}

static int ask_write(char **argv)
{
    int fd = open(argv[0], O_WRONLY | O_CLOEXEC);
    const char *text = argv[1] ? argv[1] : "";
    return answer(NULL, fd < 0 ? -1 : write(fd, text, strlen(text)));
}

static int ask_stat(char **argv)
{
    struct stat st;
    if (lstat(argv[0], &st) < 0)
        return answer(NULL, -1);
    const char *type = S_ISDIR(st.st_mode)   ? "dir"
                       : S_ISREG(st.st_mode) ? "file"
                       : S_ISCHR(st.st_mode) ? "char"
                       : S_ISLNK(st.st_mode) ? "link"
                                             : "other";
    printf("%s %o %u %u %u:%u\n", type, st.st_mode & 07777, st.st_uid, st.st_gid, major(st.st_rdev), minor(st.st_rdev));
    return 0;
}

static int ask_clone(char **argv)
{
    long pid = syscall(SYS_clone, number(argv, 0) | SIGCHLD, 0L, 0L, 0L, 0L);
    if (pid == 0)
        _exit(0);
    int error = errno;
    if (pid > 0)
        waitpid((pid_t)pid, NULL, 0);
    errno = error;
    return answer(NULL, pid);
}

static int ask_personality(char **argv)
{
    return answer(NULL, syscall(SYS_personality, number(argv, 0)));
}

static int ask_type(char **argv)
{
    for (int fd = 0; fd < 3; fd++) {
        const char name[] = {(char)('0' + fd), '\0'};
        int ret = 0;
        for (const char *p = argv[0]; *p && ret == 0; p++)
            ret = ioctl(fd, TIOCSTI, p);
        answer(name, ret == 0 ? ioctl(fd, TIOCSTI, "\n") : ret);
    }
    return 0;
}

static int do_exit(char **argv)
{
    return (int)number(argv, 0);
}

static int do_signal(char **argv)
{
    signal((int)number(argv, 0), SIG_DFL);
    kill(getpid(), (int)number(argv, 0));
    pause();
    return 1;
}

static int do_sleep(char **argv)
{
    puts("ready");
    fflush(stdout);
    sleep((unsigned)number(argv, 0));
    return 0;
}

static int do_alloc(char **argv)
{
    size_t bytes = (size_t)number(argv, 0) << 20;
    char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return answer(NULL, -1);
    memset(p, 1, bytes);
    return answer(NULL, 0);
}

static int do_fork(char **argv)
{
    long n = number(argv, 0), made = 0;
    for (; made < n; made++) {
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            sleep(5);
            _exit(0);
        }
    }
    printf("%ld\n", made);
    return 0;
}

static void *stay(void *arg)
{
    for (;;)
        pause();
    return arg;
}

static int do_threads(char **argv)
{
    for (long i = 1; i < number(argv, 0); i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, stay, NULL) != 0)
            return answer(NULL, -1);
    }
    puts("ready");
    fflush(stdout);
    stay(NULL);
    return 0;
}

static const struct {
    const char *name;
    int (*fn)(char **argv);
    int n_args;
} questions[] = {
    {"caps", ask_caps, 0},       {"fds", ask_fds, 0},
    {"env", ask_env, 0},         {"ids", ask_ids, 0},
    {"prctl", ask_prctl, 0},     {"signals", ask_signals, 0},
    {"limits", ask_limits, 0},   {"cwd", ask_cwd, 0},
    {"keyring", ask_keyring, 0}, {"syscalls", ask_syscalls, 0},
    {"socket", ask_socket, 1},   {"open", ask_open, 1},
    {"write", ask_write, 1},     {"stat", ask_stat, 1},
    {"clone", ask_clone, 1},     {"personality", ask_personality, 1},
    {"exit", do_exit, 1},        {"signal", do_signal, 1},
    {"sleep", do_sleep, 1},      {"alloc", do_alloc, 1},
    {"fork", do_fork, 1},        {"type", ask_type, 1},
    {"threads", do_threads, 1},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 2 && i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (!strcmp(questions[i].name, argv[1]) && argc - 2 >= questions[i].n_args)
            return questions[i].fn(argv + 2);
    }
    fprintf(stderr, "probe: unknown question\n");
    return 2;
}
