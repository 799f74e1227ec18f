/* SPDX-License-Identifier: MIT */
/*
 * The process that unpacks. It is forked before anything is fetched, so that
 * it holds nothing of the fetching side, and is confined to the new root
 * before it reads the first byte. It reads the stream from a ring, to which it
 * cannot write, and has a page shared with its parent in which it counts and,
 * at the end, says what went wrong; the parent believes nothing else of it.
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/failure.h"
#include "image/kind.h"
#include "image/ring.h"

/* What becomes of an archive's entries. */
enum unpack_mode {
	UNPACK_ROOT,  /* a root: every entry is what it says */
	UNPACK_APPLY, /* an OCI layer (layer.md), over what is there already */
	UNPACK_LAYER, /* an OCI layer in a directory of its own: whiteouts and
			 opaque directories in the form of overlayfs */
};

enum unpack_depth {
	UNPACK_ALL,
	UNPACK_HEADS,	/* of a file only the first bytes, the rest is a hole:
			   enough to look at an image */
	UNPACK_NOTHING, /* read, decoded, checked, and dropped */
};

/* What decoded bytes turned out to be. */
enum unpack_content {
	UNPACK_CONTENT_NONE,
	UNPACK_CONTENT_TREE, /* an archive: unpacked into the directory */
	UNPACK_CONTENT_FILE, /* a file system or disk: the file "image" in it */
};

/* Written by the child, read by the parent with suspicion. */
struct unpacker_shared {
	/* By the parent, before the first bytes: what they are, and how many
	 * there will be (0: not known). */
	uint32_t kind; /* enum image_kind */
	uint64_t total;

	_Atomic uint64_t read; /* bytes of the stream */
	_Atomic uint64_t unpacked;
	_Atomic uint64_t entries;
	/* Raised by the child while it waits, a few seconds, for the parent to
	 * make room; only when the parent said that it could. */
	_Atomic uint32_t starved;
	uint32_t content;      /* enum unpack_content */
	uint32_t content_kind; /* enum image_kind of what was decoded */
	uint64_t lost_attributes;
	uint64_t lost_owners;  /* an unprivileged unpacker cannot give away */
	uint64_t lost_devices; /* nor make devices */
	uint64_t devices;
	/* UNPACK_LAYER, not the lowest: it has a hard link to, or a directory
	 * without an entry of its own (an implied parent) that may be from, a
	 * layer below: it cannot stand alone. */
	uint32_t leans_on_lower;
	struct failure failure;
};

struct unpacker_start {
	struct ring *ring; /* a shared one; RING_FIRST is the child */
	int tree_fd;	   /* becomes "/" of the child */
	const char *label; /* begins its messages */
	enum unpack_mode mode;
	enum unpack_depth depth;
	bool lowest; /* UNPACK_LAYER, UNPACK_APPLY: nothing is below it */
	/* It creates nothing before this pipe has given a byte; FD_NONE: at
	 * once. End of file without a byte: it ends with ECANCELED. */
	int turn_fd;
	bool room_can_be_made; /* see starved */
};

struct unpacker {
	pid_t pid; /* 0: none */
	int pid_fd;
	int marks_fd; /* UNPACK_LAYER: names of opaque directories, each with
			  its NUL; see overlay_mark(). FD_NONE: none */
	struct unpacker_shared *shared;
};

/* Starts it; it waits for unpacker_order(). Without root it works in a user
 * namespace of its own, as far as that goes (lost_*). */
int unpacker_start(struct unpacker *unpacker, const struct unpacker_start *how,
		   struct failure *failure) _must_check;

/* Says what will come, before the first bytes are pushed. */
void unpacker_order(struct unpacker *unpacker, enum image_kind kind,
		    uint64_t total);

/* After pid_fd became readable: reaps it and says what it did. */
int unpacker_result(struct unpacker *unpacker, struct failure *failure)
	_must_check;

/* Kills and reaps it when it still runs, and releases everything. */
void unpacker_stop(struct unpacker *unpacker);

/*
 * Sets trusted.overlay.opaque on the directories that marks_fd names, which
 * the confined child may not. Names are the child's and hostile: each is opened
 * as if tree_fd were "/".
 */
int overlay_mark(int tree_fd, int marks_fd, struct failure *failure)
	_must_check;
