/* SPDX-License-Identifier: MIT */
/*
 * The one name space that TFTP and HTTP hand out. Slashes are folded (shim
 * asks for //grubx64.efi), backslashes are slashes, "." and ".." refused.
 *
 *   loader/MAC/FILE      a boot loader, or what it asks for beside itself;
 *                        what no loader directory has is looked for as if
 *                        the name began after MAC
 *   script/MAC.ipxe      the iPXE script of a machine
 *   grub/grub.cfg        sends each GRUB to its machine's own (also under any
 *                        other …/grub.cfg)
 *   grub/MAC.cfg         that; also …/grub.cfg-01-MAC, which GRUB since 2.06
 *                        asks for first, and loader/MAC/…/grub.cfg
 *   file/TOKEN/NAME      a sealed place (signer.h); NAME is for people
 *   autoexec.ipxe        absent, at once: iPXE 2.0 asks for it twice
 *   FILE                 of the loader directories: for who has its name in
 *                        the DHCP server
 *   anything else        a file of --tftp-root, then of the served directory
 *
 * Pure but for the directories' descriptors: what stands behind a name is
 * opened by names_open().
 */
#pragma once

#include "server/loaders.h"
#include "server/signer.h"

enum name_kind {
	NAME_ABSENT,
	NAME_FILE,	  /* names_open() gives its descriptor */
	NAME_UPSTREAM,	  /* place: an http(s) URL */
	NAME_IPXE_SCRIPT, /* a text made for mac: texts.h */
	NAME_GRUB_START,  /* a text, the same for all */
	NAME_GRUB_SCRIPT, /* a text made for mac */
};

enum name_role {
	ROLE_OTHER,
	ROLE_LOADER,
	ROLE_SCRIPT,
	ROLE_KERNEL, /* a sealed file: kernel, initrd, … */
};

struct name {
	enum name_kind kind;
	enum name_role role;
	bool has_mac;
	struct mac mac;
	int dir_fd;    /* NAME_FILE: borrowed; AT_FDCWD for absolute places */
	bool confined; /* NAME_FILE: symlinks cannot leave dir_fd */
	char place[SIGNER_PLACE_MAX]; /* NAME_FILE: its path */
};

struct names {
	const struct signer *signer;
	const struct loaders *loaders;
	int tftp_root_fd; /* FD_NONE: none */
	int dir_fd;	  /* the served directory; FD_NONE: none */
};

/* path as the client sent it, without a query. Always sets *ret_name. */
void names_resolve(const struct names *names, const char *path,
		   struct name *ret_name);

/* Opens a NAME_FILE; regular files only, and of those that were not sealed only
 * what everybody may read. Symlinks cannot leave tftp-root and DIR. Returns the
 * descriptor; -ENOENT, -EACCES, … */
int names_open(const struct name *name, uint64_t *ret_size, int64_t *ret_mtime)
	_must_check;
