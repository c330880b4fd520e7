/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The document tree: construction, lookup, editing, comparison. */
#include "whale/codec/node.h"

#include "whale/util/map.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Maps with fewer keys are searched linearly, which is faster than hashing. */
#define INDEX_MIN_KEYS 12

static struct wh_node *new_node(struct wh_arena *a, const struct wh_mark *mark, enum wh_node_kind kind)
{
    struct wh_node *n = wh_arena_new(a, struct wh_node);
    if (!n)
        return NULL;
    n->kind = kind;
    if (mark)
        n->mark = *mark;
    return n;
}

static struct wh_node *with_text(struct wh_arena *a, struct wh_node *n, const char *text)
{
    if (!n)
        return NULL;
    n->text_len = strlen(text);
    n->text = wh_arena_strndup(a, text, n->text_len);
    return n->text ? n : NULL;
}

struct wh_node *wh_node_null(struct wh_arena *a, const struct wh_mark *mark)
{
    return with_text(a, new_node(a, mark, WH_NODE_NULL), "");
}

struct wh_node *wh_node_bool(struct wh_arena *a, const struct wh_mark *mark, bool value)
{
    struct wh_node *n = with_text(a, new_node(a, mark, WH_NODE_BOOL), value ? "true" : "false");
    if (n)
        n->boolean = value;
    return n;
}

struct wh_node *wh_node_int(struct wh_arena *a, const struct wh_mark *mark, int64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    struct wh_node *n = with_text(a, new_node(a, mark, WH_NODE_INT), text);
    if (n)
        n->integer = value;
    return n;
}

struct wh_node *wh_node_float(struct wh_arena *a, const struct wh_mark *mark, double value)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    struct wh_node *n = with_text(a, new_node(a, mark, WH_NODE_FLOAT), text);
    if (n)
        n->real = value;
    return n;
}

struct wh_node *wh_node_str(struct wh_arena *a, const struct wh_mark *mark, const char *text)
{
    return with_text(a, new_node(a, mark, WH_NODE_STR), text);
}

struct wh_node *wh_node_seq(struct wh_arena *a, const struct wh_mark *mark)
{
    return new_node(a, mark, WH_NODE_SEQ);
}

struct wh_node *wh_node_map(struct wh_arena *a, const struct wh_mark *mark)
{
    return new_node(a, mark, WH_NODE_MAP);
}

struct wh_node *wh_node_clone(struct wh_arena *a, const struct wh_node *n)
{
    struct wh_node *copy = wh_arena_new(a, struct wh_node);
    if (!copy)
        return NULL;
    *copy = *n;
    if (n->kind == WH_NODE_SEQ) {
        memset(&copy->seq, 0, sizeof(copy->seq));
        for (size_t i = 0; i < n->seq.len; i++) {
            struct wh_node *item = wh_node_clone(a, n->seq.items[i]);
            if (!item || wh_node_push(a, copy, item) < 0)
                return NULL;
        }
    } else if (n->kind == WH_NODE_MAP) {
        memset(&copy->map, 0, sizeof(copy->map));
        for (size_t i = 0; i < n->map.len; i++) {
            const struct wh_pair *p = &n->map.pairs[i];
            struct wh_node *value = wh_node_clone(a, p->value);
            if (!value || wh_node_set(a, copy, p->key, &p->key_mark, value) < 0)
                return NULL;
        }
    }
    return copy;
}

/* Turns a fresh clone into an owner of all that it points to. Keys are its own already. */
static bool own_texts(struct wh_arena *a, struct wh_node *n)
{
    n->mark = (struct wh_mark){0};
    n->overrode = NULL;
    if (n->text)
        n->text = wh_arena_strndup(a, n->text, n->text_len);
    for (size_t i = 0; n->kind == WH_NODE_SEQ && i < n->seq.len; i++)
        if (!own_texts(a, n->seq.items[i]))
            return false;
    for (size_t i = 0; n->kind == WH_NODE_MAP && i < n->map.len; i++) {
        n->map.pairs[i].key_mark = (struct wh_mark){0};
        if (!own_texts(a, n->map.pairs[i].value))
            return false;
    }
    return !a->failed;
}

struct wh_node *wh_node_copy(struct wh_arena *a, const struct wh_node *n)
{
    struct wh_node *copy = wh_node_clone(a, n);
    return copy && own_texts(a, copy) ? copy : NULL;
}

static size_t index_slot(const struct wh_node *map, const char *key)
{
    size_t mask = map->map.n_index - 1, i = wh_hash_bytes(key, strlen(key)) & mask;
    while (map->map.index[i] && strcmp(map->map.pairs[map->map.index[i] - 1].key, key) != 0)
        i = (i + 1) & mask;
    return i;
}

static void fill_index(struct wh_node *map)
{
    memset(map->map.index, 0, map->map.n_index * sizeof(*map->map.index));
    for (size_t i = 0; i < map->map.len; i++)
        map->map.index[index_slot(map, map->map.pairs[i].key)] = (uint32_t)i + 1;
}

