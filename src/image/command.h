/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The subcommands of whale-image: one entry in the table of command.c and one cmd_*.c file each. */
#ifndef IMAGE_COMMAND_H
#define IMAGE_COMMAND_H

#include "report.h"
#include "whale/util/vec.h"

struct request {
    const char *root; /* state root */
    struct report report;
    struct wh_strv changes; /* -c, in order */
    const char *message;
    const char *file;     /* -i */
    const char *output;   /* -o */
    const char *platform; /* NULL = the host's */
    const char *progress;
    const char *policy;
    const char *format;
    bool force, quiet, no_trunc, all;
    bool reported; /* the command has told about its failures itself */
    char **args;   /* what is not an option */
    size_t n_args;
};

int cmd_import(struct request *q, struct wh_err *err);
int cmd_load(struct request *q, struct wh_err *err);
int cmd_ls(struct request *q, struct wh_err *err);
int cmd_inspect(struct request *q, struct wh_err *err);
int cmd_tag(struct request *q, struct wh_err *err);
int cmd_rm(struct request *q, struct wh_err *err);
int cmd_save(struct request *q, struct wh_err *err);
int cmd_pull(struct request *q, struct wh_err *err);
int cmd_prune(struct request *q, struct wh_err *err);

#endif
