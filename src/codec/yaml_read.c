/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML text to document trees: a recursive descent over libyaml's events. Aliases become deep copies under a budget,
 * merge keys are applied when their mapping is complete, every node and key gets its mark.
 */
#include "whale/codec/yaml.h"

#include "codec/yaml_input.h"
#include "whale/util/map.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEFAULT_BYTES        ((size_t)16 << 20)
#define DEFAULT_NODES        ((size_t)100000)
#define DEFAULT_DEPTH        ((size_t)200)
#define DEFAULT_KEYS         ((size_t)100000)
#define DEFAULT_SCALAR_BYTES ((size_t)4 << 20)
/* A long file may bring more alias copies than the fixed budget, in proportion to its own length. */
#define ALIAS_RATIO 10
/* A text that had to be mended is parsed again; all tries together may read so much. */
#define MAX_RETRY_BYTES ((size_t)64 << 20)
#define BAD_ESCAPE      "found unknown escape character"
/* libyaml does not name these two. */
#define BINARY_TAG "tag:yaml.org,2002:binary"
#define MERGE_TAG  "tag:yaml.org,2002:merge"

/* Where the reader is, for messages: "services.web.ports[1]". */
struct frame {
    const struct frame *up;
    const char *key; /* NULL: list item */
    size_t index;
};

struct anchor {
    struct wh_node *node;
    bool open; /* its collection is still being read: an alias now would be a cycle */
};

struct reader {
    yaml_parser_t parser;
    struct wh_arena *arena;
    const char *name;
    struct wh_yaml_limits limits;
    struct wh_map anchors; /* name -> struct anchor *, kept across documents */
    size_t own_nodes, alias_nodes, depth;
    const char *text;     /* what the parser reads */
    size_t skipped_lines; /* above it */
    bool hidden;          /* some characters of it stand as others */
    bool bad_escape;      /* why it could not be read, and where */
    yaml_mark_t fault;
    struct wh_err *err;
};

static int read_node(struct reader *r, const struct frame *at, yaml_event_t *ev, struct wh_node **ret);
static int read_event(struct reader *r, const struct frame *at, const yaml_event_t *ev, struct wh_node **ret);

static struct wh_mark to_mark(const struct reader *r, const yaml_mark_t *start, const yaml_mark_t *end)
{
    struct wh_mark m = {
        .file = r->name, .line = (uint32_t)(r->skipped_lines + start->line) + 1, .column = (uint32_t)start->column + 1};
    if (end && end->line == start->line && end->column > start->column)
        m.length = (uint32_t)(end->column - start->column);
    return m;
}

static struct wh_mark event_mark(const struct reader *r, const yaml_event_t *ev)
{
    return to_mark(r, &ev->start_mark, &ev->end_mark);
}

static int fail_at(struct reader *r, const struct wh_mark *mark)
{
    wh_err_at(r->err, mark);
    return -1;
}

static int fail_memory(struct reader *r)
{
    return wh_fail(r->err, WH_E_LIMIT, "out of memory");
}

static const char *syntax_hint(const char *problem)
{
    static const struct {
        const char *problem, *hint;
    } hints[] = {
        {"found character that cannot start any token",
         "YAML is indented with spaces, never tabs; a text that starts with @ or ` must be quoted"},
        {"mapping values are not allowed in this context",
         "a text that contains \": \" must be quoted, or the line is indented wrongly"},
        {"did not find expected key", "check that this line is indented like its neighbours"},
        {"did not find expected '-' indicator", "check that this line is indented like the other list items"},
        {"could not find expected ':'", "a key needs a colon and a blank after it; check the line before, too"},
        {BAD_ESCAPE, "in double quotes a backslash must be doubled; single quotes take it literally"},
        {"found unexpected end of stream", "a quote or bracket that was opened above is never closed"},
    };
    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
        if (strcmp(hints[i].problem, problem) == 0)
            return hints[i].hint;
    return NULL;
}