static int grow_index(struct wh_arena *a, struct wh_node *map)
{
    if (map->map.len < INDEX_MIN_KEYS || map->map.len * 2 < map->map.n_index)
        return 0;
    size_t n = map->map.n_index ? map->map.n_index * 4 : 64;
    uint32_t *index = wh_arena_array(a, uint32_t, n);
    if (!index)
        return -1;
    map->map.index = index;
    map->map.n_index = n;
    fill_index(map);
    return 0;
}

const struct wh_pair *wh_node_pair(const struct wh_node *map, const char *key)
{
    if (!map || map->kind != WH_NODE_MAP)
        return NULL;
    if (map->map.n_index) {
        uint32_t at = map->map.index[index_slot(map, key)];
        return at ? &map->map.pairs[at - 1] : NULL;
    }
    for (size_t i = 0; i < map->map.len; i++)
        if (map->map.pairs[i].key[0] == key[0] && strcmp(map->map.pairs[i].key, key) == 0)
            return &map->map.pairs[i];
    return NULL;
}

struct wh_node *wh_node_get(const struct wh_node *map, const char *key)
{
    const struct wh_pair *p = wh_node_pair(map, key);
    return p ? p->value : NULL;
}

int wh_node_set(struct wh_arena *a, struct wh_node *map, const char *key, const struct wh_mark *key_mark,
                struct wh_node *value)
{
    if (!value)
        return -1;
    struct wh_pair *old = (struct wh_pair *)wh_node_pair(map, key);
    if (old) {
        old->value = value;
        if (key_mark)
            old->key_mark = *key_mark;
        return 0;
    }
    if (map->map.len == map->map.cap) {
        size_t cap = map->map.cap ? map->map.cap * 2 : 4;
        struct wh_pair *pairs = wh_arena_array(a, struct wh_pair, cap);
        if (!pairs)
            return -1;
        if (map->map.len)
            memcpy(pairs, map->map.pairs, map->map.len * sizeof(*pairs));
        map->map.pairs = pairs;
        map->map.cap = cap;
    }
    char *copy = wh_arena_strdup(a, key);
    if (!copy || grow_index(a, map) < 0)
        return -1;
    struct wh_pair *p = &map->map.pairs[map->map.len];
    *p = (struct wh_pair){.key = copy, .value = value};
    if (key_mark)
        p->key_mark = *key_mark;
    if (map->map.n_index)
        map->map.index[index_slot(map, copy)] = (uint32_t)map->map.len + 1;
    map->map.len++;
    return 0;
}

bool wh_node_del(struct wh_node *map, const char *key)
{
    const struct wh_pair *p = wh_node_pair(map, key);
    if (!p)
        return false;
    size_t i = (size_t)(p - map->map.pairs);
    memmove(&map->map.pairs[i], &map->map.pairs[i + 1], (map->map.len - i - 1) * sizeof(*p));
    map->map.len--;
    if (map->map.n_index)
        fill_index(map);
    return true;
}

static bool is_letter(char c)
{
    return isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* The digits at p as a number behind head; ret_len is how many. Very long ones wrap, which only makes an odd order. */
static uint64_t read_digits(const char *p, uint64_t head, size_t *ret_len)
{
    size_t len = 0;
    for (; isdigit((unsigned char)p[len]); len++)
        head = head * 10 + (uint64_t)(p[len] - '0');
    *ret_len = len;
    return head;
}

/* Whether the digits before at are part of a number that is not all zeros. */
static bool follows_digits(const char *p, size_t at)
{
    while (at > 0 && isdigit((unsigned char)p[at - 1]))
        if (p[--at] != '0')
            return true;
    return false;
}

static int compare_numbers(const char *a, const char *b, size_t at)
{
    bool zero = a[at] == '0' || b[at] == '0';
    uint64_t head = zero && follows_digits(a, at);
    size_t a_len, b_len;
    uint64_t an = read_digits(a + at, head, &a_len), bn = read_digits(b + at, head, &b_len);
    if (an != bn)
        return an < bn ? -1 : 1;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return (unsigned char)a[at] - (unsigned char)b[at];
}

/*
 * go-yaml's natural order: letters by their code, digits as numbers, any other character before a letter, except
 * behind a digit ("a1b" before "a1_b").
 */
static int compare_keys(const char *a, const char *b)
{
    size_t at = 0;
    while (a[at] && a[at] == b[at])
        at++;
    if (!a[at] || !b[at])
        return (a[at] != '\0') - (b[at] != '\0');
    bool a_letter = is_letter(a[at]), b_letter = is_letter(b[at]);
    if (a_letter && b_letter)
        return (unsigned char)a[at] - (unsigned char)b[at];
    if (!a_letter && !b_letter)
        return compare_numbers(a, b, at);
    bool behind_digit = at > 0 && isdigit((unsigned char)a[at - 1]);
    return a_letter == behind_digit ? -1 : 1;
}

static int compare_natural(const void *a, const void *b)
{
    return compare_keys(((const struct wh_pair *)a)->key, ((const struct wh_pair *)b)->key);
}

static int compare_bytes(const void *a, const void *b)
{
    return strcmp(((const struct wh_pair *)a)->key, ((const struct wh_pair *)b)->key);
}

static void sort_pairs(struct wh_node *map, int (*compare)(const void *, const void *))
{
    if (map->map.len > 1)
        qsort(map->map.pairs, map->map.len, sizeof(*map->map.pairs), compare);
    if (map->map.n_index)
        fill_index(map);
}

void wh_node_sort_keys(struct wh_node *map)
{
    sort_pairs(map, compare_natural);
}

void wh_node_sort_bytes(struct wh_node *map)
{
    sort_pairs(map, compare_bytes);
}

int wh_node_push(struct wh_arena *a, struct wh_node *seq, struct wh_node *item)
{
    if (!item)
        return -1;
    if (seq->seq.len == seq->seq.cap) {
        size_t cap = seq->seq.cap ? seq->seq.cap * 2 : 4;
        struct wh_node **items = wh_arena_array(a, struct wh_node *, cap);
        if (!items)
            return -1;
        if (seq->seq.len)
            memcpy(items, seq->seq.items, seq->seq.len * sizeof(*items));
        seq->seq.items = items;
        seq->seq.cap = cap;
    }
    seq->seq.items[seq->seq.len++] = item;
    return 0;
}

void wh_node_remove(struct wh_node *seq, size_t i)
{
    memmove(&seq->seq.items[i], &seq->seq.items[i + 1], (seq->seq.len - i - 1) * sizeof(*seq->seq.items));
    seq->seq.len--;
}

size_t wh_node_len(const struct wh_node *n)
{
    if (!n)
        return 0;
    return n->kind == WH_NODE_SEQ ? n->seq.len : n->kind == WH_NODE_MAP ? n->map.len : 0;
}

const char *wh_node_get_str(const struct wh_node *map, const char *key, const char *fallback)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && wh_node_is_scalar(n) && n->kind != WH_NODE_NULL ? n->text : fallback;
}

