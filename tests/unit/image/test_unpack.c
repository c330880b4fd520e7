/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile and honest archives, one row each: what the unpacked tree is, or why the archive is refused, and never a
 * change outside of the layer. tar_maker.h explains the archives' lines.
 */
#include "../test.h"

#include "image/stream.h"
#include "image/unpack.h"
#include "tar_maker.h"
#include "whale/util/file.h"
#include "whale/util/vec.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static const struct limits small_limits = {.total_bytes = 1 << 20,
                                           .entries = 50,
                                           .file_bytes = 1 << 19,
                                           .ratio = 1000,
                                           .ratio_after_bytes = 1 << 20,
                                           .reserve_bytes = 0};

#define NUL8 "\\0\\0\\0\\0\\0\\0\\0\\0"

/* want: the tree as describe() writes it; or error: part of the message. */
static const struct row {
    const char *name;
    const char *archive;
    const char *want;
    const char *error;
} rows[] = {
    /* ordinary trees */
    {"empty archive", "END", "", NULL},
    {"file in a folder", "5 a\n0 a/b|d=hello\nEND", "a/ a/b=hello", NULL},
    {"implied folders", "0 a/b/c|d=x\nEND", "a/ a/b/ a/b/c=x", NULL},
    {"owner, mode and set-id bits", "0 a|d=x|m=4755|u=1000|g=50\nEND", "a=x,m4755,o1000:50", NULL},
    {"sticky folder", "5 tmp|m=1777\nEND", "tmp/,m1777", NULL},
    {"root entry sets the root", "5 ./|m=0711\n0 a\nEND", "a= ,root711", NULL},
    {"link, device, pipe", "2 l|t=a\n3 n|v=1,3\n4 b|v=8,0\n6 p\nEND", "b:b8,0 l->a n:c1,3 p:p", NULL},
    {"hard link", "0 a|d=x\n1 b|t=a\nEND", "a=x b=x", NULL},
    {"hard link to a link links the link", "2 l|t=/etc/passwd\n1 h|t=l\nEND", "h->/etc/passwd l->/etc/passwd", NULL},
    {"duplicate file: the last counts", "0 a|d=1\n0 a|d=2\nEND", "a=2", NULL},
    {"file over folder", "5 a\n0 a/b|d=x\n0 a|d=y\nEND", "a=y", NULL},
    {"folder over file", "0 a|d=x\n5 a\n0 a/b|d=y\nEND", "a/ a/b=y", NULL},
    {"folder twice keeps its contents", "5 a\n0 a/b|d=x\n5 a|m=0700\nEND", "a/,m700 a/b=x", NULL},
    {"folder by trailing slash in an old archive", "_ a/|V=1\n0 a/b|d=x\nEND", "a/,m644 a/b=x", NULL},
    {"contiguous file", "7 a|d=x\nEND", "a=x", NULL},
    {"ustar prefix", "0 name|d=x|P=some/folder\nEND", "some/ some/folder/ some/folder/name=x", NULL},
    {"GNU magic has no prefix", "0 name|d=x|P=some/folder|G=1\nEND", "name=x", NULL},
    {"pax path", "x h|d=path=deep/er\\n\n0 short|d=x\nEND", "deep/ deep/er=x", NULL},
    {"pax link target", "x h|d=linkpath=target\\n\n2 l|t=short\nEND", "l->target", NULL},
    {"pax owner", "x h|d=uid=70000\\ngid=80000\\n\n0 a|d=x\nEND", "a=x,o70000:80000", NULL},
    {"pax size wins over the header", "x h|d=size=3\\n\n0 a|d=abc|s=0\nEND", "a=abc", NULL},
    {"global pax header is read over", "g h|d=path=evil\\n\n0 a|d=x\nEND", "a=x", NULL},
    {"GNU long name", "L ././@LongLink|d=long/nnn\\0\n0 short|d=x\nEND", "long/ long/nnn=x", NULL},
    {"GNU long link", "K ././@LongLink|d=some/target\\0\n2 l|t=short\nEND", "l->some/target", NULL},
    {"base-256 uid", "0 a|d=x|U=\\x80\\0\\0\\0\\0\\x01\\0\\0\nEND", "a=x,o65536:0", NULL},
    {"user xattr", "x h|d=SCHILY.xattr.user.k=v\\n\n0 a|d=x\nEND", "a=x,user.k=v", NULL},
    {"no end mark", "0 a|d=x", "a=x", NULL},
    {"garbage after the end mark", "0 a|d=x\nEND\nRAW {g*700}", "a=x", NULL},
    {"unicode and control characters in names", "0 \\xc3\\xa4\\n\\x01|d=x\nEND", "\xc3\xa4\n\x01=x", NULL},
    {"names that are not UTF-8", "0 \\xff\\xfe|d=x\nEND", "\xff\xfe=x", NULL},
    {"pax sparse 1.0",
     "x h|d=GNU.sparse.major=1\\nGNU.sparse.minor=0\\nGNU.sparse.name=s\\nGNU.sparse.realsize=8\\n\n"
     "0 x|d=1\\n3\\n5\\n{\\*0}\nEND",
     NULL, "malformed map"},
    {"pax sparse 0.1", "x h|d=GNU.sparse.map=0,1,7,1\\nGNU.sparse.size=8\\nGNU.sparse.name=s\\n\n0 x|d=ab\nEND",
     "s=a\\0\\0\\0\\0\\0\\0b", NULL},
    {"pax sparse 0.0", "x h|d=GNU.sparse.size=4\\nGNU.sparse.offset=1\\nGNU.sparse.numbytes=2\\n\n0 s|d=ab\nEND",
     "s=\\0ab\\0", NULL},
    {"old GNU sparse",
     "S s|G=1|d=ab|Z=00000000001\\000000000002\\0" NUL8 NUL8 NUL8 NUL8 NUL8 NUL8 NUL8 NUL8 NUL8 "\\000000000004\nEND",
     "s=\\0ab\\0", NULL},
    /* names that try to leave */
    {"parent folder", "0 ../x|d=x\nEND", NULL, "leads out"},
    {"parent folder inside", "0 a/../../x|d=x\nEND", NULL, "leads out"},
    {"parent folder at the end", "5 a/..\nEND", NULL, "leads out"},
    {"absolute name is taken inside", "0 /etc/passwd|d=x\nEND", "etc/ etc/passwd=x", NULL},
    {"many slashes and dots", "0 ////a/.//./b|d=x\nEND", "a/ a/b=x", NULL},
    {"pax path with parent", "x h|d=path=../../x\\n\n0 a|d=x\nEND", NULL, "leads out"},
    {"NUL in a pax path", "x h|d=path=a\\0b\\n\n0 a|d=x\nEND", NULL, "malformed value of path"},
    {"NUL in a GNU long name", "L x|d=a\\0b\n0 a|d=x\nEND", NULL, "NUL inside"},
    {"empty name", "0 |d=x\nEND", NULL, "without a name"},
    {"component of 256 bytes", "L x|d={a*256}\\0\n0 a|d=x\nEND", NULL, "too long"},
    {"name of 5000 bytes", "L x|d=a/{/*5000}b/{c*200}/{d*200}\\0\n0 a|d=x\nEND", NULL, NULL},
    {"root as a file", "0 ./|d=x\nEND", NULL, "root of a layer must be a folder"},
    {"root as a link", "2 .|t=/etc\nEND", NULL, "root of a layer must be a folder"},
    /* links */
    {"entry below a link to outside is made inside", "2 l|t=/etc\n5 etc\n0 l/x|d=x\nEND", "etc/ etc/x=x l->/etc", NULL},
    {"entry below a relative link upwards", "2 l|t=../../../../OUT\n0 l/x|d=x\nEND", NULL, "leads nowhere"},
    {"entry below a link to the outside's path", "2 l|t=OUTPATH\n0 l/x|d=x\nEND", NULL, "leads nowhere"},
    {"folder replaced by a link in the middle", "5 a\n0 a/x|d=1\n2 a|t=OUTPATH\n0 a/y|d=2\nEND", NULL, "leads nowhere"},
    {"link replaced by a folder in the middle", "5 b\n2 a|t=b\n0 a/x|d=1\n5 a\n0 a/y|d=2\nEND", "a/ a/y=2 b/ b/x=1",
     NULL},
    {"file written over a link", "2 a|t=OUTPATH/canary\n0 a|d=evil\nEND", "a=evil", NULL},
    {"mode set over a link", "2 a|t=OUTPATH/canary\n5 a|m=0777\nEND", "a/,m777", NULL},
    {"hard link to outside", "1 h|t=../../canary\nEND", NULL, "link target"},
    {"hard link to an absolute path", "1 h|t=/etc/passwd\nEND", NULL, "not in the layer"},
    {"hard link through a link", "2 l|t=OUTPATH\n1 h|t=l/canary\nEND", NULL, "not in the layer"},
    {"hard link to a link, then a file over it", "2 l|t=OUTPATH/canary\n1 h|t=l\n0 h|d=x|m=0777\nEND",
     "h=x,m777 l->OUTPATH/canary", NULL},
    {"hard link to a folder", "5 d\n1 h|t=d\nEND", NULL, "link to a folder"},
    {"hard link to nothing", "1 h|t=missing\nEND", NULL, "not in the layer"},
    {"hard link to itself", "0 a|d=x\n1 a|t=a\nEND", "a=x", NULL},
    {"hard link with attributes changes nothing", "0 a|d=x\n1 b|t=a|m=0777|u=5\nEND", "a=x b=x", NULL},
    {"link loop", "2 a|t=b\n2 b|t=a\n0 a/x|d=x\nEND", NULL, "Too many levels"},
    {"link without a target", "2 l\nEND", NULL, "no usable target"},
    {"link with a target of 4096 bytes", "K x|d={t*4096}\\0\n2 l\nEND", NULL, "no usable target"},
    {"entry below a file", "0 a|d=x\n0 a/b|d=y\nEND", NULL, "is a file"},
    {"proc's magic links are not followed", "2 l|t=/proc/self/root\n0 l/x|d=x\nEND", NULL, "leads nowhere"},
    /* marks of removal */
    {"whiteout", "0 a/.wh.gone\nEND", "a/ a/gone:W", NULL},
    {"whiteout at the top", "0 .wh.etc\nEND", "etc:W", NULL},
    {"opaque folder", "5 a\n0 a/.wh..wh..opq\n0 a/x|d=x\nEND", "a/! a/x=x", NULL},
    {"opaque mark after the files", "5 a\n0 a/x|d=x\n0 a/.wh..wh..opq\nEND", "a/! a/x=x", NULL},
    {"whiteout, then a file", "0 .wh.a\n0 a|d=x\nEND", "a=x", NULL},
    {"whiteout, then a folder, which starts empty", "0 .wh.a\n5 a\nEND", "a/!", NULL},
    {"file, then its whiteout: the file stays", "0 a|d=x\n0 .wh.a\nEND", "a=x", NULL},
    {"folder, then its whiteout: it starts empty", "5 a\n0 a/x|d=x\n0 .wh.a\nEND", "a/! a/x=x", NULL},
    {"whiteout without a name", "0 a/.wh.\nEND", NULL, "without a name"},
    {"whiteout of the folder itself", "0 a/.wh..\nEND", NULL, "without a name"},
    {"whiteout of the parent", "0 a/.wh...\nEND", NULL, "without a name"},
    {"aufs' own files are skipped", "0 .wh..wh.plnk/x|d=x\n0 .wh..wh.aufs|d=x\n0 a|d=x\nEND", "a=x", NULL},
    {"whiteout below a link to outside", "2 l|t=OUTPATH\n0 l/.wh.canary\nEND", NULL, "leads nowhere"},
    /* attributes */
    {"overlay's own xattrs are not taken",
     "x h|d=SCHILY.xattr.trusted.overlay.opaque=y\\nSCHILY.xattr.user.overlay.opaque=y\\n"
     "SCHILY.xattr.trusted.overlay.redirect=/etc\\n\n5 a\nEND",
     "a/", NULL},
    {"security labels are not taken",
     "x h|d=SCHILY.xattr.security.selinux=x\\nSCHILY.xattr.security.ima=x\\n\n0 a|d=x\nEND", "a=x", NULL},
    {"65 xattrs", "x h|d=SCHILY.xattr.user.a=1\\nSCHILY.xattr.user.b=1\\n{\\*0}SCHILY.xattr.user.c=1\\n\n0 a|d=x\nEND",
     "a=x,user.a=1", NULL},
    {"uid of 2^32", "x h|d=uid=4294967296\\n\n0 a|d=x\nEND", NULL, "owner is not"},
    {"uid of 2^32 - 1, which means none", "x h|d=uid=4294967295\\n\n0 a|d=x\nEND", NULL, "owner is not"},
    {"negative uid", "0 a|d=x|U=\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\nEND", NULL, "negative"},
    {"pax uid with a sign", "x h|d=uid=-1\\n\n0 a|d=x\nEND", NULL, "malformed value of uid"},
    {"mtime of 2^62", "x h|d=mtime=4611686018427387904\\n\n0 a|d=x\nEND", "a=x", NULL},
    {"mtime before 1970", "x h|d=mtime=-86400.5\\n\n0 a|d=x\nEND", "a=x", NULL},
    {"mtime of 2^64", "x h|d=mtime=18446744073709551616\\n\n0 a|d=x\nEND", NULL, "malformed value of mtime"},
    {"mtime that is no number", "x h|d=mtime=now\\n\n0 a|d=x\nEND", NULL, "malformed value of mtime"},
    /* sizes and structure */
    {"negative size", "0 a|d=x|s=\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\nEND", NULL, "negative"},
    {"size of 2^62", "0 a|d=x|s=\\x80\\0\\0\\0\\x40\\0\\0\\0\\0\\0\\0\\0\nEND", NULL, "more than"},
    {"size of 2^63", "0 a|d=x|s=\\x80\\0\\0\\0\\x80\\0\\0\\0\\0\\0\\0\\0\nEND", NULL, "malformed number"},
    {"size with a letter", "0 a|d=x|s=12x\nEND", NULL, "malformed number"},
    {"pax size of 2^64", "x h|d=size=18446744073709551616\\n\n0 a|d=x\nEND", NULL, "malformed value of size"},
    {"pax size of 2^63", "x h|d=size=9223372036854775808\\n\n0 a|d=x\nEND", NULL, "impossible size"},
    {"size beyond the end", "0 a|d=x|s=00000010000\nEND", NULL, "truncated"},
    {"cut in a header", "0 a|d=x\nCUT 700", NULL, "not a tar"},
    {"cut in the data", "0 a|n=2000\nCUT 600", NULL, "truncated"},
    {"cut in the second header", "0 a|d=x\n0 b|d=x\nCUT 700", NULL, "truncated"},
    {"wrong checksum", "0 a|d=x|c=bad\nEND", NULL, "damaged"},
    {"not a tar at all", "RAW {x*2000}", NULL, "not a tar"},
    {"one zero block in the middle", "0 a|d=x\nZERO\n0 b|d=x\nEND", NULL, "empty header"},
    {"file of more than the cap", "0 a|n=600000\nEND", NULL, "file of more than"},
    {"more bytes than the cap", "0 a|n=500000\n0 b|n=500000\n0 c|n=500000\nEND", NULL, "layer has more than"},
    {"folders 300 deep", "L x|d={d*1}/{\\*0}DEEP\\0\n0 a|d=x\nEND", NULL, "folders deep"},
    {"pax header of 2 MiB", "x h|d=comment={c*2000000}\\n\n0 a|d=x\nEND", NULL, "extended header of more than"},
    {"pax record with a wrong length", "X h\nEND", NULL, "unknown type"},
    {"pax record without a newline", "x h|d=path=abc\n0 a|d=x\nEND", NULL, "malformed extended header"},
    {"pax record without a value", "x h|d=path\\n\n0 a|d=x\nEND", NULL, "malformed extended header"},
    {"pax header at the end", "0 a|d=x\nx h|d=path=b\\n\nEND", NULL, "ends after an extended header"},
    {"forty pax headers in a row", "MANYPAX\n0 a|d=x\nEND", NULL, "too many extended headers"},
    {"more entries than the cap", "MANYFILES\nEND", NULL, "more than 50 entries"},
    {"unknown type", "Y a|d=x\nEND", NULL, "unknown type"},
    {"device numbers out of range", "3 n|v=9999999999,1\nEND", NULL, NULL},
    {"sparse pieces that overlap",
     "x h|d=GNU.sparse.map=0,2,1,2\\nGNU.sparse.size=8\\nGNU.sparse.name=s\\n\n0 x|d=abcd\nEND", NULL, "malformed map"},
    {"sparse pieces beyond the size",
     "x h|d=GNU.sparse.map=0,4\\nGNU.sparse.size=2\\nGNU.sparse.name=s\\n\n0 x|d=abcd\nEND", NULL, "malformed map"},
    {"sparse map that does not sum up",
     "x h|d=GNU.sparse.map=0,9\\nGNU.sparse.size=9\\nGNU.sparse.name=s\\n\n0 x|d=abcd\nEND", NULL, "malformed map"},
    {"sparse file of 8 EiB",
     "x h|d=GNU.sparse.map=0,1\\nGNU.sparse.size=9223372036854775807\\nGNU.sparse.name=s\\n\n0 x|d=a\nEND", NULL,
     "file of more than"},
};

