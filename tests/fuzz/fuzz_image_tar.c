/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A layer, packed in whatever way, into a scratch folder: nothing beside the folder may appear or change. */
#include "image/stream.h"
#include "image/unpack.h"
#include "whale/util/file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct limits limits = {
    .total_bytes = 1 << 20, .entries = 64, .file_bytes = 1 << 20, .ratio = 1000, .ratio_after_bytes = 1 << 20};

static void unpack(int dir_fd, const uint8_t *data, size_t size)
{
    const struct stream_options options = {.hash_output = true, .limits = &limits};
    struct source_memory memory = {data, size};
    struct unpack_result result = {0};
    struct stream_result ended;
    struct stream *s;
    if (stream_open(source_of_memory(&memory), &options, &s, NULL) < 0)
        return;
    if (unpack_layer(dir_fd, s, &limits, &result, NULL) == 0)
        (void)stream_finish(s, &ended, NULL);
    else
        stream_close(s);
    unpack_result_fini(&result);
}

/* The folder holds the canary and the layer, and nothing else. */
static void check_outside(const char *dir, const struct stat *before)
{
    struct stat now;
    size_t n = 0;
    wh_auto_free char *canary = wh_fmt("%s/canary", dir);
    wh_auto_dir d = opendir(dir);
    while (readdir(d))
        n++;
    if (n != 4 || lstat(canary, &now) < 0 || now.st_ctim.tv_nsec != before->st_ctim.tv_nsec || now.st_nlink != 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char dir[] = "/tmp/whale-fuzz-XXXXXX";
    struct stat before;
    umask(0);
    if (!mkdtemp(dir))
        abort();
    wh_auto_free char *layer = wh_fmt("%s/layer", dir);
    wh_auto_free char *canary = wh_fmt("%s/canary", dir);
    if (mkdir(layer, 0700) < 0 || wh_file_replace(canary, "x", 1, 0600, WH_SYNC_NONE, NULL) < 0 ||
        lstat(canary, &before) < 0)
        abort();
    wh_auto_fd fd = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unpack(fd, data, size);
    check_outside(dir, &before);
    if (wh_remove_tree(dir, NULL) < 0)
        abort();
    return 0;
}
