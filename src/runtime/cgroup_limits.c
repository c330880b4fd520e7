/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits as values in cgroup files: one table of what goes where, in the words of v1 and of v2. */
#include "cgroup.h"

#include "whale/util/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DEFAULT_PERIOD_US 100000
#define DEFAULT_PIDS      4096

/* Writes the value's text; false when the limit is not set. v2: which dialect is wanted. */
typedef bool (*value_fn)(const struct wh_resources *r, bool v2, char *buf, size_t size);

static bool put_number(int64_t value, char *buf, size_t size)
{
    snprintf(buf, size, "%lld", (long long)value);
    return true;
}

static bool put_max(int64_t value, bool v2, char *buf, size_t size)
{
    snprintf(buf, size, v2 && value < 0 ? "max" : "%lld", (long long)value);
    return true;
}

static bool memory(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->memory_bytes && put_max(r->memory_bytes, v2, buf, size);
}

/* Memory plus swap in v1, swap alone in v2; twice the memory when only that is set. */
static bool memory_swap(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    int64_t total = r->memory_swap_bytes;
    if (!total && r->memory_bytes > 0)
        total = 2 * r->memory_bytes;
    if (!total)
        return false;
    if (v2 && total > 0)
        total -= r->memory_bytes;
    return put_max(total, v2, buf, size);
}

static bool memory_reservation(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->memory_reservation_bytes && put_number(r->memory_reservation_bytes, buf, size);
}

static bool swappiness(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->swappiness != WH_UNSET && r->swappiness >= 0 && put_number(r->swappiness, buf, size);
}

static bool oom_control(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->oom_kill_disable && put_number(1, buf, size);
}

static bool cpu_quota(const struct wh_resources *r, int64_t *ret_quota, int64_t *ret_period)
{
    *ret_period = r->cpu_period_us && !r->nano_cpus ? r->cpu_period_us : DEFAULT_PERIOD_US;
    *ret_quota = r->nano_cpus ? r->nano_cpus * DEFAULT_PERIOD_US / 1000000000 : r->cpu_quota_us;
    return *ret_quota || r->cpu_period_us;
}

static bool cpu_period_v1(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    int64_t quota, period;
    return cpu_quota(r, &quota, &period) && put_number(period, buf, size);
}

static bool cpu_max(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    int64_t quota, period;
    if (!cpu_quota(r, &quota, &period))
        return false;
    if (!v2)
        return quota && put_number(quota, buf, size);
    put_max(quota > 0 ? quota : -1, true, buf, size);
    size_t len = strlen(buf);
    snprintf(buf + len, size - len, " %lld", (long long)period);
    return true;
}

static bool cpu_shares(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    if (!r->cpu_shares)
        return false;
    int64_t shares = r->cpu_shares < 2 ? 2 : r->cpu_shares > 262144 ? 262144 : r->cpu_shares;
    return put_number(v2 ? 1 + (shares - 2) * 9999 / 262142 : shares, buf, size);
}

static bool rt_period(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->cpu_rt_period_us && put_number(r->cpu_rt_period_us, buf, size);
}

static bool rt_runtime(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->cpu_rt_runtime_us && put_number(r->cpu_rt_runtime_us, buf, size);
}

static bool put_text(const char *text, char *buf, size_t size)
{
    return text && text[0] && snprintf(buf, size, "%s", text) > 0;
}

static bool cpuset_cpus(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return put_text(r->cpuset_cpus, buf, size);
}

static bool cpuset_mems(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return put_text(r->cpuset_mems, buf, size);
}

static bool pids(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->pids_limit > 0 && put_number(r->pids_limit, buf, size);
}

/* Against fork bombs, where the controller costs nothing: the first attach to an idle tree of v1 takes 10 ms. */
static bool pids_by_default(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return v2 && r->pids_limit == 0 && put_number(DEFAULT_PIDS, buf, size);
}

static bool blkio_weight(const struct wh_resources *r, bool v2, char *buf, size_t size)
{
    return r->blkio_weight && put_number(v2 ? 1 + (r->blkio_weight - 10) * 9999 / 990 : r->blkio_weight, buf, size);
}

static const struct limit {
    enum wh_cgroup_ctl ctl;
    const char *what;
    const char *value;             /* of the service (wh_err_in) */
    const char *v1_file, *v2_file; /* NULL: that version has no such thing */
    value_fn text;
    bool optional; /* a kernel without it is no reason to fail */
} limits[] = {
    /* memsw before memory when raised, after it when lowered: set_memory_swap tries both. */
    {WH_CTL_MEMORY, "memory", "mem_limit", "memory.limit_in_bytes", "memory.max", memory, false},
    {WH_CTL_MEMORY, "memory plus swap", "memswap_limit", "memory.memsw.limit_in_bytes", "memory.swap.max", memory_swap,
     true},
    {WH_CTL_MEMORY, "memory reservation", "mem_reservation", "memory.soft_limit_in_bytes", "memory.low",
     memory_reservation, false},
    {WH_CTL_MEMORY, "swappiness", "mem_swappiness", "memory.swappiness", NULL, swappiness, true},
    {WH_CTL_MEMORY, "oom_kill_disable", "oom_kill_disable", "memory.oom_control", NULL, oom_control, true},
    {WH_CTL_CPU, "cpu period", "cpu_period", "cpu.cfs_period_us", NULL, cpu_period_v1, false},
    {WH_CTL_CPU, "cpu quota", "cpu_quota", "cpu.cfs_quota_us", "cpu.max", cpu_max, false},
    {WH_CTL_CPU, "cpu shares", "cpu_shares", "cpu.shares", "cpu.weight", cpu_shares, false},
    {WH_CTL_CPU, "cpu_rt_period", "cpu_rt_period", "cpu.rt_period_us", NULL, rt_period, false},
    {WH_CTL_CPU, "cpu_rt_runtime", "cpu_rt_runtime", "cpu.rt_runtime_us", NULL, rt_runtime, false},
    {WH_CTL_CPUSET, "cpuset", "cpuset", "cpuset.cpus", "cpuset.cpus", cpuset_cpus, false},
    {WH_CTL_CPUSET, "cpuset memory nodes", "cpuset", "cpuset.mems", "cpuset.mems", cpuset_mems, false},
    {WH_CTL_PIDS, "pids limit", "pids_limit", "pids.max", "pids.max", pids, false},
    {WH_CTL_PIDS, "pids limit", "pids_limit", NULL, "pids.max", pids_by_default, true},
    {WH_CTL_BLKIO, "blkio weight", "blkio_config/weight", "blkio.weight", "io.weight", blkio_weight, true},
};

