/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passwd and group files of an image: the first line is the user asked for, what follows is both files. Whoever comes
 * out as root must have been asked for as root, or be a name to which the file itself gives 0. */
#include "whale/runtime.h"
#include "whale/util/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[] = "/tmp/wh-fuzz-passwd-XXXXXX";
static int root_fd = -1;

static void drop_root(void)
{
    wh_remove_tree(root, NULL);
}

static void make_root(void)
{
    if (!mkdtemp(root))
        abort();
    atexit(drop_root);
    root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    wh_auto_free char *etc = wh_fmt("%s/etc", root);
    if (root_fd < 0 || wh_mkdir_p(etc, 0755, NULL) < 0)
        abort();
}

static void write_file(const char *name, const void *data, size_t len)
{
    wh_auto_fd fd = openat(root_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || wh_write_all(fd, data, len) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = memchr(data, '\n', size);
    struct wh_user user;
    wh_auto_err err = {0};
    if (!newline || size > 1 << 20)
        return 0;
    if (root_fd < 0)
        make_root();
    size_t len = (size_t)(newline - data);
    wh_auto_free char *wanted = strndup((const char *)data, len);
    write_file("etc/passwd", newline + 1, size - len - 1);
    write_file("etc/group", newline + 1, size - len - 1);
    if (!wanted || wh_runtime_resolve_user(root_fd, wanted, NULL, &user, &err) < 0)
        return 0;
    size_t digits = strspn(wanted, "0123456789");
    if (user.uid == 0 && digits && (wanted[digits] == ':' || !wanted[digits]) && strtoull(wanted, NULL, 10) != 0)
        abort();
    if (user.n_groups == 0 || user.n_groups > WH_ARRAY_LEN(user.groups) || user.groups[0] != user.gid)
        abort();
    return 0;
}
