/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `cp - SERVICE:PATH`: a tar stream from anywhere, read by our own reader into a sink that reads all contents. */
#include "cli/tree.h"
#include "whale/util/cleanup.h"
#include "whale/util/err.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int swallow(void *ctx, const struct wh_tree_entry *e, struct wh_err *err)
{
    char buf[4096];
    if (!e->path || strstr(e->path, "../") == e->path)
        __builtin_trap();
    while (e->read(e->ctx, buf, sizeof(buf)) > 0)
        ;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wh_auto_err err = {0};
    const struct wh_tree_sink sink = {.add = swallow};
    int fd = memfd_create("tar", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
        return 0;
    wh_tar_read(fd, &sink, &err);
    close(fd);
    return 0;
}
