/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function an instruction, found in a table. */
#include "change.h"

#include "whale/codec/json.h"
#include "whale/util/file.h"
#include "whale/util/str.h"
#include "whale/util/time.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* The list of strings in text, or NULL when text is not one. */
static struct wh_node *json_list(struct wh_arena *a, const char *text)
{
    struct wh_node *n = NULL;
    if (*text != '[' || wh_json_parse(a, text, strlen(text), "instruction", &n, NULL) < 0 || n->kind != WH_NODE_SEQ)
        return NULL;
    for (size_t i = 0; i < n->seq.len; i++)
        if (n->seq.items[i]->kind != WH_NODE_STR)
            return NULL;
    return n;
}

/* The JSON form as it is, anything else wrapped in the shell. */
static struct wh_node *command_of(struct wh_arena *a, const struct wh_node *config, const char *text)
{
    struct wh_node *list = json_list(a, text);
    const struct wh_node *shell = wh_node_get(config, "Shell");
    if (list)
        return list;
    list = shell ? wh_node_clone(a, shell) : wh_node_seq(a, NULL);
    if (!shell) {
        wh_node_push_str(a, list, "/bin/sh");
        wh_node_push_str(a, list, "-c");
    }
    wh_node_push_str(a, list, text);
    return list;
}

static int set_cmd(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    wh_node_put(a, config, "Cmd", command_of(a, config, rest));
    return 0;
}

static int set_entrypoint(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    wh_node_put(a, config, "Entrypoint", command_of(a, config, rest));
    return 0;
}

static int set_shell(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    struct wh_node *list = json_list(a, rest);
    if (!list || !list->seq.len)
        return wh_fail(err, WH_E_INVALID, "SHELL needs its arguments in JSON form");
    wh_node_put(a, config, "Shell", list);
    return 0;
}

/* ---- environment and labels ---- */

static void put_env(struct wh_arena *a, struct wh_node *env, const char *key, const char *value)
{
    size_t len = strlen(key);
    struct wh_node *entry = wh_node_str(a, NULL, wh_arena_fmt(a, "%s=%s", key, value));
    for (size_t i = 0; i < env->seq.len; i++)
        if (!strncmp(env->seq.items[i]->text, key, len) && env->seq.items[i]->text[len] == '=') {
            env->seq.items[i] = entry;
            return;
        }
    wh_node_push(a, env, entry);
}

static struct wh_node *need_child(struct wh_arena *a, struct wh_node *config, const char *key, enum wh_node_kind kind)
{
    struct wh_node *n = wh_node_get(config, key);
    if (n && n->kind == kind)
        return n;
    n = kind == WH_NODE_SEQ ? wh_node_seq(a, NULL) : wh_node_map(a, NULL);
    wh_node_put(a, config, key, n);
    return n;
}

static int set_env(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    const char **keys, **values;
    size_t n;
    if (change_pairs(a, config, rest, &keys, &values, &n, err) < 0)
        return -1;
    struct wh_node *env = need_child(a, config, "Env", WH_NODE_SEQ);
    for (size_t i = 0; i < n; i++)
        put_env(a, env, keys[i], values[i]);
    return 0;
}

static int set_label(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    const char **keys, **values;
    size_t n;
    if (change_pairs(a, config, rest, &keys, &values, &n, err) < 0)
        return -1;
    struct wh_node *labels = need_child(a, config, "Labels", WH_NODE_MAP);
    for (size_t i = 0; i < n; i++)
        wh_node_put_str(a, labels, keys[i], values[i]);
    return 0;
}

/* ---- ports and volumes ---- */

static bool is_port_spec(const char *s)
{
    char *end;
    unsigned long first = strtoul(s, &end, 10), last = first;
    if (!isdigit((unsigned char)*s) || first > 65535)
        return false;
    if (*end == '-' && isdigit((unsigned char)end[1]))
        last = strtoul(end + 1, &end, 10);
    if (last < first || last > 65535)
        return false;
    return !*end || !strcasecmp(end, "/tcp") || !strcasecmp(end, "/udp") || !strcasecmp(end, "/sctp");
}

