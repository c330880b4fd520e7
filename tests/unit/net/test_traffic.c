/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets through bridges, veths and the firewall, between containers, host and a machine outside, each in a network
 * namespace of its own. Needs root; skipped without. One world for all tests:
 *
 *   outside 198.51.100.2 ---- 198.51.100.1 uplink [host] whbA 10.77.1.1/24 -- a1 .10, a2 .11 (a1 also on B .10)
 *                                                        whbB 10.77.2.1/24 -- b1 .20
 *                                                        whbI 10.77.3.1/24 -- i1 .30     (internal)
 */
#include "tests/unit/net/sandbox.h"
#include "tests/unit/test.h"

static const struct wh_net_scope scope = {.instance = "/tmp/test-instance", .project = "traffic"};
static struct wh_bridge bridges[3];
static struct wh_firewall *fw;
static int outside = -1, a1 = -1, a2 = -1, b1 = -1, i1 = -1;
static bool usable;
static pid_t servers[16];
static size_t n_servers;

static void serve(int netns, int type, const char *addr, uint16_t port, const char *name)
{
    servers[n_servers++] = start_server(netns, type, addr, port, name);
    expect_true(name, servers[n_servers - 1] > 0);
}

static void make_bridge(size_t i, const char *network, const char *subnet, const char *gateway, bool internal)
{
    struct wh_bridge *b = &bridges[i];
    wh_auto_err err = {0};
    wh_net_bridge_name(&scope, network, b->name);
    b->network = network;
    b->subnet4 = cidr_of(subnet);
    b->gateway4 = addr_of(gateway);
    b->internal = internal;
    b->subnet6 = cidr_of(i == 0 ? "fd77:1::/64" : "");
    b->gateway6 = addr_of(i == 0 ? "fd77:1::1" : "");
    if (wh_bridge_ensure(&scope, b, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    if (wh_bridge_ensure(&scope, b, &err) < 0)
        fail_msg("second time: %s", wh_err_text(&err));
}

static struct wh_endpoint endpoint(size_t bridge, const char *addr)
{
    struct wh_endpoint ep = {.bridge = bridges[bridge].name, .ip4 = addr_of(addr), .prefix4 = 24};
    if (!bridges[bridge].internal)
        ep.gateway4 = bridges[bridge].gateway4;
    return ep;
}

static int make_container(struct wh_endpoint *eps, size_t n)
{
    wh_auto_err err = {0};
    int netns = make_netns();
    if (wh_net_attach(&scope, netns, eps, n, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    return netns;
}

static void make_outside(void)
{
    char command[400];
    outside = make_netns();
    snprintf(command, sizeof(command),
             "ip link add up0 type veth peer name eth0 netns /proc/%d/fd/%d && ip addr add 198.51.100.1/24 dev up0 && "
             "ip addr add 2001:db8::1/64 dev up0 nodad && ip link set up0 up",
             getpid(), outside);
    assert_int_equal(sh_in(-1, command), 0);
    assert_int_equal(sh_in(outside,
                           "ip link set lo up; ip addr add 198.51.100.2/24 dev eth0 && ip addr add 2001:db8::2/64 "
                           "dev eth0 nodad && ip link set eth0 up && ip route add 10.77.0.0/16 via 198.51.100.1"),
                     0);
}

static int setup(void **state)
{
    usable = geteuid() == 0 && enter_sandbox();
    if (!usable)
        return 0;
    make_bridge(0, "traffic_a", "10.77.1.0/24", "10.77.1.1", false);
    make_bridge(1, "traffic_b", "10.77.2.0/24", "10.77.2.1", false);
    make_bridge(2, "traffic_i", "10.77.3.0/24", "10.77.3.1", true);
    make_outside();
    struct wh_endpoint both[] = {endpoint(0, "10.77.1.10"), endpoint(1, "10.77.2.10")};
    both[0].ip6 = addr_of("fd77:1::10");
    both[0].prefix6 = 64;
    both[0].gateway6 = addr_of("fd77:1::1");
    a1 = make_container(both, 2);
    struct wh_endpoint one = endpoint(0, "10.77.1.11");
    a2 = make_container(&one, 1);
    one = endpoint(1, "10.77.2.20");
    b1 = make_container(&one, 1);
    one = endpoint(2, "10.77.3.30");
    i1 = make_container(&one, 1);
    serve(a1, SOCK_STREAM, "0.0.0.0", 80, "a1");
    serve(a1, SOCK_STREAM, "0.0.0.0", 81, "a1-81");
    serve(a1, SOCK_STREAM, "fd77:1::10", 80, "a1six");
    serve(a1, SOCK_DGRAM, "0.0.0.0", 53, "a1udp");
    serve(a2, SOCK_STREAM, "0.0.0.0", 80, "a2");
    serve(a2, SOCK_DGRAM, "0.0.0.0", 53, "a2udp");
    serve(i1, SOCK_STREAM, "0.0.0.0", 80, "i1");
    serve(outside, SOCK_STREAM, "198.51.100.2", 80, "outside");
    serve(-1, SOCK_STREAM, "127.0.0.1", 9999, "host-loopback");
    wh_auto_err err = {0};
    assert_int_equal(wh_firewall_open(&scope, &fw, &err), 0);
    return 0;
}

static void publish(const struct wh_publish *list, size_t n)
{
    struct wh_firewall_spec spec = {.bridges = bridges, .n_bridges = 3, .publishes = list, .n_publishes = n};
    wh_auto_err err = {0};
    if (wh_firewall_apply(fw, &spec, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
}

static void publish_standard(void)
{
    const struct wh_backend web = {addr_of("10.77.1.10"), 80}, dns = {addr_of("10.77.1.10"), 53},
                            both[] = {web, {addr_of("fd77:1::10"), 80}};
    const struct wh_publish list[] = {
        {WH_TCP, addr_of(""), 8080, both, 2},          {WH_TCP, addr_of("127.0.0.1"), 8081, &web, 1},
        {WH_TCP, addr_of("127.0.0.2"), 8081, &web, 1}, {WH_TCP, addr_of("198.51.100.1"), 8082, &web, 1},
        {WH_UDP, addr_of(""), 5353, &dns, 1},          {WH_TCP, addr_of("::"), 8088, both + 1, 1},
    };
    publish(list, WH_ARRAY_LEN(list));
}

enum where { HOST, OUT, A1, A2, B1, I1 };

static int netns_of(enum where w)
{
    const int all[] = {-1, outside, a1, a2, b1, i1};
    return all[w];
}

static void test_reachability(void **state)
{
    static const struct {
        const char *name;
        enum where from;
        int type;
        const char *addr;
        uint16_t port;
        const char *want; /* a prefix */
    } rows[] = {
        {"host by 127.0.0.1", HOST, SOCK_STREAM, "127.0.0.1", 8080, "a1 "},
        {"host by another loopback address", HOST, SOCK_STREAM, "127.9.9.9", 8080, "a1 "},
        {"host by its own address", HOST, SOCK_STREAM, "198.51.100.1", 8080, "a1 "},
        {"host by a gateway", HOST, SOCK_STREAM, "10.77.2.1", 8080, "a1 "},
        {"host by its v6 address", HOST, SOCK_STREAM, "2001:db8::1", 8080, "a1six "},
        {"v6 only publish by v6", OUT, SOCK_STREAM, "2001:db8::1", 8088, "a1six 2001:db8::2"},
        {"v6 only publish by v4", OUT, SOCK_STREAM, "198.51.100.1", 8088, "refused"},
        {"host by ::1 is refused at once", HOST, SOCK_STREAM, "::1", 8080, "refused"},
        {"outside keeps its address", OUT, SOCK_STREAM, "198.51.100.1", 8080, "a1 198.51.100.2"},
        {"outside by v6 keeps its address", OUT, SOCK_STREAM, "2001:db8::1", 8080, "a1six 2001:db8::2"},
        {"neighbour by the gateway", A2, SOCK_STREAM, "10.77.1.1", 8080, "a1 "},
        {"neighbour by the host's address", A2, SOCK_STREAM, "198.51.100.1", 8080, "a1 "},
        {"other network by its gateway", B1, SOCK_STREAM, "10.77.2.1", 8080, "a1 "},
        {"other network by the host's address", B1, SOCK_STREAM, "198.51.100.1", 8080, "a1 "},
        {"itself by the gateway", A1, SOCK_STREAM, "10.77.1.1", 8080, "a1 "},
        {"itself by the host's address", A1, SOCK_STREAM, "198.51.100.1", 8080, "a1 "},
        {"udp by 127.0.0.1", HOST, SOCK_DGRAM, "127.0.0.1", 5353, "a1udp "},
        {"udp from outside", OUT, SOCK_DGRAM, "198.51.100.1", 5353, "a1udp 198.51.100.2"},
        {"host to the container's address", HOST, SOCK_STREAM, "10.77.1.10", 80, "a1 "},
        {"host to an internal container", HOST, SOCK_STREAM, "10.77.3.30", 80, "i1 "},
        {"same network directly", A2, SOCK_STREAM, "10.77.1.10", 80, "a1 10.77.1.11"},
        {"way out is masqueraded", A2, SOCK_STREAM, "198.51.100.2", 80, "outside 198.51.100.1"},
        {"loopback publish from the host", HOST, SOCK_STREAM, "127.0.0.1", 8081, "a1 "},
        {"loopback publish on 127.0.0.2", HOST, SOCK_STREAM, "127.0.0.2", 8081, "a1 "},
        {"loopback publish not by 127.0.0.3", HOST, SOCK_STREAM, "127.0.0.3", 8081, "refused"},
        {"loopback publish not from outside", OUT, SOCK_STREAM, "198.51.100.1", 8081, "refused"},
        {"publish on one address", OUT, SOCK_STREAM, "198.51.100.1", 8082, "a1 "},
        {"publish on one address only", HOST, SOCK_STREAM, "127.0.0.1", 8082, "refused"},
        {"unpublished port from outside by a route", OUT, SOCK_STREAM, "10.77.1.10", 81, "nothing"},
        {"published port from outside by a route", OUT, SOCK_STREAM, "10.77.1.10", 80, "nothing"},
        {"other network's container address", B1, SOCK_STREAM, "10.77.1.11", 80, "nothing"},
        {"internal to outside", I1, SOCK_STREAM, "198.51.100.2", 80, "nothing"},
        {"internal to another network", I1, SOCK_STREAM, "10.77.1.10", 80, "nothing"},
        {"internal container from another network", A2, SOCK_STREAM, "10.77.3.30", 80, "nothing"},
        {"port that nobody published", HOST, SOCK_STREAM, "127.0.0.1", 8099, "refused"},
    };
    if (!usable)
        skip();
    publish_standard();
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        const char *got = ask_from(netns_of(rows[i].from), rows[i].type, rows[i].addr, rows[i].port);
        if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", rows[i].name, got, rows[i].want);
    }
}

/* The same with the bridge's frames kept away from the firewall, as on hosts without br_netfilter. */
static void test_reachability_without_br_netfilter(void **state)
{
    if (!usable ||
        sh_in(-1, "sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0") < 0)
        skip();
    test_reachability(state);
    assert_int_equal(sh_in(-1, "sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1"),
                     0);
}

static int advertise_here(void *arg, struct wh_err *err)
{
    static const uint8_t advert[16] = {134, 0, 0, 0, 64, 0, 7, 8};
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
    to.sin6_scope_id = if_nametoindex("eth0");
    int hops = 255;
    wh_auto_fd fd = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
    return sendto(fd, advert, sizeof(advert), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(advert) ? 0 : -1;
}

/* CVE-2020-13401: a container that calls itself a router changes neither the host's routes nor its neighbours'. */
static void test_router_advertisement(void **state)
{
    if (!usable)
        skip();
    assert_int_equal(wh_net_inside(a1, advertise_here, NULL, NULL), 0);
    usleep(50000);
    assert_int_equal(sh_in(-1, "ip -6 route show default | grep -q ."), -1);
    assert_int_equal(sh_in(a2, "ip -6 route show default | grep -q ra"), -1);
}

/* A host without IPv6: the v6 half of a network is left out, the rest works. */
static void test_without_ipv6(void **state)
{
    wh_auto_err err = {0};
    if (!usable)
        skip();
    assert_int_equal(sh_in(-1, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1"), 0);
    assert_false(wh_net_has_ipv6());
    struct wh_bridge b = {.network = "traffic_six",
                          .subnet4 = cidr_of("10.77.9.0/24"),
                          .gateway4 = addr_of("10.77.9.1"),
                          .subnet6 = cidr_of("fd77:9::/64"),
                          .gateway6 = addr_of("fd77:9::1")};
    wh_net_bridge_name(&scope, b.network, b.name);
    if (wh_bridge_ensure(&scope, &b, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    publish_standard();
    assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "a1 "));
    struct wh_relay *relay = NULL;
    assert_int_equal(wh_relay_new(&relay, &err), 0);
    assert_null(relay);
    assert_int_equal(wh_bridge_remove(&scope, b.name, &err), 0);
    assert_int_equal(wh_bridge_remove(&scope, b.name, &err), 0);
    assert_int_equal(if_nametoindex(b.name), 0);
    assert_int_equal(sh_in(-1, "sysctl -qw net.ipv6.conf.all.disable_ipv6=0"), 0);
}

/* Makes the machine send what is for 127.0.0.1 to its gateway. */
static void route_loopback_by(int netns, const char *gateway, const char *own)
{
    char command[600];
    snprintf(command, sizeof(command),
             "ip addr del 127.0.0.1/8 dev lo; sysctl -qw net.ipv4.conf.eth0.route_localnet=1 "
             "net.ipv4.conf.all.route_localnet=1; ip route add 127.0.0.1/32 via %s dev eth0 src %s",
             gateway, own);
    assert_int_equal(sh_in(netns, command), 0);
}

/* CVE-2020-8558: a neighbour on the wire sends packets for 127.0.0.1 to the host's MAC. */
static void test_loopback_from_wire(void **state)
{
    if (!usable)
        skip();
    publish_standard();
    route_loopback_by(outside, "198.51.100.1", "198.51.100.2");
    route_loopback_by(b1, "10.77.2.1", "10.77.2.20");
    assert_string_equal(ask_from(outside, SOCK_STREAM, "127.0.0.1", 8081), "nothing");
    assert_string_equal(ask_from(outside, SOCK_STREAM, "127.0.0.1", 9999), "nothing");
    assert_string_equal(ask_from(b1, SOCK_STREAM, "127.0.0.1", 9999), "nothing");
    assert_string_equal(ask_from(b1, SOCK_STREAM, "127.0.0.1", 8081), "nothing");
    assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 9999), "host-loopback "));
}

static void test_balance_and_drain(void **state)
{
    if (!usable)
        skip();
    const struct wh_backend two[] = {{addr_of("10.77.1.10"), 80}, {addr_of("10.77.1.11"), 80}};
    struct wh_publish p = {WH_TCP, addr_of(""), 8080, two, 2};
    int hits[2] = {0};
    publish(&p, 1);
    for (int i = 0; i < 20; i++) {
        const char *got = ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080);
        hits[0] += wh_starts(got, "a1 ");
        hits[1] += wh_starts(got, "a2 ");
    }
    assert_int_equal(hits[0], 10);
    assert_int_equal(hits[1], 10);
    p.n_backends = 1;
    publish(&p, 1);
    for (int i = 0; i < 6; i++)
        assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "a1 "));
    p.n_backends = 2;
    publish(&p, 1);
    p.backends = two + 1;
    p.n_backends = 1;
    publish(&p, 1);
    for (int i = 0; i < 6; i++)
        assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "a2 "));
    p.n_backends = 0;
    publish(&p, 1);
    assert_string_equal(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "refused");
}

