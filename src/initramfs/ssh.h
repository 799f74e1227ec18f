/* SPDX-License-Identifier: MIT */
/* The bootstrap's SSH server, only for those who hold a key. */
#pragma once

#include "initramfs/manifest.h"

struct ssh_options {
	const char *const *keys; /* each a public key in OpenSSH's form, or the
				    name of a file of such */
	size_t key_count;
	const char *host_key; /* a private key's file; NULL: none is given */
	const char *made_key; /* with keys and without host_key: the file of
				 one that is made when it is not there yet, so
				 that the machine keeps it over later builds */
};

/*
 * Adds sshd, root's authorized_keys when there are keys, and the host key.
 * Without either the bootstrap makes itself one when it is told keys at its
 * boot: it would be everybody's who has the same bootstrap.
 */
void ssh_add(struct manifest *m, const struct ssh_options *options);
