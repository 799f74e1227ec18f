/* SPDX-License-Identifier: MIT */
/*
 * What the new system gets of the old one. Everything is written below
 * root_fd with path_open_in_root(): the image's links lead nowhere else.
 */
#pragma once

#include "base/failure.h"

struct carry {
	const char *hostname;	     /* "": that of the running system */
	bool ssh;		     /* host keys and root's authorized_keys */
	const char *const *ssh_keys; /* public keys or files of such, for root's
					authorized_keys; ssh_key_count of them */
	size_t ssh_key_count;
	bool network;	/* resolv.conf: its name servers */
	bool bootstrap; /* root_fd is the project's own bootstrap */
};

/* What became of it. */
struct carried {
	bool has_ssh;	   /* the image has an SSH server */
	bool has_ssh_keys; /* and root may log in with some key */
	char hostname[65];
	char ssh_note[160]; /* why SSH may not work as it does now, for a
			       person; "" */
};

/* All of it. A thing that the running system lacks is passed over; one that
 * cannot be written is a failure. */
int carry_over(int root_fd, const struct carry *what,
	       struct carried *ret_carried, struct failure *failure)
	_must_check;

/* The running system's resolv.conf(5) without name servers of its own, which
 * end with it: behind systemd-resolved's are those that it asks. "": none. */
void carry_resolv_conf(char *buf, size_t size);

/*
 * Copies the modules of the running kernel into the image when it has none for
 * it: those that are loaded, and those that list chooses (the form of
 * initramfs/modules.list, "": none), with what they depend on and the indexes
 * of depmod(8). A system without modules is fine. ret_bytes: what they take.
 */
int carry_modules(int root_fd, const char *list, uint64_t *ret_bytes,
		  struct failure *failure) _must_check;

/* What a system needs that makes its disks anew: file systems, volumes, RAID,
 * and the buses that disks, keyboards and networks are on. */
extern const char carry_modules_list[];
