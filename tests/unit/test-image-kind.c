/* SPDX-License-Identifier: MIT */
/* What a stream is, and how large it will be. */
#include <errno.h>

#include "image/hint.h"
#include "image/kind.h"
#include "image/room.h"
#include "tap.h"

#define HEAD(text) view_over(text, sizeof(text) - 1)

/* The header of an empty file "a" in the format from before POSIX. */
static void old_tar(uint8_t block[static 512])
{
	uint32_t sum = 8 * ' ';

	memset(block, 0, 512);
	block[0] = 'a';
	memcpy(block + 100, "0000644", 7);
	memcpy(block + 124, "00000000000", 11);
	for (size_t i = 0; i < 512; i++)
		sum += block[i];
	snprintf((char *)block + 148, 8, "%06o", sum);
	block[155] = ' ';
}

static void test_tar(void)
{
	uint8_t block[KIND_HEAD] = { 0 };

	old_tar(block);
	ok_int(kind_of(view_over(block, sizeof(block))), KIND_TAR,
	       "a tar header without a mark");
	ok_int(kind_of(view_over(block, 512)), KIND_TAR, "and nothing else");
	ok_int(kind_of(view_over(block, 511)), KIND_UNKNOWN, "cut by a byte");
	block[1] = 'b';
	ok_int(kind_of(view_over(block, 512)), KIND_UNKNOWN,
	       "with another check sum");
	memset(block, 0, sizeof(block));
	ok_int(kind_of(view_over(block, sizeof(block))), KIND_UNKNOWN,
	       "zeros are nothing");
	/* A name that looks like another format is still a tar's. */
	old_tar(block);
	memcpy(block, "hsqs", 4);
	snprintf((char *)block + 148, 8, "%06o",
		 'h' + 's' + 'q' + 's' - 'a' +
			 (uint32_t)strtoul((char *)block + 148, NULL, 8));
	block[155] = ' ';
	ok_int(kind_of(view_over(block, 512)), KIND_TAR,
	       "a tar of a file named hsqs");
}

static void test_magic(void)
{
	uint8_t erofs[1028] = { 0 };

	ok_int(kind_of(HEAD("\x1f\x8b")), KIND_TAR_GZIP, "gzip");
	ok_int(kind_of(HEAD("\x28\xb5\x2f\xfd")), KIND_TAR_ZSTD, "zstd");
	ok_int(kind_of(HEAD("\x5a\x2a\x4d\x18")), KIND_TAR_ZSTD,
	       "a skippable frame");
	ok_int(kind_of(HEAD("\xfd"
			    "7zXZ\0")),
	       KIND_TAR_XZ, "xz");
	ok_int(kind_of(HEAD("\x04\x22\x4d\x18")), KIND_TAR_LZ4, "lz4");
	ok_int(kind_of(HEAD("hsqs")), KIND_SQUASHFS, "squashfs");
	memcpy(erofs + 1024, "\xe2\xe1\xf5\xe0", 4);
	ok_int(kind_of(view_over(erofs, 1028)), KIND_EROFS, "erofs");
	ok_int(kind_of(view_over(erofs, 1027)), KIND_UNKNOWN, "erofs, cut");
	ok_int(kind_of(HEAD("070701")), KIND_CPIO, "newc");
	ok_int(kind_of(HEAD("070702")), KIND_CPIO, "newc with check sums");
	ok_int(kind_of(HEAD("070707")), KIND_UNKNOWN, "the oldest cpio");
	ok_int(kind_of(HEAD("\x1f")), KIND_UNKNOWN, "half of a mark");
	ok_str(kind_name(KIND_SQUASHFS), "squashfs", "a kind has a name");
}

/* A table with one partition, as sfdisk(8) writes it. */
static void make_table(uint8_t *head)
{
	memset(head, 0, KIND_HEAD);
	memcpy(head + 446, "\0\0\x21\0\x83\x51\x01\x01\0\x08\0\0\0\x10\0\0",
	       16);
	memcpy(head + 510, "\x55\xaa", 2);
}