static struct wh_mark mark_of_offset(const struct reader *r, size_t offset)
{
    struct wh_mark m = {.file = r->name, .line = (uint32_t)r->skipped_lines + 1, .column = 1};
    for (size_t i = 0; i < offset && r->text[i]; i++) {
        bool ends = r->text[i] == '\n';
        m.line += ends;
        m.column = ends ? 1 : m.column + (((unsigned char)r->text[i] & 0xC0) != 0x80);
    }
    return m;
}

static int fail_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return fail_memory(r);
    const char *problem = p->problem ? p->problem : "invalid YAML";
    if (p->error == YAML_READER_ERROR) {
        struct wh_mark at = mark_of_offset(r, p->problem_offset);
        if (p->problem_value < 0)
            wh_fail(r->err, WH_E_INVALID, "yaml: %s", problem);
        else
            wh_fail(r->err, WH_E_INVALID, "yaml: %s (value: %d)", problem, p->problem_value);
        return fail_at(r, &at);
    }
    if (p->context)
        wh_fail(r->err, WH_E_INVALID, "yaml: %s (%s that starts at line %zu, column %zu)", problem, p->context,
                r->skipped_lines + p->context_mark.line + 1, p->context_mark.column + 1);
    else
        wh_fail(r->err, WH_E_INVALID, "yaml: %s", problem);
    const char *hint = syntax_hint(problem);
    if (hint)
        wh_err_hint(r->err, "%s", hint);
    struct wh_mark m = to_mark(r, &p->problem_mark, NULL);
    return fail_at(r, &m);
}

static int next_event(struct reader *r, yaml_event_t *ret)
{
    if (!yaml_parser_parse(&r->parser, ret))
        return fail_syntax(r);
    return 0;
}

static void frame_text(const struct frame *f, struct wh_str *out)
{
    if (!f)
        return;
    frame_text(f->up, out);
    if (!f->key)
        wh_str_fmt(out, "[%zu]", f->index);
    else
        wh_str_fmt(out, "%s%s", out->len ? "." : "", f->key);
}

/* ---- anchors and aliases ---- */

/* ret_anchor is NULL without an anchor. */
static int open_anchor(struct reader *r, const yaml_char_t *name, struct wh_node *n, struct anchor **ret_anchor)
{
    *ret_anchor = NULL;
    if (!name)
        return 0;
    struct anchor *anchor = wh_arena_new(r->arena, struct anchor);
    if (!anchor || wh_map_set(&r->anchors, (const char *)name, anchor) < 0)
        return fail_memory(r);
    anchor->node = n;
    anchor->open = true;
    *ret_anchor = anchor;
    return 0;
}

static size_t count_tree(const struct wh_node *n, size_t budget)
{
    size_t count = 1;
    if (n->kind == WH_NODE_SEQ)
        for (size_t i = 0; i < n->seq.len && count <= budget; i++)
            count += count_tree(n->seq.items[i], budget - count);
    if (n->kind == WH_NODE_MAP)
        for (size_t i = 0; i < n->map.len && count <= budget; i++)
            count += count_tree(n->map.pairs[i].value, budget - count);
    return count;
}

static size_t tree_depth(const struct wh_node *n)
{
    size_t deepest = 0;
    for (size_t i = 0; i < wh_node_len(n); i++) {
        size_t depth = tree_depth(n->kind == WH_NODE_SEQ ? n->seq.items[i] : n->map.pairs[i].value);
        deepest = depth > deepest ? depth : deepest;
    }
    return wh_node_is_scalar(n) ? 0 : deepest + 1;
}

static int fail_depth(struct reader *r, const struct wh_mark *mark)
{
    wh_fail(r->err, WH_E_LIMIT, "yaml: nested more than %zu levels deep", r->limits.max_depth);
    return fail_at(r, mark);
}

static size_t alias_budget(const struct reader *r)
{
    size_t by_ratio = r->own_nodes * ALIAS_RATIO;
    return by_ratio > r->limits.max_nodes ? by_ratio : r->limits.max_nodes;
}

