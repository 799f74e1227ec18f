/* SPDX-License-Identifier: MIT */
#include "server/client.h"

#include <stdio.h>

#include "base/text.h"

struct arch_row {
	uint16_t arch;
	const char *name;
	const char *firmware;
};

static const struct arch_row rows[] = {
	{ ARCH_BIOS, "x86_64", "bios" },
	{ ARCH_EFI_IA32, "i386", "uefi" },
	{ ARCH_EFI_X64, "x86_64", "uefi" },
	{ ARCH_EFI_BC, "x86_64", "uefi" },
	{ ARCH_EFI_ARM32, "arm", "uefi" },
	{ ARCH_EFI_ARM64, "arm64", "uefi" },
	{ ARCH_EFI_IA32_HTTP, "i386", "uefi-http" },
	{ ARCH_EFI_X64_HTTP, "x86_64", "uefi-http" },
	{ ARCH_EFI_ARM64_HTTP, "arm64", "uefi-http" },
};

static const struct arch_row *find(uint16_t arch)
{
	static const struct arch_row unknown = { ARCH_UNKNOWN, "unknown",
						 "unknown" };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].arch == arch)
			return &rows[i];
	return &unknown;
}

const char *client_arch_name(uint16_t arch)
{
	return find(arch)->name;
}

const char *client_firmware_name(uint16_t arch)
{
	return find(arch)->firmware;
}

bool client_arch_is_alike(uint16_t a, uint16_t b)
{
	const struct arch_row *row_a = find(a), *row_b = find(b);

	if (a == b || a == ARCH_BIOS || b == ARCH_BIOS ||
	    row_a->arch == ARCH_UNKNOWN)
		return a == b;
	return str_eq(row_a->name, row_b->name);
}

const char *client_uuid_text(const struct client *client,
			     char buf[static CLIENT_UUID_TEXT_MAX])
{
	/* Where each byte of the text comes from. */
	static const uint8_t order[16] = { 3, 2, 1,  0,	 5,  4,	 7,  6,
					   8, 9, 10, 11, 12, 13, 14, 15 };
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; client->has_uuid && i < 16; i++) {
		const char *dash =
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";

		len += (size_t)snprintf(buf + len, CLIENT_UUID_TEXT_MAX - len,
					"%s%02x", dash, client->uuid[order[i]]);
	}
	return buf;
}
