/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short ports: what each text expands to, as compact JSON, or the message it is refused with. */
#include "tests/unit/test.h"

#include "compose/canonical.h"
#include "whale/codec/json.h"

static const struct row {
    const char *text, *json, *error;
} rows[] = {
    {"80", "[{\"mode\":\"ingress\",\"target\":80,\"protocol\":\"tcp\"}]", NULL},
    {"8080:80", "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"8080\",\"protocol\":\"tcp\"}]", NULL},
    {"80:80/UDP", "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"80\",\"protocol\":\"udp\"}]", NULL},
    {"80:80/", "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"80\",\"protocol\":\"tcp\"}]", NULL},
    {"[::1]::5000", "[{\"mode\":\"ingress\",\"host_ip\":\"::1\",\"target\":5000,\"protocol\":\"tcp\"}]", NULL},
    {"::1:81:80",
     "[{\"mode\":\"ingress\",\"host_ip\":\"::1\",\"target\":80,\"published\":\"81\",\"protocol\":\"tcp\"}]", NULL},
    {"8000-8010:80", "[{\"mode\":\"ingress\",\"target\":80,\"published\":\"8000-8010\",\"protocol\":\"tcp\"}]", NULL},
    {"9-10:9-10", /* entries are sorted as text */
     "[{\"mode\":\"ingress\",\"target\":10,\"published\":\"10\",\"protocol\":\"tcp\"},"
     "{\"mode\":\"ingress\",\"target\":9,\"published\":\"9\",\"protocol\":\"tcp\"}]",
     NULL},
    {"0", "[{\"mode\":\"ingress\",\"protocol\":\"tcp\"}]", NULL}, /* the missing target is reported later */
    {"", NULL, "no port specified: <empty>"},
    {"8080:", NULL, "no port specified: 8080:<empty>"},
    {"abc", NULL, "invalid containerPort: abc"},
    {"70000", NULL, "invalid containerPort: 70000"},
    {"9001-9000", NULL, "invalid containerPort: 9001-9000"},
    {"-1", NULL, "invalid containerPort: -1"},
    {"x:80", NULL, "invalid hostPort: x"},
    {"127.0.0.1:80", NULL, "invalid hostPort: 127.0.0.1"},
    {"localhost:80:80", NULL, "invalid IP address: localhost"},
    {"[::1:80:80", NULL, "missing ']' in address"},
    {"80/xyz", NULL, "invalid proto: xyz"},
    {"80-81:8000-8002", NULL, "invalid ranges specified for container and host Ports: 8000-8002 and 80-81"},
};

static void test_short_ports(void **state)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        const struct row *row = &rows[i];
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        wh_auto_str text = {0};
        struct wh_mark mark = {.file = "f", .line = 3};
        struct wh_node *list = wh_node_seq(&a, NULL);
        int r = wh_short_ports(&a, row->text, &mark, list, &err);
        expect_int(row->text, r, row->error ? -1 : 0);
        if (row->error) {
            expect_err(row->text, &err, row->error);
            continue;
        }
        wh_json_write(list, WH_JSON_COMPACT, &text);
        expect_str(row->text, wh_str_c(&text), row->json);
        expect_int(row->text, list->seq.items[0]->mark.line, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_short_ports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
