/* SPDX-License-Identifier: MIT */
#include "initramfs/compression.h"

#include <errno.h>

#include "base/text.h"

static const struct {
	const char *name;
	const struct decoder *decoder;
	const char *magic;
	size_t magic_len;
	int default_level, highest_level;
} rows[] = {
	[COMPRESSION_NONE] = { "none", NULL, NULL, 0, 0, 0 },
	[COMPRESSION_GZIP] = { "gzip", &decoder_gzip, "\x1f\x8b", 2, 9, 9 },
	[COMPRESSION_XZ] = { "xz", &decoder_xz,
			     "\xfd"
			     "7zXZ\0",
			     6, 6, 9 },
	[COMPRESSION_ZSTD] = { "zstd", &decoder_zstd, "\x28\xb5\x2f\xfd", 4, 9,
			       19 },
	[COMPRESSION_LZ4] = { "lz4", &decoder_lz4_legacy, "\x02\x21\x4c\x18", 4,
			      9, 12 },
	[COMPRESSION_LZMA] = { "lzma", &decoder_lzma, "\x5d\0\0", 3, 6, 9 },
};

static const struct {
	const char *magic;
	const char *what;
} others[] = {
	{ "BZh", "compressed by bzip2, which is not supported" },
	{ "\x89LZO", "compressed by lzop, which is not supported" },
	{ "\x04\x22\x4d\x18", "lz4 of a format that no kernel takes (it wants "
			      "that of lz4 -l)" },
	{ "\x1f\x9e", "compressed by an old gzip, which is not supported" },
	{ "0707", "a cpio archive that is not newc, or not at a multiple of 4 "
		  "bytes" },
};

const char *compression_name(enum compression compression)
{
	return rows[compression].name;
}

int compression_by_name(const char *name, enum compression *ret_compression)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (str_eq(name, rows[i].name)) {
			*ret_compression = (enum compression)i;
			return 0;
		}
	return -EINVAL;
}

const struct decoder *compression_decoder(enum compression compression)
{
	return rows[compression].decoder;
}

int compression_of(struct view head, enum compression *ret_compression,
		   const char **ret_what)
{
	*ret_what = NULL;
	for (size_t i = COMPRESSION_GZIP; i < ARRAY_SIZE(rows); i++)
		if (view_starts(head, rows[i].magic, rows[i].magic_len)) {
			*ret_compression = (enum compression)i;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (view_starts(head, others[i].magic, strlen(others[i].magic)))
			*ret_what = others[i].what;
	return -EBADMSG;
}

int compression_default_level(enum compression compression)
{
	return rows[compression].default_level;
}

int compression_highest_level(enum compression compression)
{
	return rows[compression].highest_level;
}