/* A client with a fixed source port must reach the new backend at once although its flow is still tracked. */
static void test_udp_moves(void **state)
{
    if (!usable)
        skip();
    const struct wh_backend first = {addr_of("10.77.1.10"), 53}, second = {addr_of("10.77.1.11"), 53};
    struct wh_publish p = {WH_UDP, addr_of(""), 5353, &first, 1};
    struct sockaddr_storage sa;
    char buf[64] = "";
    publish(&p, 1);
    wh_auto_fd fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, fill_sockaddr("127.0.0.1", 5353, &sa)), 0);
    assert_int_equal(send(fd, "?", 1, 0), 1);
    assert_true(await(fd, POLLIN, 500) && read(fd, buf, sizeof(buf) - 1) > 0);
    assert_true(wh_starts(buf, "a1udp "));
    p.backends = &second;
    publish(&p, 1);
    assert_int_equal(send(fd, "?", 1, 0), 1);
    assert_true(await(fd, POLLIN, 500) && read(fd, buf, sizeof(buf) - 1) > 0);
    assert_true(wh_starts(buf, "a2udp "));
}

static void test_flush_is_noticed(void **state)
{
    if (!usable)
        skip();
    wh_auto_err err = {0};
    publish_standard();
    assert_int_equal(wh_firewall_check(fw, &err), 0);
    assert_int_equal(sh_in(-1, "nft flush ruleset"), 0);
    assert_string_equal(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "refused");
    assert_int_equal(wh_firewall_check(fw, &err), 1);
    assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "a1 "));
    assert_int_equal(sh_in(-1, "nft flush ruleset"), 0);
    publish(NULL, 0); /* the difference does not fit an absent table */
    publish_standard();
    assert_true(wh_starts(ask_from(-1, SOCK_STREAM, "127.0.0.1", 8080), "a1 "));
}

