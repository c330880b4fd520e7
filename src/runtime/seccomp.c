/* SPDX-License-Identifier: GPL-2.0-or-later */
/* placeholder until the tables are in */
#include "seccomp.h"

int wh_seccomp_get(const char *profile_path, uint64_t caps, const char *cache_dir, const struct wh_bpf **ret,
                   struct wh_err *err)
{
    static const struct wh_bpf none;
    *ret = &none;
    return 0;
}
