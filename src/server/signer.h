/* SPDX-License-Identifier: MIT */
/*
 * Names that only this server can have made: a place (path or URL) and the
 * machine it was given to, sealed with a key made at start (libsodium
 * secretbox, XSalsa20-Poly1305), as base64url without padding. So a client
 * can fetch what it was told to boot, and nothing else through us.
 */
#pragma once

#include "wire/mac.h"

#define SIGNER_PLACE_MAX 2048
#define SIGNER_TOKEN_MAX 2816

struct signer {
	uint8_t key[32];
};

/* Draws a key. -EIO: libsodium does not start. */
int signer_init(struct signer *signer) _must_check;

/* -ENOBUFS: place is longer than SIGNER_PLACE_MAX - 1. */
int signer_seal(const struct signer *signer, const struct mac *mac,
		const char *place, char ret_token[static SIGNER_TOKEN_MAX])
	_must_check;

/* -EBADMSG: not made by this server since it started. */
int signer_open(const struct signer *signer, const char *token, size_t len,
		struct mac *ret_mac, char ret_place[static SIGNER_PLACE_MAX])
	_must_check;
