/* SPDX-License-Identifier: MIT */
/* Files with holes, and the set of places that a layer has made. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/seen.h"
#include "image/sparse.h"
#include "tap.h"

#define BLOCK SPARSE_BLOCK

/* What is written in pieces of this many bytes is the same file. */
static const size_t pieces[] = { 1, 7, 512, BLOCK - 1, BLOCK, BLOCK + 1, 65536 };

static int write_pieces(struct sparse *sparse, const uint8_t *bytes, size_t len,
			size_t piece)
{
	struct view all = view_over(bytes, len);
	int r = 0;

	while (all.left > 0 && r == 0) {
		struct view next = view_sub(&all, MIN(piece, all.left));

		r = sparse_write(sparse, &next);
	}
	return r < 0 ? r : sparse_finish(sparse);
}

static bool holds(int fd, const uint8_t *bytes, size_t len)
{
	_cleanup_free uint8_t *is = malloc(len + 1);

	return is && pread(fd, is, len + 1, 0) == (ssize_t)len &&
	       memcmp(is, bytes, len) == 0;
}

static void test_sparse(void)
{
	static uint8_t bytes[12 * BLOCK + 100];
	struct stat st;

	bytes[0] = 1;
	bytes[3 * BLOCK - 1] = 2;
	memset(bytes + 5 * BLOCK + 17, 3, BLOCK);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		_cleanup_fd int fd = memfd_create("sparse", MFD_CLOEXEC);
		struct sparse sparse = { .fd = fd };
		char what[64];

		snprintf(what, sizeof(what), "%zu bytes at a time", pieces[i]);
		ok(write_pieces(&sparse, bytes, sizeof(bytes), pieces[i]) ==
				   0 &&
			   holds(fd, bytes, sizeof(bytes)),
		   what);
		ok(fstat(fd, &st) == 0 && st.st_blocks == 4 * BLOCK / 512,
		   "four blocks, the rest are holes");
		ok_int((int64_t)sparse.length, sizeof(bytes), "the length");
		ok(sparse.written >= BLOCK + 2 && sparse.written <= 4 * BLOCK,
		   "what was written is counted");
	}
}

static void test_sparse_failure(void)
{
	struct sparse sparse = { .fd = FD_NONE };
	uint8_t bytes[2 * BLOCK] = { [BLOCK] = 1 };
	struct view view = view_over(bytes, sizeof(bytes));

	ok_int(sparse_write(&sparse, &view), -EBADF, "a failure is told");
	ok(view.left == BLOCK && sparse.length == BLOCK,
	   "and what is left can be written later");
}

#define MANY 100000

static void test_seen(void)
{
	struct seen seen = { 0 };
	int added = 0, found = 0;

	ok(!seen_has(&seen, seen_key(1, "a")), "nothing is in an empty set");
	for (uint64_t i = 0; i < MANY; i++)
		added += seen_add(&seen, seen_key(i / 10, i % 10 ? "x" : "y"));
	ok_int(added, MANY / 10 * 2, "each is added once");
	for (uint64_t i = 0; i < MANY; i++)
		found += seen_has(&seen, seen_key(i / 10, "x"));
	ok_int(found, MANY, "and found");
	ok(!seen_has(&seen, seen_key(0, "z")) &&
		   !seen_has(&seen, seen_key(MANY, "x")),
	   "another name or inode is not");
	ok(seen_key(1, "") != 0 && seen_key(0, "") != 0,
	   "no key is that of an empty slot");
	seen_free(&seen);
	ok(!seen_has(&seen, seen_key(0, "x")), "nothing is left of it");
}

int main(void)
{
	test_sparse();
	test_sparse_failure();
	test_seen();
	return tap_done();
}
