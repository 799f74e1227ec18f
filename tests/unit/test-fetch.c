/* SPDX-License-Identifier: MIT */
#include "image/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define SIZE (4 * MIB)

static uint8_t content[SIZE], seen[SIZE + 1];
static size_t seen_len;
static struct failure failure;

static int on_data(void *context _unused, struct view bytes,
		   struct failure *f _unused)
{
	if (bytes.left > sizeof(seen) - seen_len)
		return -ENOBUFS;
	memcpy(seen + seen_len, bytes.at, bytes.left);
	seen_len += bytes.left;
	return 0;
}

static int on_tick(void *context _unused, struct failure *f _unused)
{
	return 0;
}

static int fetch(struct fetch_source source)
{
	struct fetch run = { .source = &source,
			     .data = on_data,
			     .tick = on_tick };
	int r;

	source.kind = FETCH_FD;
	source.name = "test";
	seen_len = 0;
	r = fetch_run(&run, &failure);
	return r < 0 ? r : run.done == seen_len ? 0 : -EIO;
}

static int new_file(void)
{
	int fd = memfd_create("spool", MFD_CLOEXEC);

	for (size_t i = 0; i < SIZE; i++)
		content[i] = (uint8_t)(i * 7 + (i >> 12) + 1);
	if (write(fd, content, SIZE) != SIZE)
		abort();
	return fd;
}

static uint64_t takes(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : (uint64_t)st.st_blocks * 512;
}

static bool handed(uint64_t offset, uint64_t len)
{
	return seen_len == len && memcmp(seen, content + offset, len) == 0;
}

static const struct {
	uint64_t offset, length;
	int r;
	const char *what;
} ranges[] = {
	{ 0, SIZE, 0, "all of it" },
	{ MIB, 2 * MIB, 0, "the middle" },
	{ 5, 1, 0, "a byte" },
	{ SIZE - 1, 1, 0, "the last byte" },
	{ MIB, 0, 0, "to its end" },
	{ MIB, SIZE, -EBADMSG, "more than there is" },
	{ SIZE + 1, 1, -EBADMSG, "what is behind it" },
	{ 1, UINT64_MAX, -EBADMSG, "more than can be" },
};

static void test_ranges(void)
{
	int fd = new_file();

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		uint64_t length = ranges[i].length;

		ok_int(fetch((struct fetch_source){ .fd = fd,
						    .offset = ranges[i].offset,
						    .length = length }),
		       ranges[i].r, ranges[i].what);
		if (ranges[i].r == 0)
			ok(handed(ranges[i].offset,
				  length ? length : SIZE - ranges[i].offset),
			   "  and nothing else");
	}
	ok_int((int64_t)takes(fd), SIZE, "all of it is still there");
	close(fd);
}

/* A layer of an archive that is in memory. */
static void test_consumed(void)
{
	int fd = new_file();
	uint8_t rest[2];

	ok_int(fetch((struct fetch_source){ .fd = fd,
					    .offset = MIB,
					    .length = 2 * MIB,
					    .consume = true }),
	       0, "the middle, consumed");
	ok(handed(MIB, 2 * MIB), "is handed on as it was");
	ok_int((int64_t)takes(fd), SIZE - 2 * MIB, "and takes nothing now");
	ok(pread(fd, rest, 1, MIB - 1) == 1 &&
		   pread(fd, rest + 1, 1, 3 * MIB) == 1 &&
		   rest[0] == content[MIB - 1] && rest[1] == content[3 * MIB],
	   "its neighbours are untouched");
	ok_int(fetch((struct fetch_source){ .fd = fd,
					    .offset = 3 * MIB + 1,
					    .length = MIB - 1,
					    .consume = true }),
	       0, "a part that begins within a page");
	ok(handed(3 * MIB + 1, MIB - 1) && pread(fd, rest, 1, 3 * MIB) == 1 &&
		   rest[0] == content[3 * MIB],
	   "leaves what is before it");
	close(fd);
}

static void test_pipe(void)
{
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], "abc", 3) != 3)
		abort();
	close(ends[1]);
	ok_int(fetch((struct fetch_source){ .fd = ends[0], .consume = true }),
	       0, "a pipe to its end");
	ok(seen_len == 3 && memcmp(seen, "abc", 3) == 0, "as it came");
	close(ends[0]);
}

int main(void)
{
	test_ranges();
	test_consumed();
	test_pipe();
	return tap_done();
}
