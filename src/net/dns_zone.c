/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of all containers, hashed by (network, name); a reverse name is a name of its own kind. Changes allocate,
 * look-ups do not. Which of the names somebody sees depends on the networks of who asks.
 */
#include "dns_private.h"

#include <ctype.h>
#include <string.h>

#define KNOWN_MAX 8192

static uint32_t hash_name(uint32_t network, const char *text)
{
    return wh_hash_bytes(text, strlen(text)) ^ network * 0x9e3779b1u;
}

int wh_dns_zone_network(struct wh_dns_zone *zone, const char *network)
{
    for (size_t i = 0; i < zone->networks.len; i++) {
        if (strcmp(zone->networks.items[i], network) == 0)
            return (int)i;
    }
    return wh_strv_add(&zone->networks, network) < 0 ? -1 : (int)zone->networks.len - 1;
}

/* ---- hash table ---- */

static struct wh_dns_name **bucket_of(const struct wh_dns_zone *zone, uint32_t hash)
{
    return &zone->buckets[hash & (zone->n_buckets - 1)];
}

static int grow(struct wh_dns_zone *zone)
{
    size_t n = zone->n_buckets ? zone->n_buckets * 2 : 64;
    struct wh_dns_name **buckets = calloc(n, sizeof(struct wh_dns_name *));
    if (!buckets)
        return -1;
    for (size_t i = 0; i < zone->n_buckets; i++) {
        for (struct wh_dns_name *name = zone->buckets[i], *next; name; name = next) {
            next = name->next;
            name->next = buckets[name->hash & (n - 1)];
            buckets[name->hash & (n - 1)] = name;
        }
    }
    free(zone->buckets);
    zone->buckets = buckets;
    zone->n_buckets = n;
    return 0;
}

static void link_name(struct wh_dns_zone *zone, struct wh_dns_name *name)
{
    struct wh_dns_name **at = bucket_of(zone, name->hash);
    name->next = *at;
    *at = name;
    zone->n_names++;
}

static void unlink_name(struct wh_dns_zone *zone, const struct wh_dns_name *name)
{
    for (struct wh_dns_name **at = bucket_of(zone, name->hash); *at; at = &(*at)->next) {
        if (*at == name) {
            *at = name->next;
            zone->n_names--;
            return;
        }
    }
}

/* ---- entries ---- */

static void free_entry(struct wh_dns_entry *e)
{
    for (size_t i = 0; i < e->n_names; i++)
        free(e->names[i].text);
    free(e->names);
    free(e->container_id);
    free(e->container);
    free(e);
}

static bool has_name(const struct wh_dns_entry *e, const char *text)
{
    for (size_t i = 0; i < e->n_names; i++) {
        if (strcmp(e->names[i].text, text) == 0)
            return true;
    }
    return false;
}

/* A name that is too long, empty or already there is left out: nobody could ask for it. */
static int add_name(struct wh_dns_entry *e, const char *text, enum wh_dns_kind kind)
{
    char lower[WH_DNS_NAME_MAX];
    size_t len = strlen(text);
    if (len > 0 && text[len - 1] == '.')
        len--;
    if (len == 0 || len >= sizeof(lower))
        return 0;
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    lower[len] = '\0';
    if (has_name(e, lower))
        return 0;
    struct wh_dns_name *name = &e->names[e->n_names];
    *name = (struct wh_dns_name){.entry = e, .text = strdup(lower), .hash = hash_name(e->network, lower), .kind = kind};
    if (!name->text)
        return -1;
    e->n_names++;
    return 0;
}