static int spend(struct reader *r, const struct wh_node *n, const struct wh_mark *mark)
{
    size_t budget = alias_budget(r);
    r->alias_nodes += count_tree(n, budget);
    if (r->alias_nodes <= budget) /* only then is the tree small enough to be measured */
        return r->depth + tree_depth(n) > r->limits.max_depth ? fail_depth(r, mark) : 0;
    wh_fail(r->err, WH_E_LIMIT, "yaml: document contains excessive aliasing: aliases expand to more than %zu nodes",
            budget);
    return fail_at(r, mark);
}

static int copy_tree(struct reader *r, const struct wh_node *n, const struct wh_mark *mark, struct wh_node **ret)
{
    if (spend(r, n, mark) < 0)
        return -1;
    *ret = wh_node_clone(r->arena, n);
    return *ret ? 0 : fail_memory(r);
}

static int read_alias(struct reader *r, const yaml_event_t *ev, struct wh_node **ret)
{
    struct wh_mark mark = event_mark(r, ev);
    const char *name = (const char *)ev->data.alias.anchor;
    const struct anchor *anchor = wh_map_get(&r->anchors, name);
    if (!anchor) {
        wh_fail(r->err, WH_E_INVALID, "yaml: unknown anchor '%s' referenced", name);
        wh_err_hint(r->err, "an anchor (&%s) must stand above the alias (*%s)", name, name);
        return fail_at(r, &mark);
    }
    if (anchor->open) {
        wh_fail(r->err, WH_E_INVALID, "yaml: cycle detected: anchor '%s' contains an alias of itself", name);
        return fail_at(r, &mark);
    }
    return copy_tree(r, anchor->node, &mark, ret);
}

/* ---- scalars ---- */

static enum wh_node_tag to_tag(const yaml_char_t *tag)
{
    if (tag && strcmp((const char *)tag, "!reset") == 0)
        return WH_TAG_RESET;
    if (tag && strcmp((const char *)tag, "!override") == 0)
        return WH_TAG_OVERRIDE;
    return WH_TAG_NONE;
}

static int resolve_binary(struct reader *r, struct wh_node *n)
{
    wh_auto_str out = {0};
    n->quoted = true;
    if (!wh_yaml_decode_base64(n->text, &out)) {
        wh_fail(r->err, WH_E_INVALID, "yaml: !!binary value contains invalid base64 data");
        return fail_at(r, &n->mark);
    }
    if (out.len && memchr(out.data, '\0', out.len)) {
        wh_fail(r->err, WH_E_INVALID, "yaml: a value contains a NUL character");
        return fail_at(r, &n->mark);
    }
    n->text_len = out.len;
    n->text = wh_arena_strndup(r->arena, wh_str_c(&out), out.len);
    return n->text ? 0 : fail_memory(r);
}

static int fail_tag(struct reader *r, const struct wh_node *n, const char *tag)
{
    wh_fail(r->err, WH_E_INVALID, "yaml: cannot read \"%s\" as a !!%s", n->text, tag);
    return fail_at(r, &n->mark);
}

/* !!int and its like: the text is read as plain, and must then be of that kind. n is a string. */
static int resolve_core_tag(struct reader *r, struct wh_node *n, const char *tag)
{
    static const struct {
        const char *tag;
        enum wh_node_kind kind;
    } kinds[] = {{YAML_INT_TAG, WH_NODE_INT},
                 {YAML_FLOAT_TAG, WH_NODE_FLOAT},
                 {YAML_BOOL_TAG, WH_NODE_BOOL},
                 {YAML_NULL_TAG, WH_NODE_NULL}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(tag, kinds[i].tag) != 0)
            continue;
        wh_yaml_resolve_plain(n);
        if (n->kind == WH_NODE_INT && kinds[i].kind == WH_NODE_FLOAT) {
            n->kind = WH_NODE_FLOAT;
            n->real = (double)n->integer;
        }
        n->quoted = false;
        return n->kind == kinds[i].kind ? 0 : fail_tag(r, n, strrchr(tag, ':') + 1);
    }
    if (strcmp(tag, YAML_TIMESTAMP_TAG) == 0) {
        wh_yaml_resolve_plain(n);
        return n->is_time ? 0 : fail_tag(r, n, "timestamp");
    }
    if (strcmp(tag, BINARY_TAG) == 0)
        return resolve_binary(r, n);
    n->quoted = strcmp(tag, MERGE_TAG) != 0; /* !!str and local tags */
    return 0;
}

