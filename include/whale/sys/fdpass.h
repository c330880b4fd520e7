/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message with at most one descriptor over a SOCK_SEQPACKET pair. Nothing here allocates. */
#ifndef WHALE_SYS_FDPASS_H
#define WHALE_SYS_FDPASS_H

#include <stddef.h>
#include <sys/types.h>

/* A connected CLOEXEC pair; [0] is non-blocking. 0 or -1 with errno. */
int wh_sys_seqpacket_pair(int ret_fds[2]);
/* fd -1: none. 0 or -1 with errno. */
int wh_sys_send_fd(int socket_fd, const void *data, size_t len, int fd);
/* Bytes read (0 = the peer is gone), or -1 with errno; *ret_fd is -1 when none came, CLOEXEC otherwise. */
ssize_t wh_sys_recv_fd(int socket_fd, void *data, size_t size, int *ret_fd);

#endif
