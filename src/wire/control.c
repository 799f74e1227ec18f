/* SPDX-License-Identifier: MIT */
#include "wire/control.h"

static bool is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

bool control_keep_valid(const char *name)
{
	size_t len = 0;

	if (name[0] == '.' || name[0] == '-')
		return false;
	while (len < CONTROL_KEEP_MAX && is_name_byte(name[len]))
		len++;
	return len > 0 && len < CONTROL_KEEP_MAX && name[len] == '\0';
}

bool control_sha256_valid(const char *hex)
{
	size_t len = 0;

	while (len < SHA256_HEX_MAX - 1 && is_hex_digit(hex[len]))
		len++;
	return len == SHA256_HEX_MAX - 1 && hex[len] == '\0';
}