static void test_disks(void)
{
	uint8_t head[KIND_HEAD] = { 0 };
	struct view view = view_over(head, sizeof(head));

	ok_int(kind_of(HEAD("QFI\xfb")), KIND_QCOW2, "qcow2");
	ok_int(kind_of(HEAD("XFSB")), KIND_DISK, "XFS");
	make_table(head);
	ok_int(kind_of(view), KIND_DISK, "a partition");
	ok_int(kind_of(view_over(head, 511)), KIND_UNKNOWN, "cut");
	head[446] = 0x12;
	ok_int(kind_of(view), KIND_UNKNOWN, "code in place of a table");
	make_table(head);
	memset(head + 446 + 8, 0, 4);
	ok_int(kind_of(view), KIND_UNKNOWN, "a partition that begins at 0");
	make_table(head);
	head[446 + 4] = 0;
	ok_int(kind_of(view), KIND_UNKNOWN, "no partition");
	memcpy(head + 512, "EFI PART", 8);
	ok_int(kind_of(view), KIND_DISK, "GPT");
	memset(head, 0, sizeof(head));
	head[1024] = head[1028] = 1;
	head[1024 + 24] = 2;
	memcpy(head + 1080, "\x53\xef", 2);
	ok_int(kind_of(view), KIND_DISK, "ext4");
	head[1024 + 24] = 7;
	ok_int(kind_of(view), KIND_UNKNOWN, "with blocks that are too large");
	make_table(head);
	memcpy(head, "hsqs", 4);
	ok_int(kind_of(view), KIND_SQUASHFS, "squashfs before a table");
	make_table(head);
	memcpy(head, "PK\3\4", 4);
	ok_int(kind_of(view), KIND_UNKNOWN, "an archive before a table");
	ok(kind_is_file(KIND_DISK) && kind_is_file(KIND_QCOW2) &&
		   kind_is_file(KIND_SQUASHFS) && kind_is_file(KIND_EROFS) &&
		   !kind_is_file(KIND_TAR) && !kind_is_file(KIND_TAR_GZIP) &&
		   !kind_is_file(KIND_CPIO) && !kind_is_file(KIND_UNKNOWN),
	   "what is kept as a file");
	ok_str(kind_name(KIND_DISK), "raw disk", "it has a name");
}

static void test_iso(void)
{
	uint8_t head[KIND_HEAD] = { 0 };
	struct view view = view_over(head, sizeof(head));
	struct failure failure;

	memcpy(head + 32768, "\1CD001\1", 7);
	ok_int(kind_of(view), KIND_ISO, "an ISO");
	ok_int(kind_of(view_over(head, 32768 + 5)), KIND_UNKNOWN, "cut");
	make_table(head);
	memcpy(head + 32768, "\1CD001\1", 7);
	ok_int(kind_of(view), KIND_ISO, "that is a disk, too");
	memcpy(head + 512, "EFI PART", 8);
	ok_int(kind_of(view), KIND_ISO, "with GPT");
	memcpy(head, "hsqs", 4);
	ok_int(kind_of(view), KIND_SQUASHFS, "anything may be in a squashfs");
	memset(head, 0, 4);
	ok(!kind_is_file(KIND_ISO), "it is not kept as a file");
	ok_int(kind_refuse(view, "URL", &failure), -EBADMSG, "it is refused");
	ok_str(failure.text,
	       "URL: this is an ISO image; `boomerang boot` starts it, with "
	       "its own kernel",
	       "in words");
}

static void test_certain(void)
{
	uint8_t head[KIND_HEAD] = { 0 };

	old_tar(head);
	ok(kind_is_certain(view_over(head, 512)), "a tar's first block");
	ok(!kind_is_certain(view_over(head, 511)), "but not less of it");
	memset(head, 0, 512);
	memcpy(head, "hsqs", 4);
	ok(kind_is_certain(view_over(head, 4096)), "a squashfs");
	ok(!kind_is_certain(view_over(head, 4095)), "with its superblock");
	make_table(head);
	ok(!kind_is_certain(view_over(head, KIND_HEAD - 1)),
	   "what looks like a disk may be an ISO");
	ok(kind_is_certain(view_over(head, KIND_HEAD)), "till its mark");
	memset(head, 0, sizeof(head));
	ok(!kind_is_certain(view_over(head, KIND_HEAD - 1)), "so may nothing");
}

static const struct {
	const char *head;
	const char *says;
} refusals[] = {
	{ "", "empty" },
	{ "\n <!DOCTYPE HTML>", "web page" },
	{ "\xef\xbb\xbf<html>", "web page" },
	{ "BZh91AY", "bzip2" },
	{ "vhdxfile", "a VHDX disk" },
	{ "conectix", "a VHD disk" },
	{ "PK\3\4", "zip archive" },
	{ "hello", "not an archive or image" },
};

static void test_refusals(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct failure failure = { 0 };
		struct view head =
			view_over(refusals[i].head, strlen(refusals[i].head));

		ok(kind_of(head) == KIND_UNKNOWN &&
			   kind_refuse(head, "URL", &failure) == -EBADMSG &&
			   strstr(failure.text, "URL: ") &&
			   strstr(failure.text, refusals[i].says),
		   refusals[i].says);
	}
}

static void test_gzip_hint(void)
{
	ok_int((int64_t)hint_gzip_tail(HEAD("xx\x00\x10\x00\x00"), 100), 4096,
	       "gzip: the last four bytes");
	ok_int((int64_t)hint_gzip_tail(HEAD("\x00\x10\x00\x00"), 4097), 0,
	       "gzip: less than the stream is not believed");
	ok_int((int64_t)hint_gzip_tail(HEAD("\x01\x10\x00\x00"), 100), 0,
	       "gzip: no tar has such a size");
	ok_int((int64_t)hint_gzip_tail(HEAD("\x10\x00\x00"), 1), 0,
	       "gzip: cut");
}

