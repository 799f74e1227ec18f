/* SPDX-License-Identifier: MIT */
/* Digests as OCI writes them ("sha256:HEX"), and computing them as bytes come.
 * By libcrypto, which uses what the processor has. */
#pragma once

#include "base/reader.h"
#include "wire/view.h"

enum digest_algorithm {
	DIGEST_SHA256,
	DIGEST_SHA512,	/* OCI image-spec descriptor.md: may be met */
	DIGEST_BLAKE2B, /* 64 bytes; of minisign, not of OCI */
};

#define DIGEST_BYTES_MAX 64
#define DIGEST_TEXT_MAX	 (7 + 2 * DIGEST_BYTES_MAX + 1)

struct digest {
	enum digest_algorithm algorithm;
	uint8_t bytes[DIGEST_BYTES_MAX];
};

size_t digest_size(enum digest_algorithm algorithm); /* in bytes */

/* "sha256:" or "sha512:" and lower case digits, nothing behind. -EBADMSG. */
int digest_parse(const char *text, struct digest *ret_digest) _must_check;
/* 64 hexadecimal digits of either case, nothing behind. -EBADMSG. */
int digest_parse_sha256(const char *hex, struct digest *ret_digest) _must_check;
/* Writes "sha256:HEX" and returns buf. */
const char *digest_text(const struct digest *digest,
			char buf[static DIGEST_TEXT_MAX]);
/* The digits alone, lower case. */
const char *digest_hex(const struct digest *digest,
		       char buf[static DIGEST_TEXT_MAX]);
bool digest_equal(const struct digest *a, const struct digest *b);

struct hasher;

/* NULL when memory is out. */
struct hasher *hasher_new(enum digest_algorithm algorithm) _must_check;
struct hasher *hasher_free(struct hasher *hasher); /* NULL is fine; NULL */
void hasher_add(struct hasher *hasher, struct view bytes);
/* Ends it; nothing may be added any more. */
void hasher_finish(struct hasher *hasher, struct digest *ret_digest);

/* All at once. -ENOMEM. */
int digest_of(enum digest_algorithm algorithm, struct view bytes,
	      struct digest *ret_digest) _must_check;
/* Of all that can be read there. */
int digest_of_reader(enum digest_algorithm algorithm,
		     const struct reader *reader, struct digest *ret_digest,
		     struct failure *failure) _must_check;
