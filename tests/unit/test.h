/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test includes: cmocka and helpers that name the row that failed. */
#ifndef WHALE_TESTS_UNIT_TEST_H
#define WHALE_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "whale/util/cleanup.h"
#include "whale/util/err.h"
#include "whale/util/str.h"

/* Fails with the row's name and both values when the strings differ (NULL equals only NULL). */
#define expect_str(row, got, want)                                                                                     \
    do {                                                                                                               \
        const char *got_ = (got), *want_ = (want);                                                                     \
        if (!wh_streq(got_, want_))                                                                                    \
            fail_msg("%s: got \"%s\", want \"%s\"", (row), got_ ? got_ : "(null)", want_ ? want_ : "(null)");          \
    } while (0)

#define expect_int(row, got, want)                                                                                     \
    do {                                                                                                               \
        long long got_ = (long long)(got), want_ = (long long)(want);                                                  \
        if (got_ != want_)                                                                                             \
            fail_msg("%s: got %lld, want %lld", (row), got_, want_);                                                   \
    } while (0)

#define expect_true(row, condition)                                                                                    \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s: %s does not hold", (row), #condition);                                                       \
    } while (0)

/* The error's text contains want. */
#define expect_err(row, err, want)                                                                                     \
    do {                                                                                                               \
        wh_auto_free char *text_ = wh_err_text(err);                                                                   \
        if (!text_ || !strstr(text_, (want)))                                                                          \
            fail_msg("%s: error \"%s\" lacks \"%s\"", (row), text_ ? text_ : "", (want));                              \
    } while (0)

#endif
