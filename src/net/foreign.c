/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding foreign forward chains that drop, and keeping our accept rules there. Our rules are known by their comment.
 */
#include "foreign.h"

#include <ctype.h>
#include <string.h>

#define COMMENT_MAX 160

/* A chain that our accept rules go into. */
struct place {
    char family[8];
    char table[64];
    char chain[64];
};

/* ---- reading `list chains` ---- */

struct reader {
    struct wh_vec *places; /* of struct place */
    struct place base;     /* the chain being read */
    bool user_chain;       /* the table has a DOCKER-USER */
};

static void end_table(struct reader *r)
{
    for (size_t i = 0; i < r->places->len; i++) {
        struct place *p = &wh_vec_at(r->places, struct place, i);
        if (r->user_chain && !strcmp(p->family, r->base.family) && !strcmp(p->table, r->base.table))
            snprintf(p->chain, sizeof(p->chain), "DOCKER-USER");
    }
    r->user_chain = false;
}

static void read_line(struct reader *r, const char *line)
{
    char family[8], table[64], chain[64];
    while (isspace((unsigned char)*line))
        line++;
    if (sscanf(line, "table %7s %63s {", family, table) == 2) {
        end_table(r);
        snprintf(r->base.family, sizeof(r->base.family), "%s", family);
        snprintf(r->base.table, sizeof(r->base.table), "%s", table);
    } else if (sscanf(line, "chain %63s {", chain) == 1) {
        snprintf(r->base.chain, sizeof(r->base.chain), "%s", chain);
        r->user_chain |= strcmp(chain, "DOCKER-USER") == 0;
    } else if (strstr(line, "hook forward") && strstr(line, "policy drop")) {
        struct place *p = wh_vec_push(r->places);
        if (p)
            *p = r->base;
    }
}

static bool is_ip_family(const struct place *p)
{
    return !strcmp(p->family, "ip") || !strcmp(p->family, "ip6") || !strcmp(p->family, "inet");
}

