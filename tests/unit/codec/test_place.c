/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/test.h"

#include "whale/codec/yaml.h"

#include <string.h>

static const char text[] = "services:\n"
                           "  web:\n"
                           "    user: nobody\n"
                           "    command: [sh, -c, x]\n"
                           "    sysctls:\n"
                           "      net.a/b: 1\n"
                           "    volumes:\n"
                           "      - {type: bind, source: /a/b, target: /c/d}\n"
                           "      - {type: volume, source: data, target: /data}\n"
                           "    devices:\n"
                           "      - /dev/fuse\n"
                           "    networks:\n"
                           "      front:\n"
                           "        ipv4_address: 10.0.0.1\n";

static const struct {
    const char *path;
    uint32_t line, column; /* 0: nowhere */
} rows[] = {
    {NULL, 0, 0},
    {"", 0, 0},
    {"nothing", 0, 0},
    {"services", 1, 1},
    {"services/web", 2, 3},
    {"/services/web", 2, 3},
    {"services/db", 1, 1},
    {"services/web/user", 3, 11},
    {"services/web/user/more", 3, 11},
    {"services/web/hostname", 2, 3},
    {"services/web/command", 4, 5},
    {"services/web/command/-c", 4, 19},
    {"services/web/sysctls/net.a/b", 6, 16},
    {"services/web/volumes/1", 9, 9},
    {"services/web/volumes//c/d", 8, 9},
    {"services/web/volumes//a/b", 8, 9},
    {"services/web/volumes//c", 7, 5},
    {"services/web/devices//dev/fuse", 11, 9},
    {"services/web/networks/front/ipv4_address", 14, 23},
};

static void a_path_leads_as_deep_as_the_tree_goes(void **state)
{
    wh_auto_arena a = {0};
    wh_auto_err err = {0};
    wh_auto_vec docs = WH_VEC(struct wh_node *);
    assert_int_equal(wh_yaml_parse(&a, text, strlen(text), "t.yaml", NULL, &docs, &err), 0);
    const struct wh_node *root = wh_vec_at(&docs, struct wh_node *, 0);
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        struct wh_mark mark = wh_node_place(root, rows[i].path);
        if (mark.line != rows[i].line || mark.column != rows[i].column)
            fail_msg("%s: %u:%u, not %u:%u", rows[i].path ? rows[i].path : "(none)", mark.line, mark.column,
                     rows[i].line, rows[i].column);
    }
    assert_null(wh_node_place(NULL, "services").file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_as_deep_as_the_tree_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
