/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operating system, architecture and variant: names, the host's, and which image fits. */
#ifndef IMAGE_PLATFORM_H
#define IMAGE_PLATFORM_H

#include "whale/util/arena.h"
#include "whale/util/err.h"

struct platform {
    const char *os;
    const char *architecture; /* Go's names: amd64, arm64, arm, 386, ... */
    const char *variant;      /* "v7", "" */
};

int platform_host(struct wh_arena *a, struct platform *ret, struct wh_err *err);
/* "linux/arm64/v8", "linux/amd64", "arm64"; names are normalised (x86_64 is amd64, aarch64 arm64, ...). */
int platform_parse(struct wh_arena *a, const char *text, struct platform *ret, struct wh_err *err);
/* How well an image for `have` serves `want`: 0 = not at all, higher is better. arm v7 serves v8 hosts, and so on. */
int platform_rank(const struct platform *want, const struct platform *have);
const char *platform_text(struct wh_arena *a, const struct platform *p);

#endif
