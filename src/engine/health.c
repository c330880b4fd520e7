/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The health machine: what a probe's result means and when the next one is due. The rules are in health.h. */
#include "engine/health.h"

#include "whale/util/time.h"

void wh_health_config_defaults(struct wh_health_config *c)
{
    if (c->interval_ns <= 0)
        c->interval_ns = 30 * WH_NS_PER_S;
    if (c->timeout_ns <= 0)
        c->timeout_ns = 30 * WH_NS_PER_S;
    if (c->start_interval_ns <= 0)
        c->start_interval_ns = 5 * WH_NS_PER_S;
    if (c->retries <= 0)
        c->retries = 3;
}

void wh_health_machine_init(struct wh_health_machine *m, const struct wh_health_config *config, int64_t now_ns)
{
    *m = (struct wh_health_machine){.config = *config, .status = WH_HEALTH_STARTING, .started_ns = now_ns};
    wh_health_config_defaults(&m->config);
}

static bool in_start_period(const struct wh_health_machine *m, int64_t at_ns)
{
    return m->status == WH_HEALTH_STARTING && at_ns - m->started_ns < m->config.start_period_ns;
}

int64_t wh_health_next_delay_ns(const struct wh_health_machine *m, int64_t now_ns)
{
    return in_start_period(m, now_ns) ? m->config.start_interval_ns : m->config.interval_ns;
}

bool wh_health_on_result(struct wh_health_machine *m, int64_t begin_ns, bool success)
{
    enum wh_health before = m->status;
    if (success) {
        m->failing_streak = 0;
        m->status = WH_HEALTH_HEALTHY;
    } else if (!in_start_period(m, begin_ns)) {
        m->failing_streak++;
        if (m->failing_streak >= m->config.retries)
            m->status = WH_HEALTH_UNHEALTHY;
    }
    return m->status != before;
}
