/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the tables, the reader of JSON profiles and the compiler. */
#ifndef RUNTIME_SECCOMP_RULES_H
#define RUNTIME_SECCOMP_RULES_H

#include "whale/codec/node.h"
#include "whale/util/str.h"
#include "whale/util/vec.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Calls younger than the installed libseccomp, by number, which is the same on all machines from 424 on. They are
 * decided by a few instructions of our own in front of the compiled program. */
#define SECCOMP_MAX_YOUNG  32
#define SECCOMP_LAST_KNOWN 467 /* what is younger gets ENOSYS, so that programs fall back instead of failing */

struct seccomp_rules {
    scmp_filter_ctx ctx; /* owned by who made it */
    int young[SECCOMP_MAX_YOUNG];
    size_t n_young;
    bool deny_alg_and_vsock; /* socket families 38 and 40 */
    bool has_numbers;        /* what is allowed unconditionally is in `numbers`, not in ctx */
    struct wh_vec numbers;   /* struct seccomp_number */
};

/* seccomp_numbers.c: calls that are allowed whatever their arguments, decided by a few comparisons in front of the
 * compiled program, which would need a thousand. The kernel translates the program anew for every process. */
struct seccomp_number {
    uint32_t arch, number; /* AUDIT_ARCH_*; x32's have their bit set */
};
void wh_seccomp_add_numbers(struct seccomp_rules *rules, const char *name);
/* Leaves at its end for whatever is not among them. */
void wh_seccomp_emit_numbers(struct wh_str *out, struct seccomp_rules *rules);
void wh_seccomp_emit(struct wh_str *out, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf);

/* seccomp_table.c: NULL-terminated. */
struct seccomp_cap_group {
    int cap;
    const char *const *names;
};
extern const char *const wh_seccomp_allowed[];
extern const struct seccomp_cap_group wh_seccomp_cap_groups[];
extern const size_t wh_seccomp_n_cap_groups;
/* Number of a young call, -1 unknown. */
int wh_seccomp_young_number(const char *name);

/* Allows name, unconditionally, by libseccomp or as a young call. Names of other machines are left out. */
int wh_seccomp_allow(struct seccomp_rules *rules, const char *name, struct wh_err *err);
int wh_seccomp_build_default(struct seccomp_rules *rules, uint64_t caps, struct wh_err *err);
int wh_seccomp_build_profile(struct seccomp_rules *rules, const struct wh_node *profile, uint64_t caps,
                             struct wh_err *err);

#endif