static void reverse_name(const struct wh_addr *a, char *buf, size_t size)
{
    const uint8_t *b = a->bytes;
    if (a->family == 4) {
        snprintf(buf, size, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
        return;
    }
    size_t at = 0;
    for (int i = 15; i >= 0 && at + 4 < size; i--)
        at += (size_t)snprintf(buf + at, size - at, "%x.%x.", b[i] & 15, b[i] >> 4);
    snprintf(buf + at, size - at, "ip6.arpa");
}

static int add_reverse(struct wh_dns_entry *e, const struct wh_addr *a)
{
    char text[96];
    if (!a->family)
        return 0;
    reverse_name(a, text, sizeof(text));
    return add_name(e, text, WH_DNS_PTR);
}

/* The container's own names go first: a name that is both is the container's own. */
static int fill_names(struct wh_dns_entry *e, const struct wh_dns_record *r)
{
    if (add_name(e, r->container, WH_DNS_OWN) < 0)
        return -1;
    for (size_t i = 0; i < r->n_own_names; i++) {
        if (add_name(e, r->own_names[i], WH_DNS_OWN) < 0)
            return -1;
    }
    for (size_t i = 0; i < r->n_names; i++) {
        if (add_name(e, r->names[i], WH_DNS_SHARED) < 0)
            return -1;
    }
    return add_reverse(e, &r->ip4) < 0 || add_reverse(e, &r->ip6) < 0 ? -1 : 0;
}

static struct wh_dns_entry *make_entry(struct wh_dns_zone *zone, const struct wh_dns_record *r)
{
    int network = wh_dns_zone_network(zone, r->network);
    struct wh_dns_entry *e = calloc(1, sizeof(*e));
    if (!e || network < 0) {
        free(e);
        return NULL;
    }
    *e = (struct wh_dns_entry){.container_id = strdup(r->container_id),
                               .container = strdup(r->container),
                               .network = (uint32_t)network,
                               .ip4 = r->ip4,
                               .ip6 = r->ip6,
                               .ready = r->ready,
                               .names = calloc(r->n_names + r->n_own_names + 3, sizeof(struct wh_dns_name))};
    if (!e->container_id || !e->container || !e->names || fill_names(e, r) < 0) {
        free_entry(e);
        return NULL;
    }
    return e;
}

static void drop_key(struct wh_dns_zone *zone, const char *key)
{
    struct wh_dns_entry *e = wh_map_del(&zone->entries, key);
    if (!e)
        return;
    for (size_t i = 0; i < e->n_names; i++)
        unlink_name(zone, &e->names[i]);
    free_entry(e);
}

static int link_entry(struct wh_dns_zone *zone, struct wh_dns_entry *e)
{
    while (zone->n_names + e->n_names > zone->n_buckets) {
        if (grow(zone) < 0)
            return -1;
    }
    for (size_t i = 0; i < e->n_names; i++) {
        link_name(zone, &e->names[i]);
        if (!strchr(e->names[i].text, '.') && zone->known.len < KNOWN_MAX &&
            wh_map_set(&zone->known, e->names[i].text, zone) < 0)
            return -1;
    }
    return 0;
}

static void make_key(const char *container_id, const char *network, char *buf, size_t size)
{
    snprintf(buf, size, "%s %s", container_id, network);
}

int wh_dns_zone_put(struct wh_dns_zone *zone, const struct wh_dns_record *record, struct wh_err *err)
{
    char key[512];
    make_key(record->container_id, record->network, key, sizeof(key));
    drop_key(zone, key);
    struct wh_dns_entry *e = make_entry(zone, record);
    if (!e)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    if (wh_map_set(&zone->entries, key, e) < 0) {
        free_entry(e);
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    if (link_entry(zone, e) < 0) {
        drop_key(zone, key);
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    }
    return 0;
}

void wh_dns_zone_drop(struct wh_dns_zone *zone, const char *container_id, const char *network)
{
    char key[512];
    if (network) {
        make_key(container_id, network, key, sizeof(key));
        drop_key(zone, key);
        return;
    }
    for (size_t i = zone->networks.len; i-- > 0;) {
        make_key(container_id, zone->networks.items[i], key, sizeof(key));
        drop_key(zone, key);
    }
}

void wh_dns_zone_fini(struct wh_dns_zone *zone)
{
    for (size_t i = 0; i < zone->entries.len; i++)
        free_entry(zone->entries.entries[i].value);
    wh_map_fini(&zone->entries);
    wh_map_fini(&zone->known);
    wh_strv_fini(&zone->networks);
    free(zone->buckets);
}

/* ---- look-up ---- */

static bool is_kind(const struct wh_dns_name *name, bool ptr)
{
    return (name->kind == WH_DNS_PTR) == ptr;
}

static void collect(const struct wh_dns_zone *zone, uint32_t network, const char *text, bool ptr, bool ready,
                    struct wh_dns_found *found)
{
    uint32_t hash = hash_name(network, text);
    for (const struct wh_dns_name *name = *bucket_of(zone, hash); name; name = name->next) {
        bool counts = name->kind != WH_DNS_SHARED ? ready : name->entry->ready == ready;
        if (name->hash == hash && name->entry->network == network && counts && is_kind(name, ptr) &&
            strcmp(name->text, text) == 0 && found->n < WH_DNS_ANSWERS_MAX)
            found->entries[found->n++] = name->entry;
    }
}

static void rotate(struct wh_dns_found *found, uint32_t rotation)
{
    size_t n = found->n;
    for (size_t by = n > 1 ? rotation % n : 0; by > 0; by--) {
        const struct wh_dns_entry *first = found->entries[0];
        memmove(&found->entries[0], &found->entries[1], (n - 1) * sizeof(found->entries[0]));
        found->entries[n - 1] = first;
    }
}

/* Ready ones; nobody ready: all that run. */
static bool find_on(const struct wh_dns_zone *zone, uint32_t network, const char *text, bool ptr,
                    struct wh_dns_found *found)
{
    collect(zone, network, text, ptr, true, found);
    if (found->n == 0)
        collect(zone, network, text, ptr, false, found);
    found->known = found->n > 0;
    return found->known;
}

/* "web.proj_default": the name on that one network of the asker. */
static bool find_qualified(const struct wh_dns_zone *zone, const struct wh_dns_client *client, const char *name,
                           struct wh_dns_found *found)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < client->n_networks; i++) {
        const char *network = zone->networks.items[client->networks[i]];
        size_t tail = strlen(network);
        char bare[WH_DNS_NAME_MAX];
        if (len <= tail + 1 || len - tail - 1 >= sizeof(bare) || name[len - tail - 1] != '.' ||
            strcasecmp(name + len - tail, network) != 0)
            continue;
        memcpy(bare, name, len - tail - 1);
        bare[len - tail - 1] = '\0';
        if (find_on(zone, client->networks[i], bare, false, found))
            return true;
    }
    return false;
}

