/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System call filters: Docker's default profile and profiles in Docker's JSON form, compiled once. */
#ifndef RUNTIME_SECCOMP_H
#define RUNTIME_SECCOMP_H

#include "child.h"

/* profile_path NULL: the default profile. The rules depend on caps. The program belongs to the cache and lives as long
 * as the process. Compiling takes some 10 ms; later calls, and later processes by cache_dir (may be NULL), nothing. */
int wh_seccomp_get(const char *profile_path, uint64_t caps, const char *cache_dir, const struct wh_bpf **ret,
                   struct wh_err *err);

#endif
