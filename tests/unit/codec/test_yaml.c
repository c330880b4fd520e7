/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The YAML dialect: what scalars mean, what is refused and where, and what the writer makes of a tree. */
#include "tests/unit/test.h"

#include "whale/codec/yaml.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct doc {
    struct wh_arena arena;
    struct wh_vec docs;
    struct wh_err err;
    int rc;
};

static void read_doc(struct doc *d, const char *text)
{
    *d = (struct doc){.docs = WH_VEC(struct wh_node *)};
    d->rc = wh_yaml_parse(&d->arena, text, strlen(text), "t.yaml", NULL, &d->docs, &d->err);
}

static struct wh_node *first(const struct doc *d)
{
    return d->docs.len ? wh_vec_at(&d->docs, struct wh_node *, 0) : NULL;
}

static void drop_doc(struct doc *d)
{
    wh_vec_fini(&d->docs);
    wh_err_fini(&d->err);
    wh_arena_fini(&d->arena);
}

static const struct scalar_row {
    const char *name, *text;
    enum wh_node_kind kind;
    const char *as_text;
} scalar_rows[] = {
    {"decimal", "10", WH_NODE_INT, "10"},
    {"plus sign", "+5", WH_NODE_INT, "5"},
    {"negative", "-5", WH_NODE_INT, "-5"},
    {"legacy octal", "017", WH_NODE_INT, "15"},
    {"octal", "0o17", WH_NODE_INT, "15"},
    {"no octal", "0o8", WH_NODE_STR, "0o8"},
    {"hex", "0x1F", WH_NODE_INT, "31"},
    {"hex without digits", "0x", WH_NODE_STR, "0x"},
    {"binary", "0b101", WH_NODE_INT, "5"},
    {"underscores", "1__0", WH_NODE_INT, "10"},
    {"nine is no octal", "09", WH_NODE_FLOAT, "9"},
    {"unsigned", "12345678901234567890", WH_NODE_FLOAT, "12345678901234567890"},
    {"float loses its spelling", "3.10", WH_NODE_FLOAT, "3.1"},
    {"exponent", "1e3", WH_NODE_FLOAT, "1000"},
    {"large", "1000000.0", WH_NODE_FLOAT, "1e+06"},
    {"larger", "1234567.891", WH_NODE_FLOAT, "1.234567891e+06"},
    {"small", "0.00001", WH_NODE_FLOAT, "1e-05"},
    {"dot first", ".5", WH_NODE_FLOAT, "0.5"},
    {"dot last", "5.", WH_NODE_FLOAT, "5"},
    {"negative zero", "-0", WH_NODE_FLOAT, "-0"},
    {"another negative zero", "-00", WH_NODE_INT, "0"},
    {"unsigned in hex", "0xFFFFFFFFFFFFFFFF", WH_NODE_FLOAT, "18446744073709551615"},
    {"beyond a double", "1e309", WH_NODE_STR, "1e309"},
    {"too small for a double", "1e-400", WH_NODE_FLOAT, "0"},
    {"version", "1.2.3", WH_NODE_STR, "1.2.3"},
    {"sexagesimal", "22:22", WH_NODE_STR, "22:22"},
    {"old boolean", "yes", WH_NODE_STR, "yes"},
    {"boolean", "True", WH_NODE_BOOL, "true"},
    {"odd case", "tRUE", WH_NODE_STR, "tRUE"},
    {"null", "~", WH_NODE_NULL, ""},
    {"empty", "", WH_NODE_NULL, ""},
    {"date", "2024-01-31", WH_NODE_STR, "2024-01-31 00:00:00 +0000 UTC"},
    {"time", "2024-1-3T4:05:06.50+02:00", WH_NODE_STR, "2024-01-03 04:05:06.5 +0200 +0200"},
    {"no such day", "2024-02-30", WH_NODE_STR, "2024-02-30"},
    {"quoted", "'3.10'", WH_NODE_STR, "3.10"},
    {"tagged text", "!!str 010", WH_NODE_STR, "010"},
    {"tagged number", "!!int '7'", WH_NODE_INT, "7"},
    {"tagged date", "!!timestamp '2024-01-31'", WH_NODE_STR, "2024-01-31 00:00:00 +0000 UTC"},
    {"base64", "!!binary aGVsbG8=", WH_NODE_STR, "hello"},
    {"unknown tag", "!custom x", WH_NODE_STR, "x"},
};

