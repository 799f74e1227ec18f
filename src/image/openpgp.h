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
 * Whether the first message_len bytes of message_fd, a regular file or a
 * device, are signed by one of the certificates keys, which are binary.
 * signature: a detached one, binary or armoured; NULL: the message is
 * clear-signed, and what was signed of it is returned in ret_text
 * (NUL-terminated, the caller frees it; otherwise NULL). fingerprints: who may
 * sign, primary keys separated by blanks; NULL: any of them. -EKEYREJECTED
 * with *failure: it is not; -ENOENT: no gpgv.
 */
int openpgp_verify(int message_fd, uint64_t message_len, const void *signature,
		   size_t signature_len, const void *keys, size_t keys_len,
		   const char *fingerprints, const char *name,
		   struct openpgp_signer *ret_signer, char **ret_text,
		   struct failure *failure) _must_check;

/*
 * What gpgv's status lines (GnuPG's doc/DETAILS) say: whether there is a good
 * signature by one of fingerprints, and no bad one. -EKEYREJECTED with
 * *failure, which name begins. Pure; the text is hostile in part.
 */
int openpgp_judge(const char *status, const char *fingerprints,
		  const char *name, struct openpgp_signer *ret_signer,
		  struct failure *failure) _must_check;
