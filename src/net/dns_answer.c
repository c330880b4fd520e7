/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One DNS message in, one out. Parsing is libresolv's, because the bytes are a container's; the reply is written here:
 * the question as it came, then records that point to it. Nothing is allocated.
 */
#include "dns_private.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <resolv.h>
#include <string.h>

#define TTL_S          5 /* a client that caches must not outlive a replica for long */
#define UDP_PLAIN_MAX  512
#define UDP_MAX        1232
#define QUESTION_POINT 0xc00c
#define OPT_BYTES      11

/* ---- reading ---- */

static void read_edns(ns_msg *msg, struct wh_dns_asked *asked)
{
    for (int i = 0; i < ns_msg_count(*msg, ns_s_ar); i++) {
        ns_rr rr;
        if (ns_parserr(msg, ns_s_ar, i, &rr) < 0)
            return;
        if (ns_rr_type(rr) == ns_t_opt) {
            size_t size = rr.rr_class;
            asked->has_edns = true;
            asked->udp_max = size < UDP_PLAIN_MAX ? UDP_PLAIN_MAX : size > UDP_MAX ? UDP_MAX : size;
        }
    }
}

/* A question that points elsewhere could not be pointed to. The name has been checked to end inside the message. */
static bool has_pointer(const uint8_t *name)
{
    while (*name && *name < NS_CMPRSFLGS)
        name += 1 + *name;
    return *name != 0;
}

static bool read_question(ns_msg *msg, const uint8_t *query, size_t len, struct wh_dns_asked *asked)
{
    ns_rr rr;
    int name = dn_skipname(query + NS_HFIXEDSZ, query + len);
    if (name < 0 || ns_parserr(msg, ns_s_qd, 0, &rr) < 0)
        return false;
    if (has_pointer(query + NS_HFIXEDSZ))
        return false;
    asked->question_end = NS_HFIXEDSZ + (size_t)name + NS_QFIXEDSZ;
    asked->type = rr.type;
    asked->class = rr.rr_class;
    const char *text = ns_rr_name(rr);
    size_t i = 0;
    for (; i < sizeof(asked->name) - 1 && text[i]; i++)
        asked->name[i] = (char)tolower((unsigned char)text[i]);
    asked->name[i] = '\0';
    return true;
}

bool wh_dns_parse(const uint8_t *query, size_t len, struct wh_dns_asked *ret_asked, int *ret_rcode)
{
    ns_msg msg;
    *ret_rcode = -1;
    if (len < NS_HFIXEDSZ || (query[2] & 0x80))
        return false;
    *ret_rcode = ns_r_formerr;
    ret_asked->udp_max = UDP_PLAIN_MAX;
    ret_asked->has_edns = false;
    if (ns_initparse(query, (int)len, &msg) < 0 || ns_msg_count(msg, ns_s_qd) != 1 || ns_msg_count(msg, ns_s_an) != 0)
        return false;
    *ret_rcode = ns_r_notimpl;
    if (ns_msg_getflag(msg, ns_f_opcode) != ns_o_query)
        return false;
    *ret_rcode = ns_r_formerr;
    if (!read_question(&msg, query, len, ret_asked))
        return false;
    read_edns(&msg, ret_asked);
    *ret_rcode = ns_r_refused;
    return ret_asked->class == ns_c_in && ret_asked->type != ns_t_axfr && ret_asked->type != ns_t_ixfr;
}

/* ---- writing ---- */

struct writer {
    uint8_t *at;
    size_t len, cap;
    bool full;
};

static void put_bytes(struct writer *w, const void *data, size_t n)
{
    if (w->full || n > w->cap - w->len) {
        w->full = true;
        return;
    }
    memcpy(w->at + w->len, data, n);
    w->len += n;
}

static void put_u16(struct writer *w, unsigned v)
{
    uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    put_bytes(w, b, sizeof(b));
}

/* Header with the asker's id, opcode and "recursion desired"; recursion is available. Counts are set at the end. */
static void put_header(struct writer *w, const uint8_t *query, int rcode, bool with_question)
{
    uint8_t h[NS_HFIXEDSZ] = {query[0], query[1]};
    h[2] = (uint8_t)(0x80 | (query[2] & 0x79));
    h[3] = (uint8_t)(0x80 | (rcode & 15));
    h[5] = with_question;
    put_bytes(w, h, sizeof(h));
}

static void put_opt(struct writer *w)
{
    static const uint8_t opt[OPT_BYTES] = {0, 0, ns_t_opt, UDP_MAX >> 8, UDP_MAX & 255};
    put_bytes(w, opt, sizeof(opt));
    if (!w->full)
        w->at[11] = 1;
}

