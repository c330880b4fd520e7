/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of transport protocols. */
#include "whale/net.h"

#include <strings.h>

static const struct {
    enum wh_proto proto;
    const char *text;
} protos[] = {{WH_TCP, "tcp"}, {WH_UDP, "udp"}, {WH_SCTP, "sctp"}};

const char *wh_proto_text(enum wh_proto proto)
{
    for (size_t i = 0; i < WH_ARRAY_LEN(protos); i++) {
        if (protos[i].proto == proto)
            return protos[i].text;
    }
    return "?";
}

int wh_proto_parse(const char *text, enum wh_proto *ret_proto)
{
    const char *wanted = text && *text ? text : "tcp";
    for (size_t i = 0; i < WH_ARRAY_LEN(protos); i++) {
        if (strcasecmp(protos[i].text, wanted) == 0) {
            *ret_proto = protos[i].proto;
            return 0;
        }
    }
    return -1;
}
