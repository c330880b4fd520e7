/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main() of the replay programs: feeds each named file to the fuzz target, as libFuzzer does with files as arguments.
 */
#include "whale/util/file.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        wh_auto_str text = {0};
        wh_auto_err err = {0};
        if (wh_file_read(argv[i], (size_t)64 << 20, &text, &err) < 0) {
            wh_err_print(&err, stderr);
            return 1;
        }
        /* An exact-size copy lets the address sanitizer see reads past the end. */
        wh_auto_free unsigned char *exact = malloc(text.len ? text.len : 1);
        if (!exact)
            return 1;
        for (size_t k = 0; k < text.len; k++)
            exact[k] = (unsigned char)text.data[k];
        LLVMFuzzerTestOneInput(exact, text.len);
    }
    return 0;
}