static void scalars_have_go_yaml_types(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(scalar_rows); i++) {
        const struct scalar_row *row = &scalar_rows[i];
        char text[128];
        struct doc d;
        snprintf(text, sizeof(text), "k: %s\n", row->text);
        read_doc(&d, text);
        const struct wh_node *n = wh_node_get(first(&d), "k");
        bool ok = d.rc == 0 && n && n->kind == row->kind && strcmp(wh_yaml_scalar_text(&d.arena, n), row->as_text) == 0;
        if (!ok)
            fail_msg("%s: got %s \"%s\"", row->name, n ? wh_node_kind_text(n->kind) : "nothing",
                     n ? wh_yaml_scalar_text(&d.arena, n) : "");
        drop_doc(&d);
    }
}

static const struct error_row {
    const char *name, *text, *message;
    unsigned int line, column;
} error_rows[] = {
    {"duplicate key", "a: 1\nb:\n  c: 1\n  c: 2\n", "line 4: mapping key \"c\" already defined at line 3", 4, 3},
    {"duplicate merge key", "x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", "mapping key \"<<\" already defined", 4, 3},
    {"unknown anchor", "a: *b\n", "unknown anchor 'b' referenced", 1, 4},
    {"cycle", "a: &a\n  b: *a\n", "cycle detected", 2, 6},
    {"merge of a scalar", "s: &s x\na:\n  <<: *s\n", "map merge requires map or sequence of maps", 3, 3},
    {"number as key", "services:\n  web:\n    1: x\n", "non-string key in services.web: 1", 3, 5},
    {"number as top key", "1: x\n", "non-string key at top level: 1", 1, 1},
    {"collection as key", "a:\n  ? [x]\n  : y\n", "as a map key", 2, 5},
    {"tab", "a:\n\tb: 1\n", "found character that cannot start any token", 2, 1},
    {"colon in a plain scalar", "a: b: c\n", "mapping values are not allowed in this context", 1, 5},
    {"version", "%YAML 1.2\n---\na: 1\n", "found incompatible YAML document", 1, 1},
    {"not that type", "a: !!int x\n", "cannot read \"x\" as a !!int", 1, 4},
    {"not that date", "a: !!timestamp x\n", "cannot read \"x\" as a !!timestamp", 1, 4},
    {"not base64", "a: !!binary '!'\n", "invalid base64 data", 1, 4},
    {"half of base64", "a: !!binary aGVsbG8\n", "invalid base64 data", 1, 4},
    {"infinity", "a: -.inf\n", "unsupported value: -Inf", 1, 4},
    {"NUL", "a: \"x\\0y\"\n", "NUL", 1, 4},
    {"control character", "# c\na: \xC3\xA9\001\n", "control characters are not allowed (value: 1)", 2, 5},
    {"not UTF-8", "a: \xFF\n", "invalid leading UTF-8 octet (value: 255)", 1, 4},
    {"below an end", "# c\n...\nb: 1\na: [\n", "did not find expected node content", 5, 1},
    {"in the shape of a hidden one", "a: \xF4\x8F\xBD\xBF\x7F\n", "control characters", 1, 5},
};

static void errors_name_their_place(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(error_rows); i++) {
        const struct error_row *row = &error_rows[i];
        struct doc d;
        read_doc(&d, row->text);
        char *message = wh_err_text(&d.err);
        if (d.rc != -1 || !strstr(message, row->message) || d.err.mark.line != row->line ||
            d.err.mark.column != row->column)
            fail_msg("%s: rc %d, %u:%u %s", row->name, d.rc, d.err.mark.line, d.err.mark.column, message);
        free(message);
        drop_doc(&d);
    }
}

