/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of containers, networks and volumes: written, read back, corrected, listed, removed. */
#include "tests/unit/test.h"

#include "whale/state.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64];

static int make_roots(void **state)
{
    snprintf(root, sizeof(root), "/tmp/wh-state-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    wh_auto_free char *run = wh_fmt("%s/run", root);
    setenv("WHALE_COMPOSE_ROOT", root, 1);
    setenv("WHALE_COMPOSE_RUN", run, 1);
    return wh_state_ensure_roots(NULL);
}

static int remove_roots(void **state)
{
    return wh_remove_tree(root, NULL);
}

#define ID(digit) digit "123456789012345678901234567890123456789012345678901234567890123"

static struct wh_container_rec sample(const char *id, const char *name)
{
    static const struct wh_label labels[] = {{"a", "1"}, {"com.docker.compose.service", "web"}};
    static const struct wh_mount_rec mounts[] = {
        {.type = "volume", .name = "p_data", .source = "/x", .target = "/data", .read_only = true}};
    static const char *const argv[] = {"sleep", "10"};
    static const char *const networks[] = {"p_default"};
    return (struct wh_container_rec){.id = id,
                                     .name = name,
                                     .project = "p",
                                     .service = "web",
                                     .number = 3,
                                     .image = "busybox",
                                     .labels = labels,
                                     .n_labels = 2,
                                     .argv = argv,
                                     .n_argv = 2,
                                     .mounts = mounts,
                                     .n_mounts = 1,
                                     .networks = networks,
                                     .n_networks = 1,
                                     .tty = true,
                                     .log_driver = "local"};
}

static struct wh_container_state sample_state(void)
{
    static const struct wh_port_rec port = {
        .host_ip = "127.0.0.1", .host_port = 8080, .container_port = 80, .protocol = "tcp"};
    return (struct wh_container_state){.status = WH_CONTAINER_EXITED,
                                       .exit_code = 7,
                                       .finished_ns = 5,
                                       .n_probes = 2,
                                       .last_probes = {{.exit_code = -1, .output = "late"}, {.exit_code = 1}},
                                       .ports = &port,
                                       .n_ports = 1};
}

static void check_sample(const struct wh_container *c)
{
    assert_string_equal(c->rec.name, "p-web-3");
    assert_int_equal(c->rec.number, 3);
    assert_true(c->rec.tty);
    assert_string_equal(wh_container_label(&c->rec, "com.docker.compose.service"), "web");
    assert_null(wh_container_label(&c->rec, "b"));
    assert_string_equal(c->rec.argv[1], "10");
    assert_string_equal(c->rec.mounts[0].name, "p_data");
    assert_true(c->rec.mounts[0].read_only);
    assert_string_equal(c->rec.log_driver, "local");
    assert_int_equal(c->state.status, WH_CONTAINER_EXITED);
    assert_int_equal(c->state.exit_code, 7);
    assert_int_equal(c->state.n_probes, 2);
    assert_string_equal(c->state.last_probes[0].output, "late");
    assert_string_equal(c->state.last_probes[1].output, "");
    assert_int_equal(c->state.ports[0].host_port, 8080);
    assert_string_equal(c->state.error, "");
}

static void a_container_reads_back_as_written(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    struct wh_container c;
    struct wh_container_rec rec = sample(ID("a"), "p-web-3");
    struct wh_container_state st = sample_state();
    assert_int_equal(wh_state_container_save_rec(&rec, &err), 0);
    assert_int_equal(wh_state_container_save_state(&rec, &st, &err), 0);
    assert_int_equal(wh_state_container_load(&a, "p", ID("a"), &c, &err), 0);
    check_sample(&c);
    assert_int_equal(wh_state_container_load(&a, "p", ID("b"), &c, &err), WH_STATE_ABSENT);
}

static void a_listing_reads_back_as_written_or_is_refused(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_str bytes = {0};
    struct wh_container *items;
    size_t n, end_of_first;
    struct wh_container_rec second = sample(ID("e"), "p-web-10"), first = sample(ID("a"), "p-web-3");
    struct wh_container_state st = sample_state();
    wh_state_listing_begin(&bytes);
    wh_state_listing_add(&bytes, &second, &st);
    end_of_first = bytes.len;
    wh_state_listing_add(&bytes, &first, &st);
    assert_int_equal(wh_state_listing_read(&a, bytes.data, bytes.len, &items, &n, NULL), 0);
    assert_int_equal(n, 2);
    check_sample(&items[0]);
    assert_string_equal(items[1].rec.name, "p-web-10");
    for (size_t len = 0; len < bytes.len; len++) {
        bool whole = len == 4 || len == end_of_first;
        if ((wh_state_listing_read(&a, bytes.data, len, &items, &n, NULL) == 0) != whole)
            fail_msg("cut at %zu of %zu", len, bytes.len);
    }
    bytes.data[0]++;
    assert_int_equal(wh_state_listing_read(&a, bytes.data, bytes.len, &items, &n, NULL), -1);
}

static void a_state_that_says_running_is_checked_against_the_process(void **state)
{
    wh_auto_arena a = {0};
    struct wh_container_rec rec = sample(ID("c"), "p-web-4");
    struct row {
        const char *name;
        bool other_boot;
        uint64_t start_offset;
        enum wh_container_status status, expected;
    } rows[] = {
        {"alive", false, 0, WH_CONTAINER_RUNNING, WH_CONTAINER_RUNNING},
        {"paused", false, 0, WH_CONTAINER_PAUSED, WH_CONTAINER_PAUSED},
        {"another process has the pid", false, 1, WH_CONTAINER_RUNNING, WH_CONTAINER_EXITED},
        {"before the reboot", true, 0, WH_CONTAINER_RUNNING, WH_CONTAINER_EXITED},
        {"waited for a restart before the reboot", true, 0, WH_CONTAINER_RESTARTING, WH_CONTAINER_EXITED},
        {"created", true, 0, WH_CONTAINER_CREATED, WH_CONTAINER_CREATED},
    };
    assert_int_equal(wh_state_container_save_rec(&rec, NULL), 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_container c;
        struct wh_container_state st = {.status = rows[i].status,
                                        .pid = getpid(),
                                        .pid_start = wh_state_process_start(getpid()) + rows[i].start_offset,
                                        .boot_id = rows[i].other_boot ? "before" : wh_state_boot_id()};
        assert_int_equal(wh_state_container_save_state(&rec, &st, NULL), 0);
        assert_int_equal(wh_state_container_load(&a, "p", ID("c"), &c, NULL), 0);
        if (c.state.status != rows[i].expected)
            fail_msg("%s: %s", rows[i].name, wh_container_status_text[c.state.status]);
    }
}

static void containers_are_listed_by_name_and_removed(void **state)
{
    wh_auto_arena a = {0};
    struct wh_container *items;
    size_t n;
    struct wh_container_rec ten = sample(ID("d"), "p-web-10"), two = sample(ID("e"), "p-web-2");
    ten.project = two.project = "q";
    assert_int_equal(wh_state_container_save_rec(&ten, NULL), 0);
    assert_int_equal(wh_state_container_save_rec(&two, NULL), 0);
    assert_int_equal(wh_state_containers(&a, "q", &items, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_string_equal(items[0].rec.name, "p-web-2");
    assert_int_equal(wh_state_container_remove("q", ID("d"), NULL), 0);
    assert_int_equal(wh_state_containers(&a, "q", &items, &n, NULL), 0);
    assert_int_equal(n, 1);
    assert_int_equal(wh_state_container_remove("q", ID("e"), NULL), 0);
    assert_int_equal(wh_state_project_remove("q", NULL), 0);
    assert_int_equal(wh_state_containers(&a, "no-such", &items, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_int_equal(wh_state_empty_trash(NULL), 0);
}

static void names_of_files_are_refused_when_they_are_paths(void **state)
{
    static const char *const names[] = {"", "../x", "a/b", ".hidden"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        wh_auto_err err = {0};
        struct wh_volume_rec rec = {.name = names[i]};
        assert_int_equal(wh_state_volume_save(&rec, &err), -1);
        assert_int_equal(err.code, WH_E_INVALID);
    }
}

static void a_project_lock_is_busy_for_the_second(void **state)
{
    int first = -1, second = -1;
    assert_int_equal(wh_state_lock_project("p", false, &first, NULL), 0);
    assert_int_equal(wh_state_lock_project("p", false, &second, NULL), WH_LOCK_BUSY);
    close(first);
    assert_int_equal(wh_state_lock_project("p", false, &second, NULL), 0);
    close(second);
}

/* A child that reads from a pipe is at rest; this process works. A child that was not reaped has ended. */
static void what_has_just_started_is_settled_when_it_waits(void **state)
{
    int pipe_fds[2];
    int64_t now_ns = wh_now_real_ns();
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    if (child == 0) {
        char c;
        close(pipe_fds[1]);
        _exit(read(pipe_fds[0], &c, 1) == 0 ? 0 : 1);
    }
    close(pipe_fds[0]);
    struct wh_container_state waits = {.status = WH_CONTAINER_RUNNING, .pid = child, .started_ns = now_ns};
    struct wh_container_state works = waits;
    works.pid = getpid();
    uint64_t start = wh_state_process_start(child);
    while (!wh_state_is_settled(&waits, now_ns))
        ;
    assert_false(wh_state_is_settled(&works, now_ns));
    assert_true(wh_state_is_settled(&works, now_ns + WH_NS_PER_S));
    assert_true(wh_state_process_alive(child, start, wh_state_boot_id()));
    close(pipe_fds[1]);
    siginfo_t ended;
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    assert_false(wh_state_process_alive(child, start, wh_state_boot_id()));
    assert_false(wh_state_is_settled(&waits, now_ns));
    assert_int_equal(waitpid(child, NULL, 0), child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_container_reads_back_as_written),
        cmocka_unit_test(a_listing_reads_back_as_written_or_is_refused),
        cmocka_unit_test(a_state_that_says_running_is_checked_against_the_process),
        cmocka_unit_test(containers_are_listed_by_name_and_removed),
        cmocka_unit_test(names_of_files_are_refused_when_they_are_paths),
        cmocka_unit_test(a_project_lock_is_busy_for_the_second),
        cmocka_unit_test(what_has_just_started_is_settled_when_it_waits),
    };
    return cmocka_run_group_tests(tests, make_roots, remove_roots);
}
