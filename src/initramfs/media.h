/* SPDX-License-Identifier: MIT */
/*
 * Media to boot from without a network boot, each an ISO 9660 image for a CD
 * that is a disk as well when it is written to a USB stick, for BIOS and UEFI
 * of x86-64:
 *
 *   bootstrap.iso  the bootstrap; for Secure Boot too
 *   ipxe.iso       iPXE, which loads it from a boot server
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

enum media_kind { MEDIA_BOOTSTRAP, MEDIA_IPXE, MEDIA_KINDS };

struct media_options {
	const char *out;     /* where bootfiles_build() wrote */
	const char *loaders; /* the directory; NULL: loaders in out */
	const char *server;  /* for ipxe.iso: where to boot from, or "" */
	const char *version;
};

/* Whether all that media_build() needs but for the bootstrap is there. */
int media_check(const struct media_options *options, struct failure *failure)
	_must_check;

/* Writes both into out, each complete or not at all; the same input gives the
 * same bytes. */
int media_build(const struct media_options *options,
		uint64_t ret_size[static MEDIA_KINDS], struct failure *failure)
	_must_check;
