/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans as tables: a project, what is there, what is asked; the steps as lines "kind name[ (reason)][ < needed]". */
#include "tests/unit/test.h"

#include "whale/codec/json.h"
#include "whale/plan.h"

#include <string.h>

/* Marks are left out; a need of a mark counts as a need of what is behind it. Only direct start/wait needs of other
 * services are shown, because the rest follows from the phases. */
struct row {
    const char *name;
    enum wh_plan_op op;
    const char *project;  /* JSON of services, networks, volumes */
    const char *actual;   /* "svc/n status hash" words separated by ";": status of c r p e */
    const char *services; /* named ones, separated by "," */
    const char *options;  /* words */
    const char *want;     /* lines, or the error's text */
};

#define A "{\"services\":{\"a\":{\"image\":\"i\"}}}"
#define A_NET                                                                                                          \
    "{\"services\":{\"a\":{\"image\":\"i\",\"networks\":{\"default\":null}}},"                                         \
    "\"networks\":{\"default\":{\"name\":\"p_default\"}}}"
#define A3 "{\"services\":{\"a\":{\"image\":\"i\",\"scale\":3}}}"
#define CHAIN                                                                                                          \
    "{\"services\":{\"a\":{\"image\":\"i\",\"depends_on\":{\"b\":{\"condition\":\"service_healthy\",\"required\":"     \
    "true}}},\"b\":{\"image\":\"i\"}}}"
#define OPTIONAL                                                                                                       \
    "{\"services\":{\"a\":{\"image\":\"i\",\"depends_on\":{\"b\":{\"condition\":\"service_healthy\",\"required\":"     \
    "false}}},\"b\":{\"image\":\"i\"}}}"
#define SHARED                                                                                                         \
    "{\"services\":{\"a\":{\"image\":\"i\",\"network_mode\":\"service:b\",\"depends_on\":{\"b\":{\"condition\":"       \
    "\"service_started\",\"restart\":true,\"required\":true}}},\"b\":{\"image\":\"i\"}}}"
#define RESTART                                                                                                        \
    "{\"services\":{\"a\":{\"image\":\"i\",\"depends_on\":{\"b\":{\"condition\":\"service_started\",\"restart\":"      \
    "true,\"required\":true}}},\"b\":{\"image\":\"i\"}}}"
#define EXTERNAL                                                                                                       \
    "{\"services\":{\"a\":{\"image\":\"i\",\"networks\":{\"n\":null}}},"                                               \
    "\"networks\":{\"n\":{\"name\":\"there\",\"external\":true}}}"
#define NAMED "{\"services\":{\"a\":{\"image\":\"i\",\"container_name\":\"only\",\"scale\":2}}}"