/* ---- what a tree looks like ---- */

struct tree {
    struct wh_strv lines;
    size_t prefix; /* of the tree's own path */
};

static void add_attributes(struct wh_str *line, const char *path, const struct stat *st)
{
    char value[64];
    mode_t usual = S_ISDIR(st->st_mode) ? 0755 : 0644;
    if (!S_ISLNK(st->st_mode) && (st->st_mode & 07777) != usual)
        wh_str_fmt(line, ",m%o", st->st_mode & 07777);
    if (st->st_uid || st->st_gid)
        wh_str_fmt(line, ",o%u:%u", st->st_uid, st->st_gid);
    static const char *const names[] = {
        "user.k", "user.a", "user.overlay.opaque", "trusted.overlay.redirect", "security.selinux", "security.ima"};
    for (size_t i = 0; i < WH_ARRAY_LEN(names); i++) {
        ssize_t n = lgetxattr(path, names[i], value, sizeof(value));
        if (n >= 0)
            wh_str_fmt(line, ",%s=%.*s", names[i], (int)n, value);
    }
}

static void describe_file(struct wh_str *line, const char *path)
{
    wh_auto_str text = {0};
    if (wh_file_read(path, 1 << 20, &text, NULL) < 0)
        fail_msg("cannot read %s", path);
    wh_str_addc(line, '=');
    for (size_t i = 0; i < text.len; i++)
        text.data[i] ? wh_str_addc(line, text.data[i]) : wh_str_add(line, "\\0");
}