static const char *resolve_link(const struct wh_dns_client *client, const char *name)
{
    for (size_t i = 0; i < client->link_aliases.len; i++) {
        if (strcmp(client->link_aliases.items[i], name) == 0)
            return client->link_targets.items[i];
    }
    return name;
}

static bool is_elsewhere(const struct wh_dns_zone *zone, const char *name, bool ptr)
{
    if (!ptr)
        return wh_map_has(&zone->known, name);
    struct wh_dns_found any = {0};
    for (size_t i = 0; i < zone->networks.len; i++) {
        if (find_on(zone, (uint32_t)i, name, true, &any))
            return true;
    }
    return false;
}

void wh_dns_zone_find(const struct wh_dns_zone *zone, const struct wh_dns_client *client, const char *name, bool ptr,
                      uint32_t rotation, struct wh_dns_found *ret)
{
    ret->n = 0;
    ret->known = ret->elsewhere = false;
    if (zone->n_buckets == 0)
        return;
    const char *wanted = ptr ? name : resolve_link(client, name);
    bool found = false;
    for (size_t i = 0; i < client->n_networks && !found; i++)
        found = find_on(zone, client->networks[i], wanted, ptr, ret);
    if (!found && !ptr && strchr(wanted, '.'))
        found = find_qualified(zone, client, wanted, ret);
    if (found)
        rotate(ret, rotation);
    else
        ret->elsewhere = is_elsewhere(zone, wanted, ptr);
}
