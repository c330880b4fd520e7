/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the name service to single messages: who sees which name, and what hostile bytes lead to. No sockets. */
#include "tests/unit/test.h"

#include "net/dns_private.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <resolv.h>

static struct wh_dns_zone zone;
static struct wh_dns_client asker_a, asker_ab, asker_lone;

static struct wh_addr ip(const char *text)
{
    struct wh_addr a = {0};
    if (*text)
        assert_int_equal(wh_addr_parse(text, &a), 0);
    return a;
}

static void put(const char *id, const char *name, const char *network, const char *ip4, const char *ip6,
                const char *shared, const char *alias, bool ready)
{
    const char *names[] = {shared, alias}, *own[] = {id};
    wh_auto_err err = {0};
    struct wh_dns_record r = {.container_id = id,
                              .container = name,
                              .network = network,
                              .ip4 = ip(ip4),
                              .ip6 = ip(ip6),
                              .names = names,
                              .n_names = alias ? 2 : 1,
                              .own_names = own,
                              .n_own_names = 1,
                              .ready = ready};
    assert_int_equal(wh_dns_zone_put(&zone, &r, &err), 0);
}

static void set_asker(struct wh_dns_client *c, const char *first, const char *second, bool no_forward)
{
    *c = (struct wh_dns_client){.networks = calloc(2, sizeof(uint32_t)), .no_forward = no_forward};
    c->networks[c->n_networks++] = (uint32_t)wh_dns_zone_network(&zone, first);
    if (second)
        c->networks[c->n_networks++] = (uint32_t)wh_dns_zone_network(&zone, second);
}

static int setup(void **state)
{
    put("aaaaaaaaaaaa", "p-web-1", "p_a", "10.0.1.2", "", "web", "www", true);
    put("bbbbbbbbbbbb", "p-web-2", "p_a", "10.0.1.3", "", "web", NULL, true);
    put("cccccccccccc", "p-web-3", "p_a", "10.0.1.4", "", "web", NULL, false);
    put("dddddddddddd", "p-db-1", "p_b", "10.0.2.2", "fd00::2", "db", "example.org", true);
    put("eeeeeeeeeeee", "p-mid-1", "p_a", "10.0.1.9", "", "mid", NULL, true);
    put("eeeeeeeeeeee", "p-mid-1", "p_b", "10.0.2.9", "", "mid", NULL, true);
    put("ffffffffffff", "p-sick-1", "p_a", "10.0.1.8", "", "sick", NULL, false);
    set_asker(&asker_a, "p_a", NULL, false);
    set_asker(&asker_ab, "p_b", "p_a", false);
    set_asker(&asker_lone, "p_c", NULL, true);
    wh_strv_add(&asker_a.link_aliases, "database");
    wh_strv_add(&asker_a.link_targets, "mid");
    return 0;
}

static int teardown(void **state)
{
    wh_dns_zone_fini(&zone);
    free(asker_a.networks);
    free(asker_ab.networks);
    free(asker_lone.networks);
    wh_strv_fini(&asker_a.link_aliases);
    wh_strv_fini(&asker_a.link_targets);
    return 0;
}

static size_t make_query(const char *name, int type, uint8_t *buf, size_t size)
{
    int n = res_mkquery(ns_o_query, name, ns_c_in, type, NULL, 0, NULL, buf, (int)size);
    expect_true(name, n > 0);
    return (size_t)n;
}

/* "rcode addr addr ..." sorted as answered, or "forward" / "ignore". */
static const char *describe(enum wh_dns_verdict verdict, const uint8_t *reply, size_t len)
{
    static char text[4096];
    static const char *const rcodes[16] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
    ns_msg msg;
    if (verdict != WH_DNS_ANSWERED)
        return verdict == WH_DNS_FORWARD ? "forward" : "ignore";
    if (ns_initparse(reply, (int)len, &msg) < 0)
        return "unreadable reply";
    int at = snprintf(text, sizeof(text), "%s%s", rcodes[reply[3] & 15], reply[2] & 2 ? " cut" : "");
    for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++) {
        ns_rr rr;
        char value[512] = "?";
        if (ns_parserr(&msg, ns_s_an, i, &rr) < 0)
            return "unreadable record";
        if (ns_rr_type(rr) == ns_t_a)
            inet_ntop(AF_INET, ns_rr_rdata(rr), value, sizeof(value));
        else if (ns_rr_type(rr) == ns_t_aaaa)
            inet_ntop(AF_INET6, ns_rr_rdata(rr), value, sizeof(value));
        else if (ns_rr_type(rr) == ns_t_ptr)
            ns_name_uncompress(reply, reply + len, ns_rr_rdata(rr), value, sizeof(value));
        at += snprintf(text + at, sizeof(text) - (size_t)at, " %s", value);
    }
    return text;
}

