/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of several containers on one stream. */
#include "tests/unit/test.h"

#include "whale/ui.h"

#include <stdio.h>

struct fixture {
    char *out, *err;
    size_t out_len, err_len;
    FILE *to_out, *to_err;
    struct wh_logview *view;
};

static void open_view(struct fixture *f, struct wh_logview_options o)
{
    memset(f, 0, sizeof(*f));
    o.out = f->to_out = open_memstream(&f->out, &f->out_len);
    o.err = f->to_err = open_memstream(&f->err, &f->err_len);
    f->view = wh_logview_new(&o);
    assert_non_null(f->view);
}

static void close_view(struct fixture *f, const char *want_out, const char *want_err)
{
    wh_logview_free(f->view);
    fclose(f->to_out);
    fclose(f->to_err);
    expect_str("out", f->out, want_out);
    expect_str("err", f->err, want_err);
    free(f->out);
    free(f->err);
}

static void add(struct fixture *f, struct wh_logsource *s, bool is_stderr, const char *text)
{
    wh_logview_add(f->view, s, 0, is_stderr, text, strlen(text));
}

static void prefixes_are_padded_to_the_longest(void **state)
{
    struct fixture f;
    open_view(&f, (struct wh_logview_options){.prefix = true});
    struct wh_logsource *a = wh_logview_source(f.view, "a-1", "a");
    add(&f, a, false, "one\n\ntwo\n");
    struct wh_logsource *b = wh_logview_source(f.view, "longer-1", "longer");
    add(&f, b, true, "three\n");
    add(&f, a, false, "four\n");
    close_view(&f, "a-1  | one\na-1  | \na-1  | two\nlonger-1  | three\na-1       | four\n", "");
}

static void pieces_become_lines(void **state)
{
    struct fixture f;
    open_view(&f, (struct wh_logview_options){.prefix = true, .stderr_apart = true});
    struct wh_logsource *a = wh_logview_source(f.view, "a-1", "a"), *b = wh_logview_source(f.view, "b-1", "b");
    add(&f, a, false, "hal");
    add(&f, b, false, "whole\n");
    add(&f, a, true, "other\n");
    add(&f, a, false, "f\nrest");
    wh_logview_end(f.view, a);
    wh_logview_exit(f.view, "a-1", 3, false);
    wh_logview_exit(f.view, "b-1", 2, true);
    close_view(&f,
               "b-1  | whole\na-1  | half\na-1  | rest\na-1 exited with code 3\nb-1 exited with code 2 (restarting)\n",
               "a-1  | other\n");
}

static void times_and_bare_lines(void **state)
{
    struct fixture f;
    open_view(&f, (struct wh_logview_options){.timestamps = true});
    struct wh_logsource *a = wh_logview_source(f.view, "a-1", "a");
    wh_logview_add(f.view, a, 1500000000, false, "x\n", 2);
    close_view(&f, "1970-01-01T00:00:01.500000000Z x\n", "");
}

static void colour_belongs_to_the_service(void **state)
{
    struct fixture f;
    open_view(&f, (struct wh_logview_options){.prefix = true, .ansi = WH_ANSI_ALWAYS});
    add(&f, wh_logview_source(f.view, "a-1", "a"), false, "x\n");
    add(&f, wh_logview_source(f.view, "a-2", "a"), false, "x\n");
    fflush(f.to_out);
    char *first = f.out, *second = strchr(f.out, '\n') + 1;
    expect_true("escape", first[0] == '\033');
    expect_true("same colour", strncmp(first, second, 4) == 0);
    wh_logview_free(f.view);
    fclose(f.to_out);
    fclose(f.to_err);
    free(f.out);
    free(f.err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes_are_padded_to_the_longest),
        cmocka_unit_test(pieces_become_lines),
        cmocka_unit_test(times_and_bare_lines),
        cmocka_unit_test(colour_belongs_to_the_service),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
