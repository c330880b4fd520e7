/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Client and server of the control socket against each other: the server is a child process with operations of its own.
 */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
#include "whale/engine.h"
#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include "engine/loop.h"
#include "engine/server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PROJECT "unit"

static char run_dir[64];
static pid_t server_pid;
static bool keep_running;

/* ---- the server ------------------------------------------------------------------------------------------------- */

struct engine {
    struct wh_request *waiting;
    struct wh_server *server;
};

/* Answers with the text it got and, when it got a descriptor, with a pipe whose other end it writes to. */
static void op_echo(struct wh_request *r, void *engine)
{
    const char *text = wh_node_get_str(r->params, "text", "");
    struct wh_event e = {.kind = WH_EVENT_WARNING, .text = text};
    for (size_t i = 0; i < r->n_fds; i++) {
        int ignored = (int)write(r->fds[i], "from the server", 15);
        (void)ignored;
    }
    wh_request_emit_fds(r, &e, r->fds, r->n_fds);
    wh_request_done(r, (int)wh_node_get_int(r->params, "code", 0), NULL);
}

static void op_fail(struct wh_request *r, void *engine)
{
    struct wh_err err = {0};
    wh_fail(&err, WH_E_CONFLICT, "port is taken");
    wh_wrap(&err, "service \"web\"");
    wh_err_hint(&err, "use another one");
    wh_err_in(&err, "services/web/ports");
    wh_request_done(r, 0, &err);
}

static void on_cancel(struct wh_request *r)
{
    ((struct engine *)r->data)->waiting = NULL;
    wh_request_done(r, r->gone ? 1 : 130, NULL);
}

static void op_wait(struct wh_request *r, void *engine)
{
    struct engine *e = engine;
    e->waiting = r;
    r->data = e;
    r->on_cancel = on_cancel;
}

static void op_shout(struct wh_request *r, void *engine)
{
    struct wh_event e = {.kind = WH_EVENT_LIFECYCLE, .action = "start", .service = "web"};
    wh_server_broadcast(r->server, &e);
    e = (struct wh_event){.kind = WH_EVENT_LOG_EXIT, .service = "db", .exit_code = 1};
    wh_server_broadcast(r->server, &e);
    e = (struct wh_event){.kind = WH_EVENT_LOG_EXIT, .service = "web", .exit_code = 7};
    wh_server_broadcast(r->server, &e);
    wh_request_done(r, 0, NULL);
}

static void op_many(struct wh_request *r, void *engine)
{
    for (int i = 0; i < 20000; i++)
        wh_request_progress(r, WH_STATUS_WORKING, "Moving", "Container number-%d", i);
    wh_request_done(r, 0, NULL);
}

static bool may_exit(void *engine)
{
    return !keep_running && !((struct engine *)engine)->waiting;
}

static const struct wh_op ops[] = {{"echo", op_echo},   {"fail", op_fail}, {"wait", op_wait},
                                   {"shout", op_shout}, {"many", op_many}, {NULL, NULL}};

static void run_server(int listen_fd)
{
    struct wh_loop *l;
    struct wh_server *s;
    struct engine engine = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (wh_loop_new(&l, NULL) < 0 || wh_server_new(l, listen_fd, PROJECT, ops, &engine, &s, NULL) < 0)
        _exit(1);
    wh_server_set_idle(s, may_exit);
    wh_loop_run(l);
    wh_server_free(s);
    wh_loop_free(l);
    _exit(0);
}

static int start(void **state)
{
    snprintf(run_dir, sizeof(run_dir), "/tmp/whale-test-XXXXXX");
    if (!mkdtemp(run_dir))
        return -1;
    setenv("WHALE_COMPOSE_RUN", run_dir, 1);
    setenv("WHALE_COMPOSE_ROOT", run_dir, 1);
    return 0;
}

static int start_lock = -1; /* of the project, while a server is started as a client does it */

static void start_server(bool keep)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    wh_auto_free char *dir = wh_state_project_run_dir(PROJECT);
    assert_int_equal(wh_mkdir_p(dir, 0700, NULL), 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
    unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    keep_running = keep;
    server_pid = fork();
    if (server_pid == 0) {
        wh_close(&start_lock);
        run_server(fd);
    }
    close(fd);
}

static void stop_server(void)
{
    kill(server_pid, SIGKILL);
    waitpid(server_pid, NULL, 0);
}

/* ---- the client ------------------------------------------------------------------------------------------------- */

static struct wh_client *connect_client(void)
{
    struct wh_client *c = NULL;
    assert_int_equal(wh_client_open(PROJECT, false, &c, NULL), 0);
    return c;
}

