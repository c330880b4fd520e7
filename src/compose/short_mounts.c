/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short forms of volumes and devices. */
#include "canonical.h"

#include "whale/util/file.h"
#include "whale/util/str.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

struct volume {
    const char *source, *target; /* NULL until seen */
    bool read_only, nocopy;
    const char *selinux, *propagation;
    const char *ignored; /* the first option nobody knows */
};

const char *wh_clean_target(struct wh_arena *a, const char *path)
{
    size_t len = strlen(path);
    bool plain = path[0] == '/' && (len == 1 || path[len - 1] != '/') && !strstr(path, "//") && !strstr(path, "/.");
    if (!*path || plain)
        return path;
    wh_auto_free char *clean = wh_path_clean(path);
    return clean ? wh_arena_strdup(a, clean) : NULL;
}

static void set_option(struct volume *v, const char *option)
{
    static const char *const propagations[] = {"rprivate", "private", "rshared", "shared", "rslave", "slave"};
    for (size_t i = 0; i < WH_ARRAY_LEN(propagations); i++) {
        if (wh_streq(option, propagations[i])) {
            v->propagation = propagations[i];
            return;
        }
    }
    if (wh_streq(option, "ro") || wh_streq(option, "rw"))
        v->read_only = option[1] == 'o';
    else if (wh_streq(option, "nocopy"))
        v->nocopy = true;
    else if (wh_streq(option, "z") || wh_streq(option, "Z"))
        v->selinux = option;
    else if (!v->ignored)
        v->ignored = option;
}

static void set_options(struct volume *v, char *text)
{
    char *rest = text;
    for (char *option = strsep(&rest, ","); option; option = strsep(&rest, ","))
        set_option(v, option);
}

/* One section between colons; last: the text ends after it. */
static int take_section(struct volume *v, char *section, bool last, struct wh_err *err)
{
    if (!*section)
        return wh_fail(err, WH_E_INVALID, "empty section between colons");
    if (!v->source && last)
        v->target = section;
    else if (!v->source)
        v->source = section;
    else if (!v->target)
        v->target = section;
    else if (!last)
        return wh_fail(err, WH_E_INVALID, "too many colons");
    else
        set_options(v, section);
    return 0;
}

/* Ends the section that starts at text: a colon outside ${...} that does not follow a single drive letter. */
static char *section_end(char *text)
{
    int depth = 0;
    for (char *p = text; *p; p++) {
        if (p[0] == '$' && p[1] == '{')
            depth++;
        else if (*p == '}' && depth > 0)
            depth--;
        else if (*p == ':' && depth == 0 && !(p == text + 1 && isalpha((unsigned char)*text)))
            return p;
    }
    return NULL;
}

static bool is_path(const char *source)
{
    if (!source)
        return false;
    return strchr("./~", source[0]) || wh_starts(source, "\\\\") ||
           (isalpha((unsigned char)source[0]) && source[1] == ':');
}

static struct wh_node *volume_node(struct wh_arena *a, const struct volume *v, const struct wh_mark *mark, bool bare)
{
    bool bind = is_path(v->source);
    struct wh_node *n = wh_node_map(a, mark), *bind_node = NULL, *volume_node = NULL;
    if (!n)
        return NULL;
    wh_node_put_str(a, n, "type", bind ? "bind" : "volume");
    wh_node_put_str(a, n, "source", v->source);
    wh_node_put_str(a, n, "target", wh_clean_target(a, v->target ? v->target : ""));
    if (v->read_only)
        wh_node_put_bool(a, n, "read_only", true);
    if (bind || v->selinux || v->propagation) {
        bind_node = wh_node_map(a, mark);
        wh_node_put(a, n, "bind", bind_node);
        wh_node_put_str(a, bind_node, "selinux", v->selinux);
        wh_node_put_str(a, bind_node, "propagation", v->propagation);
    }
    if (bind)
        wh_node_put_bool(a, bind_node, "create_host_path", true);
    if ((!bind && !bare) || v->nocopy) {
        volume_node = wh_node_map(a, mark);
        wh_node_put(a, n, "volume", volume_node);
    }
    if (v->nocopy)
        wh_node_put_bool(a, volume_node, "nocopy", true);
    for (size_t i = 0; i < n->map.len; i++)
        n->map.pairs[i].value->mark = *mark;
    return n;
}

struct wh_node *wh_short_volume(struct wh_arena *a, const char *text, const struct wh_mark *mark,
                                const char **ret_ignored, struct wh_err *err)
{
    struct volume v = {0};
    if (!*text) {
        wh_fail(err, WH_E_INVALID, "invalid empty volume spec");
        return NULL;
    }
    char *copy = wh_arena_strdup(a, text);
    bool bare = strlen(text) <= 2;
    if (bare)
        v.target = copy;
    for (char *at = bare ? NULL : copy; at;) {
        char *end = section_end(at);
        if (end)
            *end = '\0';
        if (take_section(&v, at, !end, err) < 0) {
            wh_wrap(err, "invalid spec: %s", text);
            return NULL;
        }
        at = end ? end + 1 : NULL;
    }
    *ret_ignored = v.ignored;
    struct wh_node *n = copy ? volume_node(a, &v, mark, bare) : NULL;
    if (!n)
        wh_fail(err, ENOMEM, "volumes");
    return n;
}

struct wh_node *wh_short_device(struct wh_arena *a, const char *text, const struct wh_mark *mark, struct wh_err *err)
{
    const char *parts[3] = {"", "", "rwm"};
    size_t n_parts = 0;
    char *rest = wh_arena_strdup(a, text);
    for (char *part = strsep(&rest, ":"); part; part = strsep(&rest, ":")) {
        if (n_parts == 3) {
            wh_fail(err, WH_E_INVALID, "confusing device mapping, please use long syntax: %s", text);
            return NULL;
        }
        parts[n_parts++] = part;
    }
    struct wh_node *n = wh_node_map(a, mark);
    if (!n) {
        wh_fail(err, ENOMEM, "devices");
        return NULL;
    }
    wh_node_put_str(a, n, "source", parts[0]);
    wh_node_put_str(a, n, "target", *parts[1] ? parts[1] : parts[0]);
    wh_node_put_str(a, n, "permissions", parts[2]);
    for (size_t i = 0; i < n->map.len; i++)
        n->map.pairs[i].value->mark = *mark;
    return n;
}
