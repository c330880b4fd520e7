/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a container runs as, from the image's own passwd and group files, which are an attacker's: they are opened inside
 * the root, must be regular files of bounded size, and are read line by line without allocation. No NSS
 * (CVE-2019-14271).
 *
 * Docker's rules: a user that passwd knows (by name, or by number) gets passwd's group and the groups that list it; an
 * unknown number gets group 0 and home "/"; "user:group" has that group only; extra groups are added to any of them.
 * Different from Docker, because of CVE-2016-3697, 2024-40635 and 2026-46680: text of digits only is never a name.
 */
#include "user.h"

#include "inroot.h"

#include "whale/util/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE (1 << 20)
#define MAX_LINE (64 << 10)
#define MAX_ID   4294967294u

struct lines {
    int fd;
    size_t total;
    size_t start, end; /* unread bytes of buf */
    char buf[MAX_LINE];
};

/* Plain decimal, no sign, no leading zero, at most MAX_ID. */
static int parse_id(const char *text, uint32_t *ret)
{
    size_t len = strlen(text);
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len || (text[0] == '0' && len > 1))
        return -1;
    unsigned long long value = strtoull(text, NULL, 10);
    if (value > MAX_ID)
        return -1;
    *ret = (uint32_t)value;
    return 0;
}

static bool is_number(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text);
}