static void send_op(struct wh_client *c, const char *json, const int *fds, size_t n_fds)
{
    wh_auto_arena a = {0};
    struct wh_node *n;
    assert_int_equal(wh_json_parse(&a, json, strlen(json), "request", &n, NULL), 0);
    assert_int_equal(wh_client_send(c, n, fds, n_fds, NULL), 0);
}

static void expect_done(struct wh_client *c, int code)
{
    wh_auto_arena a = {0};
    struct wh_event e;
    do
        assert_int_equal(wh_client_next(c, 5000, &a, &e, NULL, NULL), 0);
    while (e.kind != WH_EVENT_DONE);
    assert_int_equal(e.exit_code, code);
}

static void answers_with_text_and_descriptors(void **state)
{
    start_server(true);
    struct wh_client *c = connect_client();
    int p[2], got[WH_ENGINE_MAX_FDS];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    send_op(c, "{\"op\":\"echo\",\"text\":\"h\\u00e4llo\",\"code\":5}", &p[1], 1);
    wh_auto_arena a = {0};
    struct wh_event e;
    assert_int_equal(wh_client_next(c, 5000, &a, &e, got, NULL), 0);
    assert_string_equal(e.text, "h\xc3\xa4llo");
    assert_true(e.time_ns == 0 || e.time_ns > 0);
    assert_true(got[0] >= 0);
    assert_int_equal(got[1], -1);
    assert_int_equal(write(got[0], " and back", 9), 9);
    char text[64] = "";
    assert_int_equal(read(p[0], text, sizeof(text)), 24);
    assert_string_equal(text, "from the server and back");
    expect_done(c, 5);
    send_op(c, "{\"op\":\"echo\"}", NULL, 0); /* a second request on the same connection */
    expect_done(c, 0);
    close(p[0]);
    close(p[1]);
    close(got[0]);
    wh_client_close(c);
    stop_server();
}

static void carries_errors_with_hint_and_place(void **state)
{
    start_server(true);
    struct wh_client *c = connect_client();
    send_op(c, "{\"op\":\"fail\"}", NULL, 0);
    wh_auto_arena a = {0};
    struct wh_event e;
    assert_int_equal(wh_client_next(c, 5000, &a, &e, NULL, NULL), 0);
    assert_int_equal(e.kind, WH_EVENT_DONE);
    assert_int_equal(e.exit_code, 1);
    assert_string_equal(e.text, "service \"web\": port is taken");
    assert_string_equal(e.hint, "use another one");
    assert_string_equal(e.value, "services/web/ports");
    send_op(c, "{\"op\":\"nonsense\"}", NULL, 0);
    expect_done(c, 1);
    wh_client_close(c);
    stop_server();
}

static void cancels(void **state)
{
    start_server(true);
    struct wh_client *c = connect_client();
    send_op(c, "{\"op\":\"wait\"}", NULL, 0);
    send_op(c, "{\"op\":\"cancel\"}", NULL, 0);
    expect_done(c, 130);
    send_op(c, "{\"op\":\"wait\"}", NULL, 0);
    wh_client_close(c); /* must not hurt the server */
    c = connect_client();
    send_op(c, "{\"op\":\"echo\"}", NULL, 0);
    expect_done(c, 0);
    wh_client_close(c);
    stop_server();
}

static void broadcasts_to_subscribers(void **state)
{
    start_server(true);
    struct wh_client *events = connect_client(), *exits = connect_client(), *c = connect_client();
    send_op(events, "{\"op\":\"events\"}", NULL, 0);
    send_op(exits, "{\"op\":\"watch_exits\",\"services\":[\"web\"]}", NULL, 0);
    wh_auto_arena a = {0};
    struct wh_event e;
    assert_int_equal(wh_client_next(events, 5000, &a, &e, NULL, NULL), 0); /* "Subscribed" */
    assert_int_equal(wh_client_next(exits, 5000, &a, &e, NULL, NULL), 0);
    send_op(c, "{\"op\":\"shout\"}", NULL, 0);
    expect_done(c, 0);
    assert_int_equal(wh_client_next(events, 5000, &a, &e, NULL, NULL), 0);
    assert_string_equal(e.action, "start");
    assert_int_equal(wh_client_next(exits, 5000, &a, &e, NULL, NULL), 0);
    assert_int_equal(e.exit_code, 7);
    assert_int_equal(wh_client_next(exits, 20, &a, &e, NULL, NULL), WH_ENGINE_TIMEOUT);
    wh_client_close(events);
    wh_client_close(exits);
    wh_client_close(c);
    stop_server();
}