/* An index of two blocks (1000 and 300 bytes) and the footer, as xz(1) writes
 * them; sums of check do not matter here. */
static const uint8_t xz_tail[] = {
	0x00, 0x02, 0x10, 0xe8, 0x07, 0x20, 0xac, 0x02, 'c', 'r',
	'c',  '3',  'C',  'R',	'C',  '3',  0x02, 0,	0,   0,
	0,    4,    'Y',  'Z',	0,    0,    0,	  0,
};

static void test_xz_hint(void)
{
	uint8_t bytes[sizeof(xz_tail)];

	memcpy(bytes, xz_tail, sizeof(bytes));
	ok_int((int64_t)hint_xz_tail(view_over(bytes, sizeof(bytes))), 1300,
	       "xz: the sum of the index, before padding");
	ok_int((int64_t)hint_xz_tail(view_over(bytes, sizeof(bytes) - 4)), 1300,
	       "xz: without padding");
	ok_int((int64_t)hint_xz_tail(view_over(bytes + 1, 23)), 0,
	       "xz: an index that begins earlier");
	bytes[1] = 12;
	ok_int((int64_t)hint_xz_tail(view_over(bytes, 24)), 0,
	       "xz: more records than bytes");
	bytes[1] = 2;
	bytes[0] = 1;
	ok_int((int64_t)hint_xz_tail(view_over(bytes, 24)), 0,
	       "xz: not an index");
	ok_int((int64_t)hint_xz_tail(view_over(bytes, 0)), 0, "xz: nothing");
}

static void test_frame_hints(void)
{
	ok_int((int64_t)hint_zstd_head(HEAD("\x28\xb5\x2f\xfd\x20\x05")), 5,
	       "zstd: one byte");
	ok_int((int64_t)hint_zstd_head(HEAD("\x28\xb5\x2f\xfd\x60\x00\x01")),
	       512, "zstd: two bytes, 256 added");
	ok_int((int64_t)hint_zstd_head(
		       HEAD("\x28\xb5\x2f\xfd\x84\x58\x00\x01\x00")),
	       0, "zstd: cut");
	ok_int((int64_t)hint_zstd_head(
		       HEAD("\x28\xb5\x2f\xfd\x81\x58\x07\x01\x02\x03\x04")),
	       0x04030201, "zstd: behind a window and a dictionary");
	ok_int((int64_t)hint_zstd_head(HEAD("\x28\xb5\x2f\xfd\x04\x58\0\0")), 0,
	       "zstd: not said");
	ok_int((int64_t)hint_zstd_head(HEAD("\x50\x2a\x4d\x18\x02\0\0\0ab"
					    "\x28\xb5\x2f\xfd\x20\x07")),
	       7, "zstd: behind a skippable frame");
	ok_int((int64_t)hint_lz4_head(
		       HEAD("\x04\x22\x4d\x18\x68\x70\x00\x01\0\0\0\0\0\0")),
	       256, "lz4: the content size");
	ok_int((int64_t)hint_lz4_head(
		       HEAD("\x04\x22\x4d\x18\x60\x70\x00\x01\0\0\0\0\0\0")),
	       0, "lz4: not said");
	ok_int((int64_t)hint_lz4_head(HEAD("\x04\x22\x4d\x18\x68\x70\x00")), 0,
	       "lz4: cut");
}

static void test_superblocks(void)
{
	uint8_t head[KIND_HEAD] = { 0 };

	head[41] = 0x10;
	ok_int((int64_t)hint_squashfs_head(view_over(head, sizeof(head))), 4096,
	       "squashfs: bytes used");
	head[1024 + 12] = 12;
	head[1024 + 36] = 3;
	ok_int((int64_t)hint_erofs_head(view_over(head, sizeof(head))),
	       3 * 4096, "erofs: blocks");
	head[1024 + 12] = 255;
	ok_int((int64_t)hint_erofs_head(view_over(head, sizeof(head))), 0,
	       "erofs: no such block size");
	ok_int((int64_t)hint_erofs_head(view_over(head, 1060)), 0,
	       "erofs: cut");
}

static void test_estimate(void)
{
	ok_int((int64_t)room_estimate(100, 10, 50), 500, "ten times as large");
	ok_int((int64_t)room_estimate(100, 0, 50), 0, "nothing read");
	ok_int((int64_t)room_estimate(100, 10, 0), 0, "no total");
	ok_int((int64_t)room_estimate(UINT64_MAX, 1, UINT64_MAX), 0,
	       "more than there is");
}

int main(void)
{
	test_tar();
	test_magic();
	test_disks();
	test_iso();
	test_certain();
	test_refusals();
	test_gzip_hint();
	test_xz_hint();
	test_frame_hints();
	test_superblocks();
	test_estimate();
	return tap_done();
}
