/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "wire/ipv4.h"

int ipv4_mask_prefix(uint32_t mask, uint8_t *ret_prefix)
{
	/* Ones at the end only: adding one to them carries through. */
	if (~mask & (~mask + 1))
		return -EINVAL;
	*ret_prefix = (uint8_t)__builtin_popcount(mask);
	return 0;
}

uint8_t ipv4_class_prefix(uint32_t address)
{
	if (address >> 31 == 0)
		return 8;
	return address >> 30 == 2 ? 16 : 24;
}

bool ipv4_is_host(uint32_t address)
{
	uint8_t first = (uint8_t)(address >> 24);

	return first > 0 && first < 224 && first != 127;
}

const char *ipv4_text(uint32_t address, char buf[static IPV4_TEXT_MAX])
{
	(void)snprintf(buf, IPV4_TEXT_MAX, "%u.%u.%u.%u", address >> 24,
		       address >> 16 & 0xff, address >> 8 & 0xff,
		       address & 0xff);
	return buf;
}
