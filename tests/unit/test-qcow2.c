/* SPDX-License-Identifier: MIT */
#include "image/qcow2.h"

#include <errno.h>

#include "tap.h"
#include "wire/build.h"

/* Where the fields are that are changed (qcow2.txt, "Header"). */
enum field {
	MAGIC = 0,
	VERSION = 4,
	BACKING_OFFSET = 8,
	BACKING_SIZE = 16,
	CLUSTER_BITS = 20,
	SIZE = 24,
	ENCRYPTION = 32,
	L1_ENTRIES = 36,
	L1_OFFSET = 40,
	FEATURES = 72,
	LENGTH = 100,
	COMPRESSION = 104,
};

static uint8_t head[QCOW2_HEAD];
static struct qcow2_header header;
static struct failure failure;

static void put(enum field at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		head[(size_t)at + i] =
			(uint8_t)(value >> (8 * (bytes - 1 - i)));
}

/* As qemu-img makes one of 10 GiB. */
static void fill(void)
{
	memset(head, 0, sizeof(head));
	memcpy(head, "QFI\xfb", 4);
	put(VERSION, 3, 4);
	put(CLUSTER_BITS, 16, 4);
	put(SIZE, 10 * GIB, 8);
	put(L1_ENTRIES, 20, 4);
	put(L1_OFFSET, 0x30000, 8);
	put(LENGTH, 112, 4);
}

static int parse(size_t len)
{
	failure = (struct failure){ 0 };
	return qcow2_parse_header(view_over(head, len), "a.qcow2", &header,
				  &failure);
}

static void test_good(void)
{
	fill();
	ok_int(parse(sizeof(head)), 0, "a good one");
	ok(header.version == 3 && header.cluster_bits == 16 &&
		   header.size == 10 * GIB && header.l1_entries == 20 &&
		   header.l1_offset == 0x30000 && !header.zstd &&
		   !header.extended,
	   "as it says");
	put(FEATURES, 1, 8);
	ok_int(parse(sizeof(head)), 0, "one that was not closed");
	put(FEATURES, 8 | 16, 8);
	put(COMPRESSION, 1, 1);
	ok_int(parse(sizeof(head)), 0, "with zstd and subclusters");
	ok(header.zstd && header.extended, "as it says");
	fill();
	put(VERSION, 2, 4);
	put(FEATURES, UINT64_MAX, 8);
	ok_int(parse(72), 0, "of version 2, which has no features");
	fill();
	put(LENGTH, 104, 4);
	put(COMPRESSION, 1, 1);
	ok_int(parse(sizeof(head)), 0,
	       "what is behind the header is not in it");
	ok(!header.zstd, "it is zlib");
}

static const struct {
	enum field at;
	size_t bytes;
	uint64_t value;
	int r;
	const char *words;
} bad[] = {
	{ MAGIC, 4, 0x51464900, -EBADMSG, "not a qcow2 file" },
	{ VERSION, 4, 1, -EPROTONOSUPPORT, "version 1" },
	{ VERSION, 4, 4, -EPROTONOSUPPORT, "version 4" },
	{ BACKING_OFFSET, 8, 512, -EPROTONOSUPPORT, "(base.raw)" },
	{ BACKING_OFFSET, 8, UINT64_MAX, -EPROTONOSUPPORT,
	  "(its backing file)" },
	{ CLUSTER_BITS, 4, 8, -EBADMSG, "cluster size" },
	{ CLUSTER_BITS, 4, 22, -EBADMSG, "cluster size" },
	{ CLUSTER_BITS, 4, UINT32_MAX, -EBADMSG, "cluster size" },
	{ SIZE, 8, 0, -EBADMSG, "no size" },
	{ SIZE, 8, QCOW2_SIZE_MAX + 1, -EFBIG, "larger than" },
	{ SIZE, 8, UINT64_MAX, -EFBIG, "larger than" },
	{ ENCRYPTION, 4, 1, -EPROTONOSUPPORT, "encrypted" },
	{ L1_OFFSET, 8, 0x30001, -EBADMSG, "odd place" },
	{ FEATURES, 8, 2, -EPROTONOSUPPORT, "corrupt" },
	{ FEATURES, 8, 4, -EPROTONOSUPPORT, "another file" },
	{ FEATURES, 8, 8, -EBADMSG, "compression" },
	{ FEATURES, 8, 32, -EPROTONOSUPPORT, "not known here (0x20)" },
	{ LENGTH, 4, 103, -EBADMSG, "cut short" },
	{ COMPRESSION, 1, 1, -EBADMSG, "compression" },
	{ COMPRESSION, 1, 2, -EPROTONOSUPPORT, "not known here" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		fill();
		put(BACKING_SIZE, 8, 4);
		memcpy(head + 512, "base.raw", 8);
		put(bad[i].at, bad[i].value, bad[i].bytes);
		ok_int(parse(sizeof(head)), bad[i].r, bad[i].words);
		if (!ok(strstr(failure.text, bad[i].words), "  and why"))
			printf("# %s\n", failure.text);
	}
	fill();
	for (size_t len = 0; len <= 104; len++)
		if (parse(len) != -EBADMSG)
			ok(false, "a header that is cut short");
	ok_int(parse(105), 0, "one byte more and it is whole");
	put(LENGTH, 104, 4);
	ok_int(parse(104), 0, "as it would be without that byte");
}

int main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
