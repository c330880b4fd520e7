/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Platform names as the OCI image index uses them. */
#include "platform.h"

#include "whale/image.h"

#include "whale/util/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
    const char *name; /* as the kernel or a user says */
    const char *architecture;
    const char *variant;
} aliases[] = {
    {"x86_64", "amd64", ""},
    {"x86-64", "amd64", ""},
    {"aarch64", "arm64", ""},
    {"armhf", "arm", "v7"},
    {"armv7l", "arm", "v7"},
    {"armv8l", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"armv6l", "arm", "v6"},
    {"i386", "386", ""},
    {"i486", "386", ""},
    {"i586", "386", ""},
    {"i686", "386", ""},
    {"loongarch64", "loong64", ""},
};

static void normalise(struct platform *p)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(aliases); i++)
        if (wh_streq(aliases[i].name, p->architecture)) {
            p->architecture = aliases[i].architecture;
            if (!*p->variant)
                p->variant = aliases[i].variant;
            break;
        }
    if (wh_streq(p->architecture, "arm64") && (wh_streq(p->variant, "v8") || wh_streq(p->variant, "8")))
        p->variant = "";
    if (wh_streq(p->architecture, "amd64") && wh_streq(p->variant, "v1"))
        p->variant = "";
    if (wh_streq(p->architecture, "arm") && !*p->variant)
        p->variant = "v7";
}

int platform_host(struct wh_arena *a, struct platform *ret, struct wh_err *err)
{
    struct utsname u;
    if (uname(&u) < 0)
        return wh_fail(err, errno, "uname");
    *ret = (struct platform){.os = "linux", .architecture = wh_arena_strdup(a, u.machine), .variant = ""};
    if (!ret->architecture)
        return wh_fail(err, ENOMEM, "platform");
    normalise(ret);
    return 0;
}

static bool is_part(const char *s)
{
    size_t n = 0;
    for (; s[n]; n++)
        if (!isalnum((unsigned char)s[n]) && !strchr("_.-", s[n]))
            return false;
    return n > 0;
}

int platform_parse(struct wh_arena *a, const char *text, struct platform *ret, struct wh_err *err)
{
    char *parts[3] = {NULL}, *save = NULL, *copy = wh_arena_strdup(a, text);
    size_t n = 0;
    if (!copy)
        return wh_fail(err, ENOMEM, "platform");
    for (char *s = strtok_r(copy, "/", &save); s; s = strtok_r(NULL, "/", &save)) {
        if (n == WH_ARRAY_LEN(parts) || !is_part(s))
            return wh_fail(err, WH_E_USAGE, "\"%s\" is not a platform (os/architecture/variant)", text);
        parts[n++] = s;
    }
    if (!n)
        return wh_fail(err, WH_E_USAGE, "\"%s\" is not a platform (os/architecture/variant)", text);
    *ret = (struct platform){.os = "linux", .architecture = parts[0], .variant = ""};
    if (n > 1) {
        ret->os = parts[0];
        ret->architecture = parts[1];
    }
    if (n > 2)
        ret->variant = parts[2];
    if (n == 1 && wh_streq(parts[0], "linux"))
        return platform_host(a, ret, err);
    normalise(ret);
    return 0;
}

/* "v7" is 7; no variant is the architecture's base: 8 for arm64, 1 for amd64. */
static int level(const struct platform *p)
{
    if (*p->variant == 'v' && isdigit((unsigned char)p->variant[1]))
        return p->variant[1] - '0';
    if (wh_streq(p->architecture, "arm64"))
        return 8;
    return wh_streq(p->architecture, "amd64") ? 1 : 0;
}

#define RANK_SAME_ARCHITECTURE 100
#define RANK_ARM_ON_ARM64      1

int platform_rank(const struct platform *want, const struct platform *have_raw)
{
    struct platform have = *have_raw;
    normalise(&have);
    if (!wh_streq(want->os, have.os))
        return 0;
    if (wh_streq(want->architecture, have.architecture))
        return level(&have) <= level(want) ? RANK_SAME_ARCHITECTURE + level(&have) : 0;
    if (wh_streq(want->architecture, "arm64") && wh_streq(have.architecture, "arm"))
        return RANK_ARM_ON_ARM64 + level(&have);
    return 0;
}

const char *platform_text(struct wh_arena *a, const struct platform *p)
{
    return wh_arena_fmt(a, "%s/%s%s%s", p->os, p->architecture, *p->variant ? "/" : "", p->variant);
}

bool wh_image_is_for(struct wh_arena *a, const struct wh_image *image, const char *platform)
{
    const struct platform have = {image->os, image->architecture, image->variant ? image->variant : ""};
    wh_auto_err ignored = {0};
    struct platform want;
    if (platform_parse(a, platform, &want, &ignored) < 0)
        return false;
    return !*image->architecture || platform_rank(&want, &have) > 0; /* some images do not say */
}
