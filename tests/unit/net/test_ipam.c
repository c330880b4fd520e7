/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Subnets and addresses: parsing, overlap, choice. */
#include "tests/unit/test.h"

#include "whale/net.h"

static struct wh_cidr net(const char *text)
{
    struct wh_cidr c = {0};
    if (*text && wh_cidr_parse(text, &c) < 0)
        fail_msg("bad subnet in a test: %s", text);
    return c;
}

static struct wh_addr ip(const char *text)
{
    struct wh_addr a = {0};
    if (*text && wh_addr_parse(text, &a) < 0)
        fail_msg("bad address in a test: %s", text);
    return a;
}

static void parses_subnets(void **state)
{
    static const struct {
        const char *text, *want; /* want NULL = refused */
    } rows[] = {
        {"10.1.2.3/24", "10.1.2.0/24"},
        {"10.1.2.3/0", "0.0.0.0/0"},
        {"10.1.2.3/32", "10.1.2.3/32"},
        {"fd00::1:2/64", "fd00::/64"},
        {"fd00::/129", NULL},
        {"10.0.0.0/33", NULL},
        {"10.0.0.0", NULL},
        {"10.0.0/8", NULL},
        {"10.0.0.0/", NULL},
        {"10.0.0.0/ 8", NULL},
        {"10.0.0.0/-1", NULL},
        {"10.0.0.0/8x", NULL},
        {"/8", NULL},
        {"10.0.0.0/23", "10.0.0.0/23"},
        {"10.0.1.0/23", "10.0.0.0/23"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_cidr c;
        char text[WH_ADDR_TEXT_MAX];
        int ret = wh_cidr_parse(rows[i].text, &c);
        expect_str(rows[i].text, ret == 0 ? wh_cidr_text(&c, text, sizeof(text)) : NULL, rows[i].want);
    }
}

static void knows_overlap(void **state)
{
    static const struct {
        const char *a, *b;
        bool want;
    } rows[] = {
        {"10.0.0.0/8", "10.1.0.0/16", true},   {"10.1.0.0/16", "10.0.0.0/8", true},
        {"10.0.0.0/24", "10.0.1.0/24", false}, {"0.0.0.0/0", "10.0.1.0/24", true},
        {"fd00::/64", "10.0.0.0/8", false},    {"fd00::/16", "fd00:1::/64", true},
        {"10.0.0.1/32", "10.0.0.0/31", true},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_cidr a = net(rows[i].a), b = net(rows[i].b);
        expect_int(rows[i].a, wh_cidr_overlaps(&a, &b), rows[i].want);
    }
}

static void parses_macs(void **state)
{
    uint8_t mac[6];
    char text[20];
    assert_int_equal(wh_mac_parse("02:42:AC:11:00:03", mac), 0);
    assert_string_equal(wh_mac_text(mac, text, sizeof(text)), "02:42:ac:11:00:03");
    assert_int_equal(wh_mac_parse("01:42:ac:11:00:03", mac), -1);
    assert_int_equal(wh_mac_parse("02:42:ac:11:00", mac), -1);
    assert_int_equal(wh_mac_parse("02:42:ac:11:00:03:04", mac), -1);
    struct wh_addr a = ip("172.18.0.9");
    wh_mac_from_addr(&a, mac);
    assert_string_equal(wh_mac_text(mac, text, sizeof(text)), "02:42:ac:12:00:09");
}

static void picks_free_subnets(void **state)
{
    wh_auto_vec pools = WH_VEC(struct wh_ipam_pool);
    wh_auto_err err = {0};
    struct wh_cidr taken[] = {net("10.9.0.0/26"), net("10.9.0.64/26")}, got, again;
    assert_int_equal(wh_ipam_pools("10.9.0.0/24/26", &pools, &err), 0);
    assert_int_equal(wh_ipam_pick4(pools.items, pools.len, taken, 2, "p_default", 4, &got, &err), 0);
    assert_int_equal(wh_ipam_pick4(pools.items, pools.len, taken, 2, "p_default", 4, &again, &err), 0);
    assert_true(wh_addr_equal(&got.addr, &again.addr) && got.prefix == 26);
    assert_false(wh_cidr_overlaps(&got, &taken[0]) || wh_cidr_overlaps(&got, &taken[1]));
    assert_int_equal(wh_ipam_pick4(pools.items, pools.len, taken, 2, "p_default", 90, &got, &err), 0);
    assert_int_equal(got.prefix, 25);
    struct wh_cidr all = net("10.0.0.0/8");
    assert_int_equal(wh_ipam_pick4(pools.items, pools.len, &all, 1, "p_default", 4, &got, &err), -1);
    expect_err("pool used up", &err, "no free subnet for network p_default");
    wh_err_fini(&err);
    static const char *const wrong[] = {"10.9.0.0/24",  "10.9.0.0/24/23",  "10.9.0.0/24/31", "10.9.0.0/16/4294967320",
                                        "10.9.0.0/24/", "10.9.0.0/24/26x", "fd00::/48/64"};
    for (size_t i = 0; i < WH_ARRAY_LEN(wrong); i++) {
        expect_int(wrong[i], wh_ipam_pools(wrong[i], &pools, &err), -1);
        wh_err_fini(&err);
    }
}

static void default_pools_leave_docker_alone(void **state)
{
    wh_auto_vec pools = WH_VEC(struct wh_ipam_pool);
    struct wh_cidr docker0 = net("172.17.0.0/16"), got;
    assert_int_equal(wh_ipam_pools(NULL, &pools, NULL), 0);
    for (int i = 0; i < 200; i++) {
        char seed[32];
        snprintf(seed, sizeof(seed), "project%d_default", i);
        assert_int_equal(wh_ipam_pick4(pools.items, pools.len, &docker0, 1, seed, 4, &got, NULL), 0);
        assert_int_equal(got.prefix, 24);
        assert_false(wh_cidr_overlaps(&got, &docker0));
    }
    assert_int_equal(wh_ipam_pick6(NULL, 0, "p_default", &got, NULL), 0);
    assert_true(got.prefix == 64 && got.addr.bytes[0] == 0xfd);
}

static void hands_out_addresses(void **state)
{
    static const struct {
        const char *row, *subnet, *range, *gateway, *aux, *used, *last, *want,
            *result; /* result: address or error text */
    } rows[] = {
        {"first after the gateway", "10.5.0.0/24", "", "", "", "", "", "", "10.5.0.2"},
        {"gateway in the middle", "10.5.0.0/29", "", "10.5.0.3", "", "10.5.0.2", "10.5.0.1", "", "10.5.0.4"},
        {"wraps around", "10.5.0.0/29", "", "", "", "", "10.5.0.6", "", "10.5.0.2"},
        {"no immediate reuse", "10.5.0.0/24", "", "", "", "", "10.5.0.2", "", "10.5.0.3"},
        {"range only", "10.5.0.0/24", "10.5.0.32/29", "10.5.0.254", "10.5.0.32", "", "", "", "10.5.0.33"},
        {"range used up", "10.5.0.0/24", "10.5.0.32/32", "10.5.0.254", "", "10.5.0.32", "", "", "all of"},
        {"fixed outside of the range", "10.5.0.0/24", "10.5.0.32/29", "10.5.0.254", "", "", "", "10.5.0.200",
         "10.5.0.200"},
        {"fixed aux address", "10.5.0.0/24", "", "", "10.5.0.9", "", "", "10.5.0.9", "already in use"},
        {"fixed broadcast address", "10.5.0.0/24", "", "", "", "", "", "10.5.0.255", "already in use"},
        {"fixed outside of the subnet", "10.5.0.0/24", "", "", "", "", "", "10.6.0.1", "subnets (10.5.0.0/24)"},
        {"fixed and used", "10.5.0.0/24", "", "", "", "10.5.0.9", "", "10.5.0.9", "already in use"},
        {"fixed is the gateway", "10.5.0.0/24", "", "", "", "", "", "10.5.0.1", "gateway"},
        {"two addresses", "10.5.0.0/30", "", "", "", "", "", "", "10.5.0.2"},
        {"point to point", "10.5.0.0/31", "", "10.5.0.0", "", "", "", "", "10.5.0.1"},
        {"full", "10.5.0.0/30", "", "", "", "10.5.0.2", "", "", "all of 10.5.0.0/30 are in use"},
        {"v6", "fd00:5::/64", "", "", "", "", "", "", "fd00:5::2"},
        {"v6 after the last", "fd00:5::/64", "", "", "", "", "fd00:5::ff", "", "fd00:5::100"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_addr aux = ip(rows[i].aux), used = ip(rows[i].used), last = ip(rows[i].last), want = ip(rows[i].want);
        struct wh_addr got;
        struct wh_ipam ipam = {.subnet = net(rows[i].subnet),
                               .range = net(rows[i].range),
                               .gateway = ip(rows[i].gateway),
                               .aux = &aux,
                               .n_aux = aux.family != 0};
        char text[WH_ADDR_TEXT_MAX];
        wh_auto_err err = {0};
        expect_int(rows[i].row, wh_ipam_complete(&ipam, &err), 0);
        if (wh_ipam_address(&ipam, &want, &used, used.family != 0, &last, &got, &err) == 0)
            expect_str(rows[i].row, wh_addr_text(&got, text, sizeof(text)), rows[i].result);
        else
            expect_err(rows[i].row, &err, rows[i].result);
    }
}

static void checks_configured_values(void **state)
{
    wh_auto_err err = {0};
    struct wh_ipam bad = {.subnet = net("10.5.0.0/24"), .gateway = ip("10.6.0.1")};
    assert_int_equal(wh_ipam_complete(&bad, &err), -1);
    expect_err("gateway", &err, "gateway 10.6.0.1 is not inside subnet 10.5.0.0/24");
    wh_err_fini(&err);
    struct wh_cidr mine = net("10.5.0.0/24"), taken[] = {net("10.7.0.0/16"), net("10.5.0.0/16")};
    const char *const owners[] = {NULL, "network other_default"};
    assert_int_equal(wh_ipam_check(&mine, taken, owners, 1, &err), 0);
    assert_int_equal(wh_ipam_check(&mine, taken, owners, 2, &err), -1);
    expect_err("overlap", &err, "subnet 10.5.0.0/24 overlaps with 10.5.0.0/16 (network other_default)");
}

static void names_are_stable_and_short(void **state)
{
    struct wh_net_scope one = {"/run/one", "proj"}, two = {"/run/two", "proj"};
    char a[WH_IFNAME_MAX], b[WH_IFNAME_MAX], c[WH_IFNAME_MAX];
    wh_net_bridge_name(&one, "proj_default", a);
    wh_net_bridge_name(&one, "proj_default", b);
    wh_net_bridge_name(&two, "proj_default", c);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(strlen(a), 15);
    assert_true(wh_net_group(&one) != wh_net_group(&two) && (wh_net_group(&one) & 0x80000000u));
}

static void reads_driver_options(void **state)
{
    static const struct {
        const char *key, *value;
        int want;
    } rows[] = {
        {"com.docker.network.bridge.name", "br7", 0},
        {"com.docker.network.bridge.name", "a/b", -1},
        {"com.docker.network.bridge.name", "x\"; drop", -1},
        {"com.docker.network.bridge.name", "0123456789abcdef", -1},
        {"com.docker.network.driver.mtu", "1400", 0},
        {"com.docker.network.driver.mtu", "none", -1},
        {"com.docker.network.bridge.enable_icc", "false", 0},
        {"com.docker.network.bridge.enable_ip_masquerade", "maybe", -1},
        {"com.docker.network.bridge.host_binding_ipv4", "127.0.0.1", 0},
        {"com.example.unknown", "1", 1},
    };
    struct wh_bridge b = {0};
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        expect_int(rows[i].value, wh_bridge_option(&b, rows[i].key, rows[i].value, NULL), rows[i].want);
    assert_string_equal(b.name, "br7");
    assert_true(b.no_icc && !b.no_masquerade && b.mtu == 1400 && b.host_binding.family == 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_subnets),
        cmocka_unit_test(knows_overlap),
        cmocka_unit_test(parses_macs),
        cmocka_unit_test(picks_free_subnets),
        cmocka_unit_test(default_pools_leave_docker_alone),
        cmocka_unit_test(hands_out_addresses),
        cmocka_unit_test(checks_configured_values),
        cmocka_unit_test(names_are_stable_and_short),
        cmocka_unit_test(reads_driver_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
