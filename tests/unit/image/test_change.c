/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions of `image import -c`: what docker's config holds after them. */
#include "../test.h"

#include "image/change.h"
#include "whale/codec/json.h"

static const struct {
    const char *instructions; /* one a line */
    const char *config;       /* compact JSON, or NULL */
    const char *error;
} rows[] = {
    {"CMD [\"sh\",\"-c\",\"x\"]", "{\"Cmd\":[\"sh\",\"-c\",\"x\"]}", NULL},
    {"CMD echo hi", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"echo hi\"]}", NULL},
    {"cmd [\"sh\", 5]", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"[\\\"sh\\\", 5]\"]}", NULL},
    {"SHELL [\"/bin/ash\",\"-ec\"]\nCMD x", "{\"Shell\":[\"/bin/ash\",\"-ec\"],\"Cmd\":[\"/bin/ash\",\"-ec\",\"x\"]}",
     NULL},
    {"ENTRYPOINT []", "{\"Entrypoint\":[]}", NULL},
    {"ENV a=1 b=2", "{\"Env\":[\"a=1\",\"b=2\"]}", NULL},
    {"ENV a=1\nENV a=2", "{\"Env\":[\"a=2\"]}", NULL},
    {"ENV a one two", "{\"Env\":[\"a=one two\"]}", NULL},
    {"ENV a=\"x y\" b='$a' c=x\\ y", "{\"Env\":[\"a=x y\",\"b=$a\",\"c=x y\"]}", NULL},
    {"ENV a=1\nENV b=$a c=${a} d=${x:-def} e=${a:+set} f=${x:+set} g=\\$a",
     "{\"Env\":[\"a=1\",\"b=1\",\"c=1\",\"d=def\",\"e=set\",\"f=\",\"g=$a\"]}", NULL},
    {"ENV a=1 b=$a", "{\"Env\":[\"a=1\",\"b=\"]}", NULL},
    {"LABEL \"a b\"=\"c d\" e=f", "{\"Labels\":{\"a b\":\"c d\",\"e\":\"f\"}}", NULL},
    {"EXPOSE 80 53/udp 90/TCP 100-102",
     "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"90/tcp\":{},\"100/tcp\":{},\"101/tcp\":{},\"102/tcp\":{}}}",
     NULL},
    {"VOLUME /a /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}", NULL},
    {"VOLUME [\"/a b\"]", "{\"Volumes\":{\"/a b\":{}}}", NULL},
    {"USER app:app", "{\"User\":\"app:app\"}", NULL},
    {"WORKDIR /a\nWORKDIR b/../c", "{\"WorkingDir\":\"/a/c\"}", NULL},
    {"STOPSIGNAL SIGINT", "{\"StopSignal\":\"SIGINT\"}", NULL},
    {"ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}", NULL},
    {"HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}", NULL},
    {"HEALTHCHECK --interval=1m --timeout=500ms --start-period=2s --start-interval=1s --retries=3 CMD [\"a\",\"b\"]",
     "{\"Healthcheck\":{\"Interval\":60000000000,\"Timeout\":500000000,\"StartPeriod\":2000000000,\"StartInterval\":"
     "1000000000,"
     "\"Retries\":3,\"Test\":[\"CMD\",\"a\",\"b\"]}}",
     NULL},
    {"HEALTHCHECK CMD a | b", "{\"Healthcheck\":{\"Test\":[\"CMD-SHELL\",\"a | b\"]}}", NULL},
    {"RUN x", NULL, "RUN is not a valid change command"},
    {"", NULL, "not a valid change command"},
    {"CMD", NULL, "requires at least one argument"},
    {"ENV a", NULL, "needs a value"},
    {"ENV =x", NULL, "name=value"},
    {"ENV a=\"x", NULL, "quote is not closed"},
    {"ENV a=${", NULL, "bad substitution"},
    {"EXPOSE x", NULL, "invalid port"},
    {"EXPOSE 70000", NULL, "invalid port"},
    {"EXPOSE 90-80", NULL, "invalid port"},
    {"EXPOSE 80/icmp", NULL, "invalid port"},
    {"SHELL sh", NULL, "JSON form"},
    {"ONBUILD FROM x", NULL, "isn't allowed"},
    {"HEALTHCHECK --interval=soon CMD x", NULL, "invalid duration"},
    {"HEALTHCHECK --every=1s CMD x", NULL, "unknown flag"},
    {"HEALTHCHECK x", NULL, "needs NONE"},
};

static int apply_all(struct wh_arena *a, struct wh_node *config, const char *lines, struct wh_err *err)
{
    for (;;) {
        size_t len = strcspn(lines, "\n");
        if (change_apply(a, config, wh_arena_strndup(a, lines, len), err) < 0)
            return -1;
        if (!lines[len])
            return 0;
        lines += len + 1;
    }
}

static void test_changes(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        wh_auto_str text = {0};
        const char *row = rows[i].instructions;
        struct wh_node *config = wh_node_map(&a, NULL);
        int r = apply_all(&a, config, row, &err);
        expect_int(row, r, rows[i].config ? 0 : -1);
        if (rows[i].error) {
            expect_err(row, &err, rows[i].error);
            continue;
        }
        expect_int(row, wh_json_write(config, WH_JSON_COMPACT, &text), 0);
        expect_str(row, wh_str_c(&text), rows[i].config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
