/* SPDX-License-Identifier: MIT */
/*
 * The cpio format "newc" (magic 070701, with check sums 070702), which the
 * kernel unpacks as its initramfs: Documentation/driver-api/early-userspace/buffer-format.rst. An
 * archive is a sequence of: header and name, padded to 4 bytes; data, padded
 * to 4 bytes; the last entry is the trailer.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

#define NEWC_NAME_MAX 4095	   /* the kernel's PATH_MAX, without the NUL */
#define NEWC_TRAILER  "TRAILER!!!" /* the name of the last entry */
#define NEWC_HEADER   110	   /* bytes, without the name */
/* The most that newc_build_entry() writes: header, name, NUL, padding. */
#define NEWC_ENTRY_MAX (NEWC_HEADER + NEWC_NAME_MAX + 1 + 3)

struct newc_entry {
	uint32_t inode;
	uint32_t mode; /* with the file type, as in struct stat */
	uint32_t uid, gid;
	uint32_t links;
	uint32_t mtime;			     /* seconds since 1970 */
	uint32_t size;			     /* of the data behind it, bytes */
	uint32_t device_major, device_minor; /* that it lies on */
	uint32_t node_major, node_minor;     /* that it is */
	uint32_t name_zeros; /* behind the name's NUL, which some write to
				align the data */
	const char *name; /* without a leading "/"; not NUL-terminated when it
			     was parsed */
	size_t name_len;
	bool upper;   /* its numbers are written in upper case, as GNU cpio does
		     */
	bool checked; /* magic 070702: checksum counts */
	uint32_t checksum; /* the sum of the data's bytes */
};

/* Writes header, name and padding, in front of which the archive's length is a
 * multiple of 4. A name that is empty, longer than NEWC_NAME_MAX or has a NUL
 * in it sets bad. The caller writes entry->size bytes of data behind it (for a
 * symlink: its target) and newc_padding() zero bytes. */
void newc_build_entry(struct build *b, const struct newc_entry *entry);

/* The zero bytes behind len bytes of data: 0 to 3. */
size_t newc_padding(uint64_t len);

/* Writes the end of the archive. */
void newc_build_trailer(struct build *b);

/* Whether this begins with one of the magics. */
bool newc_starts(struct view v);

/* How long header and name are, without padding, of an entry that begins with
 * head, NEWC_HEADER bytes of it at least. -EBADMSG: it is none. */
int newc_header_size(struct view head, size_t *ret_size) _must_check;

/*
 * Reads one entry's header, name and padding; the view then stands at its
 * data. The name is a slice of the view. Returns 1: an entry; 0: the trailer
 * (*ret_entry is not written); -EBADMSG: neither.
 */
int newc_parse_entry(struct view *v, struct newc_entry *ret_entry) _must_check;
