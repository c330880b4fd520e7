/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ustar headers with the time 0, so that saving twice gives the same bytes; sizes from 8 GiB on are base-256. */
#include "tar_write.h"

#include "tar.h"
#include "whale/util/file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define MAX_OCTAL (UINT64_C(1) << 33)

static void put_size(unsigned char field[12], uint64_t size)
{
    char text[32];
    if (size < MAX_OCTAL) {
        snprintf(text, sizeof(text), "%011" PRIo64, size);
        memcpy(field, text, 12);
        return;
    }
    field[0] = 0x80;
    for (int i = 11; i > 3; i--, size >>= 8)
        field[i] = (unsigned char)size;
}

static int put(int fd, const void *data, size_t len, struct wh_err *err)
{
    return wh_write_all(fd, data, len) < 0 ? wh_fail(err, errno, "write the archive") : 0;
}

int tar_write_header(int fd, char type, const char *name, uint64_t size_bytes, struct wh_err *err)
{
    struct {
        unsigned char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[8],
            rest[247];
    } h = {.type = (unsigned char)type};
    unsigned int sum = 0;
    char text[16];
    _Static_assert(sizeof(h) == TAR_BLOCK, "a tar header is one block");
    memcpy(h.name, name, strnlen(name, sizeof(h.name)));
    memcpy(h.mode, type == '5' ? "0000755" : "0000644", 8);
    memcpy(h.uid, "0000000", 8);
    memcpy(h.gid, "0000000", 8);
    put_size(h.size, size_bytes);
    memcpy(h.mtime, "00000000000", 12);
    memset(h.checksum, ' ', sizeof(h.checksum));
    memcpy(h.magic, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof(h); i++)
        sum += ((const unsigned char *)&h)[i];
    snprintf(text, sizeof(text), "%06o", sum);
    memcpy(h.checksum, text, 7);
    return put(fd, &h, sizeof(h), err);
}

int tar_write_pad(int fd, uint64_t size_bytes, struct wh_err *err)
{
    static const char zeros[TAR_BLOCK];
    return put(fd, zeros, (size_t)(-size_bytes % TAR_BLOCK), err);
}

int tar_write_file(int fd, const char *name, const void *data, size_t len, struct wh_err *err)
{
    if (tar_write_header(fd, '0', name, len, err) < 0 || put(fd, data, len, err) < 0)
        return -1;
    return tar_write_pad(fd, len, err);
}

int tar_write_end(int fd, struct wh_err *err)
{
    static const char zeros[2 * TAR_BLOCK];
    return put(fd, zeros, sizeof(zeros), err);
}
