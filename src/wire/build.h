/* SPDX-License-Identifier: MIT */
/*
 * Writing bytes, the mirror of view.h: what does not fit is not written and
 * sets bad, for good. Check it once, at the end.
 */
#pragma once

#include <string.h>

#include "base/util.h"

struct build {
	uint8_t *start;
	size_t size;
	size_t len; /* written so far */
	bool bad;
};

static inline struct build build_over(void *bytes, size_t size)
{
	return (struct build){ .start = bytes, .size = size };
}

/* Room for len bytes, to be filled by the caller; NULL and bad when full. */
static inline uint8_t *build_take(struct build *b, size_t len)
{
	uint8_t *p = b->start + b->len;

	if (b->bad || len > b->size - b->len) {
		b->bad = true;
		return NULL;
	}
	b->len += len;
	return p;
}

static inline void build_bytes(struct build *b, const void *bytes, size_t len)
{
	uint8_t *p = build_take(b, len);

	if (p && len > 0)
		memcpy(p, bytes, len);
}

static inline void build_zero(struct build *b, size_t len)
{
	uint8_t *p = build_take(b, len);

	if (p && len > 0)
		memset(p, 0, len);
}

static inline void build_be(struct build *b, uint64_t value, size_t bytes)
{
	uint8_t *p = build_take(b, bytes);

	for (size_t i = bytes; p && i > 0; i--, value >>= 8)
		p[i - 1] = (uint8_t)value;
}

static inline void build_le(struct build *b, uint64_t value, size_t bytes)
{
	uint8_t *p = build_take(b, bytes);

	for (size_t i = 0; p && i < bytes; i++, value >>= 8)
		p[i] = (uint8_t)value;
}

static inline void build_u8(struct build *b, uint8_t value)
{
	build_be(b, value, 1);
}

static inline void build_be16(struct build *b, uint16_t value)
{
	build_be(b, value, 2);
}

static inline void build_be32(struct build *b, uint32_t value)
{
	build_be(b, value, 4);
}

static inline void build_le32(struct build *b, uint32_t value)
{
	build_le(b, value, 4);
}
