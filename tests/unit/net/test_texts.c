/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/hosts, /etc/resolv.conf and the firewall's text. */
#include "tests/unit/test.h"

#include "whale/net.h"

static struct wh_addr ip(const char *text)
{
    struct wh_addr a = {0};
    if (*text && wh_addr_parse(text, &a) < 0)
        fail_msg("bad address in a test: %s", text);
    return a;
}

#define HOSTS_HEAD                                                                                                     \
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"                         \
    "ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"

static void writes_hosts(void **state)
{
    static const struct wh_host_line extra[] = {{"10.0.0.9", "nine"}, {"fd00::6", "six"}};
    const struct wh_addr addrs[] = {ip("10.0.1.2"), ip("10.0.2.2")};
    const struct {
        const char *row;
        struct wh_hosts_spec spec;
        const char *want;
    } rows[] = {
        {"no network", {.hostname = "box"}, HOSTS_HEAD},
        {"two networks",
         {.hostname = "box", .addrs = addrs, .n_addrs = 2},
         HOSTS_HEAD "10.0.1.2\tbox\n10.0.2.2\tbox\n"},
        {"full name",
         {.hostname = "b.example.net", .addrs = addrs, .n_addrs = 1},
         HOSTS_HEAD "10.0.1.2\tb.example.net b\n"},
        {"domain",
         {.hostname = "b", .domainname = "example.net", .addrs = addrs, .n_addrs = 1},
         HOSTS_HEAD "10.0.1.2\tb.example.net b\n"},
        {"extra hosts",
         {.hostname = "box", .addrs = addrs, .n_addrs = 1, .extra = extra, .n_extra = 2},
         HOSTS_HEAD "10.0.0.9\tnine\nfd00::6\tsix\n10.0.1.2\tbox\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        expect_int(rows[i].row, wh_net_hosts_text(&rows[i].spec, &out), 0);
        expect_str(rows[i].row, wh_str_c(&out), rows[i].want);
    }
}

static void writes_resolv_conf(void **state)
{
    static const char *const servers[] = {"10.9.9.9"}, *const search[] = {"corp.test"}, *const none[] = {"."},
                             *const options[] = {"timeout:2"}, *const dots[] = {"ndots:3"};
    static const char host_text[] = "# made by a tool\nnameserver 127.0.0.53\nnameserver 10.1.1.1\nsearch old.test\n"
                                    "search lan.test\noptions edns0 trust-ad\n";
    struct wh_resolv host = {0};
    assert_int_equal(wh_resolv_parse(host_text, &host), 0);
    const struct {
        const char *row;
        struct wh_resolv_spec spec;
        const char *want;
    } rows[] = {
        {"project",
         {.kind = WH_RESOLV_PROJECT, .host = &host},
         "search lan.test\nnameserver 127.0.0.11\noptions edns0 trust-ad ndots:0\n"},
        {"project without a host file", {.kind = WH_RESOLV_PROJECT}, "nameserver 127.0.0.11\noptions ndots:0\n"},
        {"project, user's values",
         {WH_RESOLV_PROJECT, servers, 1, search, 1, options, 1, &host},
         "search corp.test\nnameserver 127.0.0.11\noptions timeout:2 ndots:0\n"},
        {"project, user's ndots",
         {.kind = WH_RESOLV_PROJECT, .options = dots, .n_options = 1},
         "nameserver 127.0.0.11\noptions ndots:3\n"},
        {"no search",
         {.kind = WH_RESOLV_PROJECT, .search = none, .n_search = 1, .host = &host},
         "nameserver 127.0.0.11\noptions edns0 trust-ad ndots:0\n"},
        {"direct leaves the stub out",
         {.kind = WH_RESOLV_DIRECT, .host = &host},
         "search lan.test\nnameserver 10.1.1.1\noptions edns0 trust-ad\n"},
        {"direct, user's values",
         {WH_RESOLV_DIRECT, servers, 1, search, 1, dots, 1, &host},
         "search corp.test\nnameserver 10.9.9.9\noptions ndots:3\n"},
        {"host",
         {.kind = WH_RESOLV_HOST, .host = &host},
         "search lan.test\nnameserver 127.0.0.53\nnameserver 10.1.1.1\noptions edns0 trust-ad\n"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        expect_int(rows[i].row, wh_net_resolv_conf_text(&rows[i].spec, &out), 0);
        expect_str(rows[i].row, wh_str_c(&out), rows[i].want);
    }
    wh_resolv_fini(&host);
}

static void make_spec(struct wh_firewall_spec *spec, struct wh_bridge *b, struct wh_publish *p, struct wh_backend *web)
{
    *b = (struct wh_bridge){.name = "whb0", .network = "p_default"};
    assert_int_equal(wh_cidr_parse("10.5.0.0/24", &b->subnet4), 0);
    b->gateway4 = ip("10.5.0.1");
    web[0] = (struct wh_backend){ip("10.5.0.2"), 80};
    web[1] = (struct wh_backend){ip("10.5.0.3"), 80};
    p[0] = (struct wh_publish){WH_TCP, ip("127.0.0.1"), 8080, web, 1};
    p[1] = (struct wh_publish){WH_TCP, ip("0.0.0.0"), 8081, web, 2};
    p[2] = (struct wh_publish){WH_UDP, ip(""), 53, web, 0};
    *spec = (struct wh_firewall_spec){b, 1, p, 3};
}

static const char golden[] =
    "add table inet whale-d2cd8dfa-p\n"
    "delete table inet whale-d2cd8dfa-p\n"
    "table inet whale-d2cd8dfa-p {\n"
    "\tmap a4 { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }\n"
    "\tmap w4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"
    "\tmap va4 { type inet_proto . ipv4_addr . inet_service : verdict; }\n"
    "\tmap vw4 { type inet_proto . inet_service : verdict; }\n"
    "\tchain publish4 {\n"
    "\t\tmeta l4proto . ip daddr . th dport vmap @va4\n"
    "\t\tmeta l4proto { tcp, udp, sctp } dnat ip addr . port to meta l4proto . ip daddr . th dport map @a4\n"
    "\t\tmeta l4proto . th dport vmap @vw4\n"
    "\t\tmeta l4proto { tcp, udp, sctp } dnat ip addr . port to meta l4proto . th dport map @w4\n"
    "\t}\n"
    "\tchain prerouting {\n"
    "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
    "\t\tmeta nfproto ipv4 fib daddr type local jump publish4\n"
    "\t}\n"
    "\tchain output {\n"
    "\t\ttype nat hook output priority -100; policy accept;\n"
    "\t\tmeta nfproto ipv4 fib daddr type local jump publish4\n"
    "\t}\n"
    "\tchain raw {\n"
    "\t\ttype filter hook prerouting priority raw; policy accept;\n"
    "\t\tiifname != \"lo\" ip daddr 127.0.0.0/8 drop\n"
    "\t\tiifname != \"lo\" ip saddr 127.0.0.0/8 drop\n"
    "\t}\n"
    "\tchain forward {\n"
    "\t\ttype filter hook forward priority filter; policy accept;\n"
    "\t\tct state established,related accept\n"
    "\t}\n"
    "\tchain postrouting {\n"
    "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
    "\t}\n"
    "}\n"
    "add rule inet whale-d2cd8dfa-p postrouting oifname \"whb0\" ip saddr 127.0.0.0/8 masquerade\n"
    "add rule inet whale-d2cd8dfa-p raw iifname != \"whb0\" ip daddr 10.5.0.0/24 ip daddr != 10.5.0.1 drop\n"
    "add rule inet whale-d2cd8dfa-p postrouting oifname \"whb0\" ip saddr 10.5.0.0/24 ct status dnat masquerade\n"
    "add rule inet whale-d2cd8dfa-p postrouting oifname != \"whb0\" ip saddr 10.5.0.0/24 masquerade\n"
    "add rule inet whale-d2cd8dfa-p forward iifname != \"whb0\" oifname \"whb0\" ct status & dnat != dnat drop\n"
    "add element inet whale-d2cd8dfa-p a4 { tcp . 127.0.0.1 . 8080 : 10.5.0.2 . 80 }\n"
    "add chain inet whale-d2cd8dfa-p b4_any_tcp_8081\n"
    "add rule inet whale-d2cd8dfa-p b4_any_tcp_8081 meta l4proto tcp dnat ip addr . port to numgen inc mod 2 map { 0 : "
    "10.5.0.2 . 80, 1 : 10.5.0.3 . 80 }\n"
    "add element inet whale-d2cd8dfa-p vw4 { tcp . 8081 : jump b4_any_tcp_8081 }\n";

static void writes_the_firewall(void **state)
{
    struct wh_net_scope scope = {"/run/x", "p"};
    struct wh_firewall_spec spec;
    struct wh_bridge b;
    struct wh_publish p[3];
    struct wh_backend web[2];
    wh_auto_str out = {0};
    make_spec(&spec, &b, p, web);
    assert_int_equal(wh_firewall_text(&scope, &spec, false, &out), 0);
    expect_str("without IPv6", wh_str_c(&out), golden);
    b.internal = b.no_icc = true;
    wh_str_clear(&out);
    assert_int_equal(wh_firewall_text(&scope, &spec, true, &out), 0);
    assert_non_null(strstr(wh_str_c(&out), "iifname \"whb0\" oifname != \"whb0\" drop"));
    assert_non_null(strstr(wh_str_c(&out), "iifname \"whb0\" oifname \"whb0\" ct status & dnat != dnat drop"));
    assert_null(strstr(wh_str_c(&out), "oifname != \"whb0\" ip saddr 10.5.0.0/24 masquerade"));
    assert_non_null(strstr(wh_str_c(&out), "nd-router-advert drop"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_hosts),
        cmocka_unit_test(writes_resolv_conf),
        cmocka_unit_test(writes_the_firewall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
