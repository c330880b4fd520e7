/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits that no kernel would take, or that contradict each other: Docker's rules and bounds. */
#include "engine/check.h"
#include "engine/spec.h"

#include "whale/util/str.h"

#include <string.h>
#include <sys/sysinfo.h>

#define MIN_MEMORY_BYTES (INT64_C(6) << 20) /* below that not even the first process would come up */
#define MIN_NANO_CPUS    INT64_C(10000000)  /* the kernel's least quota, 1 ms, of a period of 100 ms */
#define MIN_CFS_US       1000
#define MAX_CFS_US       1000000
#define MIN_CPU_SHARES   2
#define MAX_CPU_SHARES   262144

static int check_memory(const struct wh_resources *r, struct wh_err *err)
{
    if (r->memory_bytes != 0 && r->memory_bytes < MIN_MEMORY_BYTES)
        return fail_attribute(err, "mem_limit",
                              "memory limit of %lld bytes is too low: minimum memory limit allowed is 6MB (6 MiB)",
                              (long long)r->memory_bytes);
    if (r->memory_swap_bytes > 0 && r->memory_bytes == 0)
        return fail_attribute(err, "memswap_limit", "memswap_limit is memory plus swap: mem_limit must be set, too");
    if (r->memory_swap_bytes > 0 && r->memory_swap_bytes < r->memory_bytes)
        return fail_attribute(err, "memswap_limit",
                              "memswap_limit is memory plus swap and cannot be less than mem_limit");
    if (r->memory_bytes > 0 && r->memory_reservation_bytes > r->memory_bytes)
        return fail_attribute(err, "mem_reservation",
                              "minimum memory limit can not be less than memory reservation limit");
    return 0;
}

static int check_swappiness(const struct wh_service *s, struct wh_err *err)
{
    int64_t value = s->mem_swappiness.value;
    if (s->mem_swappiness.is_set && value != -1 && (value < 0 || value > 100))
        return fail_attribute(err, "mem_swappiness",
                              "mem_swappiness: invalid value: %lld, valid memory swappiness range is 0-100",
                              (long long)value);
    return 0;
}

static int check_quota(const struct wh_resources *r, struct wh_err *err)
{
    int n = get_nprocs();
    if (r->nano_cpus != 0 && (r->nano_cpus < MIN_NANO_CPUS || r->nano_cpus > (int64_t)n * 1000000000))
        return fail_attribute(err, "cpus",
                              "cpus %.4g: range of CPUs is from 0.01 to %d.00, as there are only %d CPUs "
                              "available",
                              (double)r->nano_cpus / 1e9, n, n);
    if (r->nano_cpus > 0 && r->cpu_quota_us > 0)
        return fail_attribute(err, "cpu_quota", "conflicting options: cpus and cpu_quota cannot both be set");
    if (r->nano_cpus > 0 && r->cpu_period_us > 0)
        return fail_attribute(err, "cpu_period", "conflicting options: cpus and cpu_period cannot both be set");
    if (r->cpu_quota_us > 0 && r->cpu_quota_us < MIN_CFS_US)
        return fail_attribute(err, "cpu_quota", "CPU cfs quota can not be less than 1ms (i.e. 1000)");
    if (r->cpu_period_us != 0 && (r->cpu_period_us < MIN_CFS_US || r->cpu_period_us > MAX_CFS_US))
        return fail_attribute(err, "cpu_period",
                              "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
    return 0;
}

static int check_shares(const struct wh_resources *r, struct wh_err *err)
{
    if (r->cpu_shares != 0 && r->cpu_shares < MIN_CPU_SHARES)
        return fail_attribute(err, "cpu_shares", "the minimum allowed cpu-shares is %d", MIN_CPU_SHARES);
    if (r->cpu_shares > MAX_CPU_SHARES)
        return fail_attribute(err, "cpu_shares", "the maximum allowed cpu-shares is %d", MAX_CPU_SHARES);
    return 0;
}

/* "0-2,4": whether it is a list at all, and the greatest number in it. */
static int greatest_cpu(const char *list, long *ret)
{
    *ret = -1;
    for (const char *at = list;; at++) {
        char *end;
        long first = strtol(at, &end, 10), last = first;
        if (end == at || first < 0)
            return -1;
        at = end;
        if (*at == '-') {
            last = strtol(at + 1, &end, 10);
            if (end == at + 1 || last < first)
                return -1;
            at = end;
        }
        *ret = last > *ret ? last : *ret;
        if (*at != ',')
            return *at ? -1 : 0;
    }
}

static int check_cpuset(const struct wh_resources *r, struct wh_err *err)
{
    long greatest;
    if (!r->cpuset_cpus || !r->cpuset_cpus[0])
        return 0;
    if (greatest_cpu(r->cpuset_cpus, &greatest) < 0)
        return fail_attribute(err, "cpuset", "invalid value %s for cpuset cpus: invalid format", r->cpuset_cpus);
    if (greatest >= get_nprocs_conf())
        return fail_attribute(err, "cpuset", "requested CPUs are not available - requested %s, available: 0-%d",
                              r->cpuset_cpus, get_nprocs_conf() - 1);
    return 0;
}

int check_limits(const struct wh_service *s, struct wh_err *err)
{
    static int (*const checks[])(const struct wh_resources *, struct wh_err *) = {check_memory, check_quota,
                                                                                  check_shares, check_cpuset};
    wh_auto_arena a = {0};
    struct wh_resources r;
    if (spec_resources(&a, s, &r, err) < 0 || check_swappiness(s, err) < 0)
        return -1;
    if (s->shm_size_bytes.is_set && s->shm_size_bytes.value < 0)
        return fail_attribute(err, "shm_size", "shm_size: SHM size can not be less than 0");
    for (size_t i = 0; i < WH_ARRAY_LEN(checks); i++)
        if (checks[i](&r, err) < 0)
            return -1;
    return 0;
}
