/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of an image that a container starts from, as kept in the container's record: a container can start again
 * after its image's name is gone, as long as the layers are there.
 */
#include "engine/spec.h"

#include <string.h>

static void put_texts(struct wh_arena *a, struct wh_node *map, const char *key, const char *const *texts, size_t n)
{
    if (n == 0)
        return;
    struct wh_node *seq = wh_node_seq(a, NULL);
    for (size_t i = 0; i < n; i++)
        wh_node_push_str(a, seq, texts[i]);
    wh_node_put(a, map, key, seq);
}

static void put_health(struct wh_arena *a, struct wh_node *map, const struct wh_image_config *c)
{
    if (!c->has_health)
        return;
    struct wh_node *h = wh_node_map(a, NULL);
    put_texts(a, h, "test", c->health.test, c->health.n_test);
    wh_node_put_int(a, h, "interval_ns", c->health.interval_ns);
    wh_node_put_int(a, h, "timeout_ns", c->health.timeout_ns);
    wh_node_put_int(a, h, "start_period_ns", c->health.start_period_ns);
    wh_node_put_int(a, h, "start_interval_ns", c->health.start_interval_ns);
    wh_node_put_int(a, h, "retries", c->health.retries);
    wh_node_put(a, map, "health", h);
}

static void put_layers(struct wh_arena *a, struct wh_node *map, const struct wh_image *image)
{
    struct wh_node *layers = wh_node_seq(a, NULL);
    for (size_t i = 0; i < image->n_layers; i++)
        wh_node_push_str(a, layers, image->layers[i].name);
    wh_node_put(a, map, "layers", layers);
    wh_node_put_str(a, map, "layers_dir", image->layers_dir);
}

struct wh_node *image_to_node(struct wh_arena *a, const struct wh_image *image)
{
    const struct wh_image_config *c = &image->config;
    struct wh_node *map = wh_node_map(a, NULL);
    if (!map)
        return NULL;
    wh_node_put_str(a, map, "id", image->id);
    put_layers(a, map, image);
    put_texts(a, map, "env", c->env, c->n_env);
    put_texts(a, map, "entrypoint", c->entrypoint, c->n_entrypoint);
    put_texts(a, map, "cmd", c->cmd, c->n_cmd);
    put_texts(a, map, "exposed_ports", c->exposed_ports, c->n_exposed_ports);
    put_texts(a, map, "volumes", c->volumes, c->n_volumes);
    wh_node_put_str(a, map, "user", c->user);
    wh_node_put_str(a, map, "working_dir", c->working_dir);
    wh_node_put_str(a, map, "stop_signal", c->stop_signal);
    put_health(a, map, c);
    return map;
}

static const char **get_texts(struct wh_arena *a, const struct wh_node *map, const char *key, size_t *ret_n)
{
    const struct wh_node *seq = wh_node_get(map, key);
    size_t n = seq && seq->kind == WH_NODE_SEQ ? seq->seq.len : 0;
    const char **texts = wh_arena_array(a, const char *, n + 1);
    *ret_n = texts ? n : 0;
    for (size_t i = 0; i < *ret_n; i++)
        texts[i] = seq->seq.items[i]->text ? seq->seq.items[i]->text : "";
    return texts;
}

static void get_health(struct wh_arena *a, const struct wh_node *map, struct wh_image_config *c)
{
    const struct wh_node *h = wh_node_get(map, "health");
    if (!h)
        return;
    c->has_health = true;
    c->health.test = get_texts(a, h, "test", &c->health.n_test);
    c->health.interval_ns = wh_node_get_int(h, "interval_ns", 0);
    c->health.timeout_ns = wh_node_get_int(h, "timeout_ns", 0);
    c->health.start_period_ns = wh_node_get_int(h, "start_period_ns", 0);
    c->health.start_interval_ns = wh_node_get_int(h, "start_interval_ns", 0);
    c->health.retries = wh_node_get_int(h, "retries", 0);
}

static void get_layers(struct wh_arena *a, const struct wh_node *map, struct wh_image *image)
{
    size_t n;
    const char **names = get_texts(a, map, "layers", &n);
    struct wh_image_layer *layers = wh_arena_array(a, struct wh_image_layer, n + 1);
    if (!layers)
        return;
    for (size_t i = 0; i < n; i++)
        layers[i].name = names[i];
    image->layers = layers;
    image->n_layers = n;
    image->layers_dir = wh_node_get_str(map, "layers_dir", "");
}

const struct wh_image *image_from_node(struct wh_arena *a, const struct wh_node *map)
{
    struct wh_image *image = wh_arena_new(a, struct wh_image);
    if (!image)
        return NULL;
    struct wh_image_config *c = &image->config;
    image->id = wh_node_get_str(map, "id", "");
    get_layers(a, map, image);
    c->env = get_texts(a, map, "env", &c->n_env);
    c->entrypoint = get_texts(a, map, "entrypoint", &c->n_entrypoint);
    c->cmd = get_texts(a, map, "cmd", &c->n_cmd);
    c->exposed_ports = get_texts(a, map, "exposed_ports", &c->n_exposed_ports);
    c->volumes = get_texts(a, map, "volumes", &c->n_volumes);
    c->user = wh_node_get_str(map, "user", "");
    c->working_dir = wh_node_get_str(map, "working_dir", "");
    c->stop_signal = wh_node_get_str(map, "stop_signal", "");
    get_health(a, map, c);
    return a->failed ? NULL : image;
}