static const struct row rows[] = {
    {"first up", WH_PLAN_UP, A_NET, "", "", "",
     "create network p_default\ncreate container p-a-1\nstart container p-a-1\n"},
    {"nothing to do", WH_PLAN_UP, A, "a/1 r same", "", "", "keep container p-a-1\n"},
    {"stopped is started", WH_PLAN_UP, A, "a/1 e same", "", "", "start container p-a-1\n"},
    {"changed is replaced", WH_PLAN_UP, A, "a/1 r old", "", "",
     "recreate container p-a-1 (its configuration changed)\nstart container p-a-1\n"},
    {"changed but kept", WH_PLAN_UP, A, "a/1 r old", "", "no_recreate", "keep container p-a-1\n"},
    {"forced", WH_PLAN_UP, A, "a/1 r same", "", "force_recreate",
     "recreate container p-a-1 (forced)\nstart container p-a-1\n"},
    {"create only", WH_PLAN_UP, A, "", "", "no_start", "create container p-a-1\n"},
    {"scale up after a gap", WH_PLAN_UP, A3, "a/2 r same;a/4 r same", "", "",
     "keep container p-a-2\nkeep container p-a-4\ncreate container p-a-5\nstart container p-a-5\n"},
    {"scale down drops high numbers", WH_PLAN_UP, A, "a/1 r same;a/2 r same;a/3 r same", "", "",
     "keep container p-a-1\nstop container p-a-2\nremove container p-a-2\nstop container p-a-3\n"
     "remove container p-a-3\n"},
    {"scale down drops obsolete ones first", WH_PLAN_UP, A, "a/1 r old;a/2 r same", "", "",
     "stop container p-a-1 (its configuration changed)\nremove container p-a-1 (its configuration changed)\n"
     "keep container p-a-2\n"},
    {"a paused one is not kept silently", WH_PLAN_UP, A, "a/1 p same", "", "", "start container p-a-1\n"},
    {"healthy before its dependent", WH_PLAN_UP, CHAIN, "", "", "",
     "create container p-b-1\ncreate container p-a-1\nstart container p-b-1\nwait for container p-b-1\n"
     "start container p-a-1 < wait for container p-b-1\n"},
    {"no dependencies", WH_PLAN_UP, CHAIN, "", "a", "no_deps", "create container p-a-1\nstart container p-a-1\n"},
    {"named one brings its dependency", WH_PLAN_UP, CHAIN, "b/1 r same", "a", "",
     "keep container p-b-1\ncreate container p-a-1\nwait for container p-b-1\n"
     "start container p-a-1 < wait for container p-b-1\n"},
    {"optional wait", WH_PLAN_UP, OPTIONAL, "", "", "",
     "create container p-b-1\ncreate container p-a-1\nstart container p-b-1\nwait for container p-b-1 ?\n"
     "start container p-a-1 < wait for container p-b-1\n"},
    {"the namespace's user follows", WH_PLAN_UP, SHARED, "a/1 r same;b/1 r old", "", "",
     "recreate container p-b-1 (its configuration changed)\n"
     "recreate container p-a-1 (service b, whose namespace or volumes it shares, is recreated)\n"
     "start container p-b-1\nstart container p-a-1 < start container p-b-1\n"},
    {"restart: true stops first", WH_PLAN_UP, RESTART, "a/1 r same;b/1 r old", "", "",
     "stop container p-a-1 (b is recreated)\nrecreate container p-b-1 (its configuration changed)\n"
     "start container p-b-1\nstart container p-a-1 < start container p-b-1\n"},
    {"wait for all", WH_PLAN_UP, A, "a/1 r same", "", "wait", "keep container p-a-1\nwait for container p-a-1\n"},
    {"orphans are told", WH_PLAN_UP, A, "a/1 r same;old/1 r same", "", "",
     "keep container p-a-1\n! Found orphan containers (p-old-1)"},
    {"orphans are removed", WH_PLAN_UP, A, "a/1 r same;old/1 r same", "", "remove_orphans",
     "stop container p-old-1\nremove container p-old-1 (no service of the file has it)\nkeep container p-a-1\n"},
    {"a disabled service is no orphan", WH_PLAN_UP, A, "a/1 r same;off/1 r same", "", "disabled_off",
     "keep container p-a-1\n"},
    {"external network is missing", WH_PLAN_UP, EXTERNAL, "", "", "",
     "network there declared as external, but could not be found"},
    {"one name for two", WH_PLAN_UP, NAMED, "", "", "", "container name \"only\""},
    {"unknown service", WH_PLAN_STOP, A, "", "b", "", "no such service: b"},
    {"down in reverse order", WH_PLAN_DOWN, CHAIN, "a/1 r same;b/1 r same", "", "",
     "stop container p-a-1\nremove container p-a-1\nstop container p-b-1 < stop container p-a-1\n"
     "remove container p-b-1\n"},
    {"stop", WH_PLAN_STOP, CHAIN, "a/1 r same;b/1 r same", "b", "", "stop container p-b-1\n"},
    {"start without containers", WH_PLAN_START, A, "", "", "", "service \"a\" has no container to start"},
    {"start with its dependency", WH_PLAN_START, CHAIN, "a/1 e same;b/1 e same", "a", "",
     "start container p-b-1\nwait for container p-b-1\nstart container p-a-1 < wait for container p-b-1\n"},
    {"restart follows restart: true", WH_PLAN_RESTART, RESTART, "a/1 r same;b/1 r same", "b", "",
     "stop container p-a-1\nstop container p-b-1 < stop container p-a-1\nstart container p-b-1\n"
     "start container p-a-1 < start container p-b-1\n"},
    {"kill what runs", WH_PLAN_KILL, A, "a/1 r same;a/2 e same", "", "", "kill container p-a-1\n"},
    {"rm takes what has ended", WH_PLAN_RM, A, "a/1 r same;a/2 e same", "", "", "remove container p-a-2\n"},
    {"rm -s", WH_PLAN_RM, A, "a/1 r same", "", "stop", "stop container p-a-1\nremove container p-a-1\n"},
};

