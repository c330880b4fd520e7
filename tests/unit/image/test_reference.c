/* SPDX-License-Identifier: GPL-2.0-or-later */
/* References: docker's grammar and forms; platforms; WWW-Authenticate headers. */
#include "../test.h"

#include "image/challenge.h"
#include "image/platform.h"
#include "whale/image.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_good_references(void **state)
{
    static const struct {
        const char *text, *canonical, *familiar;
    } rows[] = {
        {"busybox", "docker.io/library/busybox:latest", "busybox:latest"},
        {"busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"},
        {"user/app", "docker.io/user/app:latest", "user/app:latest"},
        {"docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
        {"index.docker.io/library/busybox", "docker.io/library/busybox:latest", "busybox:latest"},
        {"docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
        {"docker.io/example.com/app", "docker.io/example.com/app:latest", "docker.io/example.com/app:latest"},
        {"ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1", "ghcr.io/a/b/c:v1"},
        {"localhost/x", "localhost/x:latest", "localhost/x:latest"},
        {"localhost:5000/x:1", "localhost:5000/x:1", "localhost:5000/x:1"},
        {"[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"},
        {"a__b/c-d---e.f", "docker.io/a__b/c-d---e.f:latest", "a__b/c-d---e.f:latest"},
        {"x@sha256:" HEX64, "docker.io/library/x@sha256:" HEX64, "x@sha256:" HEX64},
        {"x:t@sha256:" HEX64, "docker.io/library/x:t@sha256:" HEX64, "x:t@sha256:" HEX64},
        {"localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"},
        {"Host.example/x", "Host.example/x:latest", "Host.example/x:latest"},
        {"x:_Tag.with-all_3", "docker.io/library/x:_Tag.with-all_3", "x:_Tag.with-all_3"},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        struct wh_ref ref, again;
        wh_auto_err err = {0};
        expect_int(rows[i].text, wh_ref_parse(&a, rows[i].text, &ref, &err), 0);
        expect_str(rows[i].text, wh_ref_canonical(&a, &ref), rows[i].canonical);
        expect_str(rows[i].text, wh_ref_familiar(&a, &ref), rows[i].familiar);
        expect_int(rows[i].text, wh_ref_parse(&a, wh_ref_familiar(&a, &ref), &again, &err), 0);
        expect_str(rows[i].text, wh_ref_canonical(&a, &again), rows[i].canonical);
    }
}

static void test_bad_references(void **state)
{
    static const char *const rows[] = {
        "",
        ":",
        "@",
        "/",
        "a/",
        "/a",
        "a//b",
        "Upper",
        "a/Upper",
        "-a",
        "a-",
        "a..b",
        "a___b",
        ".a",
        "_a",
        "a:",
        "a:-t",
        "a:.t",
        "a:t/t",
        "a:t t",
        "a b",
        "a@sha256:abc",
        "a@md5:" HEX64,
        "a@sha256:../../../etc/passwd",
        "../a",
        "a/../b",
        "http://a/b",
        "a.b:x/c",
        "-h.example/x",
        "h.example:/x",
        "h.example:123456/x",
        HEX64,
        "a\nb",
        "a:t\n",
        "x.example/" HEX64 HEX64 HEX64 HEX64,
        "a:" HEX64 HEX64 "1",
        "a@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        wh_auto_err err = {0};
        struct wh_ref ref;
        expect_int(rows[i], wh_ref_parse(&a, rows[i], &ref, &err), -1);
        expect_int(rows[i], err.code, WH_E_INVALID);
    }
}

static void test_platforms(void **state)
{
    static const struct {
        const char *want, *have;
        int served; /* 0 = not, 1 = yes */
    } rows[] = {
        {"linux/amd64", "linux/amd64", 1},    {"linux/x86_64", "linux/amd64", 1},
        {"linux/amd64", "linux/386", 0},      {"linux/amd64", "windows/amd64", 0},
        {"linux/arm64", "linux/arm64/v8", 1}, {"linux/arm64/v8", "linux/arm64", 1},
        {"linux/arm64", "linux/arm/v7", 1},   {"linux/arm/v7", "linux/arm/v6", 1},
        {"linux/arm/v6", "linux/arm/v7", 0},  {"linux/amd64", "linux/amd64/v3", 0},
        {"linux/amd64/v3", "linux/amd64", 1}, {"aarch64", "linux/arm64", 1},
        {"linux/arm64", "linux/arm64/v9", 0}, {"linux/armhf", "linux/arm/v7", 1},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        struct platform want, have;
        wh_auto_err err = {0};
        expect_int(rows[i].want, platform_parse(&a, rows[i].want, &want, &err), 0);
        expect_int(rows[i].have, platform_parse(&a, rows[i].have, &have, &err), 0);
        wh_auto_free char *row = wh_fmt("%s on %s", rows[i].have, rows[i].want);
        expect_int(row, platform_rank(&want, &have) > 0, rows[i].served);
    }
}

static void test_challenges(void **state)
{
    static const struct {
        const char *header;
        int result;
        bool bearer, basic;
        const char *realm, *service, *scope;
    } rows[] = {
        {"Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull\"", 0, true, false, "https://a/t", "s",
         "repository:x:pull"},
        {"bearer REALM=\"r\" , Service=s", 0, true, false, "r", "s", ""},
        {"Basic realm=\"x\", Bearer realm=\"r\"", 0, true, true, "r", "", ""},
        {"Bearer realm=\"r\", Basic realm=\"x\"", 0, true, true, "r", "", ""},
        {"Bearer realm=\"a, b=\\\"c\\\"\",scope=\"x,y\"", 0, true, false, "a, b=\"c\"", "", "x,y"},
        {"Negotiate abc==, Bearer realm=r", 0, true, false, "r", "", ""},
        {"Basic", 0, false, true, "", "", ""},
        {"", 0, false, false, "", "", ""},
        {" , ,", 0, false, false, "", "", ""},
        {"Bearer realm=\"open", -1, true, false, "", "", ""},
        {"Bearer realm=", -1, true, false, "", "", ""},
        {"\"", -1, false, false, "", "", ""},
        {"Bearer realm=https://a/t,service=x", 0, true, false, "https://a/t", "x", ""},
    };
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++) {
        wh_auto_arena a = {0};
        struct challenge c = {.realm = "", .service = "", .scope = "", .error = ""};
        expect_int(rows[i].header, challenge_read(&a, rows[i].header, &c), rows[i].result);
        expect_int(rows[i].header, c.bearer, rows[i].bearer);
        expect_int(rows[i].header, c.basic, rows[i].basic);
        expect_str(rows[i].header, c.realm, rows[i].realm);
        expect_str(rows[i].header, c.service, rows[i].service);
        expect_str(rows[i].header, c.scope, rows[i].scope);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good_references), cmocka_unit_test(test_bad_references),
                                       cmocka_unit_test(test_platforms), cmocka_unit_test(test_challenges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