static int resolve_scalar(struct reader *r, struct wh_node *n, const yaml_event_t *ev)
{
    const char *tag = (const char *)ev->data.scalar.tag;
    n->tag = to_tag(ev->data.scalar.tag);
    /* go-yaml knows !override as little as !custom: the value is text */
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || n->tag == WH_TAG_OVERRIDE;
    n->kind = WH_NODE_STR;
    if (tag && n->tag == WH_TAG_NONE)
        return resolve_core_tag(r, n, tag);
    if (!n->quoted)
        wh_yaml_resolve_plain(n);
    return 0;
}

static int check_scalar(struct reader *r, const yaml_event_t *ev, const struct wh_mark *mark)
{
    if (ev->data.scalar.length > r->limits.max_scalar_bytes)
        wh_fail(r->err, WH_E_LIMIT, "yaml: a scalar is longer than %zu bytes", r->limits.max_scalar_bytes);
    else if (memchr(ev->data.scalar.value, '\0', ev->data.scalar.length))
        wh_fail(r->err, WH_E_INVALID, "yaml: a value contains a NUL character");
    else
        return 0;
    return fail_at(r, mark);
}

/* Numbers that JSON cannot carry are refused at once: the model could not be printed. */
static int check_number(struct reader *r, const struct wh_node *n)
{
    if (n->kind != WH_NODE_FLOAT || isfinite(n->real))
        return 0;
    wh_fail(r->err, WH_E_INVALID, "json: unsupported value: %s", wh_yaml_scalar_text(r->arena, n));
    wh_err_hint(r->err, "put it in quotes: \"%s\"", n->text);
    return fail_at(r, &n->mark);
}

static int read_scalar(struct reader *r, const yaml_event_t *ev, struct wh_node **ret)
{
    struct wh_mark mark = event_mark(r, ev);
    r->own_nodes++;
    if (check_scalar(r, ev, &mark) < 0)
        return -1;
    struct wh_node *n = wh_arena_new(r->arena, struct wh_node);
    if (!n)
        return fail_memory(r);
    n->mark = mark;
    char *text = wh_arena_strndup(r->arena, (const char *)ev->data.scalar.value, ev->data.scalar.length);
    if (!text)
        return fail_memory(r);
    n->text = text;
    n->text_len = r->hidden ? wh_yaml_show_controls(text) : ev->data.scalar.length;
    struct anchor *anchor;
    if (open_anchor(r, ev->data.scalar.anchor, n, &anchor) < 0)
        return -1;
    if (anchor)
        anchor->open = false;
    *ret = n;
    if (resolve_scalar(r, n, ev) < 0 || check_number(r, n) < 0)
        return -1;
    if (n->is_time) {
        n->text = wh_yaml_time_text(r->arena, n);
        n->text_len = n->text ? strlen(n->text) : 0;
    }
    return n->text ? 0 : fail_memory(r);
}

/* ---- collections ---- */

static int read_items(struct reader *r, const struct frame *at, struct wh_node *seq)
{
    for (;;) {
        yaml_event_t ev;
        if (next_event(r, &ev) < 0)
            return -1;
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&ev);
            return 0;
        }
        struct wh_node *item;
        if (read_node(r, &(struct frame){at, NULL, seq->seq.len}, &ev, &item) < 0)
            return -1;
        if (wh_node_push(r->arena, seq, item) < 0)
            return fail_memory(r);
    }
}

static bool is_merge_key(const struct wh_node *key)
{
    return key->kind == WH_NODE_STR && !key->quoted && strcmp(key->text, "<<") == 0;
}

