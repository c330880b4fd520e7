/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity of a process: boot id, pid and start time together; a pid alone may be somebody else's by now. */
#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Field 3 (state) follows the last ")", field 22 is the start time in clock ticks since boot. */
static const char *stat_field(const char *stat, int field)
{
    const char *p = strrchr(stat, ')');
    if (!p)
        return NULL;
    p += 2;
    for (int i = 3; i < field && p; i++) {
        p = strchr(p, ' ');
        if (p)
            p++;
    }
    return p;
}

uint64_t wh_state_process_start(int pid)
{
    char path[64];
    wh_auto_str text = {0};
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (pid <= 0 || wh_file_read(path, 8192, &text, NULL) < 0)
        return 0;
    const char *field = stat_field(wh_str_c(&text), 22);
    return field ? strtoull(field, NULL, 10) : 0;
}

bool wh_state_process_alive(int pid, uint64_t start, const char *boot_id)
{
    return pid > 0 && start > 0 && wh_streq(boot_id, wh_state_boot_id()) && wh_state_process_start(pid) == start;
}
