/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ulimits. Set in the child before its rights go; what is not listed is inherited but for nofile, whose huge values
 * make old daemons visit every possible descriptor. */
#include "rlimit.h"

#include "whale/runtime.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#define DEFAULT_NOFILE_SOFT 1024
#define DEFAULT_NOFILE_HARD 524288

static const struct {
    const char *name;
    int resource;
} table[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},       {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},       {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

static int find_resource(const char *name)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(table); i++) {
        if (!strcasecmp(name, table[i].name))
            return table[i].resource;
    }
    return -1;
}

bool wh_runtime_rlimit_is_known(const char *name)
{
    return find_resource(name) >= 0;
}

static rlim_t value_of(int64_t v)
{
    return v < 0 ? RLIM_INFINITY : (rlim_t)v;
}

/* As near as the supervisor's own hard limit allows. */
static void set_default_nofile(void)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) < 0)
        return;
    struct rlimit want = {.rlim_cur = DEFAULT_NOFILE_SOFT, .rlim_max = DEFAULT_NOFILE_HARD};
    if (want.rlim_max > now.rlim_max && setrlimit(RLIMIT_NOFILE, &want) == 0)
        return;
    want.rlim_max = want.rlim_max > now.rlim_max ? now.rlim_max : want.rlim_max;
    want.rlim_cur = want.rlim_cur > want.rlim_max ? want.rlim_max : want.rlim_cur;
    setrlimit(RLIMIT_NOFILE, &want);
}

int wh_child_set_rlimits(struct wh_report *r, const struct wh_rlimit *limits, size_t n)
{
    set_default_nofile();
    for (size_t i = 0; i < n; i++) {
        struct rlimit want = {.rlim_cur = value_of(limits[i].soft), .rlim_max = value_of(limits[i].hard)};
        int resource = find_resource(limits[i].name);
        if (resource < 0)
            return wh_report_fail_as(r, 125, 0, "ulimit \"%s\": unknown", limits[i].name);
        if (setrlimit((__rlimit_resource_t)resource, &want) < 0) {
            wh_report_fail(r, "ulimit %s=%lld:%lld", limits[i].name, (long long)limits[i].soft,
                           (long long)limits[i].hard);
            return wh_report_in(r, "ulimits/%s", limits[i].name);
        }
    }
    return 0;
}
