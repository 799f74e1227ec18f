/* SPDX-License-Identifier: MIT */
/* Public keys as authorized_keys has them (sshd(8)), a line each. Allocates,
 * so it is not PID 1's. */
#pragma once

#include "base/failure.h"
#include "base/text.h"

#define SSH_KEYS_MAX (1 * MIB) /* of all that is given */

/* Whether a line holds a public key: a type that OpenSSH may know and a key
 * that is of this type. Options may stand in front of it. */
bool ssh_key_is_public(const char *line);

/* Appends the lines of keys that are no comments. -EBADMSG: one of them is no
 * public key, or there is none. */
int ssh_keys_add(struct text *all, const char *keys) _must_check;

/* Appends what is given as --ssh-key: each a public key, or the name of a file
 * of such; a private key is refused. */
int ssh_keys_given(struct text *all, const char *const *keys, size_t count,
		   struct failure *failure) _must_check;
