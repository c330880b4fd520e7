/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The marks of split.zst, for its writer and its reader. */
#ifndef IMAGE_SPLIT_FORMAT_H
#define IMAGE_SPLIT_FORMAT_H

#define SPLIT_MAGIC "WHSPLIT1"
#define SPLIT_RAW   'R'
#define SPLIT_FILE  'F'

#endif
