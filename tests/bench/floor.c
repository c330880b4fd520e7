/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare kernel's price of N containers, as a yardstick: clone with namespaces, an overlay root with /proc and /dev,
 * one veth pair into a bridge with an address, exec. None of the product's code; runs in the caller's (own) network
 * namespace. Prints "start_us teardown_us".
 *
 * usage: floor ROOTFS_FOLDER SCRATCH_FOLDER N
 */
#include <errno.h>
#include <fcntl.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static long now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000L + ts.tv_nsec / 1000;
}

static void make_root(const char *lower, const char *scratch, int i)
{
    char upper[256], work[256], root[256], options[1024];
    snprintf(upper, sizeof(upper), "%s/u%d", scratch, i);
    snprintf(work, sizeof(work), "%s/w%d", scratch, i);
    snprintf(root, sizeof(root), "%s/r%d", scratch, i);
    if (mkdir(upper, 0755) < 0 || mkdir(work, 0755) < 0 || mkdir(root, 0755) < 0)
        die("mkdir");
    snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("overlay", root, "overlay", 0, options) < 0)
        die("mount overlay");
    if (chdir(root) < 0 || mount("proc", "proc", "proc", 0, NULL) < 0 ||
        mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755") < 0)
        die("mount proc, dev");
    static const char *const nodes[] = {"dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom", "dev/tty"};
    static const int minors[] = {3, 5, 7, 8, 9, 0};
    for (int k = 0; k < 6; k++)
        if (mknod(nodes[k], S_IFCHR | 0666, makedev(k == 5 ? 5 : 1, (unsigned)minors[k])) < 0)
            die("mknod");
    if (mkdir("dev/pts", 0755) < 0 || mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
        die("devpts");
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        die("pivot_root");
}

static void become_container(const char *lower, const char *scratch, int i, int go)
{
    char byte;
    make_root(lower, scratch, i);
    if (read(go, &byte, 1) != 1)
        _exit(1);
    execl("/bin/sleep", "sleep", "1000", (char *)NULL);
    die("exec");
}

static void add_veth(struct nl_sock *sk, int bridge, pid_t pid, int i)
{
    char name[16], path[64];
    snprintf(name, sizeof(name), "flr%d", i);
    snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
    int ns = open(path, O_RDONLY | O_CLOEXEC);
    struct rtnl_link *link = rtnl_link_veth_alloc(), *peer = rtnl_link_veth_get_peer(link);
    rtnl_link_set_name(link, name);
    rtnl_link_set_master(link, bridge);
    rtnl_link_set_flags(link, rtnl_link_str2flags("up"));
    rtnl_link_set_name(peer, "eth0");
    rtnl_link_set_ns_fd(peer, ns);
    int rc = rtnl_link_add(sk, link, NLM_F_CREATE | NLM_F_EXCL);
    if (rc < 0) {
        fprintf(stderr, "floor: veth: %s\n", nl_geterror(rc));
        exit(1);
    }
    rtnl_link_put(peer);
    rtnl_link_put(link);
    close(ns);
}

static int make_bridge(struct nl_sock *sk)
{
    struct rtnl_link *link = rtnl_link_alloc();
    rtnl_link_set_name(link, "flrbr");
    rtnl_link_set_type(link, "bridge");
    rtnl_link_set_flags(link, rtnl_link_str2flags("up"));
    int rc = rtnl_link_add(sk, link, NLM_F_CREATE);
    if (rc < 0) {
        fprintf(stderr, "floor: bridge: %s\n", nl_geterror(rc));
        exit(1);
    }
    rtnl_link_put(link);
    struct nl_cache *cache;
    if (rtnl_link_alloc_cache(sk, AF_UNSPEC, &cache) < 0)
        die("link cache");
    int index = rtnl_link_name2i(cache, "flrbr");
    nl_cache_free(cache);
    return index;
}

int main(int argc, char **argv)
{
    int n = argc == 4 ? atoi(argv[3]) : 0;
    if (n < 1 || n > 1000)
        return 2;
    pid_t *pids = calloc((size_t)n, sizeof(*pids));
    int *go = calloc((size_t)n, sizeof(*go)), *done = calloc((size_t)n, sizeof(*done));
    struct nl_sock *sk = nl_socket_alloc();
    if (nl_connect(sk, NETLINK_ROUTE) < 0)
        die("netlink");
    int bridge = make_bridge(sk);
    long start = now_us();
    for (int i = 0; i < n; i++) {
        int go_pipe[2], done_pipe[2];
        if (pipe2(go_pipe, O_CLOEXEC) < 0 || pipe2(done_pipe, O_CLOEXEC) < 0)
            die("pipe");
        long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | SIGCHLD;
        pids[i] = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
        if (pids[i] < 0)
            die("clone");
        if (pids[i] == 0)
            become_container(argv[1], argv[2], i, go_pipe[0]);
        close(go_pipe[0]);
        close(done_pipe[1]);
        go[i] = go_pipe[1];
        done[i] = done_pipe[0];
        add_veth(sk, bridge, pids[i], i);
        if (write(go[i], "g", 1) != 1)
            die("write");
    }
    for (int i = 0; i < n; i++) {
        char byte;
        if (read(done[i], &byte, 1) != 0)
            die("wait for exec");
    }
    long running = now_us();
    for (int i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    for (int i = 0; i < n; i++)
        waitpid(pids[i], NULL, 0);
    printf("%ld %ld\n", running - start, now_us() - running);
    return 0;
}
