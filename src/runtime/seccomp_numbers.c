/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unconditional part of a filter as a search tree: for each architecture the numbers' ranges, one comparison for
 * each end of a range. Only instructions that the kernel follows when it works out which calls are always allowed
 * (seccomp_is_const_allow, 5.11): for those it does not run the program at all.
 */
#include "seccomp_rules.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EDGES 200 /* jumps reach 255 instructions */

/* libseccomp's names of what the filter lets in, and the kernel's. */
static const struct {
    uint32_t scmp, audit;
} machines[] = {
#ifdef __x86_64__
    {SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64},
    {SCMP_ARCH_X32, AUDIT_ARCH_X86_64},
    {SCMP_ARCH_X86, AUDIT_ARCH_I386},
#else
    {SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64},
    {SCMP_ARCH_ARM, AUDIT_ARCH_ARM},
#endif
};

#ifdef __x86_64__
/* i386 has these calls twice: through socketcall and ipc, which is all that libseccomp tells, and by themselves. */
static const struct {
    const char *name;
    uint32_t number;
} i386_own[] = {
    {"recvmmsg", 337},    {"sendmmsg", 345},    {"socket", 359},  {"socketpair", 360}, {"bind", 361},
    {"connect", 362},     {"listen", 363},      {"accept4", 364}, {"getsockopt", 365}, {"setsockopt", 366},
    {"getsockname", 367}, {"getpeername", 368}, {"sendto", 369},  {"sendmsg", 370},    {"recvfrom", 371},
    {"recvmsg", 372},     {"shutdown", 373},    {"semget", 393},  {"semctl", 394},     {"shmget", 395},
    {"shmctl", 396},      {"shmat", 397},       {"shmdt", 398},   {"msgget", 399},     {"msgsnd", 400},
    {"msgrcv", 401},      {"msgctl", 402},
};
#endif

static void add_one(struct seccomp_rules *rules, uint32_t arch, uint32_t number)
{
    struct seccomp_number *slot = wh_vec_push(&rules->numbers);
    if (slot)
        *slot = (struct seccomp_number){arch, number};
}

void wh_seccomp_add_numbers(struct seccomp_rules *rules, const char *name)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(machines); i++) {
        int nr = seccomp_syscall_resolve_name_arch(machines[i].scmp, name);
        if (nr >= 0)
            add_one(rules, machines[i].audit, (uint32_t)nr);
    }
#ifdef __x86_64__
    for (size_t i = 0; i < WH_ARRAY_LEN(i386_own); i++)
        if (!strcmp(i386_own[i].name, name))
            add_one(rules, AUDIT_ARCH_I386, i386_own[i].number);
#endif
}

static int compare_numbers(const void *a, const void *b)
{
    const struct seccomp_number *x = a, *y = b;
    if (x->arch != y->arch)
        return x->arch < y->arch ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* Where the answer changes: first number of a range, first number behind it, and so on. */
struct edges {
    uint32_t at[MAX_EDGES];
    size_t n;
};

/* Numbers come in order. False: there is no room. */
static bool add_number(struct edges *e, uint32_t number)
{
    if (e->n && number < e->at[e->n - 1])
        return true; /* twice */
    if (e->n && number == e->at[e->n - 1]) {
        e->at[e->n - 1]++;
        return true;
    }
    if (e->n == MAX_EDGES)
        return false;
    e->at[e->n++] = number;
    e->at[e->n++] = number + 1;
    return true;
}

/* Offset of a jump from the instruction behind `at`, which decides between the edges [from, to): to its root, or, when
 * there is none, to one of the two leaves behind the tree. Between edges 2i and 2i+1 calls are allowed. */
static uint8_t target(const struct edges *e, size_t at, size_t from, size_t to, size_t root)
{
    size_t leaf = e->n + (from % 2 ? 0 : 1);
    return (uint8_t)((from < to ? root : leaf) - at - 1);
}

static void emit_tree(struct wh_str *out, const struct edges *e, size_t at, size_t from, size_t to)
{
    if (from == to)
        return;
    size_t middle = (from + to) / 2, right = at + 1 + middle - from;
    wh_seccomp_emit(out, BPF_JMP | BPF_JGE | BPF_K, e->at[middle], target(e, at, middle + 1, to, right),
                    target(e, at, from, middle, at + 1));
    emit_tree(out, e, at + 1, from, middle);
    emit_tree(out, e, right, middle + 1, to);
}

/* Of one architecture: a tree, "allow", and the way on. */
static void emit_ranges(struct wh_str *out, uint32_t arch, const struct edges *e)
{
    wh_seccomp_emit(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    wh_seccomp_emit(out, BPF_JMP | BPF_JEQ | BPF_K, arch, 0, (uint8_t)(e->n + 2));
    wh_seccomp_emit(out, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    emit_tree(out, e, 0, 0, e->n);
    wh_seccomp_emit(out, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

void wh_seccomp_emit_numbers(struct wh_str *out, struct seccomp_rules *rules)
{
    const struct seccomp_number *all = rules->numbers.items;
    size_t n = rules->numbers.len;
    if (n)
        qsort(rules->numbers.items, n, sizeof(*all), compare_numbers);
    for (size_t i = 0; i < n;) {
        struct edges e = {.n = 0};
        uint32_t arch = all[i].arch;
        while (i < n && all[i].arch == arch && add_number(&e, all[i].number))
            i++;
        emit_ranges(out, arch, &e);
    }
}
