/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program whale-image: import, load, save, pull, ls, inspect, tag, rm, prune. */
#ifndef WHALE_IMAGE_PROGRAM_H
#define WHALE_IMAGE_PROGRAM_H

/* Exit status: 0, 1 after an error was reported, 2 for a wrong command line. */
int wh_image_main(int argc, char **argv);

#endif