int64_t wh_node_get_int(const struct wh_node *map, const char *key, int64_t fallback)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && n->kind == WH_NODE_INT ? n->integer : fallback;
}

bool wh_node_get_bool(const struct wh_node *map, const char *key, bool fallback)
{
    const struct wh_node *n = wh_node_get(map, key);
    return n && n->kind == WH_NODE_BOOL ? n->boolean : fallback;
}

void wh_node_put(struct wh_arena *a, struct wh_node *map, const char *key, struct wh_node *value)
{
    if (wh_node_set(a, map, key, NULL, value) < 0)
        a->failed = true;
}

void wh_node_put_str(struct wh_arena *a, struct wh_node *map, const char *key, const char *text)
{
    if (text)
        wh_node_put(a, map, key, wh_node_str(a, NULL, text));
}

void wh_node_put_int(struct wh_arena *a, struct wh_node *map, const char *key, int64_t value)
{
    wh_node_put(a, map, key, wh_node_int(a, NULL, value));
}

void wh_node_put_bool(struct wh_arena *a, struct wh_node *map, const char *key, bool value)
{
    wh_node_put(a, map, key, wh_node_bool(a, NULL, value));
}

void wh_node_push_str(struct wh_arena *a, struct wh_node *seq, const char *text)
{
    if (wh_node_push(a, seq, wh_node_str(a, NULL, text)) < 0)
        a->failed = true;
}

static bool equal_maps(const struct wh_node *a, const struct wh_node *b)
{
    if (a->map.len != b->map.len)
        return false;
    for (size_t i = 0; i < a->map.len; i++) {
        const struct wh_node *other = wh_node_get(b, a->map.pairs[i].key);
        if (!other || !wh_node_equal(a->map.pairs[i].value, other))
            return false;
    }
    return true;
}

bool wh_node_equal(const struct wh_node *a, const struct wh_node *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind)
        return false;
    switch (a->kind) {
    case WH_NODE_NULL:
        return true;
    case WH_NODE_BOOL:
        return a->boolean == b->boolean;
    case WH_NODE_INT:
        return a->integer == b->integer;
    case WH_NODE_FLOAT:
        return a->real == b->real;
    case WH_NODE_STR:
        return a->text_len == b->text_len && memcmp(a->text, b->text, a->text_len) == 0;
    case WH_NODE_MAP:
        return equal_maps(a, b);
    case WH_NODE_SEQ:
        break;
    }
    if (a->seq.len != b->seq.len)
        return false;
    for (size_t i = 0; i < a->seq.len; i++)
        if (!wh_node_equal(a->seq.items[i], b->seq.items[i]))
            return false;
    return true;
}

bool wh_node_is_scalar(const struct wh_node *n)
{
    return n->kind != WH_NODE_SEQ && n->kind != WH_NODE_MAP;
}

const char *wh_node_kind_text(enum wh_node_kind kind)
{
    static const char *const text[] = {"null", "boolean", "integer", "number", "string", "list", "mapping"};
    return text[kind];
}
