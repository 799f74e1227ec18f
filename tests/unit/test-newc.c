/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/newc.h"

static const struct newc_entry console = {
	.inode = 7,
	.mode = 0020600,
	.uid = 1,
	.gid = 2,
	.links = 1,
	.mtime = 0x5f000000,
	.size = 3,
	.node_major = 5,
	.node_minor = 1,
	.name = "dev/console",
	.name_len = 11,
};

static const char console_bytes[] = "070701"
				    "00000007"
				    "00002180"
				    "00000001"
				    "00000002"
				    "00000001"
				    "5f000000"
				    "00000003"
				    "00000000"
				    "00000000"
				    "00000005"
				    "00000001"
				    "0000000c"
				    "00000000"
				    "dev/console\0\0"; /* and the literal's */

static const char trailer_bytes[] = "070701"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000001"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000000"
				    "00000000"
				    "0000000b"
				    "00000000"
				    "TRAILER!!!\0\0\0";

static void test_build(void)
{
	uint8_t bytes[NEWC_ENTRY_MAX + 4];
	struct build b = build_over(bytes, sizeof(bytes));

	newc_build_entry(&b, &console);
	ok(!b.bad, "an entry is built");
	ok_int((int64_t)b.len, 124, "and padded");
	ok(memcmp(bytes, console_bytes, b.len) == 0, "byte for byte");

	b = build_over(bytes, sizeof(bytes));
	newc_build_trailer(&b);
	ok_int((int64_t)b.len, 124, "the trailer's length");
	ok(memcmp(bytes, trailer_bytes, b.len) == 0, "the trailer's bytes");

	b = build_over(bytes, 110);
	newc_build_entry(&b, &console);
	ok(b.bad, "what does not fit is bad");
}

static void test_build_names(void)
{
	static char name[NEWC_NAME_MAX + 1];
	static const struct {
		const char *what;
		size_t len;
		bool bad;
	} rows[] = {
		{ "an empty name", 0, true },
		{ "the longest name", NEWC_NAME_MAX, false },
		{ "a name too long", NEWC_NAME_MAX + 1, true },
	};

	memset(name, 'n', sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static uint8_t bytes[NEWC_ENTRY_MAX];
		struct build b = build_over(bytes, sizeof(bytes));

		newc_build_entry(
			&b, &(struct newc_entry){ .name = name,
						  .name_len = rows[i].len });
		ok_int(b.bad, rows[i].bad, rows[i].what);
	}
	name[1] = '\0';
	{
		static uint8_t bytes[NEWC_ENTRY_MAX];
		struct build b = build_over(bytes, sizeof(bytes));

		newc_build_entry(&b, &(struct newc_entry){ .name = name,
							   .name_len = 3 });
		ok(b.bad, "a name with NUL in it");
	}
}

static void test_parse(void)
{
	struct newc_entry entry = { .inode = 99 };
	char bytes[124];
	size_t size;
	struct view v = view_over(console_bytes, sizeof(console_bytes));

	ok_int(newc_parse_entry(&v, &entry), 1, "an entry is parsed");
	ok_int((int64_t)v.left, (int64_t)sizeof(console_bytes) - 124,
	       "the view stands behind its padding");
	ok_int(entry.inode, 7, "inode");
	ok_int(entry.mode, 0020600, "mode");
	ok_int(entry.uid, 1, "uid");
	ok_int(entry.gid, 2, "gid");
	ok_int(entry.mtime, 0x5f000000, "mtime");
	ok_int(entry.size, 3, "size");
	ok_int(entry.node_major, 5, "major");
	ok_int(entry.node_minor, 1, "minor");
	ok(entry.name_len == 11 && !memcmp(entry.name, "dev/console", 11),
	   "name");

	v = view_over(trailer_bytes, sizeof(trailer_bytes));
	entry.inode = 99;
	ok_int(newc_parse_entry(&v, &entry), 0, "the trailer");
	ok_int(entry.inode, 99, "of the trailer nothing is written");

	v = view_over(console_bytes, sizeof(console_bytes));
	ok(newc_header_size(v, &size) == 0 && size == 122,
	   "how long header and name are");
	ok_int(newc_header_size(view_over(console_bytes, 101), &size), -EBADMSG,
	       "not from less than a header");
	for (size_t len = 0; len < 124; len++) {
		v = view_over(console_bytes, len);
		if (newc_parse_entry(&v, &entry) != -EBADMSG)
			ok_int((int64_t)len, -1, "a short entry is refused");
	}
	memcpy(bytes, console_bytes, sizeof(bytes));
	memcpy(bytes, "070702", 6);
	memcpy(bytes + 102, "0000002a", 8);
	v = view_over(bytes, sizeof(bytes));
	ok(newc_parse_entry(&v, &entry) == 1 && entry.checked &&
		   entry.checksum == 42,
	   "one with a check sum");
	memcpy(bytes, console_bytes, sizeof(bytes));
	bytes[9] = 'g';
	v = view_over(bytes, sizeof(bytes));
	ok_int(newc_parse_entry(&v, &entry), -EBADMSG, "not a digit");
	memcpy(bytes, console_bytes, sizeof(bytes));
	bytes[113] = '\0';
	v = view_over(bytes, sizeof(bytes));
	ok_int(newc_parse_entry(&v, &entry), -EBADMSG, "NUL in the name");
	memset(bytes + 120, '\0', 2);
	v = view_over(bytes, sizeof(bytes));
	ok_int(newc_parse_entry(&v, &entry), -EBADMSG, "NUL in the name");
	memset(bytes + 113, '\0', 8);
	v = view_over(bytes, sizeof(bytes));
	ok(newc_parse_entry(&v, &entry) == 1 && entry.name_len == 3 &&
		   entry.name_zeros == 8,
	   "NULs behind the name");
	memcpy(bytes, console_bytes, sizeof(bytes));
	bytes[121] = 'x';
	v = view_over(bytes, sizeof(bytes));
	ok_int(newc_parse_entry(&v, &entry), -EBADMSG, "a name without NUL");
}

int main(void)
{
	test_build();
	test_build_names();
	test_parse();
	ok_int((int64_t)newc_padding(0), 0, "no padding behind nothing");
	ok_int((int64_t)newc_padding(5), 3, "padding to four");
	ok_int((int64_t)newc_padding(UINT64_MAX), 1, "padding never overflows");
	return tap_done();
}
