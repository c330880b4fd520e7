/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output of containers on the way to a terminal: whatever comes in, only text, tabs, newlines and colours come out. */
#include "whale/ui.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t colour_length(const char *s, size_t len)
{
    size_t i = 2;
    if (len < 3 || s[1] != '[')
        __builtin_trap();
    while (i < len && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';' || s[i] == ':'))
        i++;
    if (i == len || s[i] != 'm')
        __builtin_trap();
    return i + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wh_auto_str out = {0};
    wh_ui_filter((const char *)data, size, &out);
    for (size_t i = 0; i < out.len; i++) {
        unsigned char b = (unsigned char)out.data[i];
        if (b == 0x1b)
            i += colour_length(out.data + i, out.len - i) - 1;
        else if ((b < 0x20 && b != '\t' && b != '\n') || b == 0x7f)
            __builtin_trap();
    }
    wh_ui_width(wh_str_c(&out), out.len);
    return 0;
}