static void describe_node(struct wh_str *line, const char *path, const struct stat *st)
{
    char target[512] = "";
    switch (st->st_mode & S_IFMT) {
    case S_IFREG:
        describe_file(line, path);
        break;
    case S_IFLNK:
        if (readlink(path, target, sizeof(target) - 1) > 0)
            wh_str_fmt(line, "->%s", target);
        break;
    case S_IFCHR:
        st->st_rdev ? wh_str_fmt(line, ":c%u,%u", major(st->st_rdev), minor(st->st_rdev)) : wh_str_add(line, ":W");
        return;
    case S_IFBLK:
        wh_str_fmt(line, ":b%u,%u", major(st->st_rdev), minor(st->st_rdev));
        return;
    case S_IFIFO:
        wh_str_add(line, ":p");
        return;
    }
    add_attributes(line, path, st);
}

static void walk_tree(struct tree *t, const char *dir)
{
    wh_auto_dir d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        wh_auto_str line = {0};
        struct stat st;
        char opaque;
        if (wh_streq(e->d_name, ".") || wh_streq(e->d_name, ".."))
            continue;
        wh_auto_free char *path = wh_fmt("%s/%s", dir, e->d_name);
        assert_int_equal(lstat(path, &st), 0);
        wh_str_add(&line, path + t->prefix);
        if (S_ISDIR(st.st_mode)) {
            wh_str_addc(&line, '/');
            if (lgetxattr(path, "trusted.overlay.opaque", &opaque, 1) == 1)
                wh_str_addc(&line, '!');
            add_attributes(&line, path, &st);
            walk_tree(t, path);
        } else {
            describe_node(&line, path, &st);
        }
        wh_strv_add(&t->lines, wh_str_c(&line));
    }
}

