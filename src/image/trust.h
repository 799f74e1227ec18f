/* SPDX-License-Identifier: MIT */
/* Whose signatures are believed, and whether one is needed. */
#pragma once

#include "image/minisign.h"

/* What `boomerang build --trust KEY --require-signature` puts there. */
#define TRUST_DIR	       "/etc/boomerang/trust" /* *.pub */
#define TRUST_REQUIRE_FILE     "/etc/boomerang/require-signature"
#define TRUST_KEYS_MAX	       32

struct trust {
	struct minisign_key keys[TRUST_KEYS_MAX];
	size_t count;
	bool required;
};

/* Those of this machine: TRUST_DIR and TRUST_REQUIRE_FILE; none are fine. A
 * key that cannot be read is a failure, as is a 33rd. */
int trust_read(struct trust *ret_trust, struct failure *failure) _must_check;
/* Adds the key in a file. */
int trust_add_file(struct trust *trust, const char *path,
		   struct failure *failure) _must_check;
