/* SPDX-License-Identifier: MIT */
/*
 * Signatures of minisign(1), whose format is
 * https://jedisct1.github.io/minisign/: Ed25519 over the BLAKE2b-512 of a
 * file, and a second over the signature and a trusted comment. Those over the
 * file itself (-l, the default before 0.11) are refused: they cannot be
 * checked while the bytes come, only with all of them in memory. By libcrypto.
 */
#pragma once

#include "base/failure.h"
#include "image/digest.h"

#define MINISIGN_COMMENT_MAX 8192 /* what minisign itself takes */
#define MINISIGN_ID_TEXT_MAX 17	  /* as minisign prints it */

struct minisign_key {
	uint8_t id[8];
	uint8_t key[32];
};

struct minisign_signature {
	uint8_t id[8];
	uint8_t signature[64];
	uint8_t global[64];
	char comment[MINISIGN_COMMENT_MAX]; /* trusted once verified; may hold
					       anything: not printed raw */
};

/* A public key: the file that minisign -G writes, or its second line alone.
 * -EBADMSG. */
int minisign_parse_key(struct view text, struct minisign_key *ret_key)
	_must_check;
/* A FILE.minisig. -EBADMSG; -EPROTONOSUPPORT: not prehashed, only the id is
 * filled in. */
int minisign_parse_signature(struct view text,
			     struct minisign_signature *ret_signature)
	_must_check;
/* Whether it is key's signature of the file with that DIGEST_BLAKE2B, and its
 * comment. -EKEYREJECTED: not; -ENOMEM. */
int minisign_check(const struct minisign_signature *signature,
		   const struct minisign_key *key, const struct digest *blake2b)
	_must_check;
/* The file that minisign -G writes; returns buf. */
#define MINISIGN_KEY_TEXT_MAX 128
const char *minisign_key_text(const struct minisign_key *key,
			      char buf[static MINISIGN_KEY_TEXT_MAX]);
const char *minisign_id_text(const uint8_t id[static 8],
			     char buf[static MINISIGN_ID_TEXT_MAX]);
