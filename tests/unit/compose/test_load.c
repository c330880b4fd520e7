/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole loads from files in a temporary folder: where values and errors are said to come from, names, environment. */
#include "project.h"

static const struct error_row {
    const char *name;
    struct file files[4];
    const char *message, *file;
    unsigned int line, column;
} error_rows[] = {
    {"template",
     {{"compose.yaml", "services:\n  a:\n    image: ${\n"}},
     "invalid interpolation format",
     "compose.yaml",
     3,
     12},
    {"through an anchor",
     {{"compose.yaml", "x-a: &a\n  tty: maybe\nservices:\n  a: {image: x}\n  b: *a\n  c:\n    <<: *a\n"}},
     "services.b.tty: failed to cast",
     "compose.yaml",
     2,
     8},
    {"in an included file",
     {{"compose.yaml", "include: [sub/c.yaml]\n"}, {"sub/c.yaml", "services:\n  a: {image: \"${X:?m}\"}\n"}},
     "required variable X is missing a value: m",
     "sub/c.yaml",
     2,
     14},
    {"in an extended file",
     {{"compose.yaml", "services:\n  a: {extends: {file: b.yaml, service: s}}\n"},
      {"b.yaml", "services:\n  s: {image: x, scale: many}\n"}},
     "services.s.scale: failed to cast",
     "b.yaml",
     2,
     24},
    {"in an override",
     {{"compose.yaml", "services: {a: {image: x, deploy: {replicas: 1}}}\n"},
      {"compose.override.yaml", "services:\n  a:\n    deploy: []\n"}},
     "cannot override services.a.deploy",
     "compose.override.yaml",
     3,
     13},
    {"missing include", {{"compose.yaml", "include:\n- nope.yaml\n"}}, "nope.yaml: No such file", "compose.yaml", 2, 3},
    {"include cycle", {{"compose.yaml", "include: [compose.yaml]\n"}}, "include cycle detected", "compose.yaml", 1, 11},
    {"remote include", {{"compose.yaml", "include: [\"oci://x/y\"]\n"}}, "not supported", "compose.yaml", 1, 11},
    {"in an env file",
     {{"compose.yaml", "services: {a: {image: x}}\n"}, {".env", "A=1\nB C=2\n"}},
     "line 2: key cannot contain a space",
     ".env",
     2,
     1},
    {"empty file", {{"compose.yaml", "# nothing\n"}}, "empty compose file", "compose.yaml", 0, 0},
    {"no file", {{"other.txt", ""}}, "no configuration file provided: not found", NULL, 0, 0},
};

static void errors_point_at_their_place(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(error_rows); i++) {
        const struct error_row *row = &error_rows[i];
        struct project p = {0};
        project_load(&p, row->files);
        expect_int(row->name, p.rc, -1);
        expect_err(row->name, &p.err, row->message);
        const struct wh_diag *d = NULL;
        for (size_t k = 0; k < p.res.diags.items.len && (!d || d->severity != WH_SEV_ERROR); k++)
            d = wh_vec_at(&p.res.diags.items, struct wh_diag *, k);
        wh_auto_free char *path = row->file ? wh_path_join(p.dir, row->file) : NULL;
        expect_str(row->name, d->mark.file, path);
        expect_int(row->name, d->mark.line, row->line);
        expect_int(row->name, d->mark.column, row->column);
        project_drop(&p);
    }
}

static void several_errors_come_in_one_run(void **state)
{
    struct project p = {0};
    project_load(
        &p, (struct file[]){{"compose.yaml", "services:\n  a: {image: \"${\", tty: maybe}\n  b: {image: \"${X?}\"}\n"},
                            {0}});
    assert_int_equal(p.rc, -1);
    assert_int_equal(p.res.diags.n_errors, 3);
    project_drop(&p);
}

static const struct name_row {
    const char *name, *flag, *dotenv, *text, *want;
} name_rows[] = {
    {"file", NULL, "", "name: From.File\n", "fromfile"},
    {"interpolated", NULL, "STAGE=t\n", "name: shop-${STAGE}\n", "shop-t"},
    {"env over file", NULL, "COMPOSE_PROJECT_NAME=env\n", "name: file\n", "env"},
    {"flag over env", "flag", "COMPOSE_PROJECT_NAME=env\n", "name: file\n", "flag"},
    {"bad flag", "Bad.", "", "", NULL},
};

static void names_come_from_the_strongest_source(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(name_rows); i++) {
        const struct name_row *row = &name_rows[i];
        struct project p = {.opts.project_name = row->flag};
        wh_auto_free char *text = wh_fmt("%sservices: {a: {image: x}}\n", row->text);
        project_load(&p, (struct file[]){{"compose.yaml", text}, {".env", row->dotenv}, {0}});
        expect_int(row->name, p.rc, row->want ? 0 : -1);
        if (row->want) {
            expect_str(row->name, p.res.project_name, row->want);
            expect_str(row->name, wh_env_get(&p.res.env, "COMPOSE_PROJECT_NAME"), row->want);
        }
        wh_load_fini(&p.res);
        wh_err_fini(&p.err);
        int rc = wh_compose_project_name(&p.opts, &p.res, &p.err);
        expect_int(row->name, rc, row->want ? 0 : -1);
        expect_str(row->name, row->want ? p.res.project_name : NULL, row->want);
        project_drop(&p);
    }
}

