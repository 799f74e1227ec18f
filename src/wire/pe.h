/* SPDX-License-Identifier: MIT */
/* A PE file, as far as it tells whether it is signed: "PE Format" of Microsoft,
 * and "Windows Authenticode Portable Executable Signature Format". */
#pragma once

#include "wire/view.h"

struct pe {
	uint16_t machine;			  /* PE_MACHINE_* */
	uint32_t certificates, certificates_size; /* in the file; 0: none */
};

#define PE_MACHINE_I386	 0x014c
#define PE_MACHINE_ARM	 0x01c2
#define PE_MACHINE_ARM64 0xaa64
#define PE_MACHINE_AMD64 0x8664

/* The head of a file. -EBADMSG: it is none, or its headers are not in v. */
int pe_parse(struct view v, struct pe *ret_pe) _must_check;

#define PE_CERTIFICATE_HEADER 8 /* bytes */

/* Whether the table of certificates, size bytes of which v has the first
 * PE_CERTIFICATE_HEADER, begins with a PKCS #7 signature. */
bool pe_is_signature(struct view v, uint32_t size);
