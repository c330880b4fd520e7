/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bpf(2) as far as device access of a cgroup needs it (Linux 4.15). Nothing here allocates. */
#ifndef WHALE_SYS_BPF_H
#define WHALE_SYS_BPF_H

#include <stddef.h>

/* Loads a program of BPF_PROG_TYPE_CGROUP_DEVICE (struct bpf_insn[n]). A descriptor, or -1 with errno. */
int wh_sys_bpf_load_device(const void *instructions, size_t n);
/* Makes it decide for all processes of the cgroup folder, in place of an older one. 0 or -1 with errno. */
int wh_sys_bpf_attach_device(int cgroup_fd, int program_fd);

#endif
