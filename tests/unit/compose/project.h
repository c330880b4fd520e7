/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole loads from files in a temporary folder. */
#ifndef WHALE_TESTS_PROJECT_H
#define WHALE_TESTS_PROJECT_H

#include "tests/unit/test.h"

#include "whale/compose.h"
#include "whale/util/file.h"

#include <stdio.h>

struct file {
    const char *name, *text; /* a list ends with a name of NULL */
};

struct project {
    char dir[64]; /* made by project_make, or by project_load without it */
    struct wh_load_options opts;
    struct wh_load_result res;
    struct wh_err err;
    int rc;
};

static inline void project_make(struct project *p)
{
    snprintf(p->dir, sizeof(p->dir), "/tmp/whale-load-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
}

static inline void project_load(struct project *p, const struct file *files)
{
    memset(&p->res, 0, sizeof(p->res));
    memset(&p->err, 0, sizeof(p->err));
    if (!p->dir[0])
        project_make(p);
    for (; files->name; files++) {
        wh_auto_free char *path = wh_path_join(p->dir, files->name), *dir = wh_path_dir(path);
        assert_int_equal(wh_mkdir_p(dir, 0755, NULL), 0);
        assert_int_equal(wh_file_replace(path, files->text, strlen(files->text), 0644, WH_SYNC_NONE, NULL), 0);
    }
    p->opts.cwd = p->dir;
    p->rc = wh_compose_load(&p->opts, &p->res, &p->err);
}

static inline void project_drop(struct project *p)
{
    wh_load_fini(&p->res);
    wh_err_fini(&p->err);
    wh_remove_tree(p->dir, NULL);
    p->dir[0] = '\0';
}

#endif
