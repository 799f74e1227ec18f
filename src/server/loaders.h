/* SPDX-License-Identifier: MIT */
/*
 * The boot loaders: which files each firmware can start, in the order in which
 * they are tried, and where on this host they are. Looked for in the loader
 * directories, first found wins: --tftp-root, DIR/loaders, /usr/lib/ipxe.
 */
#pragma once

#include "base/failure.h"
#include "server/client.h"
#include "server/settings.h"

#define LOADER_NAME_MAX 32
#define LOADERS_DIRS	4

struct loaders {
	int dir_fd[LOADERS_DIRS];
	const char *dir[LOADERS_DIRS];
	size_t dir_count;
	bool secure_boot; /* shim and GRUB before iPXE */
};

/* settings must outlive it. No directory being there is no error yet. */
int loaders_open(struct loaders *loaders, const struct serve_settings *settings,
		 struct failure *failure) _must_check;
void loaders_close(struct loaders *loaders);

/*
 * The file name of the index-th loader of this firmware that is there, in
 * order (snponly before ipxe.efi: it uses the firmware's own network driver).
 * NULL: there is none with this index; with index 0 no loader is installed,
 * or the architecture has none (loaders_missing() says what to do).
 */
const char *loaders_pick(const struct loaders *loaders, uint16_t arch,
			 unsigned int index);

/* "no loader for arm64 UEFI: put snponly-arm64.efi or … into …". */
void loaders_missing(const struct loaders *loaders, uint16_t arch,
		     struct failure *failure);

/* The directory in which name is, as an index of dir_fd; -ENOENT. name has no
 * slash; companions of a loader (grubx64.efi, autoexec…) are found the same
 * way. */
int loaders_find(const struct loaders *loaders, const char *name) _must_check;
