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

#define LOADER_NAME_MAX	 32
#define LOADERS_DIRS	 4
#define LOADERS_FRESH_MS 1000

struct loader_dir {
	int fd;
	char *path;
	/* Symlinks cannot leave it. Not in a package's directory: there
	 * Debian's ipxe.efi is a link to /boot/ipxe.efi. */
	bool confined;
};

struct loaders {
	struct loader_dir dirs[LOADERS_DIRS];
	size_t dir_count;
	bool secure_boot;		  /* signed loaders only, under UEFI */
	struct loader_presence *presence; /* main loop only */
};

/* Opens the directories that are there; none is no error yet. -ENOMEM. */
int loaders_open(struct loaders *loaders, const struct serve_settings *settings,
		 struct failure *failure) _must_check;
void loaders_close(struct loaders *loaders);

/*
 * The file name of the index-th loader of this firmware that is there, in
 * order (snponly before ipxe.efi: it uses the firmware's own network driver;
 * shim last, or with secure_boot nothing else). NULL: there is none with this
 * index; with index 0 no loader is installed, or the architecture has none
 * (loaders_missing() says what to do). Main loop only: as every DISCOVER asks,
 * the directories are looked at once in LOADERS_FRESH_MS.
 */
const char *loaders_pick(const struct loaders *loaders, uint16_t arch,
			 unsigned int index);

/* "no loader for arm64 UEFI: put snponly-arm64.efi or … into …". */
void loaders_missing(const struct loaders *loaders, uint16_t arch,
		     struct failure *failure);

/* The directory in which name is, as an index of dirs; -ENOENT. name has no
 * slash; companions of a loader (grubx64.efi, …) are found the same way. From
 * any thread. */
int loaders_find(const struct loaders *loaders, const char *name) _must_check;
