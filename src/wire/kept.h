/* SPDX-License-Identifier: MIT */
/*
 * What lies in the last block of a pmem device that holds an ISO: which one it
 * is, so that the bootstrap to which a live system comes back boots it again
 * without a byte downloaded. Any program may have written there: it counts only
 * with its own sum, and the ISO only when its sha256 is computed again.
 */
#pragma once

#include "base/util.h"
#include "wire/control.h"

#define KEPT_MAGIC 0x50454b42u /* "BKEP" */
#define KEPT_SIZE  4096

struct kept_iso {
	uint32_t magic;
	uint32_t sum;  /* FNV-1a of all behind it */
	uint64_t size; /* of the ISO, bytes */
	char sha256[SHA256_HEX_MAX];
	char reference[CONTROL_REF_MAX]; /* what was asked for */
	char title[128];		 /* of its distribution, or file name */
	char checked[160]; /* "SHA256SUMS signed by …"; "": nothing */
};

_Static_assert(sizeof(struct kept_iso) <= KEPT_SIZE, "one block");

/* Fills in magic and sum. */
void kept_seal(struct kept_iso *kept);
/* Whether it is whole: magic, sum, size not 0, texts terminated. */
bool kept_is_sound(const struct kept_iso *kept);
