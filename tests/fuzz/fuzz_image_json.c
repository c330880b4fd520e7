/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests, indexes and image configs; the first byte chooses the announced type. Accepted digests are digests. */
#include "image/config.h"
#include "image/manifest.h"
#include "whale/codec/json.h"
#include "whale/image.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_manifest(struct wh_arena *a, const struct manifest *m)
{
    const struct descriptor *chosen;
    struct platform host;
    if (!m->is_index && !wh_digest_valid(m->config.digest))
        abort();
    for (size_t i = 0; i < m->n_items; i++)
        if (!wh_digest_valid(m->items[i].digest) || m->items[i].size_bytes < 0)
            abort();
    if (m->is_index && platform_host(a, &host, NULL) == 0)
        (void)manifest_choose(a, m, &host, &chosen, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"", MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST, MEDIA_DOCKER_LIST};
    wh_auto_arena a = {0};
    struct manifest m;
    struct wh_image image = {0};
    struct wh_node *doc;
    const char **diff_ids;
    size_t n;
    if (!size)
        return 0;
    const char *text = (const char *)data + 1;
    if (manifest_parse(&a, text, size - 1, types[data[0] % WH_ARRAY_LEN(types)], &m, NULL) == 0)
        check_manifest(&a, &m);
    if (wh_json_parse(&a, text, size - 1, "config", &doc, NULL) < 0)
        return 0;
    (void)config_read(&a, doc, &image, NULL);
    (void)config_diff_ids(&a, doc, &diff_ids, &n, NULL);
    return 0;
}