size_t wh_dns_empty_reply(const uint8_t *query, size_t len, const struct wh_dns_asked *asked, int rcode, uint8_t *reply,
                          size_t cap)
{
    struct writer w = {.at = reply, .cap = cap};
    if (len < NS_HFIXEDSZ)
        return 0;
    put_header(&w, query, rcode, asked != NULL);
    if (asked) {
        put_bytes(&w, query + NS_HFIXEDSZ, asked->question_end - NS_HFIXEDSZ);
        if (asked->has_edns)
            put_opt(&w);
    }
    return w.full ? 0 : w.len;
}

static void put_record_head(struct writer *w, unsigned type, size_t data_len)
{
    put_u16(w, QUESTION_POINT);
    put_u16(w, type);
    put_u16(w, ns_c_in);
    put_u16(w, 0);
    put_u16(w, TTL_S);
    put_u16(w, (unsigned)data_len);
}

static bool put_addr(struct writer *w, const struct wh_addr *a)
{
    size_t n = a->family == 6 ? 16 : 4, before = w->len;
    put_record_head(w, a->family == 6 ? ns_t_aaaa : ns_t_a, n);
    put_bytes(w, a->bytes, n);
    if (w->full)
        w->len = before;
    return !w->full;
}

static bool put_ptr(struct writer *w, const struct wh_dns_zone *zone, const struct wh_dns_entry *e)
{
    char name[512];
    uint8_t wire[256];
    size_t before = w->len;
    snprintf(name, sizeof(name), "%s.%s", e->container, zone->networks.items[e->network]);
    int n = dn_comp(name, wire, sizeof(wire), NULL, NULL);
    if (n < 0)
        return true; /* a container name that no message can carry */
    put_record_head(w, ns_t_ptr, (size_t)n);
    put_bytes(w, wire, (size_t)n);
    if (w->full)
        w->len = before;
    return !w->full;
}

/* false: the record did not fit. */
static bool put_entry(struct writer *w, const struct wh_dns_zone *zone, unsigned type, const struct wh_dns_entry *e,
                      unsigned *count)
{
    const struct wh_addr *a = type == ns_t_aaaa ? &e->ip6 : &e->ip4;
    size_t before = w->len;
    bool fits = type == ns_t_ptr ? put_ptr(w, zone, e) : a->family ? put_addr(w, a) : true;
    *count += w->len > before;
    return fits;
}

static size_t write_reply(const struct wh_dns_zone *zone, const struct wh_dns_asked *asked,
                          const struct wh_dns_found *found, const uint8_t *query, uint8_t *reply, size_t cap)
{
    size_t opt = asked->has_edns ? OPT_BYTES : 0;
    struct writer w = {.at = reply, .cap = cap > opt ? cap - opt : 0};
    unsigned count = 0;
    bool all = true;
    put_header(&w, query, ns_r_noerror, true);
    put_bytes(&w, query + NS_HFIXEDSZ, asked->question_end - NS_HFIXEDSZ);
    if (w.full)
        return 0;
    if (asked->type == ns_t_a || asked->type == ns_t_aaaa || asked->type == ns_t_ptr) {
        for (size_t i = 0; i < found->n && all; i++)
            all = put_entry(&w, zone, asked->type, found->entries[i], &count);
    }
    reply[2] |= all ? 0 : 0x02;
    reply[6] = (uint8_t)(count >> 8);
    reply[7] = (uint8_t)count;
    w.full = false;
    w.cap = cap;
    if (asked->has_edns)
        put_opt(&w);
    return w.len;
}

enum wh_dns_verdict wh_dns_answer_client(const struct wh_dns_zone *zone, const struct wh_dns_client *client,
                                         uint32_t rotation, const uint8_t *query, size_t len, bool tcp, uint8_t *reply,
                                         size_t cap, size_t *ret_len)
{
    struct wh_dns_asked asked;
    struct wh_dns_found found;
    int rcode;
    *ret_len = 0;
    if (!wh_dns_parse(query, len, &asked, &rcode)) {
        if (rcode >= 0)
            *ret_len = wh_dns_empty_reply(query, len, rcode == ns_r_refused ? &asked : NULL, rcode, reply, cap);
        return *ret_len ? WH_DNS_ANSWERED : WH_DNS_IGNORE;
    }
    wh_dns_zone_find(zone, client, asked.name, asked.type == ns_t_ptr, rotation, &found);
    if (!found.known && !found.elsewhere && !client->no_forward)
        return WH_DNS_FORWARD;
    size_t room = !tcp && asked.udp_max < cap ? asked.udp_max : cap;
    *ret_len = found.known ? write_reply(zone, &asked, &found, query, reply, room)
                           : wh_dns_empty_reply(query, len, &asked, ns_r_nxdomain, reply, room);
    return *ret_len ? WH_DNS_ANSWERED : WH_DNS_IGNORE;
}