static int find_places(struct wh_vec *ret_places, struct wh_err *err)
{
    wh_auto_str text = {0};
    struct reader r = {.places = ret_places};
    if (wh_nft_ask("list chains", &text, err) < 0)
        return -1;
    char *save = NULL;
    for (char *line = strtok_r(text.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        read_line(&r, line);
    end_table(&r);
    for (size_t i = ret_places->len; i-- > 0;) {
        const struct place *p = &wh_vec_at(ret_places, struct place, i);
        if (!is_ip_family(p) || wh_starts(p->table, "whale-"))
            wh_vec_remove(ret_places, i);
    }
    return ret_places->failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

/* ---- our rules in one place ---- */

static void make_comment(const struct wh_net_scope *scope, char buf[COMMENT_MAX])
{
    char inst[WH_INSTANCE_TAG];
    wh_net_instance_tag(scope, inst);
    snprintf(buf, COMMENT_MAX, "whale-compose %s %.100s", inst, scope->project);
}

static int list_place(const struct place *p, struct wh_str *ret_text, struct wh_err *err)
{
    char command[200];
    snprintf(command, sizeof(command), "list chain %s %s %s", p->family, p->table, p->chain);
    return wh_nft_ask(command, ret_text, err);
}

/* The bridge that a line of a listing has a rule of ours for: its name in ret, "" when it is not ours. */
static void read_rule(const char *line, const char *comment, char ret[WH_IFNAME_MAX], unsigned long *ret_handle)
{
    char quoted[COMMENT_MAX + 16];
    snprintf(quoted, sizeof(quoted), "comment \"%s\"", comment);
    const char *at = strstr(line, quoted) ? strstr(line, "ifname \"") : NULL;
    const char *handle = strstr(line, "# handle ");
    ret[0] = '\0';
    if (at && handle && sscanf(at, "ifname \"%15[^\"]\"", ret) == 1)
        *ret_handle = strtoul(handle + strlen("# handle "), NULL, 10);
}

/* Commands that delete our rules for bridges that are not in keep. The listing is cut up. */
static void write_deletes(const struct place *p, char *listing, const char *comment, const struct wh_strv *keep,
                          struct wh_str *out)
{
    char *save = NULL;
    for (char *line = strtok_r(listing, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char bridge[WH_IFNAME_MAX];
        unsigned long handle = 0;
        read_rule(line, comment, bridge, &handle);
        if (*bridge && !wh_strv_has(keep, bridge))
            wh_str_fmt(out, "delete rule %s %s %s handle %lu\n", p->family, p->table, p->chain, handle);
    }
}

/* Commands that add what is missing. Counters, because iptables-nft shows only rules that have one. */
static void write_inserts(const struct place *p, const struct wh_strv *bridges, const char *listing,
                          const char *comment, struct wh_str *out)
{
    static const char *const sides[] = {"oifname", "iifname"};
    for (size_t i = 0; i < bridges->len * 2; i++) {
        char rule[64];
        snprintf(rule, sizeof(rule), "%s \"%s\"", sides[i % 2], bridges->items[i / 2]);
        if (!strstr(listing, rule))
            wh_str_fmt(out, "insert rule %s %s %s %s counter accept comment \"%s\"\n", p->family, p->table, p->chain,
                       rule, comment);
    }
}

/* Commands that make our rules in all places those of `bridges`. */
static int write_changes(const struct wh_net_scope *scope, const struct wh_strv *bridges, struct wh_str *out,
                         struct wh_err *err)
{
    char comment[COMMENT_MAX];
    wh_auto_vec places = WH_VEC(struct place);
    make_comment(scope, comment);
    if (find_places(&places, err) < 0)
        return wh_wrap(err, "look at the firewall chains of other programs");
    for (size_t i = 0; i < places.len; i++) {
        const struct place *p = &wh_vec_at(&places, struct place, i);
        wh_auto_str listing = {0};
        if (list_place(p, &listing, err) < 0)
            return wh_wrap(err, "read chain %s of table %s", p->chain, p->table);
        write_inserts(p, bridges, wh_str_c(&listing), comment, out);
        if (listing.len > 0)
            write_deletes(p, listing.data, comment, bridges, out);
    }
    return out->failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

int wh_foreign_set(const struct wh_net_scope *scope, const struct wh_strv *bridges, struct wh_err *err)
{
    wh_auto_str out = {0};
    if (write_changes(scope, bridges, &out, err) < 0)
        return -1;
    if (out.len == 0)
        return 0;
    return wh_nft_run(wh_str_c(&out), err) < 0 ? wh_wrap(err, "accept rules in a foreign forward chain") : 0;
}

int wh_foreign_removal(const struct wh_net_scope *scope, struct wh_str *ret_text, struct wh_err *err)
{
    struct wh_strv none = {0};
    return write_changes(scope, &none, ret_text, err);
}

/* Every bridge has its two rules in the listing. */
static bool has_all(const char *listing, const struct wh_strv *bridges)
{
    for (size_t i = 0; i < bridges->len; i++) {
        char in[64], out[64];
        snprintf(in, sizeof(in), "iifname \"%s\"", bridges->items[i]);
        snprintf(out, sizeof(out), "oifname \"%s\"", bridges->items[i]);
        if (!strstr(listing, in) || !strstr(listing, out))
            return false;
    }
    return true;
}

int wh_foreign_check(const struct wh_net_scope *scope, const struct wh_strv *bridges, struct wh_err *err)
{
    wh_auto_vec places = WH_VEC(struct place);
    if (find_places(&places, err) < 0)
        return -1;
    for (size_t i = 0; i < places.len; i++) {
        wh_auto_str listing = {0};
        if (list_place(&wh_vec_at(&places, struct place, i), &listing, err) < 0)
            return -1;
        if (!has_all(wh_str_c(&listing), bridges))
            return 1;
    }
    return 0;
}

/* ---- what cannot be cured ---- */

/* iptables-legacy has rules of its own that nft neither shows nor changes. */
static bool uses_legacy_filter(void)
{
    wh_auto_str names = {0};
    return wh_file_read("/proc/net/ip_tables_names", 4096, &names, NULL) == 0 && strstr(wh_str_c(&names), "filter");
}

int wh_firewall_doctor(struct wh_str *ret_text, struct wh_err *err)
{
    if (uses_legacy_filter())
        wh_str_add(ret_text, "the host uses iptables-legacy: if its FORWARD policy is DROP, allow the bridges of "
                             "whale-compose there (iptables-legacy -I FORWARD -i whb+ -j ACCEPT, and -o)\n");
    return ret_text->failed ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}
