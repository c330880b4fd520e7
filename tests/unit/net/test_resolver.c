/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Name service, port reservation and relay with real sockets, in private network namespaces. Needs root; skipped
 * without. The event loop's part is played by a thread that calls wh_dns_handle when the descriptor is readable.
 */
#include "tests/unit/net/sandbox.h"
#include "tests/unit/test.h"

#include "whale/util/file.h"

#include <arpa/nameser.h>
#include <pthread.h>
#include <resolv.h>

static const struct wh_net_scope scope = {.instance = "/tmp/test-instance", .project = "resolver"};
static const char id_a[] = "aaaaaaaaaaaa", id_b[] = "bbbbbbbbbbbb";
static bool usable;
static int box_a = -1, box_b = -1;
static struct wh_dns *dns;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t loop;
static volatile bool stop;
static pid_t upstream = -1;

static void *run_loop(void *arg)
{
    while (!stop) {
        if (!await(wh_dns_fd(dns), POLLIN, 50))
            continue;
        pthread_mutex_lock(&lock);
        wh_dns_handle(dns);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

/* The "host's resolver": answers 9.9.9.9 to every A question but those of silent.test. */
static void answer_upstream(int fd)
{
    uint8_t buf[1500];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    static const uint8_t record[] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 9, 9, 9, 9};
    ssize_t n = recvfrom(fd, buf, 512, 0, (struct sockaddr *)&from, &len);
    if (n < 12 || memmem(buf, (size_t)n, "silent", 6))
        return;
    buf[2] |= 0x80;
    buf[7] = 1;
    memcpy(buf + n, record, sizeof(record));
    sendto(fd, buf, (size_t)n + sizeof(record), 0, (struct sockaddr *)&from, len);
}

static pid_t start_upstream(int netns)
{
    int fds[2];
    char ok;
    if (pipe(fds) < 0)
        return -1;
    pid_t pid = fork();
    if (pid > 0) {
        close(fds[1]);
        ssize_t n = read(fds[0], &ok, 1);
        close(fds[0]);
        return n == 1 ? pid : -1;
    }
    struct sockaddr_storage sa;
    socklen_t len = fill_sockaddr("127.0.0.1", 53, &sa);
    if (netns >= 0 && setns(netns, CLONE_NEWNET) < 0)
        _exit(1);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&sa, len) < 0 || write(fds[1], "y", 1) != 1)
        _exit(1);
    for (;;)
        answer_upstream(fd);
}