static const struct {
    const char *v1_file, *v2_key;
} blkio_files[] = {
    [WH_BLKIO_WEIGHT] = {"blkio.weight_device", NULL},
    [WH_BLKIO_READ_BPS] = {"blkio.throttle.read_bps_device", "rbps"},
    [WH_BLKIO_WRITE_BPS] = {"blkio.throttle.write_bps_device", "wbps"},
    [WH_BLKIO_READ_IOPS] = {"blkio.throttle.read_iops_device", "riops"},
    [WH_BLKIO_WRITE_IOPS] = {"blkio.throttle.write_iops_device", "wiops"},
};

uint32_t wh_cgroup_needs(const struct wh_cgroup_layout *layout, const struct wh_resources *res)
{
    uint32_t needed = res->n_blkio && wh_cgroup_tree_of(layout, WH_CTL_BLKIO) >= 0 ? 1u << WH_CTL_BLKIO : 0;
    char value[64];
    for (size_t i = 0; i < WH_ARRAY_LEN(limits); i++)
        if (limits[i].v1_file && wh_cgroup_tree_of(layout, limits[i].ctl) >= 0 &&
            limits[i].text(res, false, value, sizeof(value)))
            needed |= 1u << limits[i].ctl;
    if (needed & 1u << WH_CTL_CPU && layout->v1[WH_CTL_CPUACCT])
        needed |= 1u << WH_CTL_CPUACCT;
    if (layout->mode == WH_CGROUP_V1)
        needed |= 1u << WH_CTL_FREEZER | (layout->v1[WH_CTL_DEVICES] ? 1u << WH_CTL_DEVICES : 0);
    return needed;
}

static int write_value(const struct wh_cgroup *cg, int tree, const char *file, const char *value)
{
    wh_auto_fd fd = wh_cgroup_open_file(cg, tree, file, O_WRONLY);
    size_t len = strlen(value);
    return fd >= 0 && write(fd, value, len) == (ssize_t)len ? 0 : -1;
}

static int set_limit(const struct wh_cgroup *cg, const struct limit *l, const struct wh_resources *res,
                     struct wh_err *err)
{
    int tree = wh_cgroup_tree_of(cg->layout, l->ctl);
    bool v2 = tree == -1;
    char value[256];
    if (!l->text(res, v2, value, sizeof(value)))
        return 0;
    const char *file = v2 ? l->v2_file : l->v1_file;
    if (tree == -2 || !file)
        return l->optional || !file
                   ? 0
                   : wh_fail(err, ENOTSUP, "%s: this host has no %s cgroup", l->what, wh_cgroup_ctl_text[l->ctl]);
    if (write_value(cg, tree, file, value) == 0 || (l->optional && (errno == ENOENT || errno == EOPNOTSUPP)))
        return 0;
    return wh_fail(err, errno, "%s %s", l->what, value);
}

static int set_blkio(const struct wh_cgroup *cg, const struct wh_blkio_limit *l, struct wh_err *err)
{
    int tree = wh_cgroup_tree_of(cg->layout, WH_CTL_BLKIO);
    struct stat st;
    char value[96];
    if (stat(l->path, &st) < 0 || !S_ISBLK(st.st_mode))
        return wh_fail(err, errno ? errno : ENOTBLK, "block device %s", l->path);
    unsigned major = major(st.st_rdev), minor = minor(st.st_rdev);
    const char *key = blkio_files[l->kind].v2_key;
    if (tree == -1 && key)
        snprintf(value, sizeof(value), "%u:%u %s=%llu", major, minor, key, (unsigned long long)l->value);
    else
        snprintf(value, sizeof(value), "%u:%u %llu", major, minor, (unsigned long long)l->value);
    const char *file = tree != -1 ? blkio_files[l->kind].v1_file : key ? "io.max" : "io.weight";
    if (tree == -2)
        return wh_fail(err, ENOTSUP, "blkio_config: this host has no blkio cgroup");
    if (write_value(cg, tree, file, value) == 0 || (l->kind == WH_BLKIO_WEIGHT && errno == ENOENT))
        return 0;
    return wh_fail(err, errno, "blkio limit of %s", l->path);
}

int wh_cgroup_set_limits(const struct wh_cgroup *cg, const struct wh_resources *res, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(limits); i++)
        if (set_limit(cg, &limits[i], res, err) < 0)
            return wh_err_in(err, "%s", limits[i].value);
    for (size_t i = 0; i < res->n_blkio; i++)
        if (set_blkio(cg, &res->blkio[i], err) < 0)
            return wh_err_in(err, "blkio_config");
    return 0;
}
