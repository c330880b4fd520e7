/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Seccomp and AppArmor of a process to be started. Apart from prepare.c, so that a program that only looks at container
 * files does not link libseccomp. */
#include "child.h"
#include "seccomp.h"

#include "whale/util/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* "unconfined" and hosts without AppArmor need nothing done. */
static const char *choose_apparmor(const char *profile)
{
    char state[2] = "";
    if (!profile || !strcmp(profile, "unconfined"))
        return NULL;
    wh_auto_fd fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, state, 1) == 1 && state[0] == 'Y' ? profile : NULL;
}

int wh_launch_prepare_security(struct wh_launch *l, enum wh_seccomp_kind kind, const char *profile,
                               const char *apparmor, const char *cache_dir, struct wh_err *err)
{
    l->apparmor = l->process->privileged ? NULL : choose_apparmor(apparmor);
    if (l->process->privileged || kind == WH_SECCOMP_UNCONFINED)
        return 0;
    if (wh_seccomp_get(kind == WH_SECCOMP_PROFILE ? profile : NULL, l->caps, cache_dir, &l->bpf, err) < 0)
        return wh_err_in(err, "security_opt");
    return 0;
}
