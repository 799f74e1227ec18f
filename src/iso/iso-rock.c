/* SPDX-License-Identifier: MIT */
#include "iso/iso-rock.h"

#include "base/text.h"

#define FIELD_HEADER 4 /* signature, length, version */

/* Of NM and of a component of SL (P1282, 4.1.4 and 4.1.3.1). */
#define PART_CONTINUES 0x01
#define PART_CURRENT   0x02
#define PART_PARENT    0x04
#define PART_ROOT      0x08

static bool append(char *buf, size_t size, size_t *len, const void *bytes,
		   size_t count)
{
	if (count > size - 1 - *len || memchr(bytes, '\0', count))
		return false;
	memcpy(buf + *len, bytes, count);
	*len += count;
	buf[*len] = '\0';
	return true;
}

static void parse_name(struct rock *rock, struct view v)
{
	uint8_t flags = view_u8(&v);

	if (v.bad || flags & (PART_CURRENT | PART_PARENT))
		return;
	if (memchr(v.at, '/', v.left) || !append(rock->name, sizeof(rock->name),
						 &rock->name_len, v.at, v.left))
		rock->name_bad = true;
}

static void add_component(struct rock *rock, uint8_t flags, struct view text)
{
	bool first = rock->target_len == 0;
	bool split = rock->target_split;
	bool fits = true;

	rock->target_split = flags & PART_CONTINUES;
	if (flags & PART_ROOT) {
		rock->target_len = 0;
		text = view_over("/", 1);
		/* Its "/" parts it from the next. */
		rock->target_split = true;
	} else if (flags & PART_PARENT) {
		text = view_over("..", 2);
	} else if (flags & PART_CURRENT) {
		text = view_over(".", 1);
	}
	if (!first && !split && !(flags & PART_ROOT))
		fits = append(rock->target, sizeof(rock->target),
			      &rock->target_len, "/", 1);
	if (!fits || !append(rock->target, sizeof(rock->target),
			     &rock->target_len, text.at, text.left))
		rock->target_bad = true;
}

static void parse_link(struct rock *rock, struct view v)
{
	view_skip(&v, 1); /* whether another SL follows: it speaks for itself */
	rock->is_link = true;
	while (v.left > 0 && !v.bad) {
		uint8_t flags = view_u8(&v);
		uint8_t len = view_u8(&v);
		struct view text = view_sub(&v, len);

		if (!text.bad)
			add_component(rock, flags, text);
	}
	if (v.bad)
		rock->target_bad = true;
}

static void parse_mode(struct rock *rock, struct view v)
{
	uint32_t mode = view_le32(&v);

	if (v.bad)
		return;
	rock->mode = mode;
	rock->has_mode = true;
}

static void parse_child(struct rock *rock, struct view v)
{
	rock->child = view_le32(&v);
	rock->has_child = !v.bad;
}

static void parse_moved(struct rock *rock, struct view v)
{
	(void)v;
	rock->is_moved = true;
}

static void parse_coded(struct rock *rock, struct view v)
{
	(void)v;
	rock->is_coded = true;
}

static void parse_shared(struct rock *rock, struct view v)
{
	if (!view_starts(v, "\xbe\xef", 2))
		return;
	view_skip(&v, 2);
	rock->skip = view_u8(&v);
	rock->is_shared = !v.bad;
}

static void parse_nothing(struct rock *rock, struct view v)
{
	(void)rock;
	(void)v;
}

static const struct {
	char signature[3];
	bool is_rock_ridge;
	void (*parse)(struct rock *rock, struct view v);
} fields_known[] = {
	{ "NM", true, parse_name },    { "SL", true, parse_link },
	{ "PX", true, parse_mode },    { "CL", true, parse_child },
	{ "RE", true, parse_moved },   { "SF", true, parse_coded },
	{ "RR", true, parse_nothing }, { "SP", false, parse_shared },
	{ "ZF", false, parse_coded },
};

static void parse_field(struct rock *rock, const uint8_t *signature,
			struct view v)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields_known); i++) {
		if (memcmp(signature, fields_known[i].signature, 2) != 0)
			continue;
		rock->is_rock_ridge |= fields_known[i].is_rock_ridge;
		fields_known[i].parse(rock, v);
	}
}

static bool parse_more(struct view v, struct rock_more *ret_more)
{
	struct rock_more more;

	/* Each number in both byte orders. */
	more.block = view_le32(&v);
	view_skip(&v, 4);
	more.offset = view_le32(&v);
	view_skip(&v, 4);
	more.size = view_le32(&v);
	if (v.bad)
		return false;
	*ret_more = more;
	return true;
}

bool rock_parse(struct rock *rock, struct view fields,
		struct rock_more *ret_more)
{
	bool goes_on = false;

	while (fields.left >= FIELD_HEADER) {
		const uint8_t *signature = view_take(&fields, 2);
		uint8_t len = view_u8(&fields);
		struct view v;

		view_skip(&fields, 1);
		if (len < FIELD_HEADER)
			break;
		v = view_sub(&fields, (size_t)len - FIELD_HEADER);
		if (v.bad || memcmp(signature, "ST", 2) == 0)
			break;
		if (memcmp(signature, "CE", 2) == 0)
			goes_on = parse_more(v, ret_more);
		else
			parse_field(rock, signature, v);
	}
	return goes_on;
}
