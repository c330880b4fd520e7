/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Restart policies, pure. Docker's back-off: 100 ms before the first restart, doubled each time up to a minute, from
 * the beginning again once the container has run for 10 s. deploy.restart_policy gives its own fixed delay and window.
 */
#include "engine/restart.h"

#include "whale/util/size.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <string.h>

#define FIRST_DELAY_NS (100 * WH_NS_PER_MS)
#define MAX_DELAY_NS   (60 * WH_NS_PER_S)
#define GOOD_RUN_NS    (10 * WH_NS_PER_S)

static const struct {
    const char *text;
    enum restart_kind kind;
} kinds[] = {
    {"no", RESTART_NO},
    {"none", RESTART_NO},
    {"always", RESTART_ALWAYS},
    {"any", RESTART_ALWAYS},
    {"unless-stopped", RESTART_UNLESS_STOPPED},
    {"on-failure", RESTART_ON_FAILURE},
};

static int parse_kind(const char *text, size_t len, enum restart_kind *ret)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(kinds); i++) {
        if (strlen(kinds[i].text) == len && strncmp(kinds[i].text, text, len) == 0) {
            *ret = kinds[i].kind;
            return 0;
        }
    }
    return -1;
}

static void from_deploy(const struct wh_restart_policy *d, struct restart_policy *ret)
{
    const char *condition = d->condition ? d->condition : "any";
    if (parse_kind(condition, strlen(condition), &ret->kind) < 0)
        ret->kind = RESTART_ALWAYS;
    ret->max_attempts = d->max_attempts.is_set ? d->max_attempts.value : 0;
    ret->window_ns = d->window_ns.is_set ? d->window_ns.value : 0;
    ret->is_fixed = d->delay_ns.is_set;
    ret->delay_ns = d->delay_ns.is_set ? d->delay_ns.value : 0;
}

int restart_policy_parse(const struct wh_service *s, struct restart_policy *ret, struct wh_err *err)
{
    *ret = (struct restart_policy){.kind = RESTART_NO};
    if (s->deploy && s->deploy->restart_policy) {
        from_deploy(s->deploy->restart_policy, ret);
        return 0;
    }
    const char *text = s->restart;
    if (!text || !text[0])
        return 0;
    size_t len = strcspn(text, ":");
    if (parse_kind(text, len, &ret->kind) < 0)
        return wh_fail(err, WH_E_INVALID, "restart policy \"%s\" is not known", text);
    if (text[len] != ':')
        return 0;
    if (ret->kind != RESTART_ON_FAILURE || wh_int_parse(text + len + 1, 0, INT32_MAX, &ret->max_attempts) < 0)
        return wh_fail(err, WH_E_INVALID, "restart policy \"%s\": a number of attempts goes with on-failure", text);
    return 0;
}

bool restart_wanted(const struct restart_policy *policy, int exit_code, bool stopped, int attempts)
{
    if (stopped || policy->kind == RESTART_NO)
        return false;
    if (policy->kind == RESTART_ON_FAILURE && exit_code == 0)
        return false;
    return policy->max_attempts == 0 || attempts < policy->max_attempts;
}

int64_t restart_window_ns(const struct restart_policy *policy)
{
    return policy->window_ns ? policy->window_ns : GOOD_RUN_NS;
}

int64_t restart_delay_ns(const struct restart_policy *policy, int64_t last_delay_ns, int64_t ran_ns)
{
    if (policy->is_fixed)
        return policy->delay_ns;
    if (last_delay_ns == 0 || ran_ns >= restart_window_ns(policy))
        return FIRST_DELAY_NS;
    return last_delay_ns * 2 < MAX_DELAY_NS ? last_delay_ns * 2 : MAX_DELAY_NS;
}
