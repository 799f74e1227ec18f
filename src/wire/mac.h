/* SPDX-License-Identifier: MIT */
/* Ethernet addresses. */
#pragma once

#include "base/util.h"

#define MAC_BYTES    6
#define MAC_TEXT_MAX 18

struct mac {
	uint8_t bytes[MAC_BYTES];
};

/* All of text as six pairs of hex digits with ":" or "-" between them, in
 * either case. -EINVAL. */
int mac_parse(const char *text, struct mac *ret_mac) _must_check;

/* "52:54:00:12:34:56", lower case; writes into buf and returns it. */
const char *mac_text(const struct mac *mac, char buf[static MAC_TEXT_MAX]);

/* The same with "-", as in names of files and URLs: before a ":" iPXE takes
 * what it reads for the scheme of a URL. */
const char *mac_name(const struct mac *mac, char buf[static MAC_TEXT_MAX]);

bool mac_eq(const struct mac *a, const struct mac *b);
