/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inputs that are too large, too deep or no files: each is refused with a message, and none blocks. */
#include "project.h"

#include <sys/stat.h>
#include <unistd.h>

#define SERVICE "services: {a: {image: x}}\n"

/* ---- texts that are made: head, n times a part with its number, tail ---- */

static char *repeated(const char *head, int n, const char *part, const char *tail)
{
    wh_auto_str out = {0};
    wh_str_add(&out, head);
    for (int i = 0; i < n; i++)
        for (const char *p = part; *p; p++) {
            if (*p == '#')
                wh_str_fmt(&out, "%d", i);
            else if (*p == '+')
                wh_str_fmt(&out, "%d", i + 1);
            else
                wh_str_addc(&out, *p);
        }
    wh_str_add(&out, tail);
    return wh_str_take(&out);
}

static const struct text_row {
    const char *name, *head;
    int n;
    const char *part, *tail, *dotenv, *message;
} text_rows[] = {
    {"bytes of a file", SERVICE "x-a: |\n", 17, "  @\n", "", NULL, "larger than 16777216 bytes"},
    {"bytes of a scalar", SERVICE "x-a: \"", 5, "@", "\"\n", NULL, "a scalar is longer than 4194304 bytes"},
    {"keys of a mapping", SERVICE "x-a:\n", 100001, "  k#: 1\n", "", NULL, "more than 100000 keys"},
    {"levels of nesting", SERVICE "x-a: ", 201, "[", "", NULL, "nested more than 200 levels deep"},
    {"aliases", SERVICE "x-0: &a0 {k: v}\n", 40, "x-+: &a+ {l: *a#, r: *a#}\n", "", NULL, "excessive aliasing"},
    {"merge keys", SERVICE "x-0: &a0 {k: v}\n", 40, "x-+: &a+ {k#: *a#, <<: *a#}\n", "", NULL, "excessive aliasing"},
    {"nested variables", "services: {a: {image: \"", 65, "${U:-", "\"}}\n", NULL, "invalid interpolation format"},
    {"expanded text", "services: {a: {image: \"", 5, "$B", "\"}}\n", "B=@\n",
     "its variables expand to more than 4 MiB"},
    {"expanded project", SERVICE, 50, "x-#: $B$B$B\n", "", "B=@\n", "all variables expand to more than 128 MiB"},
    {"expanded env file", SERVICE, 0, "", "", "A=@\nB=$A$A$A\nC=$B$B\n", "its variables expand to more than 4 MiB"},
    {"ports", "services: {a: {image: x, ports: [", 5, "'127.0.0.#:1-65535:1-65535',", "]}}\n", NULL,
     "more than 262144 ports in one file"},
    {"services that extend each other", "services:\n", 250, "  a#: {extends: a+}\n", "  a250: {image: x}\n", NULL,
     "more than 200 services extend each other in a row"},
};

/* Each @ is a mebibyte. */
static char *with_mebibytes(const char *text)
{
    wh_auto_str out = {0};
    wh_auto_free char *block = malloc((size_t)1 << 20);
    memset(block, 'a', (size_t)1 << 20);
    for (; text && *text; text++) {
        if (*text == '@')
            wh_str_addn(&out, block, (size_t)1 << 20);
        else
            wh_str_addc(&out, *text);
    }
    return text ? wh_str_take(&out) : NULL;
}

static void texts_have_limits(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(text_rows); i++) {
        const struct text_row *row = &text_rows[i];
        wh_auto_free char *made = repeated(row->head, row->n, row->part, row->tail), *text = with_mebibytes(made);
        wh_auto_free char *dotenv = with_mebibytes(row->dotenv);
        struct project p = {0};
        project_load(&p, (struct file[]){{"compose.yaml", text}, {dotenv ? ".env" : NULL, dotenv}, {0}});
        expect_int(row->name, p.rc, -1);
        expect_err(row->name, &p.err, row->message);
        project_drop(&p);
    }
}

/* Of many errors the first 200 are kept, and one that says so. */
static void errors_have_a_limit(void **state)
{
    wh_auto_free char *text = repeated(SERVICE, 300, "k#: 1\n", "");
    struct project p = {0};
    project_load(&p, (struct file[]){{"compose.yaml", text}, {0}});
    expect_int("refused", p.rc, -1);
    expect_int("kept", p.res.diags.items.len, 201);
    expect_str("the last one", wh_vec_at(&p.res.diags.items, struct wh_diag *, 200)->text,
               "too many errors, the others are left out");
    project_drop(&p);
}