static int check_key(struct reader *r, const struct frame *at, const struct wh_node *key)
{
    if (key->kind == WH_NODE_STR && !key->is_time)
        return 0;
    if (!wh_node_is_scalar(key)) {
        wh_fail(r->err, WH_E_INVALID, "yaml: cannot use a %s as a map key", wh_node_kind_text(key->kind));
        return fail_at(r, &key->mark);
    }
    wh_auto_str where = {0};
    frame_text(at, &where);
    const char *text = key->kind == WH_NODE_NULL ? "<nil>" : wh_yaml_scalar_text(r->arena, key);
    if (where.len)
        wh_fail(r->err, WH_E_INVALID, "non-string key in %s: %s", where.data, text);
    else
        wh_fail(r->err, WH_E_INVALID, "non-string key at top level: %s", text);
    wh_err_hint(r->err, "quote the key");
    return fail_at(r, &key->mark);
}

static int fail_duplicate(struct reader *r, const struct wh_mark *first, const struct wh_node *key)
{
    wh_fail(r->err, WH_E_INVALID, "line %u: mapping key \"%s\" already defined at line %u", key->mark.line, key->text,
            first->line);
    wh_err_hint(r->err, "remove one of the two, or merge them into one \"%s\"", key->text);
    return fail_at(r, &key->mark);
}

/* The copies of a merged mapping's pairs that map itself does not set. */
static int merge_map(struct reader *r, struct wh_node *map, const struct wh_node *from)
{
    for (size_t i = 0; i < from->map.len; i++) {
        const struct wh_pair *p = &from->map.pairs[i];
        if (!wh_node_pair(map, p->key) && wh_node_set(r->arena, map, p->key, &p->key_mark, p->value) < 0)
            return fail_memory(r);
    }
    return 0;
}

static int fail_merge(struct reader *r, const struct wh_mark *mark)
{
    wh_fail(r->err, WH_E_INVALID, "yaml: map merge requires map or sequence of maps as the value");
    return fail_at(r, mark);
}

static int apply_merge(struct reader *r, struct wh_node *map, const struct wh_node *from, const struct wh_mark *mark)
{
    if (from->kind == WH_NODE_MAP)
        return merge_map(r, map, from);
    if (from->kind != WH_NODE_SEQ)
        return fail_merge(r, mark);
    for (size_t i = 0; i < from->seq.len; i++) {
        if (from->seq.items[i]->kind != WH_NODE_MAP)
            return fail_merge(r, mark);
        if (merge_map(r, map, from->seq.items[i]) < 0)
            return -1;
    }
    return 0;
}

struct merge {
    struct wh_node *from; /* NULL: the mapping has no << */
    struct wh_mark mark;
};

static int add_pair(struct reader *r, struct wh_node *map, const struct wh_node *key, struct wh_node *value)
{
    if (wh_node_set(r->arena, map, key->text, &key->mark, value) < 0)
        return fail_memory(r);
    if (map->map.len <= r->limits.max_keys)
        return 0;
    wh_fail(r->err, WH_E_LIMIT, "yaml: a mapping has more than %zu keys", r->limits.max_keys);
    return fail_at(r, &key->mark);
}

/*
 * A key is not worth a node of its own: ret borrows the event's text, which lives until the pair is complete. Keys
 * that are collections, aliases or have an anchor take the general way, as do all of a file with hidden characters.
 */
static int read_key(struct reader *r, const struct frame *at, yaml_event_t *ev, struct wh_node *ret)
{
    struct wh_mark mark = event_mark(r, ev);
    if (ev->type == YAML_SCALAR_EVENT && !ev->data.scalar.anchor && !r->hidden) {
        *ret = (struct wh_node){.mark = mark};
        ret->text = (const char *)ev->data.scalar.value;
        ret->text_len = ev->data.scalar.length;
        return check_scalar(r, ev, &mark) < 0 ? -1 : resolve_scalar(r, ret, ev);
    }
    struct wh_node *key;
    if (read_event(r, at, ev, &key) < 0)
        return -1;
    *ret = *key;
    ret->mark = mark;
    return 0;
}

