/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads docker's config.json; keys may have a scheme and a path, the hub's key is its old index address. */
#include "auth.h"

#include "layout.h"
#include "whale/codec/json.h"
#include "whale/util/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HUB_DOMAIN "docker.io"
#define HUB_KEY    "https://index.docker.io/v1/"
#define HUB_HOST   "index.docker.io"

static void wipe(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void auth_fini(struct credentials *c)
{
    wipe(&c->user);
    wipe(&c->secret);
    wipe(&c->identity_token);
    wipe(&c->registry_token);
}

/* ---- base64 ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int decode(const char *text, struct wh_str *ret)
{
    unsigned int bits = 0, n_bits = 0;
    for (; *text && *text != '='; text++) {
        const char *at = strchr(alphabet, *text);
        if (!at)
            return -1;
        bits = bits << 6 | (unsigned int)(at - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            wh_str_addc(ret, (char)(bits >> n_bits & 0xff));
        }
    }
    return ret->failed ? -1 : 0;
}

static void encode(const unsigned char *p, size_t n, struct wh_str *ret)
{
    for (size_t i = 0; i < n; i += 3) {
        unsigned int v = (unsigned int)p[i] << 16;
        v |= i + 1 < n ? (unsigned int)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? p[i + 2] : 0;
        wh_str_addc(ret, alphabet[v >> 18 & 63]);
        wh_str_addc(ret, alphabet[v >> 12 & 63]);
        wh_str_addc(ret, i + 1 < n ? alphabet[v >> 6 & 63] : '=');
        wh_str_addc(ret, i + 2 < n ? alphabet[v & 63] : '=');
    }
}

char *auth_basic(const struct credentials *c)
{
    wh_auto_str out = {0};
    if (!c->user || !c->secret)
        return NULL;
    wh_auto_free char *plain = wh_fmt("%s:%s", c->user, c->secret);
    if (!plain)
        return NULL;
    wh_str_add(&out, "Basic ");
    encode((const unsigned char *)plain, strlen(plain), &out);
    explicit_bzero(plain, strlen(plain));
    return wh_str_take(&out);
}

/* ---- config.json ---- */

/* "https://host/v1/" and "host" mean the same registry. */
static bool key_fits(const char *key, const char *domain)
{
    const char *host = strstr(key, "://") ? strstr(key, "://") + 3 : key;
    size_t len = strcspn(host, "/");
    if (strlen(domain) == len && !strncmp(host, domain, len))
        return true;
    return wh_streq(domain, HUB_DOMAIN) && len == strlen(HUB_HOST) && !strncmp(host, HUB_HOST, len);
}

static const struct wh_node *find_key(const struct wh_node *map, const char *domain)
{
    for (size_t i = 0; map && map->kind == WH_NODE_MAP && i < map->map.len; i++)
        if (key_fits(map->map.pairs[i].key, domain))
            return map->map.pairs[i].value;
    return NULL;
}

static char *copy_text(const struct wh_node *map, const char *key)
{
    const char *text = wh_node_get_str(map, key, "");
    return *text ? strdup(text) : NULL;
}

static void read_entry(const struct wh_node *entry, struct credentials *ret)
{
    wh_auto_str plain = {0};
    ret->identity_token = copy_text(entry, "identitytoken");
    ret->registry_token = copy_text(entry, "registrytoken");
    if (decode(wh_node_get_str(entry, "auth", ""), &plain) < 0)
        return;
    char *colon = plain.data ? strchr(plain.data, ':') : NULL;
    if (colon) {
        *colon = '\0';
        ret->user = strdup(plain.data);
        ret->secret = strdup(colon + 1);
        explicit_bzero(plain.data, plain.len);
    }
}

static char *config_path(void)
{
    const char *folder = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    if (folder && *folder)
        return wh_path_join(folder, "config.json");
    return home && *home ? wh_path_join(home, ".docker/config.json") : NULL;
}

int auth_find(const char *domain, struct credentials *ret, struct wh_err *err)
{
    wh_auto_arena a = {0};
    struct wh_node *doc = NULL;
    wh_auto_free char *path = config_path();
    *ret = (struct credentials){0};
    if (!path || !wh_path_exists(path))
        return 0;
    if (wh_json_load(&a, path, LAYOUT_MAX_JSON_BYTES, &doc, err) < 0)
        return wh_wrap(err, "registry credentials");
    const struct wh_node *helper = find_key(wh_node_get(doc, "credHelpers"), domain);
    const char *name = helper && helper->kind == WH_NODE_STR ? helper->text : wh_node_get_str(doc, "credsStore", "");
    if (*name) {
        if (auth_ask_helper(name, wh_streq(domain, HUB_DOMAIN) ? HUB_KEY : domain, ret, err) < 0)
            return -1;
        if (ret->user || ret->identity_token)
            return 0;
    }
    const struct wh_node *entry = find_key(wh_node_get(doc, "auths"), domain);
    if (entry)
        read_entry(entry, ret);
    return 0;
}
