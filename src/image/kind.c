/* SPDX-License-Identifier: MIT */
#include "image/kind.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#define TAR_BLOCK	 512
#define TAR_CHECKSUM	 148
#define TAR_CHECKSUM_LEN 8
#define ISO_MARK	 32769 /* of the first volume descriptor, ECMA-119 8.1 */

struct magic {
	size_t at;
	const char *bytes;
	size_t len;
	enum image_kind kind;
	const char *what; /* for a person */
};

#define MAGIC(at, bytes, kind, what)                      \
	{                                                 \
		at, bytes, sizeof(bytes) - 1, kind, what, \
	}

/* Longer marks before those that they begin with. */
static const struct magic magics[] = {
	MAGIC(0, "\x1f\x8b", KIND_TAR_GZIP, "tar.gz"),
	MAGIC(0, "\x28\xb5\x2f\xfd", KIND_TAR_ZSTD, "tar.zst"),
	MAGIC(0,
	      "\xfd"
	      "7zXZ\0",
	      KIND_TAR_XZ, "tar.xz"),
	MAGIC(0, "\x04\x22\x4d\x18", KIND_TAR_LZ4, "tar.lz4"),
	MAGIC(0, "hsqs", KIND_SQUASHFS, "squashfs"),
	MAGIC(1024, "\xe2\xe1\xf5\xe0", KIND_EROFS, "erofs"),
	MAGIC(0, "QFI\xfb", KIND_QCOW2, "qcow2"),
	MAGIC(512, "EFI PART", KIND_DISK, "raw disk"),
	MAGIC(0, "XFSB", KIND_DISK, "raw disk"),
	MAGIC(0, "BZh", KIND_UNKNOWN, "bzip2, which is not supported"),
	MAGIC(0, "\x02\x21\x4c\x18", KIND_UNKNOWN,
	      "the old lz4 format, which is not supported"),
	MAGIC(0, "\x1f\x9d", KIND_UNKNOWN, "compress, which is not supported"),
	MAGIC(0, "\x1f\xa0", KIND_UNKNOWN, "compress, which is not supported"),
	MAGIC(0, "LZIP", KIND_UNKNOWN, "lzip, which is not supported"),
	MAGIC(0, "\x5d\0\0", KIND_UNKNOWN, "lzma, which is not supported"),
	MAGIC(0, "\x89LZO", KIND_UNKNOWN, "lzop, which is not supported"),
	MAGIC(0, "PK\3\4", KIND_UNKNOWN, "a zip archive"),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", KIND_UNKNOWN, "a 7z archive"),
	MAGIC(0, "Rar!", KIND_UNKNOWN, "a rar archive"),
	MAGIC(0, "070701", KIND_CPIO, "cpio"),
	MAGIC(0, "070702", KIND_CPIO, "cpio"),
	MAGIC(0, "07070", KIND_UNKNOWN, "a cpio archive that is not newc"),
	MAGIC(0, "!<arch>", KIND_UNKNOWN, "a Debian package or ar archive"),
	MAGIC(0, "\xed\xab\xee\xdb", KIND_UNKNOWN, "an RPM package"),
	MAGIC(0, "KDMV", KIND_UNKNOWN, "a VMDK disk image"),
	MAGIC(0, "vhdxfile", KIND_UNKNOWN, "a VHDX disk image"),
	MAGIC(0, "conectix", KIND_UNKNOWN, "a VHD disk image"),
	MAGIC(64, "\x7f\x10\xda\xbe", KIND_UNKNOWN, "a VDI disk image"),
	MAGIC(ISO_MARK, "CD001", KIND_ISO, "ISO image"),
	MAGIC(510, "\x55\xaa", KIND_UNKNOWN,
	      "a boot sector without a partition"),
	MAGIC(0,
	      "\x7f"
	      "ELF",
	      KIND_UNKNOWN, "a program"),
	MAGIC(0, "#!", KIND_UNKNOWN, "a script"),
	MAGIC(0, "{", KIND_UNKNOWN, "a JSON text"),
};

#define ZSTD_SKIPPABLE	    0x184d2a50u
#define ZSTD_SKIPPABLE_MASK 0xfffffff0u

/* lz4 has the same skippable frames; zstd is the one that writes them in
 * front (pzstd, seekable formats). */
static bool is_skippable_frame(struct view head)
{
	uint32_t magic = view_le32(&head);

	return !head.bad && (magic & ZSTD_SKIPPABLE_MASK) == ZSTD_SKIPPABLE;
}

/* The sum of a tar header, with its own field taken as spaces (POSIX pax,
 * ustar interchange format). Headers from before POSIX have no other mark. */
static bool is_tar(struct view head)
{
	const uint8_t *block = view_take(&head, TAR_BLOCK), *field;
	uint32_t sum = TAR_CHECKSUM_LEN * ' ', claimed = 0;
	size_t i = 0, digits = 0;

	if (!block)
		return false;
	field = block + TAR_CHECKSUM;
	for (size_t n = 0; n < TAR_BLOCK; n++)
		if (n < TAR_CHECKSUM || n >= TAR_CHECKSUM + TAR_CHECKSUM_LEN)
			sum += block[n];
	while (i < TAR_CHECKSUM_LEN && field[i] == ' ')
		i++;
	for (; i < TAR_CHECKSUM_LEN && field[i] >= '0' && field[i] <= '7';
	     i++, digits++)
		claimed = claimed * 8 + (field[i] - '0');
	return digits > 0 && claimed == sum;
}

#define MBR_TABLE   446
#define MBR_ENTRIES 4
#define MBR_ENTRY   16
#define MBR_MARK    510
#define MBR_ACTIVE  0x80