static void values_can_be_explained(void **state)
{
    struct project p = {.opts.note_variables = true};
    project_load(&p,
                 (struct file[]){{"compose.yaml", "services:\n  a:\n    image: one\n    labels: [\"x.y=${TAG}\"]\n"},
                                 {"compose.override.yaml", "services:\n  a:\n    image: two\n"},
                                 {".env", "\nTAG=1\n"},
                                 {0}});
    assert_int_equal(p.rc, 0);
    static const struct {
        const char *what, *want;
    } rows[] = {
        {"services.a.image", "services.a.image: two\n  set        compose.override.yaml:3:12\n"
                             "  instead of compose.yaml:3:12\n"},
        {"TAG", "TAG=1\n  set        .env:2:1\n  used       compose.yaml:4:14\n"},
        {"COMPOSE_PROJECT_NAME", NULL},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        expect_int(rows[i].what, wh_compose_explain(&p.res, rows[i].what, &out, NULL), 0);
        if (rows[i].want)
            expect_str(rows[i].what, wh_str_c(&out), rows[i].want);
    }
    wh_auto_str out = {0};
    assert_int_equal(wh_compose_explain(&p.res, "services.nope", &out, NULL), -1);
    project_drop(&p);
}

/* What a value was before, and who set it: through anchors, files that are extended or included, and overrides. */
static void values_know_their_places(void **state)
{
    static const struct file files[] = {
        {"compose.yaml", "x-a: &a {user: anchor}\ninclude: [inc.yaml]\nservices:\n  a:\n    <<: *a\n    image: one\n"
                         "    extends: {file: ext.yaml, service: e}\n  i: {hostname: over}\n"},
        {"compose.override.yaml", "services: {a: {image: two, env_file: e.env}}\n"},
        {"ext.yaml", "services: {e: {image: zero, domainname: ext}}\n"},
        {"inc.yaml", "services: {i: {image: inc, hostname: base}}\n"},
        {"e.env", "K=v\n"},
        {0}};
    static const struct {
        const char *what, *want;
    } rows[] = {
        {"services.a.user", "services.a.user: anchor\n  set        compose.yaml:1:16\n"},
        {"services.a.image", "services.a.image: two\n  set        compose.override.yaml:1:23\n"
                             "  instead of compose.yaml:6:12\n  instead of ext.yaml:1:23\n"},
        {"services.a.domainname", "services.a.domainname: ext\n  set        ext.yaml:1:41\n"},
        {"services.i.image", "services.i.image: inc\n  set        inc.yaml:1:23\n"},
        {"services.i.hostname", "services.i.hostname: over\n  set        compose.yaml:8:17\n"
                                "  instead of inc.yaml:1:38\n"},
        {"services.a.environment.K", "services.a.environment.K: v\n  set        e.env:1:1\n"},
        {"services.a.networks", "services.a.networks.default: null\n  set        compose.yaml:5:5\n"},
    };
    struct project p = {0};
    project_load(&p, files);
    assert_int_equal(p.rc, 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_str out = {0};
        expect_int(rows[i].what, wh_compose_explain(&p.res, rows[i].what, &out, NULL), 0);
        expect_str(rows[i].what, wh_str_c(&out), rows[i].want);
    }
    project_drop(&p);
}

/* Only what somebody typed as --profile is suspected of a slip. */
static void unknown_profiles_warn_once_given(void **state)
{
    static const char *const names[] = {"nope"};
    struct project given = {.opts = {.profiles = names, .n_profiles = 1}};
    struct project added = {.opts = {.more_profiles = names, .n_more_profiles = 1}};
    struct project listed = {0};
    const struct file plain[] = {{"compose.yaml", "services: {a: {image: x}}\n"}, {0}};
    project_load(&given, plain);
    project_load(&added, plain);
    project_load(&listed, (struct file[]){plain[0], {".env", "COMPOSE_PROFILES=nope\n"}, {0}});
    expect_int("option", given.res.diags.items.len, 1);
    expect_int("added", added.res.diags.items.len, 0);
    expect_int("variable", listed.res.diags.items.len, 0);
    project_drop(&given);
    project_drop(&added);
    project_drop(&listed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_point_at_their_place),
        cmocka_unit_test(several_errors_come_in_one_run),
        cmocka_unit_test(names_come_from_the_strongest_source),
        cmocka_unit_test(values_can_be_explained),
        cmocka_unit_test(values_know_their_places),
        cmocka_unit_test(unknown_profiles_warn_once_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