static void names_and_scopes(void **state)
{
    static const struct {
        const char *row;
        const struct wh_dns_client *asker;
        const char *name;
        int type;
        const char *want;
    } rows[] = {
        {"service, ready replicas only", &asker_a, "web", ns_t_a, "NOERROR 10.0.1.3 10.0.1.2"},
        {"upper case", &asker_a, "WEB", ns_t_a, "NOERROR 10.0.1.3 10.0.1.2"},
        {"alias", &asker_a, "www", ns_t_a, "NOERROR 10.0.1.2"},
        {"container name, ready or not", &asker_a, "p-web-3", ns_t_a, "NOERROR 10.0.1.4"},
        {"short id", &asker_a, "bbbbbbbbbbbb", ns_t_a, "NOERROR 10.0.1.3"},
        {"nobody ready: all that run", &asker_a, "sick", ns_t_a, "NOERROR 10.0.1.8"},
        {"v6 of a v4-only name", &asker_a, "web", ns_t_aaaa, "NOERROR"},
        {"another type of a known name", &asker_a, "web", ns_t_mx, "NOERROR"},
        {"v6", &asker_ab, "db", ns_t_aaaa, "NOERROR fd00::2"},
        {"name.network", &asker_a, "web.p_a", ns_t_a, "NOERROR 10.0.1.3 10.0.1.2"},
        {"first network of the asker", &asker_ab, "mid", ns_t_a, "NOERROR 10.0.2.9"},
        {"asked on one network", &asker_ab, "mid.p_a", ns_t_a, "NOERROR 10.0.1.9"},
        {"network not of the asker", &asker_a, "mid.p_b", ns_t_a, "forward"},
        {"service on another network", &asker_a, "db", ns_t_a, "NXDOMAIN"},
        {"dotted alias in scope", &asker_ab, "example.org", ns_t_a, "NOERROR 10.0.2.2"},
        {"dotted alias out of scope", &asker_a, "example.org", ns_t_a, "forward"},
        {"unknown name", &asker_a, "nosuch", ns_t_a, "forward"},
        {"unknown name, internal network", &asker_lone, "nosuch", ns_t_a, "NXDOMAIN"},
        {"foreign name, internal network", &asker_lone, "example.com", ns_t_a, "NXDOMAIN"},
        {"private link", &asker_a, "database", ns_t_a, "NOERROR 10.0.1.9"},
        {"link of somebody else", &asker_ab, "database", ns_t_a, "forward"},
        {"reverse", &asker_a, "2.1.0.10.in-addr.arpa", ns_t_ptr, "NOERROR p-web-1.p_a"},
        {"reverse v6", &asker_ab, "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", ns_t_ptr,
         "NOERROR p-db-1.p_b"},
        {"reverse out of scope", &asker_a, "2.2.0.10.in-addr.arpa", ns_t_ptr, "NXDOMAIN"},
        {"reverse of a foreign address", &asker_a, "8.8.8.8.in-addr.arpa", ns_t_ptr, "forward"},
        {"a reverse name is no host", &asker_a, "2.1.0.10.in-addr.arpa", ns_t_a, "forward"},
        {"zone transfer", &asker_a, "web", ns_t_axfr, "REFUSED"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        uint8_t query[512], reply[4096];
        size_t n, len = make_query(rows[i].name, rows[i].type, query, sizeof(query));
        enum wh_dns_verdict v =
            wh_dns_answer_client(&zone, rows[i].asker, 0, query, len, false, reply, sizeof(reply), &n);
        expect_str(rows[i].row, describe(v, reply, n), rows[i].want);
    }
}

static void rotates(void **state)
{
    uint8_t query[512], reply[512];
    size_t n, len = make_query("web", ns_t_a, query, sizeof(query));
    enum wh_dns_verdict v = wh_dns_answer_client(&zone, &asker_a, 1, query, len, false, reply, sizeof(reply), &n);
    assert_string_equal(describe(v, reply, n), "NOERROR 10.0.1.2 10.0.1.3");
}

static void drops_and_replaces(void **state)
{
    uint8_t query[512], reply[512];
    size_t n, len = make_query("temp", ns_t_a, query, sizeof(query));
    put("999999999999", "p-temp-1", "p_a", "10.0.1.50", "", "temp", NULL, true);
    put("999999999999", "p-temp-1", "p_a", "10.0.1.51", "", "temp", NULL, true);
    enum wh_dns_verdict v = wh_dns_answer_client(&zone, &asker_a, 0, query, len, false, reply, sizeof(reply), &n);
    assert_string_equal(describe(v, reply, n), "NOERROR 10.0.1.51");
    wh_dns_zone_drop(&zone, "999999999999", NULL);
    v = wh_dns_answer_client(&zone, &asker_a, 0, query, len, false, reply, sizeof(reply), &n);
    /* A name of ours that nobody has now is not asked elsewhere. */
    assert_string_equal(describe(v, reply, n), "NXDOMAIN");
}

static void cuts_what_does_not_fit(void **state)
{
    uint8_t query[512], reply[65535];
    for (int i = 0; i < 100; i++) {
        char id[32], name[32], addr[32];
        snprintf(id, sizeof(id), "many%08d", i);
        snprintf(name, sizeof(name), "p-many-%d", i);
        snprintf(addr, sizeof(addr), "10.0.3.%d", i + 1);
        put(id, name, "p_a", addr, "", "many", NULL, true);
    }
    size_t n, len = make_query("many", ns_t_a, query, sizeof(query));
    assert_int_equal(wh_dns_answer_client(&zone, &asker_a, 0, query, len, false, reply, sizeof(reply), &n),
                     WH_DNS_ANSWERED);
    assert_true(n <= 512 && (reply[2] & 2));
    assert_int_equal(wh_dns_answer_client(&zone, &asker_a, 0, query, len, true, reply, sizeof(reply), &n),
                     WH_DNS_ANSWERED);
    assert_int_equal(reply[6] << 8 | reply[7], 100);
    assert_int_equal(reply[2] & 2, 0);
    for (size_t cap = 0; cap < 200; cap++) {
        wh_dns_answer_client(&zone, &asker_a, 0, query, len, true, reply, cap, &n);
        assert_true(n <= cap);
    }
}

static void hostile_messages(void **state)
{
    static const struct {
        const char *row;
        const char *bytes;
        size_t len;
        const char *want;
    } rows[] = {
        {"nothing", "", 0, "ignore"},
        {"half a header", "\0\1\0\0\0", 5, "ignore"},
        {"a response", "\0\1\x80\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1", 21, "ignore"},
        {"header only", "\0\1\1\0\0\0\0\0\0\0\0\0", 12, "FORMERR"},
        {"question is missing", "\0\1\1\0\0\1\0\0\0\0\0\0", 12, "FORMERR"},
        {"two questions", "\0\1\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1b\0\0\1\0\1", 26, "FORMERR"},
        {"label past the end", "\0\1\1\0\0\1\0\0\0\0\0\0\77ab", 15, "FORMERR"},
        {"pointer to itself", "\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18, "FORMERR"},
        {"pointer forward", "\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x20\0\1\0\1", 18, "FORMERR"},
        {"label then pointer back", "\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\x0c\0\1\0\1", 20, "FORMERR"},
        {"reserved label type", "\0\1\1\0\0\1\0\0\0\0\0\0\x80\0\0\1\0\1", 18, "FORMERR"},
        {"question without class", "\0\1\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0", 20, "FORMERR"},
        {"bytes behind the end", "\0\1\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1xyz", 24, "FORMERR"},
        {"promised records are missing", "\0\1\1\0\0\1\0\0\0\0\0\7\3web\0\0\1\0\1", 21, "FORMERR"},
        {"opcode update", "\0\1\x28\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\1", 21, "NOTIMP"},
        {"class chaos", "\0\1\1\0\0\1\0\0\0\0\0\0\3web\0\0\1\0\3", 21, "REFUSED"},
        {"root", "\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 17, "forward"},
        {"zero byte in a label", "\0\1\1\0\0\1\0\0\0\0\0\0\3w\0b\0\0\1\0\1", 21, "forward"},
        {"dot in a label", "\0\1\1\0\0\1\0\0\0\0\0\0\7web.p_a\0\0\1\0\1", 25, "forward"},
        {"edns", "\0\1\1\0\0\1\0\0\0\0\0\1\3www\0\0\1\0\1\0\0\x29\x10\0\0\0\0\0\0\0", 32, "NOERROR 10.0.1.2"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        uint8_t *exact = malloc(rows[i].len + 1), reply[1232];
        size_t n;
        memcpy(exact, rows[i].bytes, rows[i].len);
        enum wh_dns_verdict v =
            wh_dns_answer_client(&zone, &asker_a, 0, exact, rows[i].len, false, reply, sizeof(reply), &n);
        free(exact);
        expect_str(rows[i].row, describe(v, reply, n), rows[i].want);
    }
}

static void odd_names_are_stored_or_left_out(void **state)
{
    char huge[400];
    memset(huge, 'x', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    put("777777777777", "p-odd-1", "p_a", "10.0.1.60", "", huge, "*", true);
    put("777777777777", "p-odd-1", "p_a", "10.0.1.60", "", "", ".", true);
    wh_dns_zone_drop(&zone, "777777777777", "p_a");
    wh_dns_zone_drop(&zone, "777777777777", "p_nosuch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_scopes),       cmocka_unit_test(rotates),
        cmocka_unit_test(drops_and_replaces),     cmocka_unit_test(hostile_messages),
        cmocka_unit_test(cuts_what_does_not_fit), cmocka_unit_test(odd_names_are_stored_or_left_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