/* 0, 1 when the file is absent, -1 with errno. */
static int open_lines(int root_fd, const char *path, struct lines *l)
{
    struct stat st;
    l->fd = wh_inroot_open(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    l->total = l->start = l->end = 0;
    if (l->fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? 1 : -1;
    if (fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= MAX_FILE)
        return 0;
    errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    wh_close(&l->fd);
    return -1;
}

/* 1 and a NUL-terminated line inside buf; 0 at the end; -1 with errno (a line or file too long). */
static int next_line(struct lines *l, char **ret)
{
    for (;;) {
        char *newline = memchr(l->buf + l->start, '\n', l->end - l->start);
        if (newline) {
            *newline = '\0';
            *ret = l->buf + l->start;
            l->start = (size_t)(newline - l->buf) + 1;
            return 1;
        }
        memmove(l->buf, l->buf + l->start, l->end - l->start);
        l->end -= l->start;
        l->start = 0;
        errno = EFBIG;
        if (l->end >= sizeof(l->buf) - 1 || l->total > MAX_FILE)
            return -1;
        ssize_t n = read(l->fd, l->buf + l->end, sizeof(l->buf) - 1 - l->end);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        l->end += (size_t)n;
        l->total += (size_t)n;
    }
    if (l->start == l->end)
        return 0;
    l->buf[l->end] = '\0';
    *ret = l->buf + l->start;
    l->start = l->end;
    return 1;
}

/* Cuts at ':' in place; missing fields are "". */
static void split_fields(char *line, char **fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *end = strchr(line, ':');
        fields[i] = line;
        if (!end) {
            while (++i < n)
                fields[i] = line + strlen(line);
            return;
        }
        *end = '\0';
        line = end + 1;
    }
}

struct account {
    bool found;
    char name[256];
    uint32_t uid, gid;
    char home[256];
};

/* The entry for wanted: the first whose name, or number if it is one, is equal. */
static bool match_account(char *line, const char *wanted, bool by_number, struct account *ret)
{
    char *f[7];
    uint32_t uid, gid, number = 0;
    split_fields(line, f, 7);
    if (parse_id(f[2], &uid) < 0 || parse_id(f[3], &gid) < 0)
        return false;
    if (by_number ? parse_id(wanted, &number) < 0 || uid != number : strcmp(f[0], wanted) != 0)
        return false;
    if (strlen(f[0]) >= sizeof(ret->name))
        return false;
    *ret = (struct account){.found = true, .uid = uid, .gid = gid};
    snprintf(ret->name, sizeof(ret->name), "%s", f[0]);
    bool usable = f[5][0] == '/' && strlen(f[5]) < sizeof(ret->home);
    snprintf(ret->home, sizeof(ret->home), "%s", usable ? f[5] : "/");
    return true;
}

static int find_account(struct wh_report *r, int root_fd, const char *wanted, struct account *ret)
{
    struct lines l;
    char *line;
    *ret = (struct account){.home = "/"};
    int state = open_lines(root_fd, "etc/passwd", &l);
    if (state < 0)
        return wh_report_fail(r, "user \"%s\": the image's /etc/passwd", wanted);
    if (state > 0)
        return 0;
    bool by_number = is_number(wanted);
    while ((state = next_line(&l, &line)) > 0) {
        if (match_account(line, wanted, by_number, ret))
            break;
    }
    int error = errno;
    wh_close(&l.fd);
    errno = error;
    return state < 0 ? wh_report_fail(r, "user \"%s\": the image's /etc/passwd", wanted) : 0;
}

/* Called with each line of the group file; > 0 ends the walk. */
typedef int (*group_fn)(void *arg, const char *name, uint32_t gid, char *members);

static int walk_groups(struct wh_report *r, int root_fd, group_fn fn, void *arg)
{
    struct lines l;
    char *line;
    int state = open_lines(root_fd, "etc/group", &l);
    if (state < 0)
        return wh_report_fail(r, "the image's /etc/group");
    if (state > 0)
        return 0;
    while ((state = next_line(&l, &line)) > 0) {
        char *f[4];
        uint32_t gid;
        split_fields(line, f, 4);
        if (parse_id(f[2], &gid) == 0 && fn(arg, f[0], gid, f[3]) > 0)
            break;
    }
    int error = errno;
    wh_close(&l.fd);
    errno = error;
    return state < 0 ? wh_report_fail(r, "the image's /etc/group") : 0;
}

static int add_group(struct wh_user *u, uint32_t gid)
{
    for (size_t i = 0; i < u->n_groups; i++) {
        if (u->groups[i] == gid)
            return 0;
    }
    if (u->n_groups == WH_ARRAY_LEN(u->groups))
        return -1;
    u->groups[u->n_groups++] = gid;
    return 0;
}

struct membership {
    const char *name;
    struct wh_user *user;
    bool full;
};

static bool is_member(char *members, const char *name)
{
    char *save = NULL;
    for (char *m = strtok_r(members, ",", &save); m; m = strtok_r(NULL, ",", &save)) {
        if (!strcmp(m, name))
            return true;
    }
    return false;
}

static int collect_membership(void *arg, const char *name, uint32_t gid, char *members)
{
    struct membership *m = arg;
    if (is_member(members, m->name) && add_group(m->user, gid) < 0)
        m->full = true;
    return m->full;
}

struct named_group {
    const char *name;
    bool found;
    uint32_t gid;
};

static int match_group(void *arg, const char *name, uint32_t gid, char *members)
{
    struct named_group *g = arg;
    if (strcmp(name, g->name) != 0)
        return 0;
    g->found = true;
    g->gid = gid;
    return 1;
}

static int resolve_group(struct wh_report *r, int root_fd, const char *text, gid_t *ret)
{
    struct named_group g = {.name = text};
    if (is_number(text)) {
        if (parse_id(text, ret) < 0)
            return wh_report_fail_as(r, 125, 0, "group \"%s\": a group id is 0 to %u", text, MAX_ID);
        return 0;
    }
    if (walk_groups(r, root_fd, match_group, &g) < 0)
        return wh_report_wrap(r, "group \"%s\"", text);
    if (!g.found)
        return wh_report_fail_as(r, 125, 0, "unable to find group %s: no matching entries in group file", text);
    *ret = g.gid;
    return 0;
}

static int set_identity(struct wh_report *r, const char *text, const struct account *account, struct wh_user *ret)
{
    *ret = (struct wh_user){.uid = account->uid, .gid = account->gid};
    snprintf(ret->home, sizeof(ret->home), "%s", account->home);
    if (account->found)
        return 0;
    if (is_number(text)) {
        if (parse_id(text, &ret->uid) < 0)
            return wh_report_fail_as(r, 125, 0, "user \"%s\": a user id is 0 to %u", text, MAX_ID);
        return 0;
    }
    return wh_report_fail_as(r, 125, 0, "unable to find user %s: no matching entries in passwd file", text);
}

static int add_own_groups(struct wh_report *r, int root_fd, const struct account *account, struct wh_user *ret)
{
    struct membership m = {.name = account->name, .user = ret};
    if (!account->found)
        return 0;
    if (walk_groups(r, root_fd, collect_membership, &m) < 0)
        return -1;
    return m.full ? wh_report_fail_as(r, 125, 0, "user \"%s\": member of more than %zu groups", account->name,
                                      WH_ARRAY_LEN(ret->groups))
                  : 0;
}

static int add_extra_groups(struct wh_report *r, int root_fd, const char *const *extra, struct wh_user *ret)
{
    for (; extra && *extra; extra++) {
        gid_t gid = (gid_t)-1;
        if (resolve_group(r, root_fd, *extra, &gid) < 0)
            return wh_report_in(r, "group_add/%s", *extra);
        if (add_group(ret, gid) < 0)
            return wh_report_fail_as(r, 125, 0, "more than %zu groups", WH_ARRAY_LEN(ret->groups));
    }
    return 0;
}

int wh_child_resolve_user(struct wh_report *r, int root_fd, const char *user, const char *const *extra_groups,
                          struct wh_user *ret)
{
    char name[256];
    struct account account;
    size_t len = user ? strcspn(user, ":") : 0;
    const char *group = user && user[len] == ':' ? user + len + 1 : "";
    if (len >= sizeof(name))
        return wh_report_fail_as(r, 125, 0, "user \"%s\": not a user", user);
    memcpy(name, len ? user : "0", len ? len : 1);
    name[len ? len : 1] = '\0';
    if (find_account(r, root_fd, name, &account) < 0 || set_identity(r, name, &account, ret) < 0)
        return -1;
    if (*group && resolve_group(r, root_fd, group, &ret->gid) < 0)
        return -1;
    add_group(ret, ret->gid);
    if (!*group && add_own_groups(r, root_fd, &account, ret) < 0)
        return -1;
    return add_extra_groups(r, root_fd, extra_groups, ret);
}

int wh_runtime_resolve_user(int root_fd, const char *user, const char *const *extra_groups, struct wh_user *ret,
                            struct wh_err *err)
{
    struct wh_report r = {0};
    if (wh_child_resolve_user(&r, root_fd, user, extra_groups, ret) == 0)
        return 0;
    return wh_fail(err, r.error ? r.error : WH_E_INVALID, "%s", r.text);
}
