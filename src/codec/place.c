/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path of words to the place in a file: as deep as the tree goes along with the path. */
#include "whale/codec/node.h"

#include "whale/util/str.h"

#include <stdlib.h>
#include <string.h>

static bool is_word(const char *text, const char *word, size_t len)
{
    return text && strncmp(text, word, len) == 0 && text[len] == '\0';
}

static bool is_item(const struct wh_node *item, size_t number, const char *word, size_t len)
{
    static const char *const names[] = {"target", "name", "source"};
    char digits[24];
    snprintf(digits, sizeof(digits), "%zu", number);
    if (is_word(digits, word, len) || (wh_node_is_scalar(item) && is_word(item->text, word, len)))
        return true;
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++)
        if (is_word(wh_node_get_str(item, names[i], NULL), word, len))
            return true;
    return false;
}

/* The part of a map or list that the word names. Of a mapping or list under a key the key is the place. */
static const struct wh_node *find(const struct wh_node *n, const char *word, size_t len, struct wh_mark *ret_mark)
{
    for (size_t i = 0; n->kind == WH_NODE_MAP && i < n->map.len; i++) {
        const struct wh_pair *pair = &n->map.pairs[i];
        if (!is_word(pair->key, word, len))
            continue;
        *ret_mark = wh_node_is_scalar(pair->value) && pair->value->mark.file ? pair->value->mark : pair->key_mark;
        return pair->value;
    }
    for (size_t i = 0; n->kind == WH_NODE_SEQ && i < n->seq.len; i++)
        if (is_item(n->seq.items[i], i, word, len)) {
            *ret_mark = n->seq.items[i]->mark;
            return n->seq.items[i];
        }
    return NULL;
}

struct wh_mark wh_node_place(const struct wh_node *root, const char *path)
{
    struct wh_mark best = {0};
    const struct wh_node *n = root;
    path += path && *path == '/';
    while (n && path && *path) {
        struct wh_mark mark = {0};
        size_t len = strlen(path); /* the last word may have slashes in it: the target of a mount */
        const struct wh_node *next = find(n, path, len, &mark);
        if (!next) {
            len = strcspn(path, "/");
            next = find(n, path, len, &mark);
        }
        if (next && mark.file)
            best = mark;
        path += path[len] ? len + 1 : len;
        n = next;
    }
    return best;
}