static void limits_hold(void **state)
{
    struct doc d;
    read_doc(&d, "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                 "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                 "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n");
    assert_int_equal(d.rc, -1);
    assert_int_equal(d.err.code, WH_E_LIMIT);
    drop_doc(&d);

    char deep[1200];
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    read_doc(&d, deep);
    assert_int_equal(d.rc, -1);
    assert_int_equal(d.err.code, WH_E_LIMIT);
    drop_doc(&d);

    const struct wh_yaml_limits small = {.max_bytes = 4, .max_keys = 1};
    struct wh_arena a = {0};
    struct wh_vec docs = WH_VEC(struct wh_node *);
    assert_int_equal(wh_yaml_parse(&a, "a: 1\n", 5, "t", &small, &docs, NULL), -1);
    const struct wh_yaml_limits keys = {.max_keys = 1};
    assert_int_equal(wh_yaml_parse(&a, "a: 1\nb: 2\n", 10, "t", &keys, &docs, NULL), -1);
    wh_vec_fini(&docs);
    wh_arena_fini(&a);
}

static void merge_keys_and_documents(void **state)
{
    struct doc d;
    read_doc(&d, "one: &one {a: 1, b: 1}\ntwo: &two {b: 2, c: 2}\nseq: &seq [*one, *two]\n"
                 "x:\n  b: own\n  <<: *seq\ny: {\"<<\": kept}\n---\nz: !reset [1]\nw: !override {k: v}\nv: *one\n");
    assert_int_equal(d.rc, 0);
    assert_int_equal(d.docs.len, 2);
    const struct wh_node *x = wh_node_get(first(&d), "x");
    assert_string_equal(wh_node_get_str(x, "b", ""), "own");
    assert_int_equal(wh_node_get_int(x, "a", 0), 1);
    assert_int_equal(wh_node_get_int(x, "c", 0), 2);
    assert_string_equal(wh_node_get_str(wh_node_get(first(&d), "y"), "<<", ""), "kept");
    const struct wh_node *second = wh_vec_at(&d.docs, struct wh_node *, 1);
    assert_int_equal(wh_node_get(second, "z")->tag, WH_TAG_RESET);
    assert_int_equal(wh_node_get(second, "w")->tag, WH_TAG_OVERRIDE);
    assert_int_equal(wh_node_get_int(wh_node_get(second, "v"), "a", 0), 1); /* anchors outlive a document */
    assert_int_equal(wh_node_get(x, "a")->mark.line, 1);
    assert_int_equal(wh_node_get(x, "a")->mark.column, 15);
    drop_doc(&d);
    read_doc(&d, "# nothing\n");
    assert_int_equal(d.rc, 0);
    assert_int_equal(d.docs.len, 0);
    drop_doc(&d);
}