/* ---- files that name others ---- */

/* depth files, each of which includes the next one several times. */
static void expect_chain(const char *name, int depth, int times, const char *message)
{
    struct project p = {0};
    project_make(&p);
    for (int i = 0; i < depth; i++) {
        wh_auto_free char *path = wh_fmt("%s/c%d.yaml", p.dir, i), *next = wh_fmt("c%d.yaml,", i + 1);
        wh_auto_str text = {0};
        wh_str_add(&text, "include: [");
        for (int k = 0; k < times; k++)
            wh_str_add(&text, next);
        wh_str_add(&text, "]\n");
        assert_int_equal(wh_file_replace(path, wh_str_c(&text), text.len, 0644, WH_SYNC_NONE, NULL), 0);
    }
    wh_auto_free char *last = wh_fmt("c%d.yaml", depth);
    project_load(&p, (struct file[]){{last, SERVICE}, {"compose.yaml", "include: [c0.yaml]\n"}, {0}});
    expect_int(name, p.rc, -1);
    expect_err(name, &p.err, message);
    project_drop(&p);
}

static void includes_have_limits(void **state)
{
    expect_chain("depth", 101, 1, "include cycle detected");
    expect_chain("number", 10, 2, "more than 500 files are included");
}

/* ---- what is no file ---- */

enum special { FIFO, FOLDER, LOOP, DEVICE };

static void make_special(enum special kind, const char *path)
{
    if (kind == FIFO)
        assert_int_equal(mkfifo(path, 0600), 0);
    else if (kind == FOLDER)
        assert_int_equal(mkdir(path, 0700), 0);
    else
        assert_int_equal(symlink(kind == DEVICE ? "/dev/zero" : path, path), 0);
}

static const struct special_row {
    const char *path, *text; /* text: of compose.yaml, NULL when that is the special file itself */
} special_rows[] = {
    {"compose.yaml", NULL},
    {"compose.override.yaml", SERVICE},
    {"f", "include: [f]\n"},
    {"f", "services: {a: {extends: {file: f, service: b}}}\n"},
    {"f", "services: {a: {image: x, env_file: f}}\n"},
    {"f", "services: {a: {image: x, label_file: f}}\n"},
    {"f", "include: [{path: c.yaml, env_file: f}]\n"},
    {".env", SERVICE},
};

static void special_files_are_refused(void **state)
{
    static const char *const messages[] = {"not a regular file", "", "Too many levels of symbolic links",
                                           "not a regular file"};
    for (size_t i = 0; i < WH_ARRAY_LEN(special_rows); i++)
        for (enum special kind = FIFO; kind <= DEVICE; kind++) {
            const struct special_row *row = &special_rows[i];
            bool found = row->path[0] != 'f'; /* a folder of that name is passed over */
            if (kind == FOLDER && found)
                continue;
            struct project p = {0};
            project_make(&p);
            wh_auto_free char *path = wh_fmt("%s/%s", p.dir, row->path);
            wh_auto_free char *name = wh_fmt("%s %d", row->text ? row->text : row->path, kind);
            make_special(kind, path);
            project_load(&p, (struct file[]){{row->text ? "compose.yaml" : NULL, row->text}, {0}});
            expect_int(name, p.rc, -1);
            expect_err(name, &p.err, messages[kind]);
            project_drop(&p);
        }
}

static void given_files_may_be_pipes(void **state)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], SERVICE, strlen(SERVICE)), strlen(SERVICE));
    close(fds[1]);
    wh_auto_free char *path = wh_fmt("/dev/fd/%d", fds[0]);
    const char *files[] = {path};
    struct project p = {.opts = {.files = files, .n_files = 1, .project_name = "p"}};
    project_load(&p, (struct file[]){{0}});
    expect_int("pipe", p.rc, 0);
    close(fds[0]);
    project_drop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_limits),        cmocka_unit_test(errors_have_a_limit),
        cmocka_unit_test(includes_have_limits),     cmocka_unit_test(special_files_are_refused),
        cmocka_unit_test(given_files_may_be_pipes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
