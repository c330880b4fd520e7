/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The container's root: the overlay, mounted in the child's own mount namespace and from then on known by descriptor.
 */
#include "child.h"
#include "inroot.h"

#include "whale/sys/mount.h"
#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* An overlay whose work folder cannot be made comes up read-only without an error (feasible with idmapped uppers). */
static int check_writable(struct wh_child *c)
{
    struct statvfs st;
    if (!c->spec->rootfs.upper || fstatvfs(c->launch.root_fd, &st) < 0 || !(st.f_flag & ST_RDONLY))
        return 0;
    errno = EROFS;
    return wh_report_fail(&c->launch.report, "mount the image's layers: the kernel made the root read-only");
}

/* What programs look for in every container of Docker's: the mark that it is one, and the list of mounts at its old
 * place. Neither replaces a file of the image; a root that cannot be written goes without. */
int wh_child_add_marks(struct wh_child *c)
{
    wh_auto_fd root = wh_inroot_open(c->launch.root_fd, ".", O_RDONLY | O_DIRECTORY);
    wh_auto_fd mark = root < 0 || !c->spec->rootfs.upper
                          ? -1
                          : openat(root, ".dockerenv", O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0755);
    wh_auto_fd etc = mark < 0 ? -1 : wh_inroot_open(c->launch.root_fd, "etc", O_PATH | O_DIRECTORY);
    if (etc >= 0 && symlinkat("/proc/mounts", etc, "mtab") < 0)
        return errno == EEXIST ? 0 : wh_report_fail(&c->launch.report, "make /etc/mtab");
    return 0;
}

/* rslave, not private: mounts that the host makes later still reach binds that asked for it, and nothing of ours goes
 * back. */
int wh_child_mount_root(struct wh_child *c)
{
    struct wh_report *r = &c->launch.report;
    if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return wh_report_fail(r, "detach the mount namespace from the host's");
    if (wh_overlay_mount(&c->root, c->root_mount_point) < 0)
        return wh_report_fail(r, "mount the image's layers");
    c->launch.root_fd = open(c->root_mount_point, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c->launch.root_fd < 0)
        return wh_report_fail(r, "open the container's root");
    return check_writable(c);
}
