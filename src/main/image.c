/* SPDX-License-Identifier: GPL-2.0-or-later */
/* argv to exit status; everything else is in image. */
#include "whale/image/program.h"

int main(int argc, char **argv)
{
    return wh_image_main(argc, argv);
}