/* Docker's FORWARD chain drops what it does not know; our accept goes to DOCKER-USER and leaves again. */
static void test_foreign_drop(void **state)
{
    if (!usable)
        skip();
    wh_auto_err err = {0};
    publish_standard();
    assert_int_equal(
        sh_in(-1, "nft 'table ip filter { chain DOCKER-USER { counter return; }; chain FORWARD { type filter hook "
                  "forward priority filter; policy drop; counter jump DOCKER-USER; }; }'"),
        0);
    assert_string_equal(ask_from(a2, SOCK_STREAM, "198.51.100.2", 80), "nothing");
    assert_int_equal(wh_firewall_check(fw, &err), 1);
    assert_true(wh_starts(ask_from(a2, SOCK_STREAM, "198.51.100.2", 80), "outside "));
    assert_int_equal(wh_firewall_check(fw, &err), 0);
    assert_int_equal(wh_firewall_clear(fw, &err), 0);
    assert_int_equal(sh_in(-1, "nft list ruleset | grep -q whale"), -1);
    assert_int_equal(sh_in(-1, "nft delete table ip filter"), 0);
}

static void test_failed_attach(void **state)
{
    if (!usable)
        skip();
    wh_auto_err err = {0};
    struct wh_endpoint more = endpoint(1, "10.77.2.11");
    snprintf(more.ifname, sizeof(more.ifname), "eth1");
    more.bridge = "nosuch";
    assert_int_equal(wh_net_attach(&scope, a2, &more, 1, &err), -1);
    assert_int_equal(sh_in(a2, "ip -o link show eth1"), -1);
    assert_int_equal(if_nametoindex(more.host_if), 0);
}

