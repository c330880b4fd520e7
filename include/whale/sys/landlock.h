/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Landlock (Linux 5.13; used from its second ABI, 5.19, on, since the first forbids hard links between folders). */
#ifndef WHALE_SYS_LANDLOCK_H
#define WHALE_SYS_LANDLOCK_H

/* From now on this process and its threads to come may change files only below the folder: create, write, rename,
 * remove. Reading stays as it was. Needs no_new_privs. 0; 1 = the kernel has no (usable) Landlock; -1 with errno. */
int wh_landlock_confine_writes(int folder_fd);

#endif
