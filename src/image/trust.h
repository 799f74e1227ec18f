/* SPDX-License-Identifier: MIT */
/* Whose signatures are believed, and whether one is needed. */
#pragma once

#include "image/minisign.h"
#include "image/reference.h"

/* What `boomerang build --trust KEY --require-signature` puts there. */
#define TRUST_DIR	   "/etc/boomerang/trust" /* *.pub */
#define TRUST_SUFFIX	   ".pub"
#define TRUST_REQUIRE_FILE "/etc/boomerang/require-signature"
#define TRUST_KEYS_MAX	   32

struct trust {
	struct minisign_key keys[TRUST_KEYS_MAX];
	size_t count;
	bool required;
};

/* Those of this machine: TRUST_DIR and TRUST_REQUIRE_FILE; none are fine. A
 * key that cannot be read is a failure, as is a 33rd. */
int trust_read(struct trust *ret_trust, struct failure *failure) _must_check;
/* As trust_read(), of another root; without a slash at its end. */
int trust_read_in(const char *root, struct trust *ret_trust,
		  struct failure *failure) _must_check;
/* Adds a key; one that is there already counts once. name begins the failure
 * that there are too many. */
int trust_add(struct trust *trust, const struct minisign_key *key,
	      const char *name, struct failure *failure) _must_check;
/* Adds the key in a file. */
int trust_add_file(struct trust *trust, const char *path,
		   struct failure *failure) _must_check;

/* Whether one of the keys has this id; several may. */
bool trust_has(const struct trust *trust, const uint8_t id[static 8]);

/* Whether an image by this reference can be signed at all when it has to be: a
 * registry and a layout have no file that minisign could sign, and a digest
 * says which image it is, not whose. -EKEYREJECTED. */
int trust_permits(const struct trust *trust, const struct reference *reference,
		  struct failure *failure) _must_check;
