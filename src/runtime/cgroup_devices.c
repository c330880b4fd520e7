/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device access: Docker's default list and the spec's additions, as a small program on the cgroup's folder in the
 * unified tree (works on hybrid hosts too, and costs no v1 attach), or as devices.allow lines on a v1-only host.
 */
#include "cgroup.h"

#include "whale/sys/bpf.h"
#include "whale/util/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define ANY         (-1)
#define MAX_RULES   1024
#define MAX_FOLDERS 8

struct rule {
    char type; /* a, b, c */
    int64_t major, minor;
    uint32_t access; /* BPF_DEVCG_ACC_* */
};

#define RWM (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD)

static const struct rule default_rules[] = {
    {'c', ANY, ANY, BPF_DEVCG_ACC_MKNOD},
    {'b', ANY, ANY, BPF_DEVCG_ACC_MKNOD},
    {'c', 1, 3, RWM},     /* null */
    {'c', 1, 5, RWM},     /* zero */
    {'c', 1, 7, RWM},     /* full */
    {'c', 1, 8, RWM},     /* random */
    {'c', 1, 9, RWM},     /* urandom */
    {'c', 5, 0, RWM},     /* tty */
    {'c', 5, 1, RWM},     /* console */
    {'c', 5, 2, RWM},     /* ptmx */
    {'c', 136, ANY, RWM}, /* pts */
};

/* ---- rules as text ---------------------------------------------------------------------------------------------- */

static bool parse_access(const char *text, uint32_t *ret)
{
    static const char letters[] = "mrw"; /* in the order of the BPF_DEVCG_ACC_ bits */
    *ret = 0;
    for (; *text; text++) {
        const char *at = strchr(letters, *text);
        if (!at)
            return false;
        *ret |= 1u << (at - letters);
    }
    return *ret != 0;
}

static bool parse_number(const char *text, int64_t *ret)
{
    char *end;
    if (strcmp(text, "*") == 0) {
        *ret = ANY;
        return true;
    }
    *ret = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *ret <= UINT32_MAX;
}

static bool parse_rule(const char *text, struct rule *ret)
{
    char major[16], minor[16], access[8], rest;
    if (strcmp(text, "a") == 0) {
        *ret = (struct rule){'a', ANY, ANY, RWM};
        return true;
    }
    return sscanf(text, "%c %15[^:]:%15s %7s %c", &ret->type, major, minor, access, &rest) == 4 &&
           strchr("abc", ret->type) && parse_number(major, &ret->major) && parse_number(minor, &ret->minor) &&
           parse_access(access, &ret->access);
}

bool wh_runtime_device_rule_is_valid(const char *rule)
{
    struct rule parsed;
    return parse_rule(rule, &parsed);
}

/* ---- the list of one container ---------------------------------------------------------------------------------- */

struct rules {
    struct rule items[MAX_RULES];
    size_t n;
};

static void add(struct rules *r, const struct rule *rule)
{
    if (r->n < MAX_RULES)
        r->items[r->n++] = *rule;
}

static void add_node(struct rules *r, const struct stat *st, const char *permissions)
{
    struct rule rule = {
        .type = S_ISBLK(st->st_mode) ? 'b' : 'c', .major = major(st->st_rdev), .minor = minor(st->st_rdev)};
    if (!S_ISCHR(st->st_mode) && !S_ISBLK(st->st_mode))
        return;
    if (!permissions || !parse_access(permissions, &rule.access))
        rule.access = RWM;
    add(r, &rule);
}

/* A folder means every node in it, at any depth; a path that is missing fails later, in the child. */
static void add_device_path(struct rules *r, const char *path, const char *permissions, int depth)
{
    struct stat st;
    if ((depth ? lstat(path, &st) : stat(path, &st)) < 0)
        return;
    if (!S_ISDIR(st.st_mode)) {
        add_node(r, &st, permissions);
        return;
    }
    wh_auto_dir dir = depth < MAX_FOLDERS ? opendir(path) : NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        wh_auto_free char *child = e->d_name[0] == '.' ? NULL : wh_fmt("%s/%s", path, e->d_name);
        if (child)
            add_device_path(r, child, permissions, depth + 1);
    }
}

static int collect(const struct wh_resources *res, struct rules *r, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(default_rules); i++)
        add(r, &default_rules[i]);
    for (size_t i = 0; i < res->n_devices; i++)
        add_device_path(r, res->devices[i].host_path, res->devices[i].permissions, 0);
    for (size_t i = 0; i < res->n_device_rules; i++) {
        struct rule rule;
        if (!parse_rule(res->device_rules[i], &rule))
            return wh_fail(err, WH_E_INVALID, "device_cgroup_rules: \"%s\" is no rule", res->device_rules[i]);
        add(r, &rule);
    }
    return 0;
}

/* ---- as a program ----------------------------------------------------------------------------------------------- */

#define INSN(c, dst, src, o, i)                                                                                        \
    ((struct bpf_insn){.code = (c), .dst_reg = (dst), .src_reg = (src), .off = (int16_t)(o), .imm = (i)})
