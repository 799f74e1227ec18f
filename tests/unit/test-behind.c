/* SPDX-License-Identifier: MIT */
#include "image/behind.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "tap.h"

#define PIECE (MIB + 7) /* of what is written between two calls */
#define HOLE  (3 * MIB)

static struct verifier *new_verifier(void)
{
	const struct verify_wishes wishes = { 0 };
	struct verifier *verifier;
	struct failure failure;

	if (verify_open(&wishes, "test", &verifier, &failure) < 0)
		abort();
	return verifier;
}

static const char *sha256_of(struct verifier *verifier)
{
	static struct verify_verdict verdict;
	struct failure failure;

	if (verify_finish(verifier, &verdict, &failure) < 0)
		abort();
	return verdict.sha256;
}

/* All that is in the file, hashed at once. */
static const char *wanted(int fd, size_t len)
{
	static char hex[SHA256_HEX_MAX];
	struct verifier *verifier = new_verifier();
	uint8_t *bytes = malloc(len + 1);

	if (!bytes || pread(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	verify_add(verifier, view_over(bytes, len));
	memcpy(hex, sha256_of(verifier), sizeof(hex));
	verify_close(verifier);
	free(bytes);
	return hex;
}

static void write_piece(int fd, int value, uint64_t at)
{
	static uint8_t piece[PIECE];

	memset(piece, value, sizeof(piece));
	if (pwrite(fd, piece, sizeof(piece), (off_t)at) != sizeof(piece))
		abort();
}

/* Pieces, a hole between them, and a hole at the end that only its length at
 * the end makes. */
static void test_hash(void)
{
	struct verifier *verifier = new_verifier();
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct behind behind;
	uint64_t at = 0;

	ok_int(behind_start(&behind, fd, verifier), 0, "it starts");
	for (int i = 0; i < 8; i++) {
		if (i == 4)
			at += HOLE;
		write_piece(fd, i, at);
		at += PIECE;
		behind_tell(&behind, at);
	}
	behind_tell(&behind, at + HOLE);
	if (ftruncate(fd, (off_t)(at + HOLE)) < 0)
		abort();
	ok_int(behind_finish(&behind), 0, "and has read all at the end");
	ok_str(sha256_of(verifier), wanted(fd, at + HOLE),
	       "the hash is of the file, holes and all");
	behind_stop(&behind);
	verify_close(verifier);
	close(fd);
}

static void test_nothing(void)
{
	struct verifier *verifier = new_verifier();
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct behind behind;

	ok_int(behind_start(&behind, fd, verifier), 0, "it starts");
	ok_int(behind_finish(&behind), 0, "nothing was written");
	ok_str(sha256_of(verifier), wanted(fd, 0), "the hash is of nothing");
	verify_close(verifier);
	close(fd);
}

static void test_bad(void)
{
	struct verifier *verifier = new_verifier();
	int fd = memfd_create("image", MFD_CLOEXEC), ends[2];
	struct behind behind;

	ok_int(behind_start(&behind, fd, verifier), 0, "it starts");
	behind_tell(&behind, PIECE);
	ok_int(behind_finish(&behind), -EIO,
	       "a file that is shorter than was said");
	if (pipe(ends) < 0)
		abort();
	ok_int(behind_start(&behind, ends[0], verifier), 0, "it starts");
	behind_tell(&behind, PIECE);
	ok_int(behind_finish(&behind), -ESPIPE, "what cannot be read so");
	close(ends[0]);
	close(ends[1]);
	verify_close(verifier);
	close(fd);
}

static void test_stop(void)
{
	struct verifier *verifier = new_verifier();
	int fd = memfd_create("image", MFD_CLOEXEC);
	struct behind behind = { 0 };

	behind_stop(&behind);
	ok(true, "one that never ran is stopped");
	ok_int(behind_start(&behind, fd, verifier), 0, "it starts");
	behind_tell(&behind, PIECE); /* which never comes */
	behind_stop(&behind);
	ok(!behind.running, "one that waits for more is stopped");
	verify_close(verifier);
	close(fd);
}

int main(void)
{
	test_hash();
	test_nothing();
	test_bad();
	test_stop();
	return tap_done();
}
