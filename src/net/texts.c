/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts of /etc/hosts and /etc/resolv.conf of a container. */
#include "net_private.h"

#include <string.h>

/* ---- hosts ---- */

static const char hosts_head[] = "127.0.0.1\tlocalhost\n"
                                 "::1\tlocalhost ip6-localhost ip6-loopback\n"
                                 "fe00::0\tip6-localnet\n"
                                 "ff00::0\tip6-mcastprefix\n"
                                 "ff02::1\tip6-allnodes\n"
                                 "ff02::2\tip6-allrouters\n";

/* "box", "box.example.net box" for a full name, a name and a domain, or both. */
static void add_own_names(struct wh_str *out, const struct wh_hosts_spec *spec)
{
    size_t first = strcspn(spec->hostname, ".");
    bool has_domain = spec->domainname && *spec->domainname;
    wh_str_add(out, spec->hostname);
    if (has_domain)
        wh_str_fmt(out, ".%s", spec->domainname);
    if (has_domain || spec->hostname[first])
        wh_str_fmt(out, " %.*s", (int)first, spec->hostname);
}

static void add_extra(struct wh_str *out, const struct wh_host_line *extra, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wh_str_fmt(out, "%s\t%s\n", extra[i].address, extra[i].name);
}

int wh_net_hosts_text(const struct wh_hosts_spec *spec, struct wh_str *ret_text)
{
    char addr[WH_ADDR_TEXT_MAX];
    wh_str_add(ret_text, hosts_head);
    add_extra(ret_text, spec->extra, spec->n_extra);
    for (size_t i = 0; i < spec->n_addrs; i++) {
        wh_str_fmt(ret_text, "%s\t", wh_addr_text(&spec->addrs[i], addr, sizeof(addr)));
        add_own_names(ret_text, spec);
        wh_str_addc(ret_text, '\n');
    }
    return ret_text->failed ? -1 : 0;
}

int wh_net_hosts_text_host(const char *path, const struct wh_host_line *extra, size_t n_extra, struct wh_str *ret_text)
{
    wh_auto_str host = {0};
    if (wh_file_read(path ? path : "/etc/hosts", 1 << 20, &host, NULL) == 0)
        wh_str_add(ret_text, wh_str_c(&host));
    else
        wh_str_add(ret_text, hosts_head);
    if (ret_text->len > 0 && ret_text->data[ret_text->len - 1] != '\n')
        wh_str_addc(ret_text, '\n');
    add_extra(ret_text, extra, n_extra);
    return ret_text->failed ? -1 : 0;
}

/* ---- resolv.conf: reading ---- */

static int add_words(struct wh_strv *to, char *rest)
{
    char *save = NULL;
    for (char *word = strtok_r(rest, " \t\r", &save); word; word = strtok_r(NULL, " \t\r", &save)) {
        if (wh_strv_add(to, word) < 0)
            return -1;
    }
    return 0;
}

static int read_line(char *line, struct wh_resolv *r)
{
    char *save = NULL;
    char *key = strtok_r(line, " \t\r", &save);
    if (!key || *key == '#' || *key == ';')
        return 0;
    if (strcmp(key, "nameserver") == 0) {
        char *server = strtok_r(NULL, " \t\r", &save);
        return server ? wh_strv_add(&r->servers, server) : 0;
    }
    if (strcmp(key, "options") == 0)
        return add_words(&r->options, save);
    if (strcmp(key, "search") != 0 && strcmp(key, "domain") != 0)
        return 0;
    wh_strv_fini(&r->search); /* the last one counts */
    r->search = (struct wh_strv){0};
    return add_words(&r->search, save);
}

int wh_resolv_parse(const char *text, struct wh_resolv *ret_resolv)
{
    wh_auto_free char *copy = strdup(text);
    char *save = NULL;
    int ret = copy ? 0 : -1;
    for (char *line = copy ? strtok_r(copy, "\n", &save) : NULL; line && ret == 0; line = strtok_r(NULL, "\n", &save))
        ret = read_line(line, ret_resolv);
    return ret;
}

int wh_resolv_read(const char *path, struct wh_resolv *ret_resolv, struct wh_err *err)
{
    wh_auto_str text = {0};
    const char *file = path ? path : "/etc/resolv.conf";
    if (!wh_path_exists(file))
        return 0;
    if (wh_file_read(file, 1 << 20, &text, err) < 0)
        return wh_wrap(err, "read the host's resolvers");
    return wh_resolv_parse(wh_str_c(&text), ret_resolv) < 0 ? wh_fail(err, WH_E_LIMIT, "out of memory") : 0;
}

void wh_resolv_fini(struct wh_resolv *resolv)
{
    wh_strv_fini(&resolv->servers);
    wh_strv_fini(&resolv->search);
    wh_strv_fini(&resolv->options);
}

/* ---- resolv.conf: writing ---- */

/* A borrowed list: the user's, or the host's when the user gave none. */
struct list {
    const char *const *items;
    size_t n;
};

static struct list choose(const char *const *own, size_t n, const struct wh_strv *host)
{
    if (n > 0 || !host)
        return (struct list){own, n};
    return (struct list){(const char *const *)host->items, host->len};
}

static void add_list(struct wh_str *out, const char *key, struct list l, const char *more)
{
    if (l.n == 0 && !more)
        return;
    wh_str_add(out, key);
    for (size_t i = 0; i < l.n; i++)
        wh_str_fmt(out, " %s", l.items[i]);
    if (more)
        wh_str_fmt(out, " %s", more);
    wh_str_addc(out, '\n');
}

static bool is_loopback(const char *server)
{
    return wh_starts(server, "127.") || strcmp(server, "::1") == 0;
}

/* Servers that only the host can reach are of no use in another namespace. */
static void add_servers(struct wh_str *out, const struct wh_resolv_spec *spec)
{
    struct list servers = choose(spec->servers, spec->n_servers, spec->host ? &spec->host->servers : NULL);
    for (size_t i = 0; i < servers.n; i++) {
        bool own = spec->n_servers > 0 || spec->kind == WH_RESOLV_HOST;
        if (own || !is_loopback(servers.items[i]))
            wh_str_fmt(out, "nameserver %s\n", servers.items[i]);
    }
}

static bool has_ndots(struct list options)
{
    for (size_t i = 0; i < options.n; i++) {
        if (wh_starts(options.items[i], "ndots:"))
            return true;
    }
    return false;
}

/* `dns_search: .` means none at all. */
static struct list search_of(const struct wh_resolv_spec *spec)
{
    if (spec->n_search == 1 && strcmp(spec->search[0], ".") == 0)
        return (struct list){NULL, 0};
    return choose(spec->search, spec->n_search, spec->host ? &spec->host->search : NULL);
}

int wh_net_resolv_conf_text(const struct wh_resolv_spec *spec, struct wh_str *ret_text)
{
    bool project = spec->kind == WH_RESOLV_PROJECT;
    struct list options = choose(spec->options, spec->n_options, spec->host ? &spec->host->options : NULL);
    add_list(ret_text, "search", search_of(spec), NULL);
    if (project)
        wh_str_add(ret_text, "nameserver " WH_RESOLVER_ADDR "\n");
    else
        add_servers(ret_text, spec);
    add_list(ret_text, "options", options, project && !has_ndots(options) ? "ndots:0" : NULL);
    return ret_text->failed ? -1 : 0;
}