static const struct {
    const char *word;
    size_t offset;
} flags[] = {
    {"no_recreate", offsetof(struct wh_plan_input, no_recreate)},
    {"force_recreate", offsetof(struct wh_plan_input, force_recreate)},
    {"no_start", offsetof(struct wh_plan_input, no_start)},
    {"no_deps", offsetof(struct wh_plan_input, no_deps)},
    {"wait", offsetof(struct wh_plan_input, wait)},
    {"remove_orphans", offsetof(struct wh_plan_input, remove_orphans)},
    {"stop", offsetof(struct wh_plan_input, stop)},
};

static void read_actual(struct wh_arena *a, const char *text, struct wh_plan_actual *ret)
{
    struct wh_plan_container *items = wh_arena_array(a, struct wh_plan_container, 8);
    char *copy = wh_arena_strdup(a, text);
    for (char *save, *item = strtok_r(copy, ";", &save); item; item = strtok_r(NULL, ";", &save)) {
        char service[16], status, hash[16];
        int number;
        assert_int_equal(sscanf(item, "%15[^/]/%d %c %15s", service, &number, &status, hash), 4);
        items[ret->n_containers++] = (struct wh_plan_container){
            .id = wh_arena_fmt(a, "id-%s-%d", service, number),
            .name = wh_arena_fmt(a, "p-%s-%d", service, number),
            .service = wh_arena_strdup(a, service),
            .number = number,
            .status = status == 'c'   ? WH_PLAN_CREATED
                      : status == 'r' ? WH_PLAN_RUNNING
                      : status == 'p' ? WH_PLAN_PAUSED
                                      : WH_PLAN_ENDED,
            .hash = wh_arena_strdup(a, hash),
        };
    }
    ret->containers = items;
}

/* The nearest step of a kind behind marks that belongs to another service. */
static const struct wh_plan_step *foreign_need(const struct wh_plan *p, const struct wh_plan_step *s,
                                               const char *service, enum wh_step_kind kind)
{
    for (size_t i = 0; i < s->n_needs; i++) {
        const struct wh_plan_step *n = &p->steps[s->needs[i]];
        bool phase = strcmp(n->name, "containers") == 0 || strcmp(n->name, "resources") == 0;
        if (phase)
            continue;
        if (n->kind == WH_STEP_MARK)
            n = foreign_need(p, n, service, kind);
        if (n && n->kind == kind && strcmp(n->service, service) != 0)
            return n;
    }
    return NULL;
}

static const struct wh_plan_step *shown_need(const struct wh_plan *p, const struct wh_plan_step *s)
{
    if (s->kind == WH_STEP_STOP)
        return foreign_need(p, s, s->service, WH_STEP_STOP);
    if (s->kind != WH_STEP_START)
        return NULL;
    const struct wh_plan_step *wait = foreign_need(p, s, s->service, WH_STEP_WAIT);
    return wait ? wait : foreign_need(p, s, s->service, WH_STEP_START);
}

static void render(const struct wh_plan *p, struct wh_str *out)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct wh_plan_step *s = &p->steps[i];
        if (s->kind == WH_STEP_MARK)
            continue;
        for (size_t j = 0; j < s->n_needs; j++)
            assert_true(s->needs[j] < i);
        wh_str_fmt(out, "%s %s", wh_step_text[s->kind], s->name);
        if (s->reason)
            wh_str_fmt(out, " (%s)", s->reason);
        if (s->optional)
            wh_str_add(out, " ?");
        const struct wh_plan_step *n = shown_need(p, s);
        if (n)
            wh_str_fmt(out, " < %s %s", wh_step_text[n->kind], n->name);
        wh_str_add(out, "\n");
    }
    for (size_t i = 0; i < p->warnings.len; i++)
        wh_str_fmt(out, "! %s", p->warnings.items[i]);
}

