/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Restart policies: pure. */
#ifndef ENGINE_RESTART_H
#define ENGINE_RESTART_H

#include "whale/model.h"

enum restart_kind { RESTART_NO, RESTART_ALWAYS, RESTART_UNLESS_STOPPED, RESTART_ON_FAILURE };
struct restart_policy {
    enum restart_kind kind;
    int64_t max_attempts; /* 0 = no limit */
    int64_t delay_ns;     /* first delay; 0 = 100 ms */
    bool is_fixed;        /* deploy's delay: no doubling */
    int64_t window_ns;    /* ran at least so long: counts as a success; 0 = 10 s */
};
int restart_policy_parse(const struct wh_service *s, struct restart_policy *ret, struct wh_err *err);
bool restart_wanted(const struct restart_policy *policy, int exit_code, bool stopped, int attempts);
int64_t restart_delay_ns(const struct restart_policy *policy, int64_t last_delay_ns, int64_t ran_ns);
int64_t restart_window_ns(const struct restart_policy *policy);

#endif