static void join(const char *id, int netns, bool no_forward)
{
    static const char *const networks[] = {"r_default"};
    static const struct wh_dns_link links[] = {{"Database", "web"}};
    struct wh_dns_asker asker = {.container_id = id,
                                 .networks = networks,
                                 .n_networks = 1,
                                 .links = links,
                                 .n_links = 1,
                                 .no_forward = no_forward};
    wh_auto_err err = {0};
    if (wh_dns_join(dns, netns, &asker, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
}

static int setup(void **state)
{
    static const char conf[] = "/tmp/wh-test-resolv.conf";
    static const char *const names[] = {"web"};
    usable = geteuid() == 0 && enter_sandbox();
    if (!usable)
        return 0;
    wh_auto_err err = {0};
    box_a = make_netns();
    box_b = make_netns();
    if (wh_net_attach(&scope, box_a, NULL, 0, &err) < 0 || wh_net_attach(&scope, box_b, NULL, 0, &err) < 0 ||
        wh_dns_new(&dns, &err) < 0)
        fail_msg("%s", wh_err_text(&err));
    assert_int_equal(wh_file_replace(conf, "nameserver 127.0.0.1\n", 21, 0644, WH_SYNC_NONE, &err), 0);
    assert_int_equal(wh_dns_load_servers(dns, conf, &err), 0);
    unlink(conf);
    upstream = start_upstream(-1);
    assert_true(upstream > 0);
    join(id_a, box_a, false);
    join(id_b, box_b, true);
    struct wh_dns_record r = {.container_id = "cccccccccccc",
                              .container = "r-web-1",
                              .network = "r_default",
                              .ip4 = addr_of("10.1.1.1"),
                              .names = names,
                              .n_names = 1,
                              .ready = true};
    assert_int_equal(wh_dns_put(dns, &r, &err), 0);
    return pthread_create(&loop, NULL, run_loop, NULL);
}

static int teardown(void **state)
{
    if (!usable)
        return 0;
    stop = true;
    pthread_join(loop, NULL);
    wh_dns_free(dns);
    stop_server(upstream);
    return 0;
}

struct lookup {
    const char *name;
    bool tcp;
    char ret[128];
};

static ssize_t exchange(bool tcp, const uint8_t *query, size_t len, uint8_t *reply, size_t cap, int timeout_ms)
{
    struct sockaddr_storage sa;
    socklen_t slen = fill_sockaddr(WH_RESOLVER_ADDR, 53, &sa);
    uint8_t framed[1500] = {(uint8_t)(len >> 8), (uint8_t)len};
    wh_auto_fd fd = socket(AF_INET, tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
    memcpy(framed + 2, query, len);
    if (connect(fd, (struct sockaddr *)&sa, slen) < 0 ||
        send(fd, tcp ? framed : query, tcp ? len + 2 : len, MSG_NOSIGNAL) < 0 || !await(fd, POLLIN, timeout_ms))
        return -1;
    ssize_t n = recv(fd, reply, cap, 0);
    if (!tcp)
        return n;
    if (n <= 2)
        return -1;
    memmove(reply, reply + 2, (size_t)n - 2);
    return n - 2;
}

static int lookup_here(void *arg, struct wh_err *err)
{
    struct lookup *l = arg;
    uint8_t query[512], reply[1500];
    int len = res_mkquery(ns_o_query, l->name, ns_c_in, ns_t_a, NULL, 0, NULL, query, sizeof(query));
    ssize_t n = exchange(l->tcp, query, (size_t)len, reply, sizeof(reply), 6000);
    if (n < 12 || memcmp(reply, query, 2) != 0)
        snprintf(l->ret, sizeof(l->ret), "nothing");
    else if ((reply[3] & 15) != 0)
        snprintf(l->ret, sizeof(l->ret), "rcode %d", reply[3] & 15);
    else if (reply[7] == 0)
        snprintf(l->ret, sizeof(l->ret), "empty");
    else
        inet_ntop(AF_INET, reply + len + 12, l->ret, sizeof(l->ret));
    return 0;
}

static void answers_inside_containers(void **state)
{
    static const struct {
        const char *row;
        bool b, tcp;
        const char *name, *want;
    } rows[] = {
        {"udp", false, false, "web", "10.1.1.1"},
        {"tcp", false, true, "web", "10.1.1.1"},
        {"link", false, false, "database", "10.1.1.1"},
        {"foreign name", false, false, "www.test", "9.9.9.9"},
        {"internal does not forward", true, false, "www.test", "rcode 3"},
        {"foreign by tcp, upstream has none", false, true, "www.test", "rcode 2"},
        {"silent upstream", false, false, "silent.test", "rcode 2"},
    };
    if (!usable)
        skip();
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct lookup l = {.name = rows[i].name, .tcp = rows[i].tcp};
        expect_int(rows[i].row, wh_net_inside(rows[i].b ? box_b : box_a, lookup_here, &l, NULL), 0);
        expect_str(rows[i].row, l.ret, rows[i].want);
    }
}

static int bind_53_here(void *arg, struct wh_err *err)
{
    struct sockaddr_storage sa;
    socklen_t len = fill_sockaddr("0.0.0.0", 53, &sa);
    wh_auto_fd fd = socket(AF_INET, SOCK_DGRAM, 0);
    return bind(fd, (struct sockaddr *)&sa, len);
}

static void leaves_port_53_to_the_application(void **state)
{
    if (!usable)
        skip();
    assert_int_equal(wh_net_inside(box_a, bind_53_here, NULL, NULL), 0);
}

static int idle_here(void *arg, struct wh_err *err)
{
    int *fds = arg;
    struct sockaddr_storage sa;
    socklen_t len = fill_sockaddr(WH_RESOLVER_ADDR, 53, &sa);
    for (int i = 0; i < 500; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fds[i], (struct sockaddr *)&sa, len);
        usleep(200);
    }
    return 0;
}

/* CVE-2024-8418: idle connections must not keep others from being answered. */
static void idle_connections_block_nobody(void **state)
{
    int fds[500];
    if (!usable)
        skip();
    assert_int_equal(wh_net_inside(box_b, idle_here, fds, NULL), 0);
    struct lookup l = {.name = "web", .tcp = true}, u = {.name = "web"};
    wh_net_inside(box_a, lookup_here, &l, NULL);
    wh_net_inside(box_b, lookup_here, &u, NULL);
    for (int i = 0; i < 500; i++)
        close(fds[i]);
    assert_string_equal(l.ret, "10.1.1.1");
    assert_string_equal(u.ret, "10.1.1.1");
}

static void rejoining_keeps_the_sockets(void **state)
{
    if (!usable)
        skip();
    struct lookup l = {.name = "www.test"};
    pthread_mutex_lock(&lock);
    join(id_a, box_a, true);
    pthread_mutex_unlock(&lock);
    wh_net_inside(box_a, lookup_here, &l, NULL);
    assert_string_equal(l.ret, "rcode 3");
    pthread_mutex_lock(&lock);
    wh_dns_leave(dns, id_a);
    wh_dns_leave(dns, id_a);
    pthread_mutex_unlock(&lock);
    uint8_t reply[64];
    assert_int_equal(exchange(true, reply, 12, reply, sizeof(reply), 100), -1);
}

/* ---- ports ---- */

static void reserve_row(const char *row, enum wh_proto proto, const char *ip, uint16_t first, uint16_t last,
                        const struct wh_port_claim *claims, size_t n, int want_port, const char *want_error,
                        int *ret_fd)
{
    struct wh_port_want want = {proto, addr_of(ip), first, last};
    wh_auto_err err = {0};
    uint16_t port = 0;
    *ret_fd = -1;
    if (wh_port_reserve(&want, claims, n, &port, ret_fd, &err) < 0) {
        if (!want_error)
            fail_msg("%s: %s", row, wh_err_text(&err));
        expect_err(row, &err, want_error);
        return;
    }
    expect_true(row, !want_error && (want_port ? port == want_port : port > 1023));
}

static void reserves_ports(void **state)
{
    static const struct wh_port_claim claim = {"shop", "shop-web-1", WH_TCP, {4, {127, 0, 0, 1}}, 7100};
    static const struct {
        const char *row;
        enum wh_proto proto;
        const char *ip;
        uint16_t first, last;
        int port;
        const char *error;
    } rows[] = {
        {"first", WH_TCP, "127.0.0.1", 7000, 0, 7000, NULL},
        {"same address", WH_TCP, "127.0.0.1", 7000, 0, 0, "port 127.0.0.1:7000/tcp is already in use"},
        {"every address", WH_TCP, "", 7000, 0, 0, "port 0.0.0.0:7000/tcp is already in use"},
        {"another address", WH_TCP, "127.0.0.2", 7000, 0, 7000, NULL},
        {"udp beside tcp", WH_UDP, "", 7000, 0, 7000, NULL},
        {"udp twice", WH_UDP, "127.0.0.1", 7000, 0, 0, "7000/udp is already in use"},
        {"v6 beside v4", WH_TCP, "::", 7000, 0, 7000, NULL},
        {"v6 loopback under v6 any", WH_TCP, "::1", 7000, 0, 0, "::1:7000/tcp is already in use"},
        {"first free of a range", WH_TCP, "127.0.0.1", 7000, 7002, 7001, NULL},
        {"ephemeral", WH_TCP, "", 0, 0, 0, NULL},
        {"ephemeral udp", WH_UDP, "", 0, 0, 0, NULL},
        {"claimed by a project", WH_TCP, "", 7100, 0, 0, "in use by container shop-web-1 of project shop"},
        {"claimed on another address", WH_TCP, "127.0.0.2", 7100, 0, 7100, NULL},
        {"a listening server", WH_TCP, "127.0.0.1", 7200, 0, 0, "in use by test_resolver (pid "},
        {"a server on every address", WH_TCP, "127.0.0.1", 7201, 0, 0, "in use by test_resolver (pid "},
        {"an address that is not there", WH_TCP, "203.0.113.9", 7000, 0, 0, "this host has no address 203.0.113.9"},
    };
    if (!usable)
        skip();
    int fds[WH_ARRAY_LEN(rows)];
    pid_t one = start_server(-1, SOCK_STREAM, "127.0.0.1", 7200, "x"),
          all = start_server(-1, SOCK_STREAM, "0.0.0.0", 7201, "x");
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        reserve_row(rows[i].row, rows[i].proto, rows[i].ip, rows[i].first, rows[i].last, &claim, 1, rows[i].port,
                    rows[i].error, &fds[i]);
    /* Reserved but not published: refused, not hanging; and no other program can take it, whatever it sets. */
    assert_string_equal(ask_from(-1, SOCK_STREAM, "127.0.0.1", 7000), "refused");
    assert_int_equal(start_server(-1, SOCK_STREAM, "127.0.0.1", 7000, "thief"), -1);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        wh_close(&fds[i]);
    int again;
    reserve_row("free again", WH_TCP, "", 7000, 0, NULL, 0, 7000, NULL, &again);
    wh_close(&again);
    stop_server(one);
    stop_server(all);
}

/* ---- relay ---- */

static void relays_v6_clients(void **state)
{
    if (!usable || !wh_net_has_ipv6())
        skip();
    struct wh_relay *relay;
    wh_auto_err err = {0};
    const struct wh_backend two[] = {{addr_of("127.0.0.1"), 7301}, {addr_of("127.0.0.1"), 7302}};
    const struct wh_addr loopback = addr_of("::1");
    pid_t one = start_server(-1, SOCK_STREAM, "127.0.0.1", 7301, "one");
    pid_t other = start_server(-1, SOCK_STREAM, "127.0.0.1", 7302, "other");
    assert_int_equal(wh_relay_new(&relay, &err), 0);
    assert_int_equal(wh_relay_set(relay, &loopback, 7300, two, 2, &err), 0);
    assert_string_equal(ask_from(-1, SOCK_STREAM, "::1", 7300), "one 127.0.0.1");
    assert_string_equal(ask_from(-1, SOCK_STREAM, "::1", 7300), "other 127.0.0.1");
    assert_int_equal(wh_relay_set(relay, &loopback, 7300, two, 1, &err), 0);
    for (int i = 0; i < 50; i++)
        assert_string_equal(ask_from(-1, SOCK_STREAM, "::1", 7300), "one 127.0.0.1");
    stop_server(one);
    assert_string_equal(ask_from(-1, SOCK_STREAM, "::1", 7300), "nothing");
    assert_int_equal(wh_relay_set(relay, &loopback, 7300, NULL, 0, &err), 0);
    assert_string_equal(ask_from(-1, SOCK_STREAM, "::1", 7300), "refused");
    wh_relay_free(relay);
    stop_server(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_inside_containers),
        cmocka_unit_test(leaves_port_53_to_the_application),
        cmocka_unit_test(idle_connections_block_nobody),
        cmocka_unit_test(rejoining_keeps_the_sockets),
        cmocka_unit_test(reserves_ports),
        cmocka_unit_test(relays_v6_clients),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