static void waits_for_a_slow_reader(void **state)
{
    start_server(true);
    struct wh_client *c = connect_client();
    send_op(c, "{\"op\":\"many\"}", NULL, 0);
    poll(NULL, 0, 100);
    int n = 0;
    for (;; n++) {
        wh_auto_arena a = {0};
        struct wh_event e;
        assert_int_equal(wh_client_next(c, 5000, &a, &e, NULL, NULL), 0);
        if (e.kind == WH_EVENT_DONE)
            break;
    }
    assert_int_equal(n, 20000);
    wh_client_close(c);
    stop_server();
}

static void says_that_the_server_has_gone(void **state)
{
    wh_auto_arena a = {0};
    struct wh_event e;
    start_server(true);
    struct wh_client *c = connect_client(), *none = NULL;
    send_op(c, "{\"op\":\"wait\"}", NULL, 0);
    poll(NULL, 0, 20);
    stop_server();
    assert_int_equal(wh_client_next(c, 5000, &a, &e, NULL, NULL), WH_ENGINE_CLOSED);
    wh_client_close(c);
    assert_int_equal(wh_client_open(PROJECT, false, &none, NULL), WH_ENGINE_ABSENT);
}

static void echo_and_leave(struct wh_client *c)
{
    send_op(c, "{\"op\":\"echo\"}", NULL, 0);
    expect_done(c, 0);
    wh_client_close(c);
}

static void ends_when_idle_and_never_in_the_face_of_a_client(void **state)
{
    for (int i = 0; i < 200; i++) {
        int served = 1, status;
        struct wh_client *c;
        /* As a client does: it starts one and connects under the lock, so that the server does not end before. */
        assert_int_equal(wh_state_lock_project(PROJECT, true, &start_lock, NULL), 0);
        start_server(false);
        assert_int_equal(wh_client_open_present(PROJECT, &c, NULL), 0);
        wh_close(&start_lock);
        echo_and_leave(c);
        /* Clients come and go until one finds nothing: each that could connect must have been served. Where the
         * scheduler lets every client come before the server looks up, a pause gives it the chance to find itself
         * idle. */
        while (wh_client_open(PROJECT, false, &c, NULL) == 0) {
            echo_and_leave(c);
            served++;
            if (served > (i % 2 ? 3 : 500))
                poll(NULL, 0, served / 500 + 1);
            if (served > 10000)
                fail_msg("the server never ends");
        }
        waitpid(server_pid, &status, 0);
        assert_int_equal(status, 0);
    }
}

/* Its starter was killed before it could connect. */
static void ends_when_nobody_ever_comes(void **state)
{
    int status;
    start_server(false);
    assert_int_equal(waitpid(server_pid, &status, 0), server_pid);
    assert_int_equal(status, 0);
}

static void survives_broken_messages(void **state)
{
    static const struct {
        const char *name, *bytes;
        size_t len;
    } rows[] = {
        {"no JSON", "\x03\0\0\0abc", 7},
        {"no object", "\x02\0\0\0[]", 6},
        {"too large", "\xff\xff\xff\xff{}", 6},
        {"descriptors that did not come", "\x09\0\0\0{\"fds\":3}", 13},
        {"half a message", "\x50\0\0\0{\"op\":", 10},
    };
    start_server(true);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_client *c = connect_client();
        expect_int(rows[i].name, write(wh_client_fd(c), rows[i].bytes, rows[i].len), rows[i].len);
        shutdown(wh_client_fd(c), SHUT_WR);
        wh_auto_arena a = {0};
        struct wh_event e;
        expect_int(rows[i].name, wh_client_next(c, 5000, &a, &e, NULL, NULL), WH_ENGINE_CLOSED);
        wh_client_close(c);
    }
    struct wh_client *c = connect_client();
    send_op(c, "{\"op\":\"echo\"}", NULL, 0);
    expect_done(c, 0);
    wh_client_close(c);
    stop_server();
}

static int stop(void **state)
{
    wh_auto_err err = {0};
    return wh_remove_tree(run_dir, &err);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_with_text_and_descriptors),
        cmocka_unit_test(carries_errors_with_hint_and_place),
        cmocka_unit_test(cancels),
        cmocka_unit_test(broadcasts_to_subscribers),
        cmocka_unit_test(waits_for_a_slow_reader),
        cmocka_unit_test(says_that_the_server_has_gone),
        cmocka_unit_test(ends_when_idle_and_never_in_the_face_of_a_client),
        cmocka_unit_test(ends_when_nobody_ever_comes),
        cmocka_unit_test(survives_broken_messages),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