static int read_pair(struct reader *r, const struct frame *at, struct wh_node *map, yaml_event_t *key_event,
                     struct merge *merge)
{
    struct wh_node key, *value;
    yaml_event_t ev;
    if (read_key(r, at, key_event, &key) < 0 || check_key(r, at, &key) < 0)
        return -1;
    bool merges = is_merge_key(&key);
    const struct wh_pair *old = merges ? NULL : wh_node_pair(map, key.text);
    if (old || (merges && merge->from))
        return fail_duplicate(r, old ? &old->key_mark : &merge->mark, &key);
    if (next_event(r, &ev) < 0 || read_node(r, &(struct frame){at, key.text, 0}, &ev, &value) < 0)
        return -1;
    if (!merges)
        return add_pair(r, map, &key, value);
    *merge = (struct merge){value, key.mark};
    return 0;
}

static int read_pairs(struct reader *r, const struct frame *at, struct wh_node *map)
{
    struct merge merge = {0};
    for (;;) {
        yaml_event_t ev;
        if (next_event(r, &ev) < 0)
            return -1;
        if (ev.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&ev);
            break;
        }
        int rc = read_pair(r, at, map, &ev, &merge);
        yaml_event_delete(&ev);
        if (rc < 0)
            return -1;
    }
    return merge.from ? apply_merge(r, map, merge.from, &merge.mark) : 0;
}

static int read_collection(struct reader *r, const struct frame *at, const yaml_event_t *ev, struct wh_node **ret)
{
    bool is_map = ev->type == YAML_MAPPING_START_EVENT;
    struct wh_mark mark = event_mark(r, ev);
    struct wh_node *n = is_map ? wh_node_map(r->arena, &mark) : wh_node_seq(r->arena, &mark);
    if (!n)
        return fail_memory(r);
    n->tag = to_tag(is_map ? ev->data.mapping_start.tag : ev->data.sequence_start.tag);
    struct anchor *anchor;
    if (open_anchor(r, is_map ? ev->data.mapping_start.anchor : ev->data.sequence_start.anchor, n, &anchor) < 0)
        return -1;
    r->own_nodes++;
    if (++r->depth > r->limits.max_depth)
        return fail_depth(r, &mark);
    if ((is_map ? read_pairs(r, at, n) : read_items(r, at, n)) < 0)
        return -1;
    r->depth--;
    if (anchor)
        anchor->open = false;
    *ret = n;
    return 0;
}

/* Reads the node that ev begins; ev stays the caller's. */
static int read_event(struct reader *r, const struct frame *at, const yaml_event_t *ev, struct wh_node **ret)
{
    if (ev->type == YAML_ALIAS_EVENT)
        return read_alias(r, ev, ret);
    if (ev->type == YAML_SCALAR_EVENT)
        return read_scalar(r, ev, ret);
    return read_collection(r, at, ev, ret);
}

/* The same, and ev is released. */
static int read_node(struct reader *r, const struct frame *at, yaml_event_t *ev, struct wh_node **ret)
{
    int rc = read_event(r, at, ev, ret);
    yaml_event_delete(ev);
    return rc;
}

static int check_version(struct reader *r, const yaml_event_t *ev)
{
    const yaml_version_directive_t *version = ev->data.document_start.version_directive;
    if (!version || (version->major == 1 && version->minor == 1))
        return 0;
    wh_fail(r->err, WH_E_INVALID, "yaml: found incompatible YAML document (%%YAML %d.%d)", version->major,
            version->minor);
    wh_err_hint(r->err, "remove the %%YAML line");
    struct wh_mark mark = event_mark(r, ev);
    return fail_at(r, &mark);
}

static int read_document(struct reader *r, yaml_event_t *start, struct wh_vec *docs)
{
    struct wh_node *root = NULL;
    yaml_event_t ev;
    int rc = check_version(r, start);
    yaml_event_delete(start);
    if (rc < 0 || next_event(r, &ev) < 0 || read_node(r, NULL, &ev, &root) < 0 || next_event(r, &ev) < 0)
        return -1;
    yaml_event_delete(&ev); /* the end of the document */
    return wh_vec_push_ptr(docs, root) < 0 ? fail_memory(r) : 0;
}

