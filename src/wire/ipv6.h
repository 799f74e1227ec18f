/* SPDX-License-Identifier: MIT */
/* IPv6 addresses, in the order of the wire. */
#pragma once

#include <string.h>

#include "base/util.h"

#define IPV6_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

struct ipv6 {
	uint8_t bytes[16];
};

static inline bool ipv6_equal(const struct ipv6 *a, const struct ipv6 *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* "::", which stands for none. */
bool ipv6_is_none(const struct ipv6 *address);

/* fe80::/10: good on one link only. */
bool ipv6_is_link_local(const struct ipv6 *address);

/* Whether one host can have it: not ::/96 or ::ffff:0:0/96, which are IPv4's
 * and the loopback's, and no multicast. */
bool ipv6_is_host(const struct ipv6 *address);

/* Whether both begin with the same prefix bits (0 .. 128). */
bool ipv6_same_prefix(const struct ipv6 *a, const struct ipv6 *b,
		      uint8_t prefix);

/* "2001:db8::1" and all else that inet_pton(3) takes. Returns false, and
 * writes nothing, when it is no address. */
bool ipv6_parse(const char *text, struct ipv6 *ret_address);

/* Writes the text into buf and returns it. */
const char *ipv6_text(const struct ipv6 *address,
		      char buf[static IPV6_TEXT_MAX]);
