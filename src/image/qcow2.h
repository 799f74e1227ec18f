/* SPDX-License-Identifier: MIT */
/*
 * qcow2 (QEMU, docs/interop/qcow2.txt) to a raw sparse file, in place of
 * memory for both: what was copied is punched out of the source.
 */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

struct qcow2_header {
	uint32_t version;
	unsigned int cluster_bits;
	uint64_t size; /* bytes of the disk */
	uint64_t l1_offset;
	uint32_t l1_entries;
	bool zstd;     /* compression of clusters, else zlib */
	bool extended; /* L2 entries with subclusters */
};

/* Pure. -EBADMSG; -EPROTONOSUPPORT with words: a backing file, encryption, an
 * external data file, unknown features. */
int qcow2_parse_header(struct view head, const char *name,
		       struct qcow2_header *ret_header,
		       struct failure *failure) _must_check;

/* Bytes that the disk takes at least when all of it was copied, from the
 * tables; for the check of the room. */
int qcow2_measure(int from, const struct qcow2_header *header,
		  uint64_t *ret_bytes) _must_check;

/*
 * Copies to an empty file. from is emptied meanwhile (FALLOC_FL_PUNCH_HOLE).
 * tick() negative: cancel.
 */
int qcow2_to_raw(int from, int to, const char *name,
		 int (*tick)(void *context), void *context,
		 struct failure *failure) _must_check;