static int read_stream(struct reader *r, struct wh_vec *docs)
{
    for (;;) {
        yaml_event_t ev;
        if (next_event(r, &ev) < 0)
            return -1;
        yaml_event_type_t type = ev.type;
        if (type == YAML_DOCUMENT_START_EVENT) {
            if (read_document(r, &ev, docs) < 0)
                return -1;
            continue;
        }
        yaml_event_delete(&ev);
        if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT)
            return 0;
    }
}

static size_t limit_or(size_t wanted, size_t fallback)
{
    return wanted ? wanted : fallback;
}

static struct wh_yaml_limits effective_limits(const struct wh_yaml_limits *l)
{
    static const struct wh_yaml_limits none;
    if (!l)
        l = &none;
    return (struct wh_yaml_limits){
        .max_bytes = limit_or(l->max_bytes, DEFAULT_BYTES),
        .max_nodes = limit_or(l->max_nodes, DEFAULT_NODES),
        .max_depth = limit_or(l->max_depth, DEFAULT_DEPTH),
        .max_keys = limit_or(l->max_keys, DEFAULT_KEYS),
        .max_scalar_bytes = limit_or(l->max_scalar_bytes, DEFAULT_SCALAR_BYTES),
    };
}

static int parse_once(struct reader *r, const char *text, size_t len, struct wh_vec *docs)
{
    r->text = text;
    r->own_nodes = r->alias_nodes = r->depth = 0;
    r->bad_escape = false;
    if (!yaml_parser_initialize(&r->parser))
        return fail_memory(r);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
    int rc = read_stream(r, docs);
    r->bad_escape = rc < 0 && r->parser.problem && strcmp(r->parser.problem, BAD_ESCAPE) == 0;
    r->fault = r->parser.problem_mark;
    yaml_parser_delete(&r->parser);
    wh_map_fini(&r->anchors);
    return rc;
}

/* The escape that could not be read gets another form in own. 1, 0 when that does not help, -1 without memory. */
static int mend_escape(struct reader *r, const char *text, size_t len, struct wh_str *own)
{
    wh_auto_str mended = {0};
    int rc = wh_yaml_hide_quotes(text, len, r->fault.line, r->fault.column, r->hidden, &mended);
    if (rc <= 0)
        return rc;
    wh_err_fini(r->err);
    wh_str_fini(own);
    *own = mended;
    mended = (struct wh_str){0};
    return rc;
}

static int parse_content(struct reader *r, const char *text, size_t len, struct wh_vec *docs)
{
    wh_auto_str own = {0};
    size_t n_docs = docs->len;
    int changed = wh_yaml_hide_controls(text, len, &own);
    for (size_t n_bytes = 0; changed >= 0; n_bytes += len) {
        if (changed) {
            text = wh_str_c(&own);
            len = own.len;
            r->hidden = true;
        }
        docs->len = n_docs;
        int rc = parse_once(r, text, len, docs);
        if (!r->bad_escape || n_bytes > MAX_RETRY_BYTES || !(changed = mend_escape(r, text, len, &own)))
            return rc;
    }
    return fail_memory(r);
}

int wh_yaml_parse(struct wh_arena *a, const char *text, size_t len, const char *name,
                  const struct wh_yaml_limits *limits, struct wh_vec *docs, struct wh_err *err)
{
    struct reader r = {.arena = a, .name = name, .limits = effective_limits(limits), .err = err};
    if (len > r.limits.max_bytes)
        return wh_fail(err, WH_E_LIMIT, "yaml: %s is larger than %zu bytes", name, r.limits.max_bytes);
    const char *content = wh_yaml_find_content(text, len, &r.skipped_lines);
    return content ? parse_content(&r, content, len - (size_t)(content - text), docs) : 0;
}
