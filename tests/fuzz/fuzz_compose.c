/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole loader on one or two files (kept in memory): no input may crash it, a failure has an error, and what loads
 * can be printed and decoded into the model. Includes and extended files are looked for in a folder that does not
 * exist.
 */
#include "whale/compose.h"
#include "whale/model.h"
#include "whale/util/file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct wh_load_result *r, int rc, const struct wh_err *err)
{
    wh_auto_str out = {0};
    if (rc < 0 ? !r->diags.n_errors || !err->code : !r->root)
        abort();
    for (size_t i = 0; i < r->diags.items.len; i++)
        wh_diag_format(wh_vec_at(&r->diags.items, struct wh_diag *, i), false, &out);
    struct wh_project *project;
    if (rc == 0 && wh_compose_print(r, WH_COMPOSE_YAML, &out, NULL) < 0)
        abort();
    if (rc == 0 && wh_compose_project(r, &project, NULL) < 0)
        abort();
}

/* A file without a name; the path it can be opened by. */
static int write_file(const uint8_t *data, size_t size, char *path, size_t path_size)
{
    int fd = memfd_create("compose", MFD_CLOEXEC);
    if (fd >= 0 && wh_write_all(fd, data, size) < 0)
        wh_close(&fd);
    snprintf(path, path_size, "/proc/self/fd/%d", fd);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char border[] = "\n#--\n"; /* what follows is an override file */
    char path[64], second[64], *environment[] = {(char[]){"A=1"}, (char[]){"E="}, NULL};
    const uint8_t *cut = memmem(data, size, border, sizeof(border) - 1);
    size_t first_size = cut ? (size_t)(cut - data) : size;
    wh_auto_fd fd = write_file(data, first_size, path, sizeof(path));
    wh_auto_fd second_fd = write_file(data + first_size, size - first_size, second, sizeof(second));
    const char *files[] = {path, second};
    struct wh_load_options o = {.files = files,
                                .n_files = cut ? 2 : 1,
                                .project_name = "p",
                                .environ = environment,
                                .cwd = "/nonexistent",
                                .project_directory = "/nonexistent/p"};
    wh_auto_err err = {0};
    wh_auto_load struct wh_load_result r = {0};
    if (fd < 0 || second_fd < 0)
        return 0;
    check(&r, wh_compose_load(&o, &r, &err), &err);
    return 0;
}