#define LOAD_WORD(dst, offset)        INSN(BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, offset, 0)
#define MOVE(dst, src)                INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define MOVE_IMM(dst, value)          INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define AND_IMM(dst, value)           INSN(BPF_ALU64 | BPF_AND | BPF_K, dst, 0, 0, value)
#define SHIFT_RIGHT(dst, bits)        INSN(BPF_ALU64 | BPF_RSH | BPF_K, dst, 0, 0, bits)
#define JUMP_UNLESS(dst, value, skip) INSN(BPF_JMP | BPF_JNE | BPF_K, dst, 0, skip, (int32_t)(value))
#define EXIT                          INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#define RULE_INSNS 8

/* Registers: 2 = type, 3 = wanted access, 4 = major, 5 = minor. A rule that does not match jumps behind itself. */
static size_t put_rule(struct bpf_insn *out, const struct rule *r)
{
    size_t tests = (size_t)(r->type != 'a') + (r->major != ANY) + (r->minor != ANY), n = 0;
    size_t total = tests + 3 + 2; /* access takes three, allowing takes two */
    if (r->type != 'a')
        out[n] = JUMP_UNLESS(BPF_REG_2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, total - n - 1), n++;
    if (r->major != ANY)
        out[n] = JUMP_UNLESS(BPF_REG_4, r->major, total - n - 1), n++;
    if (r->minor != ANY)
        out[n] = JUMP_UNLESS(BPF_REG_5, r->minor, total - n - 1), n++;
    out[n++] = MOVE(BPF_REG_1, BPF_REG_3);
    out[n++] = AND_IMM(BPF_REG_1, (int32_t)(~r->access & RWM));
    out[n] = JUMP_UNLESS(BPF_REG_1, 0, total - n - 1), n++;
    out[n++] = MOVE_IMM(BPF_REG_0, 1);
    out[n++] = EXIT;
    return n;
}

static int load_program(const struct rules *r)
{
    size_t n = 0;
    wh_auto_free struct bpf_insn *p = calloc(r->n * RULE_INSNS + 8, sizeof(*p));
    if (!p)
        return -1;
    p[n++] = LOAD_WORD(BPF_REG_2, 0);
    p[n++] = MOVE(BPF_REG_3, BPF_REG_2);
    p[n++] = AND_IMM(BPF_REG_2, 0xffff);
    p[n++] = SHIFT_RIGHT(BPF_REG_3, 16);
    p[n++] = LOAD_WORD(BPF_REG_4, 4);
    p[n++] = LOAD_WORD(BPF_REG_5, 8);
    for (size_t i = 0; i < r->n; i++)
        n += put_rule(p + n, &r->items[i]);
    p[n++] = MOVE_IMM(BPF_REG_0, 0);
    p[n++] = EXIT;
    return wh_sys_bpf_load_device(p, n);
}

/* Nearly all containers have the default list: its program is loaded once (0.15 ms each otherwise) and shared. */
static int attach_default(const struct wh_cgroup *cg, const struct rules *r)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static int program = -1;
    pthread_mutex_lock(&lock);
    if (program < 0)
        program = load_program(r);
    int result = program < 0 ? -1 : wh_sys_bpf_attach_device(cg->dir_fd, program);
    pthread_mutex_unlock(&lock);
    return result;
}

static int attach_program(const struct wh_cgroup *cg, const struct rules *r)
{
    if (r->n == WH_ARRAY_LEN(default_rules))
        return attach_default(cg, r);
    wh_auto_fd program = load_program(r);
    return program < 0 ? -1 : wh_sys_bpf_attach_device(cg->dir_fd, program);
}

/* ---- as lines of v1 --------------------------------------------------------------------------------------------- */

static int write_line(const struct wh_cgroup *cg, const char *file, const char *line)
{
    wh_auto_fd fd = wh_cgroup_open_file(cg, WH_CTL_DEVICES, file, O_WRONLY);
    return fd >= 0 && write(fd, line, strlen(line)) > 0 ? 0 : -1;
}

static int write_v1(const struct wh_cgroup *cg, const struct rules *r)
{
    if (write_line(cg, "devices.deny", "a") < 0)
        return -1;
    for (size_t i = 0; i < r->n; i++) {
        const struct rule *rule = &r->items[i];
        char major[24] = "*", minor[24] = "*", line[96];
        if (rule->major != ANY)
            snprintf(major, sizeof(major), "%lld", (long long)rule->major);
        if (rule->minor != ANY)
            snprintf(minor, sizeof(minor), "%lld", (long long)rule->minor);
        snprintf(line, sizeof(line), "%c %s:%s %s%s%s", rule->type, major, minor,
                 rule->access & BPF_DEVCG_ACC_READ ? "r" : "", rule->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
                 rule->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
        if (write_line(cg, "devices.allow", line) < 0)
            return -1;
    }
    return 0;
}

int wh_cgroup_set_devices(const struct wh_cgroup *cg, const struct wh_resources *res, struct wh_err *err)
{
    if (res->all_devices || cg->layout->mode == WH_CGROUP_NONE)
        return 0;
    wh_auto_free struct rules *r = calloc(1, sizeof(*r));
    if (!r)
        return wh_fail(err, ENOMEM, "device rules");
    if (collect(res, r, err) < 0)
        return -1;
    int done = cg->dir_fd >= 0 ? attach_program(cg, r) : write_v1(cg, r);
    return done < 0 ? wh_fail(err, errno, "restrict devices") : 0;
}
