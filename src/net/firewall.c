/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of a project: remembers what it put there and sends only what is new. Whatever deletes a rule or a table
 * makes somebody wait for RCU (16 ms), so new networks are added to the table that is there; it is made again as a
 * whole only when a network left or changed, or somebody flushed the ruleset.
 */
#include "firewall_text.h"
#include "foreign.h"

#include "whale/sys/conntrack.h"

#include <string.h>

struct wh_firewall {
    char instance[256];
    char project[128];
    char table[WH_TABLE_MAX];
    bool applied; /* the rest says what is there */
    bool has_ipv6;
    struct wh_strv names; /* bridges */
    struct wh_strv rules; /* text of each of them */
    struct wh_map items;
};

/* What is wanted, in the same form. */
struct wanted {
    bool has_ipv6;
    struct wh_strv names, rules;
    struct wh_map items;
};

static struct wh_net_scope scope_of(const struct wh_firewall *fw)
{
    return (struct wh_net_scope){.instance = fw->instance, .project = fw->project};
}

int wh_firewall_open(const struct wh_net_scope *scope, struct wh_firewall **ret_fw, struct wh_err *err)
{
    struct wh_firewall *fw = calloc(1, sizeof(*fw));
    if (!fw)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    snprintf(fw->instance, sizeof(fw->instance), "%s", scope->instance);
    snprintf(fw->project, sizeof(fw->project), "%s", scope->project);
    wh_net_table_name(scope, fw->table, sizeof(fw->table));
    *ret_fw = fw;
    return 0;
}

static void forget_applied(struct wh_firewall *fw)
{
    fw->applied = false;
    wh_fw_items_fini(&fw->items);
    wh_strv_fini(&fw->names);
    wh_strv_fini(&fw->rules);
    fw->items = (struct wh_map){0};
    fw->names = fw->rules = (struct wh_strv){0};
}

void wh_firewall_free(struct wh_firewall *fw)
{
    if (!fw)
        return;
    forget_applied(fw);
    free(fw);
}

/* ---- what is wanted ---- */

static void free_wanted(struct wanted *w)
{
    wh_fw_items_fini(&w->items);
    wh_strv_fini(&w->names);
    wh_strv_fini(&w->rules);
}

static int make_wanted(const char *table, const struct wh_firewall_spec *spec, bool has_ipv6, struct wanted *ret,
                       struct wh_err *err)
{
    ret->has_ipv6 = has_ipv6;
    for (size_t i = 0; i < spec->n_bridges; i++) {
        wh_auto_str rules = {0};
        if (wh_fw_bridge_text(table, &spec->bridges[i], has_ipv6, &rules) < 0 ||
            wh_strv_add(&ret->names, spec->bridges[i].name) < 0 || wh_strv_take(&ret->rules, wh_str_take(&rules)) < 0)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    return wh_fw_items(spec, has_ipv6, &ret->items, err);
}

/* Everything in one buffer; replace: whether the table is there or not, in the same transaction. */
static int write_all(const char *table, bool replace, bool has_ipv6, const struct wh_strv *rules,
                     const struct wh_map *items, struct wh_str *out)
{
    struct wh_map none = {0};
    if (replace)
        wh_str_fmt(out, "add table inet %s\ndelete table inet %s\n", table, table);
    wh_fw_base_text(table, has_ipv6, out);
    for (size_t i = 0; i < rules->len; i++)
        wh_str_add(out, rules->items[i]);
    return wh_fw_diff_text(table, &none, items, out);
}

int wh_firewall_text(const struct wh_net_scope *scope, const struct wh_firewall_spec *spec, bool has_ipv6,
                     struct wh_str *ret_text)
{
    char table[WH_TABLE_MAX];
    struct wanted w WH_CLEANUP(free_wanted) = {0};
    wh_net_table_name(scope, table, sizeof(table));
    if (make_wanted(table, spec, has_ipv6, &w, NULL) < 0)
        return -1;
    return write_all(table, true, has_ipv6, &w.rules, &w.items, ret_text);
}

/* ---- applying ---- */

/* Conntrack keeps sending the datagrams of an old flow where they went before; a TCP flow ends by itself. */
static void forget_udp(const struct wh_map *from, const struct wh_map *to)
{
    uint16_t ports[256];
    size_t n = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        const struct wh_map *a = pass ? to : from, *b = pass ? from : to;
        for (size_t i = 0; i < a->len && n < WH_ARRAY_LEN(ports); i++) {
            const struct wh_fw_item *x = a->entries[i].value, *y = wh_map_get(b, a->entries[i].key);
            if (x->proto == WH_UDP && (!y || strcmp(wh_str_c(&x->to), wh_str_c(&y->to)) != 0))
                ports[n++] = x->port;
        }
    }
    if (n > 0)
        wh_conntrack_forget_udp(ports, n, NULL); /* at worst a client waits for the old flow to time out */
}

