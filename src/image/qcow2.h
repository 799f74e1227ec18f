/* SPDX-License-Identifier: MIT */
/*
 * qcow2 (QEMU, docs/interop/qcow2.txt) to a raw sparse file, in place of
 * memory for both: what was copied is punched out of the source.
 */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

/* The largest disk that is taken: what a tmpfs or ext4 can hold sparse. */
#define QCOW2_SIZE_MAX (16 * 1024 * GIB)

/* Bytes of the file that qcow2_parse_header() wants to see, or all there
 * are. */
#define QCOW2_HEAD 4096

struct qcow2_header {
	uint32_t version;
	unsigned int cluster_bits;
	uint64_t size; /* bytes of the disk */
	uint64_t l1_offset;
	uint32_t l1_entries;
	bool zstd;     /* compression of clusters, else zlib */
	bool extended; /* L2 entries with subclusters */
};

/*
 * Pure. -EBADMSG, with words: not a qcow2 file, or one that contradicts
 * itself; -EPROTONOSUPPORT, with words: a backing file, encryption, an external
 * data file, unknown features. A file that was not closed (dirty bit) is fine:
 * that is about reference counts, which are not used.
 */
int qcow2_parse_header(struct view head, const char *name,
		       struct qcow2_header *ret_header, struct failure *failure)
	_must_check;

/*
 * The most that the disk takes as a raw sparse file, in bytes, from the
 * tables; for the check of the room. What is copied as it is leaves the source
 * meanwhile, so that both together never take more than the larger of them and
 * a few MB. -EBADMSG: the tables are damaged or cut short, as qcow2_to_raw()
 * will say.
 */
int qcow2_measure(int from, const struct qcow2_header *header,
		  uint64_t *ret_bytes) _must_check;

/*
 * Copies to an empty file, which gets the size of the disk. from is emptied
 * meanwhile (FALLOC_FL_PUNCH_HOLE), so it must be open for writing; where its
 * file system cannot punch holes, it stays as it is. tick(), NULL or called at
 * least every few MB, negative: cancel. -EBADMSG with words.
 */
int qcow2_to_raw(int from, int to, const char *name, int (*tick)(void *context),
		 void *context, struct failure *failure) _must_check;
