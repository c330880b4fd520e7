/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tar writer for archives of our own making: short names, files and folders, nothing else. */
#ifndef IMAGE_TAR_WRITE_H
#define IMAGE_TAR_WRITE_H

#include "whale/util/err.h"

#include <stdint.h>

/* type '0' file or '5' folder; name at most 100 bytes. Then the caller writes size bytes and calls pad. */
int tar_write_header(int fd, char type, const char *name, uint64_t size_bytes, struct wh_err *err);
int tar_write_pad(int fd, uint64_t size_bytes, struct wh_err *err);
int tar_write_file(int fd, const char *name, const void *data, size_t len, struct wh_err *err);
int tar_write_end(int fd, struct wh_err *err);

#endif
