/* SPDX-License-Identifier: MIT */
/* The bootstrap's SSH server, only for those who hold a key. */
#pragma once

#include "initramfs/manifest.h"

/*
 * Adds sshd and sftp-server, root's authorized_keys from the count keys (each
 * a public key in OpenSSH's form, or the name of a file of such; a private key
 * is refused), and the host key at host_key, which is made when it is not there
 * yet, so that the machine keeps it over later builds. count 0: nothing.
 */
void ssh_add(struct manifest *m, const char *const *keys, size_t count,
	     const char *host_key);
