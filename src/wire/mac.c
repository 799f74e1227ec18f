/* SPDX-License-Identifier: MIT */
#include "wire/mac.h"

#include <errno.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int mac_parse(const char *text, struct mac *ret_mac)
{
	struct mac mac;

	for (size_t i = 0; i < MAC_BYTES; i++, text += 3) {
		int high = hex_digit(text[0]);
		int low = high < 0 ? -1 : hex_digit(text[1]);
		bool last = i == MAC_BYTES - 1;

		if (low < 0)
			return -EINVAL;
		if (last ? text[2] != '\0' : text[2] != ':' && text[2] != '-')
			return -EINVAL;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret_mac = mac;
	return 0;
}

static const char *mac_print(const struct mac *mac, char between, char *buf)
{
	static const char digits[] = "0123456789abcdef";
	char *at = buf;

	for (size_t i = 0; i < MAC_BYTES; i++) {
		*at++ = digits[mac->bytes[i] >> 4];
		*at++ = digits[mac->bytes[i] & 15];
		*at++ = i < MAC_BYTES - 1 ? between : '\0';
	}
	return buf;
}

const char *mac_text(const struct mac *mac, char buf[static MAC_TEXT_MAX])
{
	return mac_print(mac, ':', buf);
}

const char *mac_name(const struct mac *mac, char buf[static MAC_TEXT_MAX])
{
	return mac_print(mac, '-', buf);
}

bool mac_eq(const struct mac *a, const struct mac *b)
{
	return memcmp(a->bytes, b->bytes, MAC_BYTES) == 0;
}
