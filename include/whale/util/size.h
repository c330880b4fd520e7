/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Byte counts and plain numbers as text. */
#ifndef WHALE_UTIL_SIZE_H
#define WHALE_UTIL_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* "64M", "1g", "10 kB", "1GiB", "512", "1e3" (units are powers of 1024, as docker's RAM sizes). 0 or -1. */
int wh_size_parse(const char *text, int64_t *ret_bytes);
/*
 * A decimal number, or a hexadecimal one with its p exponent, underscores between digits, whole text: what Go's
 * ParseFloat reads. 0, or -1 (also for infinities and what no double holds).
 */
int wh_real_parse(const char *text, double *ret);
/* Decimal, whole text, in range. 0 or -1. */
int wh_int_parse(const char *text, int64_t min, int64_t max, int64_t *ret);
/* Cuts the fraction off; -1 for what no int64_t holds. */
int wh_int_of_real(double value, int64_t *ret);

/* "1.25MB" with decimal units as docker prints image sizes; buf of at least 32 bytes; returns buf. */
char *wh_size_format_si(int64_t bytes, char *buf, size_t size);
/* "1.25MiB" with binary units as docker stats; buf of at least 32 bytes; returns buf. */
char *wh_size_format_iec(int64_t bytes, char *buf, size_t size);

#endif
