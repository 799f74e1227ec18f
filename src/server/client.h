/* SPDX-License-Identifier: MIT */
/* What is known of the machine that asks, from its DHCP requests. */
#pragma once

#include "wire/mac.h"

/* Option 93, the values of IANA's registry "Processor Architecture Types"
 * (RFC 5970 section 3.3). */
enum client_arch {
	ARCH_BIOS = 0,
	ARCH_EFI_IA32 = 6,
	ARCH_EFI_X64 = 7,
	ARCH_EFI_BC = 9, /* used for x64 by most who send it */
	ARCH_EFI_ARM32 = 10,
	ARCH_EFI_ARM64 = 11,
	ARCH_EFI_IA32_HTTP = 15,
	ARCH_EFI_X64_HTTP = 16,
	ARCH_EFI_ARM64_HTTP = 19,
	ARCH_UNKNOWN = 0xffff, /* never asked by DHCP */
};

#define CLIENT_CLASS_MAX 80

struct client {
	struct mac mac;
	uint16_t arch; /* enum client_arch, or a number not in it */
	bool ipxe;     /* its present stage is iPXE */
	bool has_uuid;
	uint8_t uuid[16];		   /* option 97, as it came */
	char class[CLIENT_CLASS_MAX];	   /* option 60, printable */
	char user_class[CLIENT_CLASS_MAX]; /* option 77, printable */
};

/* "x86_64", "i386", "arm64", … as in API queries and messages; "unknown". */
const char *client_arch_name(uint16_t arch);
/* "bios", "uefi", "uefi-http"; "unknown". */
const char *client_firmware_name(uint16_t arch);
/* Whether both start the same loaders: firmware that failed to boot by PXE
 * goes on with HTTP Boot, as another architecture. */
bool client_arch_is_alike(uint16_t a, uint16_t b);
#define CLIENT_UUID_TEXT_MAX 37
/* As SMBIOS prints it: the first three groups are little-endian in RFC 4578.
 * "" when there is none. */
const char *client_uuid_text(const struct client *client,
			     char buf[static CLIENT_UUID_TEXT_MAX]);