static char *describe(const char *fs)
{
    wh_auto_str out = {0};
    struct tree t = {.prefix = strlen(fs) + 1};
    struct stat st;
    walk_tree(&t, fs);
    wh_strv_sort(&t.lines);
    for (size_t i = 0; i < t.lines.len; i++)
        wh_str_fmt(&out, "%s%s", i ? " " : "", t.lines.items[i]);
    if (stat(fs, &st) == 0 && (st.st_mode & 07777) != 0755)
        wh_str_fmt(&out, " ,root%o", st.st_mode & 07777);
    wh_strv_fini(&t.lines);
    return wh_str_take(&out);
}

/* ---- one row ---- */

struct place {
    char dir[64]; /* holds outside/canary and layer/ */
    struct stat canary;
};

static void make_place(struct place *p)
{
    snprintf(p->dir, sizeof(p->dir), "/tmp/whale-unpack-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    wh_auto_free char *outside = wh_fmt("%s/outside", p->dir);
    wh_auto_free char *canary = wh_fmt("%s/canary", outside);
    wh_auto_free char *layer = wh_fmt("%s/layer", p->dir);
    assert_int_equal(mkdir(outside, 0700), 0);
    assert_int_equal(mkdir(layer, 0700), 0);
    assert_int_equal(wh_file_replace(canary, "canary", 6, 0600, WH_SYNC_NONE, NULL), 0);
    assert_int_equal(lstat(canary, &p->canary), 0);
}

static void check_outside(const char *row, const struct place *p)
{
    struct stat now;
    wh_auto_free char *outside = wh_fmt("%s/outside", p->dir);
    wh_auto_free char *canary = wh_fmt("%s/canary", outside);
    wh_auto_free char *listing = describe(outside);
    assert_int_equal(lstat(canary, &now), 0);
    expect_str(row, listing, "canary=canary,m600 ,root700");
    expect_true(row, now.st_ino == p->canary.st_ino && now.st_nlink == 1);
    expect_true(row,
                now.st_ctim.tv_sec == p->canary.st_ctim.tv_sec && now.st_ctim.tv_nsec == p->canary.st_ctim.tv_nsec);
}

/* OUTPATH, DEEP, MANYPAX and MANYFILES stand for what a literal cannot hold. */
static char *fill_in(const char *text, const struct place *p)
{
    wh_auto_str out = {0};
    for (const char *s = text; *s;) {
        if (wh_starts(s, "OUTPATH")) {
            wh_str_fmt(&out, "%s/outside", p->dir);
            s += strlen("OUTPATH");
        } else if (wh_starts(s, "{\\*0}")) {
            s += strlen("{\\*0}");
        } else if (wh_starts(s, "DEEP")) {
            for (int i = 0; i < 300; i++)
                wh_str_add(&out, "d/");
            wh_str_add(&out, "x");
            s += strlen("DEEP");
        } else if (wh_starts(s, "MANYPAX")) {
            for (int i = 0; i < 40; i++)
                wh_str_add(&out, "x h|d=comment=x\\n\n");
            s += strlen("MANYPAX");
        } else if (wh_starts(s, "MANYFILES")) {
            for (int i = 0; i < 60; i++)
                wh_str_fmt(&out, "0 f%d|d=x\n", i);
            s += strlen("MANYFILES");
        } else {
            wh_str_addc(&out, *s++);
        }
    }
    return wh_str_take(&out);
}

static int unpack(const char *dir, const struct wh_str *tar, struct unpack_result *result, struct wh_err *err)
{
    const struct stream_options options = {.hash_output = true, .limits = &small_limits};
    struct source_memory memory = {(const unsigned char *)tar->data, tar->len};
    struct stream_result sr;
    struct stream *s;
    wh_auto_fd fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    if (stream_open(source_of_memory(&memory), &options, &s, err) < 0)
        return -1;
    if (unpack_layer(fd, s, &small_limits, result, err) < 0) {
        stream_close(s);
        return -1;
    }
    return stream_finish(s, &sr, err);
}

static void run_row(const struct row *row)
{
    struct place p;
    struct unpack_result result = {0};
    wh_auto_err err = {0};
    wh_auto_str tar = {0};
    make_place(&p);
    wh_auto_free char *script = fill_in(row->archive, &p);
    wh_auto_free char *layer = wh_fmt("%s/layer", p.dir);
    wh_auto_free char *fs = wh_fmt("%s/fs", layer);
    make_tar(script, &tar);
    int r = unpack(layer, &tar, &result, &err);
    if (row->want && r < 0)
        expect_err(row->name, &err, "no error");
    if (row->want) {
        wh_auto_free char *want = fill_in(row->want, &p);
        wh_auto_free char *got = describe(fs);
        expect_str(row->name, got, want);
    } else if (row->error) {
        expect_int(row->name, r, -1);
        expect_err(row->name, &err, row->error);
    }
    check_outside(row->name, &p);
    unpack_result_fini(&result);
    assert_int_equal(wh_remove_tree(p.dir, NULL), 0);
}

static void test_row(void **state)
{
    if (geteuid() != 0)
        skip();
    run_row(*state);
}

int main(void)
{
    struct CMUnitTest tests[WH_ARRAY_LEN(rows)];
    for (size_t i = 0; i < WH_ARRAY_LEN(rows); i++)
        tests[i] = (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    umask(0);
    return cmocka_run_group_tests_name("archives", tests, NULL, NULL);
}