static void run_row(const struct row *row)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    wh_auto_str got = {0};
    struct wh_node *tree;
    struct wh_project *project;
    struct wh_plan plan;
    struct wh_plan_actual actual = {0};
    static const struct wh_plan_hash hashes[] = {{.key = "a", .hash = "same"}, {.key = "b", .hash = "same"}};
    const char *service = row->services, *off = "off";
    assert_int_equal(wh_json_parse(&a, row->project, strlen(row->project), "row", &tree, &err), 0);
    assert_int_equal(wh_project_from_node(&a, tree, &project, &err), 0);
    read_actual(&a, row->actual, &actual);
    struct wh_plan_input in = {.op = row->op,
                               .project_name = "p",
                               .project = project,
                               .services = {&service, row->services[0] != '\0'},
                               .disabled = {&off, strstr(row->options, "disabled_off") != NULL},
                               .service_hashes = {hashes, 2}};
    for (size_t i = 0; i < WH_ARRAY_LEN(flags); i++)
        if (strcmp(flags[i].word, row->options) == 0)
            *(bool *)((char *)&in + flags[i].offset) = true;
    if (wh_plan_make(&a, &in, &actual, &plan, &err) < 0) {
        expect_err(row->name, &err, row->want);
        return;
    }
    render(&plan, &got);
    if (strstr(row->want, "! "))
        expect_true(row->name, strncmp(wh_str_c(&got), row->want, strlen(row->want)) == 0);
    else
        expect_str(row->name, wh_str_c(&got), row->want);
}

static void plans_are_as_written(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        run_row(&rows[i]);
}

static void a_reason_names_the_fields(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    static const char now[] = "{\"services\":{\"a\":{\"image\":\"i\",\"environment\":{\"V\":\"2\"},\"user\":\"1\"}}}";
    static const char old[] = "{\"image\":\"i\",\"environment\":{\"V\":\"1\"}}";
    static const struct wh_plan_hash hash = {.key = "a", .hash = "new"};
    struct wh_node *tree, *before;
    struct wh_project *project;
    struct wh_plan plan;
    assert_int_equal(wh_json_parse(&a, now, strlen(now), "now", &tree, &err), 0);
    assert_int_equal(wh_json_parse(&a, old, strlen(old), "old", &before, &err), 0);
    assert_int_equal(wh_project_from_node(&a, tree, &project, &err), 0);
    struct wh_plan_container c = {.id = "x",
                                  .name = "p-a-1",
                                  .service = "a",
                                  .number = 1,
                                  .hash = "old",
                                  .status = WH_PLAN_RUNNING,
                                  .service_node = before};
    struct wh_plan_actual actual = {.containers = &c, .n_containers = 1};
    struct wh_plan_input in = {.project_name = "p", .project = project, .service_hashes = {&hash, 1}};
    assert_int_equal(wh_plan_make(&a, &in, &actual, &plan, &err), 0);
    for (size_t i = 0; i < plan.n_steps; i++)
        if (plan.steps[i].kind == WH_STEP_RECREATE)
            assert_string_equal(plan.steps[i].reason, "environment.V, user changed");
}

/* The same definition, but the image that it mounts is another one now. */
static void another_mounted_image_recreates(void **state)
{
    static const char now[] = "{\"services\":{\"a\":{\"image\":\"i\"}}}";
    static const struct {
        const char *wanted, *there;
        enum wh_step_kind kind;
    } images[] = {
        {NULL, NULL, WH_STEP_KEEP},
        {"/x=sha256:1", "/x=sha256:1", WH_STEP_KEEP},
        {"/x=sha256:2", "/x=sha256:1", WH_STEP_RECREATE},
        {"/x=sha256:2", NULL, WH_STEP_RECREATE},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(images); i++) {
        wh_auto_arena a = {0};
        struct wh_node *tree;
        struct wh_project *project;
        struct wh_plan plan;
        const struct wh_plan_hash hash = {.key = "a", .hash = "h", .image_volumes = images[i].wanted};
        assert_int_equal(wh_json_parse(&a, now, strlen(now), "now", &tree, NULL), 0);
        assert_int_equal(wh_project_from_node(&a, tree, &project, NULL), 0);
        struct wh_plan_container c = {.id = "x",
                                      .name = "p-a-1",
                                      .service = "a",
                                      .number = 1,
                                      .hash = "h",
                                      .image_volumes = images[i].there,
                                      .status = WH_PLAN_RUNNING};
        struct wh_plan_actual actual = {.containers = &c, .n_containers = 1};
        struct wh_plan_input in = {.project_name = "p", .project = project, .service_hashes = {&hash, 1}};
        bool found = false;
        assert_int_equal(wh_plan_make(&a, &in, &actual, &plan, NULL), 0);
        for (size_t j = 0; j < plan.n_steps; j++)
            found |= plan.steps[j].kind == images[i].kind;
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_as_written),
        cmocka_unit_test(a_reason_names_the_fields),
        cmocka_unit_test(another_mounted_image_recreates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
