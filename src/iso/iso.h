/* SPDX-License-Identifier: MIT */
/*
 * ISO 9660 (ECMA-119) with Rock Ridge (IEEE P1282) or Joliet names, read
 * without a mount: from a server, of which a few kilobytes are asked, just as
 * from memory. Every byte is hostile; nothing is cached, nothing is written.
 */
#pragma once

#include <limits.h>

#include "base/reader.h"

#define ISO_LABEL_MAX	33
#define ISO_UUID_MAX	23
#define ISO_EXTENTS_MAX 64 /* 4 GiB each at most */

struct iso {
	const struct reader *reader; /* borrowed */
	char label[ISO_LABEL_MAX];   /* without blanks at its end */
	/* When it was made, which stands for a UUID: "2023-12-10-10-20-30-00".
	 * "": it does not say. */
	char uuid[ISO_UUID_MAX];
	uint64_t volume_size;	 /* bytes, as the volume says */
	bool rock_ridge, joliet; /* which names count */
	uint32_t susp_skip;	 /* SUSP "SP": bytes before each field */
	uint32_t block_size;	 /* bytes: 2048 as good as always */
	uint64_t root_extent;	 /* first byte, */
	uint64_t root_size;	 /* and bytes, of "/" */
	uint64_t boot_catalog;	 /* El Torito's first byte; 0: none */
};

enum iso_type {
	ISO_FILE,
	ISO_DIRECTORY,
	ISO_SYMLINK,
	ISO_OTHER,
};

/* A file; one directory entry, or several for one of more than 4 GiB. */
struct iso_entry {
	char name[NAME_MAX + 1]; /* "vmlinuz"; without ";1"; "" of "/" itself */
	char target[256];	 /* of ISO_SYMLINK; "": too long, or damaged */
	enum iso_type type;
	uint64_t size; /* bytes */
	size_t extent_count;
	struct {
		uint64_t start, size; /* bytes, in the ISO */
	} extents[ISO_EXTENTS_MAX];
};

/* -EBADMSG with *failure: this is no ISO, or a damaged one. */
int iso_open(struct iso *ret_iso, const struct reader *reader,
	     struct failure *failure) _must_check;

/*
 * The entry at path ("/live/vmlinuz", the first "/" may lack), through
 * symlinks. Upper and lower case are the same where no entry has the very
 * name: ISOs without Rock Ridge have but one, and their menus another.
 * -ENOENT with *failure.
 */
int iso_find(const struct iso *iso, const char *path,
	     struct iso_entry *ret_entry, struct failure *failure) _must_check;

/* Hands each entry of a directory to each(), which ends it with what is not 0;
 * that, 0 or a negative errno with *failure is returned. */
int iso_list(const struct iso *iso, const struct iso_entry *directory,
	     int (*each)(const struct iso_entry *entry, void *context),
	     void *context, struct failure *failure) _must_check;

/* The directory "/" itself. */
struct iso_entry iso_root(const struct iso *iso);

/* Of a file, len bytes from offset on, fewer at its end; returns how many. */
ssize_t iso_read(const struct iso *iso, const struct iso_entry *file,
		 uint64_t offset, void *buf, size_t len,
		 struct failure *failure) _must_check;

/* The whole file at path, NUL-terminated, for the caller to free. -ENOENT,
 * -EFBIG: longer than max. */
int iso_read_whole(const struct iso *iso, const char *path, size_t max,
		   char **ret_bytes, size_t *ret_len, struct failure *failure)
	_must_check;

/* A file as a reader, under its path as name. It points to itself: it must
 * stay where it is. */
struct iso_reader {
	const struct iso *iso; /* borrowed */
	struct iso_entry entry;
	struct reader reader;
};

/* path is borrowed. -ENOENT; -EISDIR and the like: it is no file. */
int iso_reader_open(struct iso_reader *file, const struct iso *iso,
		    const char *path, struct failure *failure) _must_check;

/* El Torito's platforms (section 2.1, and 0xef of UEFI's). */
enum iso_boot_platform {
	ISO_BOOT_BIOS = 0,
	ISO_BOOT_EFI = 0xef,
};

/* What firmware would start. */
struct iso_boot_image {
	uint8_t platform; /* enum iso_boot_platform, or another */
	bool bootable;
	uint64_t start; /* byte in the ISO */
	uint64_t size;	/* bytes it says to load: often too few */
};

#define ISO_BOOT_IMAGES_MAX 16

/* Reads the boot catalog; returns how many there are, 0 without one. */
int iso_boot_images(const struct iso *iso,
		    struct iso_boot_image ret[static ISO_BOOT_IMAGES_MAX],
		    struct failure *failure) _must_check;
