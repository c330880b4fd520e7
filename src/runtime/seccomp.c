/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seccomp programs: compiled once by libseccomp, put behind a few instructions of our own, kept in memory for the life
 * of the supervisor and on disk for the next one. Loading a finished program takes 0.3 ms, making it 10.
 */
#include "seccomp.h"

#include "seccomp_rules.h"

#include "whale/codec/digest.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/str.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_PROFILE   ((size_t)4 << 20)
#define CACHE_VERSION "3"
#define FIRST_YOUNG   451
#define X32_BIT       0x40000000u
#define REFUSE(error) (SECCOMP_RET_ERRNO | (error))

/* socket(2) of each architecture that the filter lets in. */
static const struct {
    uint32_t arch, number;
} sockets[] = {
#ifdef __x86_64__
    {AUDIT_ARCH_X86_64, 41},
    {AUDIT_ARCH_I386, 359},
#else
    {AUDIT_ARCH_AARCH64, 198},
    {AUDIT_ARCH_ARM, 281},
#endif
};

struct cached {
    struct cached *next;
    bool is_default; /* of these capabilities: found without a key */
    uint64_t caps;
    char key[WH_SHA256_HEX];
    struct wh_bpf bpf;
};

void wh_seccomp_emit(struct wh_str *out, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    struct sock_filter f = {.code = code, .jt = jt, .jf = jf, .k = k};
    wh_str_addn(out, &f, sizeof(f));
}

static void emit_load(struct wh_str *out, size_t offset)
{
    wh_seccomp_emit(out, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void emit_load_number(struct wh_str *out)
{
    emit_load(out, offsetof(struct seccomp_data, nr));
    wh_seccomp_emit(out, BPF_ALU | BPF_AND | BPF_K, ~X32_BIT, 0, 0);
}

/* socket(38 or 40, ...) of one architecture: nine instructions, left at their end when anything else is asked for. */
static void emit_socket_block(struct wh_str *out, uint32_t arch, uint32_t number)
{
    emit_load(out, offsetof(struct seccomp_data, arch));
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, arch, 0, 7);
    emit_load_number(out);
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4);
    emit_load(out, offsetof(struct seccomp_data, args)); /* low half: both machines are little-endian */
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, 38, 1, 0);
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, 40, 0, 1);
    wh_seccomp_emit(out, BPF_RET | BPF_K, REFUSE(EPERM), 0, 0);
}

/* The calls younger than libseccomp, decided apart from the rest. The kernel runs the filter once for every number when
 * it is loaded, so the common numbers take one comparison here. 32-bit ARM has calls of its own far above them: left
 * out. */
static void emit_young(struct wh_str *out, const struct seccomp_rules *rules)
{
    uint8_t n = (uint8_t)(2 * rules->n_young + 2);
    emit_load_number(out);
    wh_seccomp_emit(out, BPF_JMP | BPF_JGE | BPF_K, FIRST_YOUNG, 0, (uint8_t)(n + 4));
    emit_load(out, offsetof(struct seccomp_data, arch));
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_ARM, (uint8_t)(n + 2), 0);
    emit_load_number(out);
    for (size_t i = 0; i < rules->n_young; i++) {
        wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rules->young[i], 0, 1);
        wh_seccomp_emit(out, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    }
    wh_seccomp_emit(out, BPF_JMP | BPF_JGT | BPF_K, SECCOMP_LAST_KNOWN, 0, 1);
    wh_seccomp_emit(out, BPF_RET | BPF_K, REFUSE(ENOSYS), 0, 0);
}

static void emit_prefix(struct wh_str *out, struct seccomp_rules *rules)
{
    emit_young(out, rules);
    for (size_t i = 0; i < WH_ARRAY_LEN(sockets) && rules->deny_alg_and_vsock; i++)
        emit_socket_block(out, sockets[i].arch, sockets[i].number);
    wh_seccomp_emit_numbers(out, rules);
}

/* A profile that lets through what it does not name must not have new calls refused in front of it. */
static bool wants_prefix(scmp_filter_ctx ctx)
{
    uint32_t action = 0;
    return seccomp_attr_get(ctx, SCMP_FLTATR_ACT_DEFAULT, &action) == 0 && (action & 0xffff0000u) == SECCOMP_RET_ERRNO;
}

