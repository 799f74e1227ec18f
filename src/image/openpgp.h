/* SPDX-License-Identifier: MIT */
/* OpenPGP signatures, checked by gpgv(1) with given certificates alone: no
 * web of trust, no agent, no home directory. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

struct openpgp_signer {
	char fingerprint[65]; /* hexadecimal, of the primary key */
	char name[256];	      /* its user ID, printable */
};

/*
 * Whether message_fd (a regular file, read from its start) is signed by one of
 * the certificates keys, binary or armoured. signature: a detached one, binary
 * or armoured; NULL: the message is clear-signed, and what was signed of it is
 * returned in ret_text (NUL-terminated, the caller frees it; otherwise NULL).
 * fingerprints: who may sign, separated by blanks; NULL: any of them.
 * -EKEYREJECTED with *failure: it is not; -ENOENT: no gpgv.
 */
int openpgp_verify(int message_fd, const void *signature, size_t signature_len,
		   const void *keys, size_t keys_len, const char *fingerprints,
		   const char *name, struct openpgp_signer *ret_signer,
		   char **ret_text, struct failure *failure) _must_check;
