/* SPDX-License-Identifier: MIT */
/*
 * Checks one stream against all that is known of it: the sha256 that was asked
 * for, the one that SHA256SUMS or FILE.sha256 beside it says, and the
 * signature FILE.minisig beside it. Always computes the sha256, by which the
 * store knows the stream.
 */
#pragma once

#include "base/failure.h"
#include "image/reference.h"
#include "image/trust.h"
#include "wire/view.h"

#define VERIFY_COMMENT_MAX 256

struct verifier;

struct verify_wishes {
	/* Of a file, archive or URL: what is beside it is looked for. NULL: an
	 * OCI blob, whose digest says all. */
	const struct reference *reference;
	/* It must have: [0] as the request, [1] as the reference says; NULL or
	 * "": not said. When either is said, lists beside the stream are not
	 * asked: they could not know better. */
	const char *sha256[2];
	const struct digest *digest; /* or this, of an OCI descriptor, or NULL */
	const struct trust *trust;   /* NULL: no signature is looked for */
};

/* What was found out, for a person and for the store. */
struct verify_verdict {
	char sha256[SHA256_HEX_MAX];
	char checked[128]; /* "the reference, SHA256SUMS": what agreed; "" */
	char signer[MINISIGN_ID_TEXT_MAX]; /* "": not signed */
	char comment[VERIFY_COMMENT_MAX];  /* the signer's, printable */
};

/*
 * Looks for what stands beside the stream, a few seconds at most; what is not
 * there is not checked. -EKEYREJECTED with *failure at once when a signature is
 * required and there is none, or none of a key that is trusted. A signature of
 * a key that is not trusted is otherwise as none. name begins the messages and
 * is borrowed.
 */
int verify_open(const struct verify_wishes *wishes, const char *name,
		struct verifier **ret_verifier, struct failure *failure)
	_must_check;
struct verifier *verify_close(struct verifier *verifier); /* NULL; NULL fine */

/* The next bytes; from one thread at a time. */
void verify_add(struct verifier *verifier, struct view bytes);

/* The stream is whole: compares. -EKEYREJECTED with a failure that says which
 * check failed, what was expected and what came. */
int verify_finish(struct verifier *verifier, struct verify_verdict *ret_verdict,
		  struct failure *failure) _must_check;