static void test_sweep(void **state)
{
    if (!usable)
        skip();
    wh_auto_err err = {0};
    struct wh_bridge foreign = {.name = "other0", .network = "x"};
    assert_int_equal(sh_in(-1, "ip link add other0 type bridge"), 0);
    assert_int_equal(wh_bridge_ensure(&scope, &foreign, &err), -1);
    wh_err_fini(&err);
    assert_int_equal(wh_bridge_remove(&scope, "other0", &err), -1);
    wh_err_fini(&err);
    publish_standard();
    if (wh_net_sweep(&scope, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    assert_int_equal(wh_net_sweep(&scope, &err), 0);
    assert_int_equal(sh_in(-1, "ip -o link | grep -q wh[bv]"), -1);
    assert_int_equal(sh_in(-1, "nft list tables | grep -q whale"), -1);
    assert_int_not_equal(if_nametoindex("other0"), 0);
}

static int teardown(void **state)
{
    for (size_t i = 0; i < n_servers; i++)
        stop_server(servers[i]);
    wh_firewall_free(fw);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reachability),
        cmocka_unit_test(test_reachability_without_br_netfilter),
        cmocka_unit_test(test_router_advertisement),
        cmocka_unit_test(test_balance_and_drain),
        cmocka_unit_test(test_udp_moves),
        cmocka_unit_test(test_flush_is_noticed),
        cmocka_unit_test(test_foreign_drop),
        cmocka_unit_test(test_failed_attach),
        cmocka_unit_test(test_loopback_from_wire),
        cmocka_unit_test(test_without_ipv6),
        cmocka_unit_test(test_sweep),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
