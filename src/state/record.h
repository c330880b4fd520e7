/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One record = one JSON file with a format version, replaced as a whole. */
#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include "whale/codec/node.h"
#include "whale/util/err.h"
#include "whale/util/vec.h"

#include "state/fields.h"

/* path is consumed (malloc'ed, NULL = memory was short). */
int record_save(char *take_path, const struct field *fields, const void *object, struct wh_err *err);
/* 0, WH_STATE_ABSENT or -1. */
int record_load(struct wh_arena *a, char *take_path, const struct field *fields, void *object, struct wh_err *err);
/* 0 also when it is not there. */
int record_unlink(char *take_path, struct wh_err *err);

/* Names of the entries of a folder, sorted, those that end with suffix and without it; a missing folder has none. */
int record_list(const char *dir, const char *suffix, struct wh_strv *ret, struct wh_err *err);
/* Loads one item of a vector: 0, > 0 (left out) or -1. */
typedef int (*record_load_fn)(const void *ctx, struct wh_arena *a, const char *name, void *item, struct wh_err *err);
/* Loads all of the names; unreadable ones are left out with a line in the log. */
int record_load_all(const struct wh_strv *names, record_load_fn load, const void *ctx, struct wh_arena *a,
                    struct wh_vec *out, struct wh_err *err);
/* The vector's items as an array in the arena. */
int record_hand_over(struct wh_arena *a, const struct wh_vec *found, void **ret_items, size_t *ret_n,
                     struct wh_err *err);
/* Whether a name may be a file's name: not empty, no slash, no leading dot. */
int record_check_name(const char *what, const char *name, struct wh_err *err);

#endif
