/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of a project: remembers what it put there, sends only differences, and makes all of it again when the
 * networks changed or somebody flushed the ruleset.
 */
#include "firewall_text.h"
#include "foreign.h"

#include "whale/sys/conntrack.h"

#include <string.h>

struct wh_firewall {
    char instance[256];
    char project[128];
    char table[WH_TABLE_MAX];
    struct wh_str base;   /* fixed part as applied, "" = nothing applied */
    struct wh_map items;  /* as applied */
    struct wh_strv names; /* bridges as applied, for the foreign chains */
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
    wh_str_fini(&fw->base);
    wh_fw_items_fini(&fw->items);
    wh_strv_fini(&fw->names);
    fw->base = (struct wh_str){0};
    fw->items = (struct wh_map){0};
    fw->names = (struct wh_strv){0};
}

void wh_firewall_free(struct wh_firewall *fw)
{
    if (!fw)
        return;
    forget_applied(fw);
    free(fw);
}

/* ---- texts ---- */

/* The whole table in one buffer. "add, delete, add" replaces it whether it is there or not, in one transaction. */
static int write_all(const char *table, const char *base, const struct wh_map *items, struct wh_str *out)
{
    struct wh_map none = {0};
    wh_str_fmt(out, "add table inet %s\ndelete table inet %s\n", table, table);
    wh_str_fmt(out, "%s}\n", base);
    return wh_fw_diff_text(table, &none, items, out);
}

static void free_items(struct wh_map *items)
{
    wh_fw_items_fini(items);
}

int wh_firewall_text(const struct wh_net_scope *scope, const struct wh_firewall_spec *spec, bool has_ipv6,
                     struct wh_str *ret_text)
{
    char table[WH_TABLE_MAX];
    wh_auto_str base = {0};
    struct wh_map items WH_CLEANUP(free_items) = {0};
    wh_net_table_name(scope, table, sizeof(table));
    if (wh_fw_base_text(table, spec, has_ipv6, &base) < 0 || wh_fw_items(spec, has_ipv6, &items, NULL) < 0)
        return -1;
    return write_all(table, wh_str_c(&base), &items, ret_text);
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

static int write_change(const struct wh_firewall *fw, bool rebuild, const char *base, const struct wh_map *items,
                        struct wh_str *out, struct wh_err *err)
{
    int ret = rebuild ? write_all(fw->table, base, items, out) : wh_fw_diff_text(fw->table, &fw->items, items, out);
    return ret < 0 ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

static int collect_names(const struct wh_firewall_spec *spec, struct wh_strv *ret_names, struct wh_err *err)
{
    for (size_t i = 0; i < spec->n_bridges; i++) {
        if (wh_strv_add(ret_names, spec->bridges[i].name) < 0)
            return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    return 0;
}

/* Sends the change; when a difference does not fit what is there (flushed table), everything. */
static int send_change(struct wh_firewall *fw, bool rebuild, const char *base, const struct wh_map *items,
                       struct wh_err *err)
{
    wh_auto_str text = {0};
    if (write_change(fw, rebuild, base, items, &text, err) < 0)
        return -1;
    if (text.len == 0)
        return 0;
    if (rebuild)
        return wh_nft_run(wh_str_c(&text), err);
    if (wh_nft_run(wh_str_c(&text), NULL) == 0)
        return 0;
    return send_change(fw, true, base, items, err);
}

static int apply(struct wh_firewall *fw, const struct wh_firewall_spec *spec, struct wh_err *err)
{
    struct wh_net_scope scope = scope_of(fw);
    wh_auto_str base = {0};
    struct wh_map items WH_CLEANUP(free_items) = {0};
    wh_auto_strv names = {0};
    bool has_ipv6 = wh_net_has_ipv6();
    if (wh_fw_base_text(fw->table, spec, has_ipv6, &base) < 0)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    if (wh_fw_items(spec, has_ipv6, &items, err) < 0 || collect_names(spec, &names, err) < 0)
        return -1;
    bool rebuild = strcmp(wh_str_c(&base), wh_str_c(&fw->base)) != 0;
    if (send_change(fw, rebuild, wh_str_c(&base), &items, err) < 0)
        return -1;
    if (rebuild && wh_foreign_set(&scope, &names, err) < 0)
        return -1;
    forget_udp(&fw->items, &items);
    forget_applied(fw);
    fw->base = base;
    fw->items = items;
    fw->names = names;
    base = (struct wh_str){0};
    items = (struct wh_map){0};
    names = (struct wh_strv){0};
    return 0;
}

int wh_firewall_apply(struct wh_firewall *fw, const struct wh_firewall_spec *spec, struct wh_err *err)
{
    return apply(fw, spec, err) < 0 ? wh_wrap(err, "firewall of project %s", fw->project) : 0;
}

int wh_firewall_check(struct wh_firewall *fw, struct wh_err *err)
{
    if (fw->base.len == 0)
        return 0;
    struct wh_net_scope scope = scope_of(fw);
    int table = wh_nft_has_table(fw->table, err);
    int foreign = table < 0 ? -1 : wh_foreign_check(&scope, &fw->names, err);
    if (foreign < 0)
        return wh_wrap(err, "check the firewall of project %s", fw->project);
    if (table == 0 && foreign == 0)
        return 0;
    if ((table && send_change(fw, true, fw->base.data, &fw->items, err) < 0) ||
        (foreign && wh_foreign_set(&scope, &fw->names, err) < 0))
        return wh_wrap(err, "rebuild the firewall of project %s", fw->project);
    return 1;
}

int wh_net_delete_table(const struct wh_net_scope *scope, struct wh_err *err)
{
    char table[WH_TABLE_MAX], commands[2 * WH_TABLE_MAX + 64];
    wh_net_table_name(scope, table, sizeof(table));
    snprintf(commands, sizeof(commands), "add table inet %s\ndelete table inet %s\n", table, table);
    return wh_nft_run(commands, err);
}

int wh_firewall_clear(struct wh_firewall *fw, struct wh_err *err)
{
    struct wh_net_scope scope = scope_of(fw);
    struct wh_strv none = {0};
    if (wh_net_delete_table(&scope, err) < 0 || wh_foreign_set(&scope, &none, err) < 0)
        return wh_wrap(err, "remove the firewall of project %s", fw->project);
    forget_applied(fw);
    return 0;
}
