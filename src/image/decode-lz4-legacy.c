/* SPDX-License-Identifier: MIT */
/*
 * The old format of lz4, which is the one that the kernel reads
 * (lib/decompress_unlz4.c in Linux): a magic, then blocks, each with its
 * compressed length in front and of 8 MiB but for the last. It has no end and no
 * check sum. As in the kernel, the magic may come again between blocks, and a
 * length of 0 ends it; so does the end of the input.
 */
#include <lz4.h>
#include <sys/mman.h>

#include "image/decode.h"

#define MAGIC	  0x184c2102u
#define BLOCK	  ((size_t)8 * MIB)
#define BLOCK_MAX ((size_t)LZ4_COMPRESSBOUND(8 * 1024 * 1024))

enum lz4_place {
	LZ4_START,  /* the magic is to come */
	LZ4_LENGTH, /* a length, or the end */
	LZ4_BLOCK,
	LZ4_END,
};

struct lz4_legacy {
	enum lz4_place place;
	size_t have, want;     /* bytes of packed */
	size_t passed, filled; /* bytes of plain */
	uint8_t packed[BLOCK_MAX];
	uint8_t plain[BLOCK];
};

static void *lz4_legacy_open(void)
{
	/* Little of it is used by most: pages come as they are. */
	struct lz4_legacy *lz4 =
		mmap(NULL, sizeof(*lz4), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (lz4 == MAP_FAILED)
		return NULL;
	lz4->place = LZ4_START;
	lz4->want = sizeof(uint32_t);
	lz4->have = lz4->passed = lz4->filled = 0;
	return lz4;
}

static void lz4_legacy_close(void *state)
{
	munmap(state, sizeof(struct lz4_legacy));
}

static void lz4_legacy_one(void *state _unused)
{
}

/* A word of the format is whole. */
static bool take_word(struct lz4_legacy *lz4)
{
	struct view v = view_over(lz4->packed, sizeof(uint32_t));
	uint32_t word = view_le32(&v);

	if (lz4->place == LZ4_START || word == MAGIC) {
		lz4->place = LZ4_LENGTH;
		return word == MAGIC;
	}
	if (word == 0) {
		lz4->place = LZ4_END;
		return true;
	}
	lz4->place = LZ4_BLOCK;
	lz4->want = word;
	return word <= BLOCK_MAX;
}

static bool take_block(struct lz4_legacy *lz4)
{
	int n = LZ4_decompress_safe((const char *)lz4->packed,
				    (char *)lz4->plain, (int)lz4->want,
				    (int)BLOCK);

	lz4->passed = 0;
	lz4->filled = n < 0 ? 0 : (size_t)n;
	lz4->place = LZ4_LENGTH;
	lz4->want = sizeof(uint32_t);
	return n >= 0;
}

/* Hands on what was decompressed. */
static void pass(struct lz4_legacy *lz4, struct build *out)
{
	size_t n = MIN(lz4->filled - lz4->passed, out->size - out->len);

	build_bytes(out, lz4->plain + lz4->passed, n);
	lz4->passed += n;
}

static enum decode_status lz4_legacy_run(void *state, struct view *in,
					 bool last _unused, struct build *out)
{
	struct lz4_legacy *lz4 = state;

	for (;;) {
		size_t n;
		bool good;

		pass(lz4, out);
		if (lz4->passed < lz4->filled || lz4->place == LZ4_END)
			return DECODE_GOOD;
		n = MIN(in->left, lz4->want - lz4->have);
		if (n > 0)
			memcpy(lz4->packed + lz4->have, view_take(in, n), n);
		lz4->have += n;
		if (lz4->have < lz4->want)
			return DECODE_GOOD;
		lz4->have = 0;
		good = lz4->place == LZ4_BLOCK ? take_block(lz4)
					       : take_word(lz4);
		if (!good)
			return DECODE_DAMAGED;
	}
}

static bool lz4_legacy_complete(const void *state)
{
	const struct lz4_legacy *lz4 = state;

	if (lz4->place == LZ4_END)
		return true;
	/* Padding of less than a length is an end, too. */
	for (size_t i = 0; i < lz4->have; i++)
		if (lz4->packed[i] != 0)
			return false;
	return lz4->place == LZ4_LENGTH && lz4->passed == lz4->filled;
}

const struct decoder decoder_lz4_legacy = {
	.name = "lz4",
	.open = lz4_legacy_open,
	.one = lz4_legacy_one,
	.run = lz4_legacy_run,
	.complete = lz4_legacy_complete,
	.close = lz4_legacy_close,
};
