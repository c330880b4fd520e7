/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Capture from pipes to the log: content, rotation, attached clients, and exactly once over kills of the loop. */
#include "tests/unit/test.h"

#include "whale/logs.h"
#include "whale/util/file.h"
#include "whale/util/time.h"

#include "logs/entry.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define GENEROUS_MS 60000 /* an upper bound that a loaded machine keeps */

struct place {
    char dir[64], spool[80];
};

static void make_place(struct place *p)
{
    snprintf(p->dir, sizeof(p->dir), "/dev/shm/whale-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->spool, sizeof(p->spool), "%s/spool", p->dir);
}

static void remove_place(const struct place *p)
{
    wh_auto_err err = {0};
    wh_remove_tree(p->dir, &err);
}

static struct wh_log_config config_of(const struct place *p, int64_t max_size_bytes, int max_files)
{
    return (struct wh_log_config){
        .dir = p->dir, .spool = p->spool, .max_size_bytes = max_size_bytes, .max_files = max_files};
}

/* All text of one stream, partial records joined. */
static void read_back(const struct place *p, bool is_stderr, struct wh_str *ret)
{
    struct wh_log_query all = {.tail = -1};
    struct wh_log_reader *r;
    struct wh_log_record record;
    assert_int_equal(wh_log_reader_open(p->dir, &all, &r, NULL), 0);
    while (wh_log_reader_next(r, &record, NULL) == 0)
        if (record.is_stderr == is_stderr)
            wh_str_addn(ret, record.text, record.len);
    wh_log_reader_free(r);
}

static void expect_text(const struct place *p, bool is_stderr, const char *want, size_t len)
{
    wh_auto_str got = {0};
    read_back(p, is_stderr, &got);
    assert_int_equal(got.len, len);
    assert_memory_equal(wh_str_c(&got), want, len);
}

static void logs_both_streams_and_an_unfinished_line(void **state)
{
    struct place p;
    make_place(&p);
    struct wh_log_config config = config_of(&p, 0, 1);
    struct wh_capture *c;
    int out[2], errors[2];
    assert_int_equal(wh_capture_new(&c, NULL), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(errors, O_CLOEXEC), 0);
    assert_int_equal(wh_capture_add(c, "id", &config, out[0], errors[0], NULL), 0);
    static const char text[] = "one \"quoted\" \\ tab\t\nzwei \xc3\xbc\n\x01\x7f\nno newline";
    assert_int_equal(write(out[1], text, sizeof(text) - 1), sizeof(text) - 1);
    assert_int_equal(write(errors[1], "bad\n", 4), 4);
    close(out[1]);
    close(errors[1]);
    assert_int_equal(wh_capture_finish(c, "id", GENEROUS_MS), 0);
    wh_capture_free(c);
    expect_text(&p, false, text, sizeof(text) - 1);
    expect_text(&p, true, "bad\n", 4);
    assert_false(wh_path_exists(p.spool));
    remove_place(&p);
}

static void splits_long_lines_and_joins_them_again(void **state)
{
    struct place p;
    make_place(&p);
    struct wh_log_config config = config_of(&p, 0, 1);
    struct wh_capture *c;
    int out[2];
    size_t len = 100000;
    wh_auto_free char *text = malloc(len);
    for (size_t i = 0; i < len; i++) /* two-byte characters that no piece may cut */
        text[i] = i % 2 ? '\xbc' : '\xc3';
    text[len - 1] = '\n';
    text[len - 2] = 'x';
    assert_int_equal(wh_capture_new(&c, NULL), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(wh_capture_add(c, "id", &config, out[0], -1, NULL), 0);
    assert_int_equal(wh_write_all(out[1], text, len), 0);
    close(out[1]);
    assert_int_equal(wh_capture_finish(c, "id", GENEROUS_MS), 0);
    wh_capture_free(c);
    expect_text(&p, false, text, len);
    remove_place(&p);
}

static void rotates_at_its_size(void **state)
{
    struct place p;
    make_place(&p);
    struct wh_log_config config = config_of(&p, 10000, 3);
    struct wh_capture *c;
    int out[2];
    assert_int_equal(wh_capture_new(&c, NULL), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(wh_capture_add(c, "id", &config, out[0], -1, NULL), 0);
    for (int i = 0; i < 1000; i++)
        dprintf(out[1], "line %d\n", i);
    close(out[1]);
    assert_int_equal(wh_capture_finish(c, "id", GENEROUS_MS), 0);
    wh_capture_free(c);
    wh_auto_str got = {0};
    read_back(&p, false, &got);
    assert_true(got.len > 1000 && got.len < 8000);
    assert_non_null(strstr(wh_str_c(&got), "line 999\n"));
    assert_null(strstr(wh_str_c(&got), "line 0\n"));
    static const char *const names[] = {"log.json", "log.json.1", "log.json.2"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        wh_auto_free char *path = wh_path_join(p.dir, names[i]);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_true(st.st_size <= 10000);
    }
    wh_auto_free char *too_many = wh_path_join(p.dir, "log.json.3");
    assert_false(wh_path_exists(too_many));
    remove_place(&p);
}

static void gives_raw_bytes_to_an_attached_client(void **state)
{
    struct place p;
    make_place(&p);
    struct wh_log_config config = config_of(&p, 0, 1);
    config.discard = *state != NULL;
    struct wh_capture *c;
    int out[2], client[2];
    assert_int_equal(wh_capture_new(&c, NULL), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(client, O_CLOEXEC), 0);
    assert_int_equal(wh_capture_add(c, "id", &config, out[0], -1, NULL), 0);
    assert_int_equal(wh_capture_attach(c, "id", client[1], -1, NULL), 0);
    size_t len = 3 << 20; /* more than all buffers: the writer has to wait for the client */
    pid_t writer = fork();
    if (writer == 0) {
        char block[4096];
        memset(block, 0xff, sizeof(block));
        for (size_t n = 0; n < len; n += sizeof(block))
            wh_write_all(out[1], block, sizeof(block));
        _exit(0);
    }
    close(out[1]);
    poll(NULL, 0, 50);
    size_t got = 0;
    char buf[65536];
    for (ssize_t n; got < len && (n = read(client[0], buf, sizeof(buf))) > 0; got += (size_t)n)
        assert_int_equal((unsigned char)buf[0], 0xff);
    assert_int_equal(got, len);
    assert_int_equal(wh_capture_finish(c, "id", GENEROUS_MS), 0);
    assert_int_equal(read(client[0], buf, sizeof(buf)), 0); /* closed at the end */
    wh_capture_free(c);
    waitpid(writer, NULL, 0);
    close(client[0]);
    remove_place(&p);
}

static void discards_and_still_gives_to_clients(void **state)
{
    void *discard = &discard;
    gives_raw_bytes_to_an_attached_client(&discard);
}

static size_t read_some(int fd)
{
    static char buf[65536];
    ssize_t n = read(fd, buf, sizeof(buf));
    assert_true(n >= 0);
    return (size_t)n;
}

/* A container that writes in such pieces to a client that reads only when the container is held back. */
static void lag(const char *row, size_t piece_bytes)
{
    static char data[262144];
    struct wh_entry e = {.streams = {{.fd = -1}, {.fd = -1}}};
    struct wh_capture_io io = {.epoll_fd = epoll_create1(EPOLL_CLOEXEC)};
    size_t written = 65536, got = 0, n;
    int client[2];
    assert_int_equal(pipe2(client, O_CLOEXEC), 0);
    wh_sink_add(&e, 0, client[1]);
    struct wh_sink *sink = e.sinks;
    wh_sinks_write(&io, &e, 0, data, written); /* fills the pipe */
    while (written < (8 << 20)) {
        if (e.held_back) {
            got += read_some(client[0]);
            wh_sink_flush(&io, sink);
        } else {
            wh_sinks_write(&io, &e, 0, data, piece_bytes);
            written += piece_bytes;
        }
        expect_true(row, !sink->watch.dead);
    }
    for (; sink->pending.len; wh_sink_flush(&io, sink))
        got += read_some(client[0]);
    wh_sinks_free(e.sinks); /* closes the client's pipe */
    while ((n = read_some(client[0])) > 0)
        got += n;
    expect_int(row, got, written);
    close(client[0]);
    close(io.epoll_fd);
}

/* Within the bounds of back-pressure a slow client loses nothing, whatever the size of the pieces. */
static void keeps_a_client_that_lags(void **state)
{
    lag("4 KiB", 4096);
    lag("64 KiB", 65536);
    lag("128 KiB", 131072);
    lag("256 KiB", 262144);
    lag("odd", 65537);
    lag("decimal", 99999);
}

/* ---- exactly once over kills ------------------------------------------------------------------------------------ */

#define KILLS 250

static void write_numbers(int fd, int until_fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    wh_auto_str text = {0};
    struct pollfd until = {.fd = until_fd, .events = POLLIN};
    unsigned i = 0;
    while (!(poll(&until, 1, 0) > 0)) {
        wh_str_clear(&text);
        for (unsigned n = 0; n < 1 + i % 50; n++, i++)
            wh_str_fmt(&text, "%u%.*s\n", i, (int)(i % 97),
                       "the quick brown fox jumps over the lazy dog and \"on\" it "
                       "goes until nobody cares to count the words anymore");
        wh_write_all(fd, text.data, text.len);
        if (i % 3 == 0)
            usleep(100);
    }
    wh_str_clear(&text);
    wh_str_fmt(&text, "end %u", i);
    wh_write_all(fd, text.data, text.len);
    _exit(0);
}

static void run_loop_process(const struct wh_log_config *config, int out, int errors, bool last)
{
    struct wh_capture *c;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (wh_capture_new(&c, NULL) < 0 ||
        wh_capture_add(c, "id", config, dup(out), errors < 0 ? -1 : dup(errors), NULL) < 0)
        _exit(1);
    close(out);
    close(errors);
    if (!last)
        for (;;)
            pause();
    wh_capture_finish(c, "id", GENEROUS_MS);
    wh_capture_free(c);
    _exit(0);
}

static void expect_all_numbers(const struct place *p, bool is_stderr)
{
    wh_auto_str got = {0};
    read_back(p, is_stderr, &got);
    char *at = got.data;
    unsigned long i = 0;
    for (; at[0] != 'e'; i++) {
        unsigned long found = strtoul(at, &at, 10);
        if (found != i)
            fail_msg("%s: %lu instead of %lu", is_stderr ? "stderr" : "stdout", found, i);
        at = strchr(at, '\n') + 1;
    }
    assert_memory_equal(at, "end ", 4);
    assert_int_equal(strtoul(at + 4, NULL, 10), i);
    assert_true(i > 1000);
}

static void start_writer(int fd, int until_read, int until_write, int other_read)
{
    if (fork() > 0)
        return;
    close(until_write);
    close(other_read);
    write_numbers(fd, until_read);
}

static void loses_and_repeats_nothing_when_killed(void **state)
{
    struct place p;
    make_place(&p);
    struct wh_log_config config = config_of(&p, 1000000, 200);
    int out[2], errors[2], until[2];
    assert_int_equal(pipe2(out, 0) + pipe2(errors, 0) + pipe2(until, 0), 0);
    start_writer(out[1], until[0], until[1], errors[1]);
    start_writer(errors[1], until[0], until[1], out[1]);
    close(out[1]);
    close(errors[1]);
    srand(1);
    for (int i = 0; i <= KILLS; i++) {
        pid_t loop = fork();
        if (loop == 0) {
            close(until[1]);
            run_loop_process(&config, out[0], errors[0], i == KILLS);
        }
        if (i < KILLS) {
            struct timespec t = {.tv_nsec = rand() % 6000000};
            nanosleep(&t, NULL);
            kill(loop, SIGKILL);
        } else {
            close(until[1]);
        }
        int status;
        waitpid(loop, &status, 0);
        if (i == KILLS)
            assert_int_equal(status, 0);
    }
    expect_all_numbers(&p, false);
    expect_all_numbers(&p, true);
    close(out[0]);
    close(errors[0]);
    close(until[0]);
    while (wait(NULL) > 0)
        ;
    remove_place(&p);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_both_streams_and_an_unfinished_line),
        cmocka_unit_test(splits_long_lines_and_joins_them_again),
        cmocka_unit_test(rotates_at_its_size),
        cmocka_unit_test(gives_raw_bytes_to_an_attached_client),
        cmocka_unit_test(discards_and_still_gives_to_clients),
        cmocka_unit_test(keeps_a_client_that_lags),
        cmocka_unit_test(loses_and_repeats_nothing_when_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
