/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was taken from a container's pipes and is not in its log yet, on tmpfs, so that a kill -9 of the loop neither
 * loses nor repeats a byte.
 *
 * Each stream has a file that only grows (consumed pages are punched out). Bytes get there by splice: the kernel makes
 * the file longer and takes the bytes from the pipe in one go that a signal cannot cut in two. The first file begins
 * with a head that says how much of each stream is in the log and how long the log was then; it is replaced by one
 * small write, which is the commit. After a kill: what is in the log behind the committed length is cut off, what is in
 * the spools behind the committed positions is logged again.
 *
 * A terminal cannot be spliced into a file. Its bytes are read into a mapped, zeroed landing page of the spool and
 * appended from there at a position noted before; after a kill whatever is in the page is appended again at the same
 * place.
 */
#ifndef WHALE_LOGS_SPOOL_H
#define WHALE_LOGS_SPOOL_H

#include "whale/util/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct wh_spool_head {
    uint32_t magic, version;
    uint64_t log_inode;  /* the file that log_len is about */
    int64_t log_len;     /* committed length */
    int64_t consumed[2]; /* bytes of each stream that are in the log */
    int64_t landing_at;  /* where the landing page's bytes belong */
    uint64_t reserved[2];
};

struct wh_spool {
    char *path[2];
    int fd[2];
    struct wh_spool_head head; /* as on disk, or to be committed */
    int64_t taken[2];          /* bytes of each stream ever taken */
    int64_t punched[2];
    char *landing; /* of a terminal, or NULL */
    bool is_new;   /* there was none */
};

#define WH_SPOOL_LANDING_BYTES 4096

/* n_streams: 1 for a terminal (tty), else 2. Finds an older one. */
int wh_spool_open(const char *path, bool tty, struct wh_spool *ret, struct wh_err *err);
/* Takes bytes from the pipe or terminal. > 0 = bytes, 0 = end of file, -1 with errno (EAGAIN: nothing there). */
ssize_t wh_spool_take(struct wh_spool *s, int stream, int fd, size_t max);
/* Reads what is taken and not consumed, up to size. */
ssize_t wh_spool_read(const struct wh_spool *s, int stream, char *buf, size_t size);
/* Reads taken bytes from a position that is not consumed yet. */
ssize_t wh_spool_peek(const struct wh_spool *s, int stream, int64_t from, char *buf, size_t size);
/* Writes the head; consumed, log_len and log_inode are as the caller left them in s->head. 0 or -1 with errno. */
int wh_spool_commit(struct wh_spool *s);
/* Closes the files; with remove deletes them (all is in the log). */
void wh_spool_close(struct wh_spool *s, bool remove);

#endif
