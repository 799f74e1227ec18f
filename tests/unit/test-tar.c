/* SPDX-License-Identifier: MIT */
#include "image/tar.h"

#include <errno.h>

#include "tap.h"

#define BLOCK 512
#define SIZE  700 /* of the file; its last block has 188 bytes of it */

static uint8_t archive[8 * BLOCK];

/* ustar's form (POSIX pax, "ustar Interchange Format"). */
static void fill(void)
{
	char *block = (char *)archive;
	unsigned int sum = 0;

	snprintf(block, 100, "file");
	snprintf(block + 100, 8, "%07o", 0644);
	snprintf(block + 108, 8, "%07o", 0);
	snprintf(block + 116, 8, "%07o", 0);
	snprintf(block + 124, 12, "%011o", SIZE);
	snprintf(block + 136, 12, "%011o", 0);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar\00000", 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += archive[i];
	snprintf(block + 148, 8, "%06o", sum);
	memset(archive + BLOCK, 'x', SIZE);
}

/* --- reading it --- */

struct reading {
	struct view rest;
	size_t piece; /* bytes at a time */
	size_t entries, ends;
	uint64_t bytes;
};

static int next(void *context, struct view *ret_bytes)
{
	struct reading *reading = context;

	*ret_bytes = view_sub(&reading->rest,
			      MIN(reading->rest.left, reading->piece));
	return ret_bytes->left > 0;
}

static int on_entry(void *context, struct archive_entry *entry _unused,
		    const char *name _unused, const char *link _unused,
		    struct failure *failure _unused)
{
	((struct reading *)context)->entries++;
	return 0;
}

static int on_data(void *context, struct view bytes, uint64_t offset _unused,
		   struct failure *failure _unused)
{
	((struct reading *)context)->bytes += bytes.left;
	return 0;
}

static int on_end(void *context, struct failure *failure _unused)
{
	((struct reading *)context)->ends++;
	return 0;
}

static int read_first(size_t len, size_t piece, struct reading *reading)
{
	const struct input input = { next, reading };
	const struct tar_sink sink = { on_entry, on_data, on_end, reading };
	struct failure failure = { 0 };

	*reading = (struct reading){ view_over(archive, len), piece };
	return tar_read(&input, &sink, "test", &failure);
}

static const struct {
	size_t len;
	int r;
	const char *what;
} ends[] = {
	{ sizeof(archive), 0, "a whole archive" },
	{ 3 * BLOCK, 0, "without the blocks at its end" },
	{ 3 * BLOCK + 512, 0, "with one of them" },
	{ 3 * BLOCK - 1, 0, "with most of the padding" },
	{ BLOCK + SIZE, 0, "without the padding" },
	{ BLOCK + SIZE - 1, -EBADMSG, "without the last byte of its file" },
	{ 2 * BLOCK, -EBADMSG, "without a block of its file" },
	{ BLOCK, -EBADMSG, "without its file's content" },
	{ BLOCK - 1, -EBADMSG, "with a header that is cut" },
	{ 0, -EBADMSG, "nothing" },
};

int main(void)
{
	static const size_t pieces[] = { 1, 100, 512, 65536 };
	struct reading reading;

	fill();
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		for (size_t j = 0; j < ARRAY_SIZE(pieces); j++) {
			ok_int(read_first(ends[i].len, pieces[j], &reading),
			       ends[i].r, ends[i].what);
			ok(ends[i].r < 0 ? reading.ends == 0
					 : reading.entries == 1 &&
						   reading.ends == 1 &&
						   reading.bytes == SIZE,
			   "  what was handed on");
		}
	return tap_done();
}
