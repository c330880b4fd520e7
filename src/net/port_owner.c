/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket tables give the inode of the socket that has a port, /proc/PID/fd who holds that inode. */
#include "port_owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>

#define TCP_LISTEN_STATE 0x0a
#define TABLE_MAX        ((size_t)64 << 20)

/* Every address that the line's owner has (0 = any) and the wanted one overlap. The kernel prints words of the host. */
static bool overlaps(const char *hex, const struct wh_addr *want)
{
    static const char zeros[] = "00000000000000000000000000000000";
    size_t len = strlen(hex);
    if (len > 32 || strncmp(hex, zeros, len) == 0 || wh_addr_is_any(want))
        return true;
    uint8_t bytes[16] = {0};
    for (size_t i = 0; i + 8 <= len; i += 8) {
        char word[9] = {0};
        memcpy(word, hex + i, 8);
        uint32_t v = (uint32_t)strtoul(word, NULL, 16);
        memcpy(bytes + i / 2, &v, 4);
    }
    size_t n = want->family == 6 ? 16 : 4;
    return len == n * 2 ? memcmp(bytes, want->bytes, n) == 0 : memcmp(bytes + 12, want->bytes, 4) == 0;
}

/* The inode of a matching line, or 0. */
static unsigned long match_line(const char *line, enum wh_proto proto, const struct wh_addr *want, uint16_t port)
{
    char addr[33];
    unsigned p, state;
    unsigned long inode;
    if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*u %lu", addr, &p, &state, &inode) != 4)
        return 0;
    bool counts = proto == WH_UDP || state == TCP_LISTEN_STATE;
    return counts && p == port && overlaps(addr, want) ? inode : 0;
}

static unsigned long find_inode(enum wh_proto proto, const struct wh_addr *want, uint16_t port)
{
    static const char *const tables[2][2] = {{"/proc/net/tcp", "/proc/net/tcp6"}, {"/proc/net/udp", "/proc/net/udp6"}};
    unsigned long inode = 0;
    for (size_t i = 0; i < 2 && !inode; i++) {
        wh_auto_str text = {0};
        char *save = NULL;
        if (wh_file_read(tables[proto == WH_UDP][i], TABLE_MAX, &text, NULL) < 0 || text.len == 0)
            continue;
        for (char *line = strtok_r(text.data, "\n", &save); line && !inode; line = strtok_r(NULL, "\n", &save))
            inode = match_line(line, proto, want, port);
    }
    return inode;
}

static bool holds_socket(int proc, const char *pid, const char *wanted)
{
    char path[64], target[64];
    snprintf(path, sizeof(path), "%.16s/fd", pid);
    int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wh_auto_dir dir = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        ssize_t n = readlinkat(fd, d->d_name, target, sizeof(target) - 1);
        if (n > 0) {
            target[n] = '\0';
            if (strcmp(target, wanted) == 0)
                return true;
        }
    }
    return false;
}

static void name_process(int proc, const char *pid, char ret[WH_PORT_OWNER_MAX])
{
    char path[64];
    wh_auto_str comm = {0};
    snprintf(path, sizeof(path), "%.16s/comm", pid);
    wh_file_read_at(proc, path, 256, &comm, NULL);
    if (comm.len > 0 && comm.data[comm.len - 1] == '\n')
        wh_str_cut(&comm, comm.len - 1);
    snprintf(ret, WH_PORT_OWNER_MAX, "%s (pid %s)", comm.len ? wh_str_c(&comm) : "a process", pid);
}

bool wh_port_find_owner(enum wh_proto proto, const struct wh_addr *host_ip, uint16_t port, char ret[WH_PORT_OWNER_MAX])
{
    char wanted[64];
    unsigned long inode = find_inode(proto, host_ip, port);
    wh_auto_dir dir = inode ? opendir("/proc") : NULL;
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        if (!isdigit((unsigned char)d->d_name[0]) || !holds_socket(dirfd(dir), d->d_name, wanted))
            continue;
        name_process(dirfd(dir), d->d_name, ret);
        return true;
    }
    return false;
}
