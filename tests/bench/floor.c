/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare kernel's price of N containers, as a yardstick: a cgroup, a clone with namespaces into it, an overlay root
 * with /proc, /sys and /dev, one veth pair into a bridge, its address and default route, pipes for the output, exec.
 * None of the product's code; runs in the caller's (own) network namespace. Not counted, though Docker's containers
 * have it: seccomp filter, masked paths, name service, records on disk. Prints "start_us teardown_us".
 *
 * usage: floor ROOTFS_FOLDER SCRATCH_FOLDER N
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
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
    if (mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        die("mount sys");
    static const char *const nodes[] = {"dev/null", "dev/zero", "dev/full", "dev/random", "dev/urandom", "dev/tty"};
    static const int minors[] = {3, 5, 7, 8, 9, 0};
    for (int k = 0; k < 6; k++)
        if (mknod(nodes[k], S_IFCHR | 0666, makedev(k == 5 ? 5 : 1, (unsigned)minors[k])) < 0)
            die("mknod");
    if (mkdir("dev/pts", 0755) < 0 || mount("devpts", "dev/pts", "devpts", 0, "newinstance,ptmxmode=0666") < 0)
        die("devpts");
    if (mkdir("dev/shm", 0755) < 0 || mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "size=64m") < 0 ||
        mkdir("dev/mqueue", 0755) < 0 || mount("mqueue", "dev/mqueue", "mqueue", 0, NULL) < 0)
        die("shm, mqueue");
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        die("pivot_root");
}

static struct sockaddr address(uint32_t value)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(value)};
    struct sockaddr out;
    memcpy(&out, &in, sizeof(out));
    return out;
}

static void bring_up(int sock, const char *name)
{
    struct ifreq r = {.ifr_flags = IFF_UP};
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    if (ioctl(sock, SIOCSIFFLAGS, &r) < 0)
        die("bring up");
}

/* 10.77.0.0/16, whose first address is the way out. */
static void make_network(int i)
{
    const uint32_t net = 10u << 24 | 77u << 16;
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r = {.ifr_name = "eth0"};
    r.ifr_addr = address(net + 2 + (uint32_t)i);
    if (sock < 0 || ioctl(sock, SIOCSIFADDR, &r) < 0)
        die("address");
    r.ifr_addr = address(0xffff0000u);
    if (ioctl(sock, SIOCSIFNETMASK, &r) < 0)
        die("netmask");
    bring_up(sock, "lo");
    bring_up(sock, "eth0");
    struct rtentry route = {.rt_dst = address(0),
                            .rt_genmask = address(0),
                            .rt_gateway = address(net + 1),
                            .rt_flags = RTF_UP | RTF_GATEWAY};
    if (ioctl(sock, SIOCADDRT, &route) < 0)
        die("default route");
    close(sock);
}

static void become_container(const char *lower, const char *scratch, int i, int go)
{
    char byte;
    make_root(lower, scratch, i);
    if (read(go, &byte, 1) != 1)
        _exit(1);
    make_network(i);
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

/* In the unified tree, where there is one: its folder, or -1. */
static int make_cgroup(int i, char *path, size_t size)
{
    static const char *const trees[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
    for (int k = 0; k < 2; k++) {
        struct statfs fs;
        if (statfs(trees[k], &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
            continue;
        snprintf(path, size, "%s/floor-%d-%d", trees[k], getpid(), i);
        if (mkdir(path, 0755) < 0)
            die("cgroup");
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return -1;
}

static void raise_nofile(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static pid_t clone_into(int cgroup)
{
    struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET,
                              .exit_signal = SIGCHLD};
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int main(int argc, char **argv)
{
    int n = argc == 4 ? atoi(argv[3]) : 0;
    if (n < 1 || n > 1000)
        return 2;
    pid_t *pids = calloc((size_t)n, sizeof(*pids));
    char(*cgroups)[96] = calloc((size_t)n, sizeof(*cgroups));
    raise_nofile();
    int *go = calloc((size_t)n, sizeof(*go)), *done = calloc((size_t)n, sizeof(*done));
    struct nl_sock *sk = nl_socket_alloc();
    if (nl_connect(sk, NETLINK_ROUTE) < 0)
        die("netlink");
    int bridge = make_bridge(sk);
    long start = now_us();
    for (int i = 0; i < n; i++) {
        int go_pipe[2], done_pipe[2], out[2], err[2];
        if (pipe2(go_pipe, O_CLOEXEC) < 0 || pipe2(done_pipe, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 ||
            pipe2(err, O_CLOEXEC) < 0)
            die("pipe");
        int cgroup = make_cgroup(i, cgroups[i], sizeof(cgroups[i]));
        pids[i] = clone_into(cgroup);
        if (pids[i] < 0)
            die("clone");
        if (pids[i] == 0) {
            dup2(out[1], 1);
            become_container(argv[1], argv[2], i, go_pipe[0]);
        }
        close(cgroup);
        close(out[1]);
        close(err[1]);
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
    for (int i = 0; i < n; i++)
        if (cgroups[i][0])
            rmdir(cgroups[i]);
    printf("%ld %ld\n", running - start, now_us() - running);
    return 0;
}
