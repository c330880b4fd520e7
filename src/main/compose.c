/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argv to exit status; everything else is in cli. */
#include "whale/cli.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    return wh_cli_main(argc, argv, environ);
}
