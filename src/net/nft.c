/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session with libnftables: text in, one transaction, nft's own message when it fails. The context is made anew for
 * each call (16 us after the first): its socket belongs to the namespace of the moment, and its cache is never stale.
 */
#include "net_private.h"

#include <nftables/libnftables.h>
#include <string.h>

/* First line of nft's message, without its "Error: " and the place in the buffer. */
static void first_line(const char *text, char *buf, size_t size)
{
    const char *from = strstr(text, "Error: ");
    from = from ? from + strlen("Error: ") : text;
    size_t len = strcspn(from, "\n");
    snprintf(buf, size, "%.*s", (int)(len < size ? len : size - 1), from);
}

static void free_context(struct nft_ctx **ctx)
{
    if (*ctx)
        nft_ctx_free(*ctx);
}

int wh_nft_ask(const char *commands, struct wh_str *ret_text, struct wh_err *err)
{
    struct nft_ctx *ctx WH_CLEANUP(free_context) = nft_ctx_new(NFT_CTX_DEFAULT);
    if (!ctx || nft_ctx_buffer_output(ctx) || nft_ctx_buffer_error(ctx))
        return wh_fail(err, WH_E_GENERIC, "nftables cannot be used");
    nft_ctx_output_set_flags(ctx, NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_NUMERIC_PROTO);
    if (nft_run_cmd_from_buffer(ctx, commands) != 0) {
        char line[256];
        first_line(nft_ctx_get_error_buffer(ctx), line, sizeof(line));
        return wh_fail(err, WH_E_GENERIC, "nftables: %s", line);
    }
    if (ret_text && wh_str_add(ret_text, nft_ctx_get_output_buffer(ctx)) < 0)
        return wh_fail(err, WH_E_LIMIT, "out of memory");
    return 0;
}

int wh_nft_run(const char *commands, struct wh_err *err)
{
    return wh_nft_ask(commands, NULL, err);
}

int wh_nft_has_table(const char *name, struct wh_err *err)
{
    wh_auto_str text = {0};
    char want[WH_TABLE_MAX + 32];
    if (wh_nft_ask("list tables inet", &text, err) < 0)
        return -1;
    snprintf(want, sizeof(want), "table inet %s", name);
    for (const char *at = wh_str_c(&text); (at = strstr(at, want)); at++) {
        char after = at[strlen(want)];
        if (after == '\n' || after == ' ' || after == '\0')
            return 0;
    }
    return 1;
}