static void expose(struct wh_arena *a, struct wh_node *ports, const char *spec)
{
    const char *slash = strchr(spec, '/');
    char *end, proto[8];
    unsigned long first = strtoul(spec, &end, 10), last = *end == '-' ? strtoul(end + 1, NULL, 10) : first;
    snprintf(proto, sizeof(proto), "%s", slash ? slash + 1 : "tcp");
    for (char *c = proto; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    for (unsigned long p = first; p <= last; p++)
        wh_node_put(a, ports, wh_arena_fmt(a, "%lu/%s", p, proto), wh_node_map(a, NULL));
}

static int set_expose(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    const char **words;
    size_t n;
    if (change_words(a, config, rest, &words, &n, err) < 0)
        return -1;
    struct wh_node *ports = need_child(a, config, "ExposedPorts", WH_NODE_MAP);
    for (size_t i = 0; i < n; i++) {
        if (!is_port_spec(words[i]))
            return wh_fail(err, WH_E_INVALID, "invalid port \"%s\"", words[i]);
        expose(a, ports, words[i]);
    }
    return 0;
}

static int set_volume(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    struct wh_node *list = json_list(a, rest);
    const char **words = NULL;
    size_t n = 0;
    if (!list && change_words(a, config, rest, &words, &n, err) < 0)
        return -1;
    struct wh_node *volumes = need_child(a, config, "Volumes", WH_NODE_MAP);
    for (size_t i = 0; i < (list ? list->seq.len : n); i++) {
        const char *path = list ? list->seq.items[i]->text : words[i];
        if (!*path)
            return wh_fail(err, WH_E_INVALID, "VOLUME specified can not be an empty string");
        wh_node_put(a, volumes, path, wh_node_map(a, NULL));
    }
    return 0;
}

/* ---- single words ---- */

static int set_word(struct wh_arena *a, struct wh_node *config, const char *key, const char *rest, struct wh_err *err)
{
    const char *word;
    if (change_word(a, config, rest, &word, err) < 0)
        return -1;
    wh_node_put_str(a, config, key, word);
    return 0;
}

static int set_user(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    return set_word(a, config, "User", rest, err);
}

static int set_stop_signal(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    return set_word(a, config, "StopSignal", rest, err);
}

static int set_workdir(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    const char *word;
    if (change_word(a, config, rest, &word, err) < 0)
        return -1;
    const char *old = wh_node_get_str(config, "WorkingDir", "/");
    wh_auto_free char *joined = wh_path_join(*old ? old : "/", word);
    wh_auto_free char *clean = joined ? wh_path_clean(joined) : NULL;
    if (!clean)
        return wh_fail(err, ENOMEM, "instruction");
    wh_node_put_str(a, config, "WorkingDir", clean);
    return 0;
}

static int set_on_build(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    static const char *const refused[] = {"ONBUILD", "FROM", "MAINTAINER"};
    for (size_t i = 0; i < WH_ARRAY_LEN(refused); i++)
        if (!strncasecmp(rest, refused[i], strlen(refused[i])))
            return wh_fail(err, WH_E_INVALID, "%s isn't allowed as an ONBUILD trigger", refused[i]);
    wh_node_push_str(a, need_child(a, config, "OnBuild", WH_NODE_SEQ), rest);
    return 0;
}

/* ---- health checks ---- */

static int set_duration(struct wh_arena *a, struct wh_node *health, const char *key, const char *value,
                        struct wh_err *err)
{
    int64_t ns;
    if (wh_duration_parse(value, &ns) < 0 || ns < 0 || (ns && ns < WH_NS_PER_MS))
        return wh_fail(err, WH_E_INVALID, "invalid duration \"%s\"", value);
    wh_node_put_int(a, health, key, ns);
    return 0;
}

static const struct {
    const char *flag;
    const char *key;
} health_durations[] = {
    {"--interval=", "Interval"},
    {"--timeout=", "Timeout"},
    {"--start-period=", "StartPeriod"},
    {"--start-interval=", "StartInterval"},
};

static int set_health_flag(struct wh_arena *a, struct wh_node *health, const char *flag, struct wh_err *err)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(health_durations); i++)
        if (wh_starts(flag, health_durations[i].flag))
            return set_duration(a, health, health_durations[i].key, flag + strlen(health_durations[i].flag), err);
    if (wh_starts(flag, "--retries=")) {
        char *end;
        long n = strtol(flag + strlen("--retries="), &end, 10);
        if (*end || n < 0)
            return wh_fail(err, WH_E_INVALID, "invalid number of retries in %s", flag);
        wh_node_put_int(a, health, "Retries", n);
        return 0;
    }
    return wh_fail(err, WH_E_INVALID, "unknown flag: %s", flag);
}

