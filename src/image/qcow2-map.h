/* SPDX-License-Identifier: MIT */
/* Where in a qcow2 file the bytes of its disk are: the walk over its tables. */
#pragma once

#include "image/qcow2.h"

enum qcow2_extent_kind {
	QCOW2_DATA,	  /* host_length == length, as it is */
	QCOW2_COMPRESSED, /* one cluster */
	QCOW2_TABLE,	  /* an L2 table, nothing of the disk: length 0 */
};

/* What is not in any extent reads as zeros. */
struct qcow2_extent {
	enum qcow2_extent_kind kind;
	uint64_t guest, length;	    /* bytes of the disk */
	uint64_t host, host_length; /* bytes in the file; of what is compressed
				       at most, of data some may be behind the
				       end of the file: zeros */
};

struct qcow2_map {
	int fd; /* borrowed */
	struct qcow2_header header;
	uint64_t file_size;
	uint32_t l1_count; /* entries that the disk needs */
	uint8_t *l1;	   /* as in the file */
	uint8_t *l2;	   /* the table that is looked at */
	const char *name;
	struct failure *failure;
};

/* Reads the L1 table. name and failure (may be NULL) are for what goes wrong,
 * here and in the walks; both are kept, not copied. */
int qcow2_map_open(struct qcow2_map *map, int fd,
		   const struct qcow2_header *header, const char *name,
		   struct failure *failure) _must_check;
void qcow2_map_close(struct qcow2_map *map);

/*
 * Calls each() for the extents in the order of the disk, those of QCOW2_DATA
 * as long as they are without a gap in both places, and for each L2 table
 * before what it leads to. Returns its first answer that is not 0, or -EBADMSG
 * for tables that contradict themselves. An L2 table is read once for each L1
 * entry that names it, so that the work is bounded by the size of the disk,
 * whatever the tables say.
 */
int qcow2_map_walk(struct qcow2_map *map,
		   int (*each)(void *context,
			       const struct qcow2_extent *extent),
		   void *context) _must_check;