static const struct write_row {
    const char *name, *text, *written;
} write_rows[] = {
    {"other types", "[\"true\", \"1\", \"1.50\", \"~\", \"2024-01-01\", \"\"]",
     "- \"true\"\n- \"1\"\n- \"1.50\"\n- \"~\"\n- \"2024-01-01\"\n- \"\"\n"},
    {"old booleans", "[yes, \"N\", off, \"<<\"]", "- 'yes'\n- 'N'\n- 'off'\n- '<<'\n"},
    {"syntax", "['a: b', 'a #b', '*x', '@x', '{x}', '-', ' lead', 'trail ', '#x']",
     "- 'a: b'\n- 'a #b'\n- '*x'\n- '@x'\n- '{x}'\n- '-'\n- ' lead'\n- 'trail '\n- '#x'\n"},
    {"plain", "['a:b', 'a#b', 'it''s \"q\"', größe, 80:80, '-x', '?x']",
     "- a:b\n- a#b\n- it's \"q\"\n- größe\n- 80:80\n- -x\n- ?x\n"},
    {"escapes", "[\"a\\tb\", \"\\x01\", \"\\U0001F433\"]", "- \"a\\tb\"\n- \"\\x01\"\n- \"\\U0001F433\"\n"},
    {"literal", "{k: \"l1\\nl2\\n\", q: \"l1\\n  l2\", m: \"\\nx\\n\\n\", t: \"a \\nb\"}",
     "k: |\n  l1\n  l2\nq: |-\n  l1\n    l2\nm: |+\n\n  x\n\nt: \"a \\nb\"\n"},
    {"literal that begins with a blank", "[\" a\\nb\"]", "- |2-\n   a\n  b\n"},
    {"literal that begins with an empty line and a blank", "[\"\\n a\\n\"]", "- |2\n\n   a\n"},
    {"literal that begins with a tab", "[\"\\ta\\nb\", \"\\n\\ta\\n\"]", "- |2-\n  \ta\n  b\n- |2\n\n  \ta\n"},
    {"only line breaks", "[\"\\n\", \" \\n\"]", "- \"\\n\"\n- \" \\n\"\n"},
    {"key of two lines", "{\"a\\nb\": 1}", "? |-\n  a\n  b\n: 1\n"},
    {"nesting", "{a: {b: [1, {c: d, e: f}, [x, z]]}, g: {}, h: [], i: null}",
     "a:\n  b:\n    - 1\n    - c: d\n      e: f\n    - - x\n      - z\ng: {}\nh: []\ni: null\n"},
    {"numbers", "[3.10, 1e21, 0x10, true]", "- 3.1\n- 1e+21\n- 16\n- true\n"},
};

/* A blank beyond column 20. */
static const struct write_row fold_rows[] = {
    {"plain", "{k: aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd e}", "k: aaaaaaaaa bbbbbbbbb\n  ccccccccc ddddddddd\n  e\n"},
    {"single quotes", "['a: aaaaaaaaaaa bbbbbbbbb c']", "- 'a: aaaaaaaaaaa bbbbbbbbb\n  c'\n"},
    {"double quotes", "[\"a\\taaaaaaaaa bbbbbbbbb   c\"]", "- \"a\\taaaaaaaaa bbbbbbbbb\n  \\  c\"\n"},
    {"several blanks stay", "[aaaaaaaaaaaaaaaaaaaaaaaaaa  b c]", "- aaaaaaaaaaaaaaaaaaaaaaaaaa  b\n  c\n"},
    {"characters, not bytes", "[ääääääääääää bbb ccccc d]", "- ääääääääääää bbb ccccc\n  d\n"},
    {"keys stay whole", "{aaaaaaaaaaaaaaaaaaaaaaa b: c}", "aaaaaaaaaaaaaaaaaaaaaaa b: c\n"},
};

static void expect_written(const struct write_row *rows, size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++) {
        const struct write_row *row = &rows[i];
        struct doc d, again;
        wh_auto_str out = {0};
        read_doc(&d, row->text);
        wh_yaml_write(first(&d), width, &out);
        if (strcmp(wh_str_c(&out), row->written) != 0)
            fail_msg("%s: wrote\n%s", row->name, wh_str_c(&out));
        read_doc(&again, wh_str_c(&out));
        if (again.rc != 0 || !wh_node_equal(first(&d), first(&again)))
            fail_msg("%s: does not read back", row->name);
        drop_doc(&d);
        drop_doc(&again);
    }
}

static void writer_follows_go_yaml(void **state)
{
    expect_written(write_rows, WH_ARRAY_LEN(write_rows), 0);
    expect_written(fold_rows, WH_ARRAY_LEN(fold_rows), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_have_go_yaml_types),
        cmocka_unit_test(errors_name_their_place),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(merge_keys_and_documents),
        cmocka_unit_test(writer_follows_go_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
