/* SPDX-License-Identifier: MIT */
/*
 * The process that unpacks. It is forked before anything is fetched, so that
 * it holds nothing of the fetching side, and is confined to the new root
 * before it reads the first byte. It gets a pipe with the stream, and a page
 * shared with its parent in which it counts and, at the end, says what went
 * wrong; the parent believes nothing else of it.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/failure.h"
#include "image/kind.h"

/* Written by the child, read by the parent with suspicion. */
struct unpacker_shared {
	_Atomic uint64_t read; /* bytes of the stream */
	_Atomic uint64_t unpacked;
	_Atomic uint64_t entries;
	uint64_t lost_attributes;
	uint64_t devices;
	struct failure failure;
};

struct unpacker {
	pid_t pid; /* 0: none */
	int pid_fd;
	int stream_fd; /* non-blocking end of the pipe to it */
	struct unpacker_shared *shared;
};

/* Starts it in the directory tree_fd; label begins its messages. It waits for
 * unpacker_order(). */
int unpacker_start(struct unpacker *unpacker, int tree_fd, const char *label,
		   struct failure *failure) _must_check;

/* What comes down stream_fd from now on: the kind, and how many bytes (0: not
 * known). */
int unpacker_order(struct unpacker *unpacker, enum image_kind kind,
		   uint64_t total, struct failure *failure) _must_check;

/* After pid_fd became readable: reaps it and says what it did. */
int unpacker_result(struct unpacker *unpacker, struct failure *failure)
	_must_check;

/* Kills and reaps it when it still runs, and releases everything. */
void unpacker_stop(struct unpacker *unpacker);
