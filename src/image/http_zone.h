/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to http*.c. */
#ifndef IMAGE_HTTP_ZONE_H
#define IMAGE_HTTP_ZONE_H

#include "http.h"

struct sockaddr;

enum http_zone http_zone_of(const struct sockaddr *sa);
/* malloc'ed absolute URL of a Location header; NULL when it is malformed or holds a user name. */
char *http_resolve(const char *base, const char *location);

#endif
