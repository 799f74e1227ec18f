/* SPDX-License-Identifier: MIT */
/*
 * One stream becomes one layer: fetch, check, decompress and unpack, all at
 * the same time, in this process and a confined child (unpacker.h).
 */
#pragma once

#include "image/fetch.h"
#include "image/room.h"
#include "image/unpacker.h"
#include "image/verify.h"

/* Shared with whoever watches from another process. */
struct stream_counters {
	_Atomic uint64_t fetched, total, unpacked, entries;
};

struct stream {
	struct fetch_source source;
	struct verify_wishes wishes;
	/* An empty directory: "tree" or "image" is made in it. For
	 * UNPACK_APPLY "tree" is there. */
	int dir_fd;
	enum unpack_mode mode;
	enum unpack_depth depth;
	bool lowest;
	int turn_fd; /* as for the unpacker */
	/* A tar is the only thing it may be: an OCI layer. */
	bool must_be_archive;
	struct room *room;
	/* Tries to make room for so many bytes; NULL: there is no way. */
	uint64_t (*make_room)(void *context, uint64_t bytes);
	/* Told about four times a second; negative: cancel. */
	int (*tick)(void *context);
	void *context;
	struct stream_counters *counters;
};

struct stream_result {
	enum image_kind kind; /* of the stream, as it came */
	enum image_layout layout;
	enum image_kind content; /* of a file: what is in DIR/image */
	struct verify_verdict verdict;
	struct http_validators validators;
	uint64_t bytes; /* of memory or disk that it takes, about */
	uint64_t entries;
	uint64_t lost_attributes, lost_owners, lost_devices;
	bool leans_on_lower;
};

/*
 * Does it and waits. On failure nothing of it is left in the directory
 * (UNPACK_APPLY: what was applied stays). -EALREADY: source.known still holds.
 * SIGPIPE must be ignored; the caller has no threads.
 */
int stream_run(const struct stream *stream, struct stream_result *ret_result,
	       struct failure *failure) _must_check;