/* Every network that is there is still wanted, unchanged. */
static bool only_adds(const struct wh_firewall *fw, const struct wanted *w)
{
    if (!fw->applied || fw->has_ipv6 != w->has_ipv6)
        return false;
    for (size_t i = 0; i < fw->rules.len; i++) {
        if (!wh_strv_has(&w->rules, fw->rules.items[i]))
            return false;
    }
    return true;
}

static int write_difference(const struct wh_firewall *fw, const struct wanted *w, struct wh_str *out)
{
    for (size_t i = 0; i < w->rules.len; i++) {
        if (!wh_strv_has(&fw->rules, w->rules.items[i]))
            wh_str_add(out, w->rules.items[i]);
    }
    return wh_fw_diff_text(fw->table, &fw->items, &w->items, out);
}

static int send_all(const char *table, bool has_ipv6, const struct wh_strv *rules, const struct wh_map *items,
                    struct wh_err *err)
{
    wh_auto_str text = {0};
    int missing = wh_nft_has_table(table, err);
    if (missing < 0)
        return -1;
    if (write_all(table, !missing, has_ipv6, rules, items, &text) < 0)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    return wh_nft_run(wh_str_c(&text), err);
}

/* Sends the change; when a difference does not fit what is there (flushed table), everything. */
static int send_change(const struct wh_firewall *fw, const struct wanted *w, struct wh_err *err)
{
    if (only_adds(fw, w)) {
        wh_auto_str text = {0};
        if (write_difference(fw, w, &text) < 0)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
        if (text.len == 0 || wh_nft_run(wh_str_c(&text), NULL) == 0)
            return 0;
    }
    return send_all(fw->table, w->has_ipv6, &w->rules, &w->items, err);
}

static bool same_names(const struct wh_strv *a, const struct wh_strv *b)
{
    bool same = a->len == b->len;
    for (size_t i = 0; i < a->len && same; i++)
        same = wh_strv_has(b, a->items[i]);
    return same;
}

static int apply(struct wh_firewall *fw, const struct wh_firewall_spec *spec, struct wh_err *err)
{
    struct wh_net_scope scope = scope_of(fw);
    struct wanted w WH_CLEANUP(free_wanted) = {0};
    if (make_wanted(fw->table, spec, wh_net_has_ipv6(), &w, err) < 0 || send_change(fw, &w, err) < 0)
        return -1;
    if ((!fw->applied || !same_names(&fw->names, &w.names)) && wh_foreign_set(&scope, &w.names, err) < 0)
        return -1;
    forget_udp(&fw->items, &w.items);
    forget_applied(fw);
    fw->applied = true;
    fw->has_ipv6 = w.has_ipv6;
    fw->items = w.items;
    fw->names = w.names;
    fw->rules = w.rules;
    w = (struct wanted){0};
    return 0;
}

int wh_firewall_apply(struct wh_firewall *fw, const struct wh_firewall_spec *spec, struct wh_err *err)
{
    return apply(fw, spec, err) < 0 ? wh_wrap(err, "firewall of project %s", fw->project) : 0;
}

int wh_firewall_check(struct wh_firewall *fw, struct wh_err *err)
{
    if (!fw->applied)
        return 0;
    struct wh_net_scope scope = scope_of(fw);
    int table = wh_nft_has_table(fw->table, err);
    int foreign = table < 0 ? -1 : wh_foreign_check(&scope, &fw->names, err);
    if (foreign < 0)
        return wh_wrap(err, "check the firewall of project %s", fw->project);
    if (table == 0 && foreign == 0)
        return 0;
    if ((table && send_all(fw->table, fw->has_ipv6, &fw->rules, &fw->items, err) < 0) ||
        (foreign && wh_foreign_set(&scope, &fw->names, err) < 0))
        return wh_wrap(err, "rebuild the firewall of project %s", fw->project);
    return 1;
}

int wh_net_delete_rules(const struct wh_net_scope *scope, struct wh_err *err)
{
    char table[WH_TABLE_MAX];
    wh_auto_str text = {0};
    wh_net_table_name(scope, table, sizeof(table));
    int missing = wh_nft_has_table(table, err);
    if (missing < 0 || wh_foreign_removal(scope, &text, err) < 0)
        return -1;
    if (!missing)
        wh_str_fmt(&text, "delete table inet %s\n", table);
    return text.len > 0 ? wh_nft_run(wh_str_c(&text), err) : 0;
}

int wh_firewall_clear(struct wh_firewall *fw, struct wh_err *err)
{
    struct wh_net_scope scope = scope_of(fw);
    if (wh_net_delete_rules(&scope, err) < 0)
        return wh_wrap(err, "remove the firewall of project %s", fw->project);
    forget_applied(fw);
    return 0;
}
