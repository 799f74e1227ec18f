/* SPDX-License-Identifier: MIT */
#include "image/hint.h"

#define TAR_BLOCK	    512
#define ZSTD_MAGIC	    0xfd2fb528u
#define SKIPPABLE_MAGIC	    0x184d2a50u
#define SKIPPABLE_MASK	    0xfffffff0u
#define ZSTD_SINGLE_SEGMENT 0x20
#define LZ4_MAGIC	    0x184d2204u
#define LZ4_VERSION_MASK    0xc0
#define LZ4_VERSION	    0x40
#define LZ4_CONTENT_SIZE    0x08
#define XZ_FOOTER	    12
#define XZ_INTEGER_MAX	    9 /* bytes */

uint64_t hint_gzip_tail(struct view tail, uint64_t total)
{
	uint64_t size;

	if (tail.left < 4)
		return 0;
	view_skip(&tail, tail.left - 4);
	size = view_le32(&tail);
	return size >= total && size % TAR_BLOCK == 0 ? size : 0;
}

/* A multibyte integer: 7 bits a byte, least first (section 1.2). */
static uint64_t xz_integer(struct view *v)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < XZ_INTEGER_MAX; i++) {
		uint8_t byte = view_u8(v);

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80))
			return value;
	}
	v->bad = true;
	return 0;
}

static uint64_t xz_index_content(struct view index)
{
	uint64_t records, sum = 0;

	if (view_u8(&index) != 0) /* the index indicator */
		return 0;
	records = xz_integer(&index);
	for (uint64_t i = 0; i < records && !index.bad; i++) {
		uint64_t size;

		(void)xz_integer(&index); /* the block's own size */
		size = xz_integer(&index);
		if (size > UINT64_MAX - sum)
			return 0;
		sum += size;
	}
	return index.bad ? 0 : sum;
}

uint64_t hint_xz_tail(struct view tail)
{
	struct view footer;
	uint64_t index_size;

	/* Stream padding: zeros, four at a time. */
	while (tail.left >= 4 &&
	       memcmp(tail.at + tail.left - 4, "\0\0\0\0", 4) == 0)
		tail.left -= 4;
	if (tail.left < XZ_FOOTER)
		return 0;
	footer = view_at(tail, tail.left - XZ_FOOTER);
	view_skip(&footer, 4); /* CRC32 */
	index_size = ((uint64_t)view_le32(&footer) + 1) * 4;
	view_skip(&footer, 2); /* stream flags */
	if (!view_starts(footer, "YZ", 2) || index_size > tail.left - XZ_FOOTER)
		return 0;
	tail.left -= XZ_FOOTER;
	view_skip(&tail, tail.left - (size_t)index_size);
	return xz_index_content(tail);
}

uint64_t hint_zstd_head(struct view head)
{
	static const uint8_t dictionary_bytes[] = { 0, 1, 2, 4 };
	static const uint8_t size_bytes[] = { 0, 2, 4, 8 };
	uint32_t magic = view_le32(&head);
	uint8_t descriptor, bytes;
	uint64_t size;

	while ((magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC && !head.bad) {
		view_skip(&head, view_le32(&head));
		magic = view_le32(&head);
	}
	if (magic != ZSTD_MAGIC)
		return 0;
	descriptor = view_u8(&head);
	if (!(descriptor & ZSTD_SINGLE_SEGMENT))
		view_skip(&head, 1); /* window descriptor */
	view_skip(&head, dictionary_bytes[descriptor & 3]);
	bytes = size_bytes[descriptor >> 6];
	if (bytes == 0 && (descriptor & ZSTD_SINGLE_SEGMENT))
		bytes = 1;
	size = view_le(&head, bytes);
	if (bytes == 2)
		size += 256;
	return head.bad ? 0 : size;
}

uint64_t hint_lz4_head(struct view head)
{
	uint32_t magic = view_le32(&head);
	uint8_t flags = view_u8(&head);
	uint64_t size;

	view_skip(&head, 1); /* block descriptor */
	size = view_le64(&head);
	if (head.bad || magic != LZ4_MAGIC ||
	    (flags & LZ4_VERSION_MASK) != LZ4_VERSION ||
	    !(flags & LZ4_CONTENT_SIZE))
		return 0;
	return size;
}

uint64_t hint_squashfs_head(struct view head)
{
	view_skip(&head, 40);
	return view_le64(&head);
}

uint64_t hint_erofs_head(struct view head)
{
	uint8_t block_bits;
	uint64_t blocks;

	view_skip(&head, 1024 + 12);
	block_bits = view_u8(&head);
	view_skip(&head, 23);
	blocks = view_le32(&head);
	return block_bits < 32 && !head.bad ? blocks << block_bits : 0;
}