/* One partition at least that is somewhere, and none that cannot be: a boot
 * sector of FAT has the same mark, and code where the table would be. */
static bool is_partitioned(struct view head)
{
	struct view table = view_at(head, MBR_TABLE);
	unsigned int used = 0;

	if (!view_starts(view_at(head, MBR_MARK), "\x55\xaa", 2))
		return false;
	for (int i = 0; i < MBR_ENTRIES; i++) {
		struct view entry = view_sub(&table, MBR_ENTRY);
		uint8_t status = view_u8(&entry), type;
		uint32_t start, sectors;

		view_skip(&entry, 3); /* cylinder, head, sector */
		type = view_u8(&entry);
		view_skip(&entry, 3);
		start = view_le32(&entry);
		sectors = view_le32(&entry);
		if (status & ~MBR_ACTIVE)
			return false;
		if (type == 0)
			continue;
		if (start == 0 || sectors == 0)
			return false;
		used++;
	}
	return used > 0;
}

#define EXT_SUPERBLOCK	  1024
#define EXT_LOG_BLOCK_MAX 6 /* 64 KiB */

/* ext2, 3 and 4 (kernel: Documentation/filesystems/ext4/super.rst). Two bytes
 * alone would be found in too much. */
static bool is_ext(struct view head)
{
	struct view super = view_at(head, EXT_SUPERBLOCK);
	uint32_t inodes = view_le32(&super), blocks = view_le32(&super);
	struct view size = view_at(head, EXT_SUPERBLOCK + 24);
	struct view mark = view_at(head, EXT_SUPERBLOCK + 56);

	return view_le16(&mark) == 0xef53 && !mark.bad && inodes > 0 &&
	       blocks > 0 && view_le32(&size) <= EXT_LOG_BLOCK_MAX;
}

static const struct magic *find_magic(struct view head)
{
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (view_starts(view_at(head, magics[i].at), magics[i].bytes,
				magics[i].len))
			return &magics[i];
	return NULL;
}

/* Live media are disks as well: a partition table is in the 32 KiB that an ISO
 * leaves to others (ECMA-119 6.2.1). */
static bool is_iso(struct view head)
{
	return view_starts(view_at(head, ISO_MARK), "CD001", 5);
}

enum image_kind kind_of(struct view head)
{
	const struct magic *magic;

	/* First: the content of a tar's first file may look like anything. */
	if (is_tar(head))
		return KIND_TAR;
	if (is_skippable_frame(head))
		return KIND_TAR_ZSTD;
	magic = find_magic(head);
	if (magic && magic->kind == KIND_DISK && magic->at > 0 && is_iso(head))
		return KIND_ISO;
	if (magic && magic->kind != KIND_UNKNOWN)
		return magic->kind;
	/* Behind everything that has a mark at its very start. */
	if ((!magic || magic->at > 0) && (is_partitioned(head) || is_ext(head)))
		return KIND_DISK;
	return KIND_UNKNOWN;
}

#define MOST_HEAD 4096 /* has the superblock of erofs, the farthest but ISO */

bool kind_is_certain(struct view head)
{
	enum image_kind kind = kind_of(head);

	if (kind == KIND_TAR || head.left >= KIND_HEAD)
		return true;
	return head.left >= MOST_HEAD && kind != KIND_UNKNOWN &&
	       kind != KIND_DISK;
}

bool kind_is_file(enum image_kind kind)
{
	switch (kind) {
	case KIND_SQUASHFS:
	case KIND_EROFS:
	case KIND_DISK:
	case KIND_QCOW2:
		return true;
	case KIND_UNKNOWN:
	case KIND_TAR:
	case KIND_TAR_GZIP:
	case KIND_TAR_ZSTD:
	case KIND_TAR_XZ:
	case KIND_TAR_LZ4:
	case KIND_CPIO:
	case KIND_ISO:
		break;
	}
	return false;
}

const char *kind_name(enum image_kind kind)
{
	if (kind == KIND_TAR)
		return "tar";
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (magics[i].kind == kind && kind != KIND_UNKNOWN)
			return magics[i].what;
	return "unknown";
}

static bool starts_with_word(struct view head, const char *word)
{
	size_t len = strlen(word);

	return head.left >= len &&
	       strncasecmp((const char *)head.at, word, len) == 0;
}

static bool is_web_page(struct view head)
{
	static const char *const words[] = { "<!doctype", "<html", "<head",
					     "<?xml", "<!--" };

	if (view_starts(head, "\xef\xbb\xbf", 3)) /* byte order mark */
		view_skip(&head, 3);
	while (head.left > 0 && isspace(head.at[0]))
		view_skip(&head, 1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (starts_with_word(head, words[i]))
			return true;
	return false;
}

int kind_refuse(struct view head, const char *name, struct failure *failure)
{
	static const char wanted[] =
		"wanted is a tar or newc cpio (plain, gz, xz, zst, lz4), "
		"squashfs, erofs or a disk (raw, qcow2)";
	const struct magic *magic = find_magic(head);

	if (kind_of(head) == KIND_ISO)
		return failure_set(failure, EBADMSG,
				   "%s: this is an ISO image; `boomerang boot` "
				   "starts it, with its own kernel",
				   name);
	if (head.left == 0)
		return failure_set(failure, EBADMSG, "%s: the file is empty",
				   name);
	if (is_web_page(head))
		return failure_set(failure, EBADMSG,
				   "%s: this looks like a web page, not an "
				   "image; is the URL right?",
				   name);
	if (magic)
		return failure_set(failure, EBADMSG, "%s: this is %s; %s", name,
				   magic->what, wanted);
	return failure_set(failure, EBADMSG,
			   "%s: this is not an archive or image; %s", name,
			   wanted);
}