static int export_program(struct seccomp_rules *rules, struct wh_str *out, struct wh_err *err)
{
    wh_auto_fd fd = memfd_create("seccomp", MFD_CLOEXEC);
    seccomp_attr_set(rules->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (fd < 0)
        return wh_fail(err, errno, "seccomp");
    int ret = seccomp_export_bpf(rules->ctx, fd);
    if (ret < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return wh_fail(err, ret < 0 ? -ret : errno, "seccomp: compile");
    if (wants_prefix(rules->ctx))
        emit_prefix(out, rules);
    wh_auto_str body = {0};
    if (wh_fd_read_all(fd, (size_t)BPF_MAXINSNS * sizeof(struct sock_filter), &body, err) < 0)
        return wh_wrap(err, "seccomp");
    wh_str_addn(out, body.data, body.len);
    return out->failed || rules->numbers.failed ? wh_fail(err, ENOMEM, "seccomp") : 0;
}

static int build(struct seccomp_rules *rules, const char *profile_text, const char *name, uint64_t caps,
                 struct wh_err *err)
{
    wh_auto_arena arena = {0};
    struct wh_node *profile;
    if (!profile_text)
        return wh_seccomp_build_default(rules, caps, err);
    if (wh_json_parse(&arena, profile_text, strlen(profile_text), name, &profile, err) < 0)
        return -1;
    return wh_seccomp_build_profile(rules, profile, caps, err);
}

static int compile(const char *profile_text, const char *name, uint64_t caps, struct wh_str *out, struct wh_err *err)
{
    struct seccomp_rules rules = {.numbers = WH_VEC(struct seccomp_number)};
    int ret = build(&rules, profile_text, name, caps, err);
    if (ret == 0)
        ret = export_program(&rules, out, err);
    if (rules.ctx)
        seccomp_release(rules.ctx);
    wh_vec_fini(&rules.numbers);
    return ret;
}

/* What the program depends on: our tables by their text, the library, the machine, the kernel (minKernel conditions).
 */
static void make_key(const char *profile_text, uint64_t caps, char ret[WH_SHA256_HEX])
{
    struct wh_sha256 h;
    struct utsname kernel;
    char head[256];
    const struct scmp_version *v = seccomp_version();
    snprintf(head, sizeof(head), CACHE_VERSION " %u.%u.%u %x %llx %d %s ", v->major, v->minor, v->micro,
             seccomp_arch_native(), (unsigned long long)caps, SECCOMP_LAST_KNOWN,
             uname(&kernel) == 0 ? kernel.release : "");
    wh_sha256_init(&h);
    wh_sha256_add(&h, head, strlen(head));
    for (size_t i = 0; !profile_text && wh_seccomp_allowed[i]; i++)
        wh_sha256_add(&h, wh_seccomp_allowed[i], strlen(wh_seccomp_allowed[i]) + 1);
    if (profile_text)
        wh_sha256_add(&h, profile_text, strlen(profile_text));
    wh_sha256_hex(&h, ret);
}

/* Program, then its SHA-256: a file cut short by a power failure is made again. */
static bool load_cached(const char *path, struct wh_str *out)
{
    char sum[WH_SHA256_HEX];
    wh_auto_str file = {0};
    if (wh_file_read(path, (size_t)BPF_MAXINSNS * sizeof(struct sock_filter) + WH_SHA256_HEX, &file, NULL) < 0 ||
        file.len <= WH_SHA256_HEX - 1)
        return false;
    size_t len = file.len - (WH_SHA256_HEX - 1);
    wh_sha256_of(file.data, len, sum);
    if (memcmp(sum, file.data + len, WH_SHA256_HEX - 1) != 0 || len % sizeof(struct sock_filter))
        return false;
    return wh_str_addn(out, file.data, len) == 0;
}

/* The cache saves time only: a failure to write it is none of the start's. */
static void store_cached(const char *path, const struct wh_str *program)
{
    char sum[WH_SHA256_HEX];
    wh_auto_str file = {0};
    wh_sha256_of(program->data, program->len, sum);
    wh_str_addn(&file, program->data, program->len);
    wh_str_add(&file, sum);
    if (!file.failed)
        wh_file_replace(path, file.data, file.len, 0600, WH_SYNC_NONE, NULL);
}

static int make_program(const char *key, const char *profile_text, const char *name, uint64_t caps,
                        const char *cache_dir, struct wh_str *out, struct wh_err *err)
{
    wh_auto_free char *path = cache_dir ? wh_fmt("%s/seccomp-%.32s.bpf", cache_dir, key) : NULL;
    if (path && load_cached(path, out))
        return 0;
    wh_str_clear(out);
    if (compile(profile_text, name, caps, out, err) < 0)
        return -1;
    if (path && wh_mkdir_p(cache_dir, 0700, NULL) == 0)
        store_cached(path, out);
    return 0;
}

static struct cached *add_to_cache(struct cached **list, const char *key, struct wh_str *take_program)
{
    struct cached *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    snprintf(c->key, sizeof(c->key), "%s", key);
    c->bpf.n = take_program->len / sizeof(struct sock_filter);
    c->bpf.filters = wh_str_take(take_program);
    c->next = *list;
    *list = c;
    return c;
}

static int get_locked(const char *profile_text, const char *name, uint64_t caps, const char *cache_dir,
                      const struct wh_bpf **ret, struct wh_err *err)
{
    static struct cached *list;
    char key[WH_SHA256_HEX] = "";
    if (profile_text)
        make_key(profile_text, caps, key);
    for (struct cached *c = list; c; c = c->next) {
        if (profile_text ? !strcmp(c->key, key) : c->is_default && c->caps == caps) {
            *ret = &c->bpf;
            return 0;
        }
    }
    if (!profile_text)
        make_key(NULL, caps, key);
    wh_auto_str program = {0};
    if (make_program(key, profile_text, name, caps, cache_dir, &program, err) < 0)
        return -1;
    if (program.len / sizeof(struct sock_filter) > BPF_MAXINSNS)
        return wh_fail(err, WH_E_LIMIT, "the filter has more than %d instructions", BPF_MAXINSNS);
    struct cached *c = add_to_cache(&list, key, &program);
    if (!c)
        return wh_fail(err, ENOMEM, "seccomp");
    c->is_default = !profile_text;
    c->caps = caps;
    *ret = &c->bpf;
    return 0;
}

int wh_seccomp_get(const char *profile_path, uint64_t caps, const char *cache_dir, const struct wh_bpf **ret,
                   struct wh_err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    wh_auto_str text = {0};
    if (profile_path && wh_file_read(profile_path, MAX_PROFILE, &text, err) < 0)
        return wh_wrap(err, "seccomp profile \"%s\"", profile_path);
    pthread_mutex_lock(&lock);
    int r = get_locked(profile_path ? wh_str_c(&text) : NULL, profile_path, caps, cache_dir, ret, err);
    pthread_mutex_unlock(&lock);
    return r < 0 && profile_path ? wh_wrap(err, "seccomp profile \"%s\"", profile_path) : r;
}
