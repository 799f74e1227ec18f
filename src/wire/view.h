/* SPDX-License-Identifier: MIT */
/*
 * Reading hostile bytes. A view never reads past its end: a read that would
 * yields zero (or an empty view) and sets bad, for good. So a parser reads a
 * whole header and checks bad once, before it uses anything.
 */
#pragma once

#include <string.h>

#include "base/util.h"

struct view {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static inline struct view view_over(const void *bytes, size_t len)
{
	return (struct view){ .at = bytes, .left = len };
}

/* The next len bytes as a pointer, or NULL and bad when there are fewer. */
static inline const uint8_t *view_take(struct view *v, size_t len)
{
	const uint8_t *p = v->at;

	if (v->bad || len > v->left) {
		v->bad = true;
		return NULL;
	}
	/* An empty view may point nowhere, which C adds not even 0 to. */
	if (len > 0)
		v->at += len;
	v->left -= len;
	return p;
}

static inline void view_skip(struct view *v, size_t len)
{
	(void)view_take(v, len);
}

/* The next len bytes as a view of their own; bad and empty when there are
 * fewer. */
static inline struct view view_sub(struct view *v, size_t len)
{
	const uint8_t *p = view_take(v, len);

	return p ? view_over(p, len) : (struct view){ .bad = true };
}

/* The view from offset on, of the whole that v stands at the start of. */
static inline struct view view_at(struct view v, size_t offset)
{
	view_skip(&v, offset);
	return v;
}

static inline uint8_t view_u8(struct view *v)
{
	const uint8_t *p = view_take(v, 1);

	return p ? *p : 0;
}

static inline uint64_t view_be(struct view *v, size_t bytes)
{
	const uint8_t *p = view_take(v, bytes);
	uint64_t n = 0;

	for (size_t i = 0; p && i < bytes; i++)
		n = n << 8 | p[i];
	return n;
}

static inline uint64_t view_le(struct view *v, size_t bytes)
{
	const uint8_t *p = view_take(v, bytes);
	uint64_t n = 0;

	for (size_t i = bytes; p && i > 0; i--)
		n = n << 8 | p[i - 1];
	return n;
}

static inline uint16_t view_be16(struct view *v)
{
	return (uint16_t)view_be(v, 2);
}

static inline uint32_t view_be32(struct view *v)
{
	return (uint32_t)view_be(v, 4);
}

static inline uint16_t view_le16(struct view *v)
{
	return (uint16_t)view_le(v, 2);
}

static inline uint32_t view_le32(struct view *v)
{
	return (uint32_t)view_le(v, 4);
}

static inline uint64_t view_le64(struct view *v)
{
	return view_le(v, 8);
}

/* Copies len bytes into dst, or zeroes dst when there are fewer. */
static inline void view_copy(struct view *v, void *dst, size_t len)
{
	const uint8_t *p = view_take(v, len);

	if (p)
		memcpy(dst, p, len);
	else
		memset(dst, 0, len);
}

/* Whether the view begins with these bytes; nothing is consumed. */
static inline bool view_starts(struct view v, const void *bytes, size_t len)
{
	return !v.bad && v.left >= len && memcmp(v.at, bytes, len) == 0;
}