/* The words after the flags, as the list "Test". */
static struct wh_node *health_test(struct wh_arena *a, const char *rest)
{
    struct wh_node *test = wh_node_seq(a, NULL);
    size_t len = strcspn(rest, " \t");
    const char *command = rest + len + strspn(rest + len, " \t");
    if (len == 4 && strncasecmp(rest, "NONE", len) == 0 && !*command) {
        wh_node_push_str(a, test, "NONE");
        return test;
    }
    if (len != 3 || strncasecmp(rest, "CMD", len) != 0 || !*command)
        return NULL;
    struct wh_node *list = json_list(a, command);
    wh_node_push_str(a, test, list ? "CMD" : "CMD-SHELL");
    for (size_t i = 0; list && i < list->seq.len; i++)
        wh_node_push(a, test, list->seq.items[i]);
    if (!list)
        wh_node_push_str(a, test, command);
    return test;
}

static int set_healthcheck(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err)
{
    struct wh_node *health = wh_node_map(a, NULL);
    while (wh_starts(rest, "--")) {
        size_t len = strcspn(rest, " \t");
        if (set_health_flag(a, health, wh_arena_strndup(a, rest, len), err) < 0)
            return -1;
        rest += len + strspn(rest + len, " \t");
    }
    struct wh_node *test = health_test(a, rest);
    if (!test)
        return wh_fail(err, WH_E_INVALID, "HEALTHCHECK needs NONE, or CMD and a command");
    wh_node_put(a, health, "Test", test);
    wh_node_put(a, config, "Healthcheck", health);
    return 0;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    int (*apply)(struct wh_arena *a, struct wh_node *config, const char *rest, struct wh_err *err);
} instructions[] = {
    {"CMD", set_cmd},
    {"ENTRYPOINT", set_entrypoint},
    {"ENV", set_env},
    {"EXPOSE", set_expose},
    {"HEALTHCHECK", set_healthcheck},
    {"LABEL", set_label},
    {"ONBUILD", set_on_build},
    {"SHELL", set_shell},
    {"STOPSIGNAL", set_stop_signal},
    {"USER", set_user},
    {"VOLUME", set_volume},
    {"WORKDIR", set_workdir},
};

int change_apply(struct wh_arena *a, struct wh_node *config, const char *instruction, struct wh_err *err)
{
    instruction += strspn(instruction, " \t\r\n");
    size_t len = strcspn(instruction, " \t");
    const char *rest = instruction + len + strspn(instruction + len, " \t");
    size_t used = strlen(rest);
    while (used && isspace((unsigned char)rest[used - 1]))
        used--;
    char *trimmed = wh_arena_strndup(a, rest, used);
    if (!trimmed)
        return wh_fail(err, ENOMEM, "instruction");
    for (size_t i = 0; i < WH_ARRAY_LEN(instructions); i++) {
        if (strlen(instructions[i].name) != len || strncasecmp(instructions[i].name, instruction, len) != 0)
            continue;
        if (!*trimmed)
            return wh_fail(err, WH_E_INVALID, "%s requires at least one argument", instructions[i].name);
        if (instructions[i].apply(a, config, trimmed, err) < 0)
            return -1;
        return a->failed ? wh_fail(err, ENOMEM, "instruction") : 0;
    }
    return wh_fail(err, WH_E_INVALID, "%.*s is not a valid change command", (int)len, instruction);
}
