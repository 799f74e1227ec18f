/* SPDX-License-Identifier: MIT */
/* One directory record of ISO 9660 (ECMA-119, 9.1), and its name as ISO 9660
 * or Joliet spells it. Pure. */
#pragma once

#include "iso/iso.h"
#include "wire/view.h"

#define ISO_SECTOR	  2048 /* bytes; no record reaches across two */
#define ISO_RECORD_HEADER 33   /* bytes, before its name */

struct iso_record {
	uint64_t start, size; /* bytes */
	bool is_directory;
	bool is_associated; /* not the file itself */
	bool is_interleaved;
	bool goes_on; /* the next record is another extent of this file */
	bool is_dot;  /* "." or ".." */
	struct view name, fields; /* fields: SUSP's */
};

/* The next record of a sector, which v stands in. -ENODATA: no more in this
 * sector; -EBADMSG. */
int iso_record_parse(struct view *v, uint32_t block_size,
		     struct iso_record *ret_record) _must_check;

/* "VMLINUZ.;1" is "vmlinuz", as the kernel shows it. False: no name that a
 * path can have. */
bool iso_record_name(struct view name, char ret_name[static NAME_MAX + 1]);
/* Of Joliet: UTF-16, big-endian. */
bool iso_record_joliet_name(struct view name,
			    char ret_name[static NAME_MAX + 1]);
