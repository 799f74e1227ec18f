/* SPDX-License-Identifier: MIT */
#include "wire/ipv6.h"

#include <arpa/inet.h>

static bool starts(const struct ipv6 *address, const uint8_t *bytes, size_t len)
{
	return memcmp(address->bytes, bytes, len) == 0;
}

bool ipv6_is_none(const struct ipv6 *address)
{
	return ipv6_equal(address, &(struct ipv6){ 0 });
}

bool ipv6_is_link_local(const struct ipv6 *address)
{
	return address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

bool ipv6_is_host(const struct ipv6 *address)
{
	static const uint8_t none[12] = { 0 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return address->bytes[0] != 0xff &&
	       !starts(address, none, sizeof(none)) &&
	       !starts(address, mapped, sizeof(mapped));
}

bool ipv6_same_prefix(const struct ipv6 *a, const struct ipv6 *b,
		      uint8_t prefix)
{
	size_t whole = prefix / 8;
	unsigned int mask = 0xff00u >> prefix % 8 & 0xff;

	return starts(a, b->bytes, whole) &&
	       (mask == 0 || !((a->bytes[whole] ^ b->bytes[whole]) & mask));
}

bool ipv6_parse(const char *text, struct ipv6 *ret_address)
{
	struct ipv6 address;

	if (inet_pton(AF_INET6, text, &address) != 1)
		return false;
	*ret_address = address;
	return true;
}

const char *ipv6_text(const struct ipv6 *address,
		      char buf[static IPV6_TEXT_MAX])
{
	return inet_ntop(AF_INET6, address, buf, IPV6_TEXT_MAX);
}
