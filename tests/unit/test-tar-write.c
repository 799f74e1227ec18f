/* SPDX-License-Identifier: MIT */
/* Headers of tar archives byte by byte, and each pax record. */
#include <errno.h>
#include <stdlib.h>

#include "image/tar-write.h"
#include "tap.h"

#define D50  "dddddddddddddddddddddddddddddddddddddddddddddddddd"
#define D100 D50 D50
#define D155 D100 D50 "ddddd"

/* Where in a header what stands. */
struct wanted {
	size_t at;
	const char *bytes;
	size_t len;
};

#define IS(at, text)                       \
	{                                  \
		at, text, sizeof(text) - 1 \
	}

static struct build header_of(const struct tar_entry *entry)
{
	static uint8_t bytes[65536];
	struct build header = build_over(bytes, tar_header_max(entry));

	memset(bytes, 0xee, sizeof(bytes));
	tar_header(entry, &header);
	ok(!header.bad && header.len % TAR_BLOCK_BYTES == 0,
	   "fits, in whole blocks");
	return header;
}

static void test_ustar(void)
{
	static const struct tar_entry entry = {
		.type = TAR_CHARACTER,
		.path = "dev/null",
		.mode = 06751,
		.uid = 2097151,
		.gid = 7,
		.major = 259,
		.minor = 70000,
		.mtime = { .tv_sec = 8589934591 },
	};
	static const struct wanted wanted[] = {
		IS(0, "dev/null\0"),	  IS(100, "0006751\0"),
		IS(108, "7777777\0"),	  IS(116, "0000007\0"),
		IS(124, "00000000000\0"), IS(136, "77777777777\0"),
		IS(156, "3\0"),		  IS(257, "ustar\00000\0"),
		IS(329, "0000403\0"),	  IS(337, "0210560\0"),
		IS(345, "\0\0\0"),
	};
	struct build header = header_of(&entry);
	unsigned int sum = 8 * ' ';

	ok_int((int64_t)header.len, TAR_BLOCK_BYTES, "nothing but a header");
	for (size_t i = 0; i < header.len; i++)
		sum += i < 148 || i >= 156 ? header.start[i] : 0;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ok(memcmp(header.start + wanted[i].at, wanted[i].bytes,
			  wanted[i].len) == 0,
		   wanted[i].bytes);
	ok_int(strtol((char *)header.start + 148, NULL, 8), sum, "its sum");
	ok(memcmp(header.start + 154, "\0 ", 2) == 0, "and how that ends");
}

static void test_prefix(void)
{
	static const struct {
		enum tar_type type;
		const char *path, *prefix, *name; /* NULL: not without pax */
	} names[] = {
		{ TAR_FILE, D100, "", D100 },
		{ TAR_FILE, D50 "/" D100, D50, D100 },
		{ TAR_FILE, D155 "/" D100, D155, D100 },
		{ TAR_FILE, D155 "d/" D100, NULL, NULL },
		{ TAR_FILE, D155 "/" D100 "d", NULL, NULL },
		{ TAR_FILE, D100 "d", NULL, NULL },
		{ TAR_DIRECTORY, "usr", "", "usr/" },
		{ TAR_DIRECTORY, D50 "/" D50 "/n", D50 "/" D50, "n/" },
		{ TAR_DIRECTORY, D100, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct tar_entry entry = { .type = names[i].type,
						 .path = names[i].path };
		struct build header = header_of(&entry);
		const char *bytes = (const char *)header.start;

		if (!names[i].name) {
			ok(header.len > TAR_BLOCK_BYTES && bytes[156] == 'x',
			   "an extended header");
			continue;
		}
		ok(header.len == TAR_BLOCK_BYTES &&
			   strncmp(bytes, names[i].name, 100) == 0 &&
			   strncmp(bytes + 345, names[i].prefix, 155) == 0,
		   names[i].path);
	}
}

static const struct tar_piece pieces[] = { { 512, 1024 }, { 4096, 100 } };

static const struct {
	const char *what, *records;
	struct tar_entry entry;
} extended[] = {
	{ "UTF-8", "11 path=\xc3\xa4\n", { TAR_FILE, .path = "\xc3\xa4" } },
	{ "bytes",
	  "21 hdrcharset=BINARY\n9 path=\xe4\n",
	  { TAR_FILE, .path = "\xe4" } },
	{ "a link",
	  "15 linkpath=\xc3\xa4\n",
	  { TAR_SYMLINK, .path = "l", .link = "\xc3\xa4" } },
	{ "a long link",
	  "115 linkpath=" D100 "d\n",
	  { TAR_HARD_LINK, .path = "l", .link = D100 "d" } },
	{ "uid, gid",
	  "18 uid=4000000000\n15 gid=2097152\n",
	  { TAR_FILE, .path = "f", .uid = 4000000000, .gid = 2097152 } },
	{ "8 GiB",
	  "19 size=8589934592\n",
	  { TAR_FILE, .path = "f", .size = 8 * GIB } },
	{ "nanoseconds",
	  "20 mtime=7.00000001\n",
	  { TAR_FILE, .path = "f", .mtime = { 7, 10 } } },
	{ "before 1970",
	  "12 mtime=-2\n",
	  { TAR_FILE, .path = "f", .mtime = { -2, 0 } } },
	{ "and a half",
	  "14 mtime=-1.5\n",
	  { TAR_FILE, .path = "f", .mtime = { -2, 500000000 } } },
	{ "after ustar",
	  "20 mtime=8589934592\n",
	  { TAR_FILE, .path = "f", .mtime = { 8589934592, 0 } } },
	{ "holes",
	  "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
	  "21 GNU.sparse.name=f\n28 GNU.sparse.realsize=8192\n",
	  { TAR_FILE, .path = "f", .size = 8192, .sparse = true,
	    .pieces = pieces, .piece_count = 2 } },
};

static void test_extended(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(extended); i++) {
		struct build header = header_of(&extended[i].entry);
		const char *bytes = (const char *)header.start;
		char records[513] = "";

		memcpy(records, bytes + 512, 512);
		ok_str(records, extended[i].records, extended[i].what);
		ok(bytes[156] == 'x' && strncmp(bytes, "PaxHeaders/", 11) == 0,
		   "in front of it");
		ok_int(strtol(bytes + 124, NULL, 8), (int64_t)strlen(records),
		       "how long it is");
		ok_int(bytes[1024 + 156], extended[i].entry.type, "then it");
		ok(strncmp(bytes + 1024 + 108, "0000000", 8) == 0 ||
			   strncmp(bytes + 1024 + 108, "7777777", 8) == 0,
		   "an owner that does not fit is not root");
	}
}

static void test_map(void)
{
	struct tar_entry entry = { TAR_FILE,	     .path = "d/f",
				   .size = 8192,     .sparse = true,
				   .pieces = pieces, .piece_count = 2 };
	struct build header = header_of(&entry);
	const char *map = (const char *)header.start + 1536;

	ok_str(map, "3\n512\n1024\n4096\n100\n8192\n0\n", "ends in a hole");
	ok(strncmp(map - 512, "GNUSparseFile.0/f", 100) == 0, "its name");
	ok_int(strtol(map - 512 + 124, NULL, 8), 512 + 1124, "its size");
	entry.size = 4196;
	header = header_of(&entry);
	ok_str((char *)header.start + 1536, "2\n512\n1024\n4096\n100\n",
	       "ends in a piece");
	entry.piece_count = 0;
	header = header_of(&entry);
	ok_str((char *)header.start + 1536, "1\n4196\n0\n", "only a hole");
}

static void test_records(void)
{
	static const size_t lens[] = { 0, 3, 4, 91, 92, 93, 990, 991, 65536 };
	static char value[65536];
	static uint8_t bytes[66000];

	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		struct build b = build_over(bytes, sizeof(bytes));

		memset(value, '\n', sizeof(value));
		tar_record(&b, "a", "b", value, lens[i]);
		ok(!b.bad && strtoul((char *)bytes, NULL, 10) == b.len &&
			   bytes[b.len - 1] == '\n',
		   "counts its own digits");
	}
}

static int count(void *context, const void *bytes _unused, size_t len,
		 struct failure *failure)
{
	uint64_t *left = context;

	if (len > *left)
		return failure_set(failure, ENOSPC, "full");
	*left -= len;
	return 0;
}

static void test_archive(void)
{
	const struct tar_entry entry = { TAR_FILE, .path = "f", .size = 9000 };
	static const uint8_t content[9000];
	struct failure failure = { 0 };
	uint64_t left = 1000000;
	struct tar_write tar = { count, &left, "test", &failure };

	ok(tar_write_entry(&tar, &entry) == 0 &&
		   tar_write_content(&tar, content, sizeof(content)) == 0 &&
		   tar_write_end(&tar) == 0,
	   "an archive");
	ok_int((int64_t)(1000000 - left), 20480, "of two records");
	tar_write_free(&tar);
	left = 100;
	tar = (struct tar_write){ count, &left, "test", &failure };
	ok_int(tar_write_end(&tar), -ENOSPC, "a full disk");
	ok_str(failure.text, "full", "says so");
	tar_write_free(&tar);
}

int main(void)
{
	test_ustar();
	test_prefix();
	test_extended();
	test_map();
	test_records();
	test_archive();
	return tap_done();
}
