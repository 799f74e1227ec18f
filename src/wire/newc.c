/* SPDX-License-Identifier: MIT */
/*
 * A header is the magic and 13 numbers of eight hexadecimal digits each, in
 * the order of fields below; the last two are the length of the name with its
 * NUL, and the sum of the data's bytes, which only magic 070702 uses.
 */
#include "wire/newc.h"

#include <errno.h>

static const char magic[6] = "070701";
static const char magic_checked[6] = "070702";
static const char trailer[] = NEWC_TRAILER;

#define DIGITS	     8
#define NAME_SIZE_AT (sizeof(magic) + 11 * DIGITS)

size_t newc_padding(uint64_t len)
{
	return (size_t)(-len & 3);
}

static void build_hex(struct build *b, uint32_t value, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint8_t *p = build_take(b, DIGITS);

	for (size_t i = DIGITS; p && i > 0; i--, value >>= 4)
		p[i - 1] = (uint8_t)digits[value & 15];
}

void newc_build_entry(struct build *b, const struct newc_entry *entry)
{
	const uint32_t fields[] = {
		entry->inode,
		entry->mode,
		entry->uid,
		entry->gid,
		entry->links,
		entry->mtime,
		entry->size,
		entry->device_major,
		entry->device_minor,
		entry->node_major,
		entry->node_minor,
		(uint32_t)entry->name_len + 1 + entry->name_zeros,
		entry->checked ? entry->checksum : 0,
	};
	size_t start = b->len;

	if (entry->name_len == 0 || entry->name_len > NEWC_NAME_MAX ||
	    entry->name_zeros > NEWC_NAME_MAX - entry->name_len ||
	    memchr(entry->name, '\0', entry->name_len)) {
		b->bad = true;
		return;
	}
	build_bytes(b, entry->checked ? magic_checked : magic, sizeof(magic));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		build_hex(b, fields[i], entry->upper);
	build_bytes(b, entry->name, entry->name_len);
	build_zero(b, 1 + entry->name_zeros);
	build_zero(b, newc_padding(b->len - start));
}

void newc_build_trailer(struct build *b)
{
	newc_build_entry(b, &(struct newc_entry){
				    .links = 1,
				    .name = trailer,
				    .name_len = sizeof(trailer) - 1,
			    });
}

static uint32_t view_hex(struct view *v, bool *upper)
{
	const uint8_t *p = view_take(v, DIGITS);
	uint32_t value = 0;

	for (size_t i = 0; p && i < DIGITS; i++) {
		uint8_t c = p[i] | 0x20; /* also upper case, as GNU cpio */

		if (p[i] >= '0' && p[i] <= '9')
			value = value << 4 | (uint32_t)(p[i] - '0');
		else if (c >= 'a' && c <= 'f') {
			*upper |= p[i] < 'a';
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		} else
			v->bad = true;
	}
	return value;
}

bool newc_starts(struct view v)
{
	return view_starts(v, magic, sizeof(magic)) ||
	       view_starts(v, magic_checked, sizeof(magic_checked));
}

int newc_header_size(struct view head, size_t *ret_size)
{
	struct view v = view_at(head, NAME_SIZE_AT);
	bool upper = false;
	uint32_t name_size = view_hex(&v, &upper);

	if (!newc_starts(head) || v.bad || name_size < 2 ||
	    name_size > NEWC_NAME_MAX + 1)
		return -EBADMSG;
	*ret_size = NEWC_HEADER + name_size;
	return 0;
}

int newc_parse_entry(struct view *v, struct newc_entry *ret_entry)
{
	size_t before = v->left, last;
	bool ours = newc_starts(*v);
	struct newc_entry entry = {
		.checked =
			view_starts(*v, magic_checked, sizeof(magic_checked)),
	};
	uint32_t name_size;
	const uint8_t *name;

	view_skip(v, sizeof(magic));
	entry.inode = view_hex(v, &entry.upper);
	entry.mode = view_hex(v, &entry.upper);
	entry.uid = view_hex(v, &entry.upper);
	entry.gid = view_hex(v, &entry.upper);
	entry.links = view_hex(v, &entry.upper);
	entry.mtime = view_hex(v, &entry.upper);
	entry.size = view_hex(v, &entry.upper);
	entry.device_major = view_hex(v, &entry.upper);
	entry.device_minor = view_hex(v, &entry.upper);
	entry.node_major = view_hex(v, &entry.upper);
	entry.node_minor = view_hex(v, &entry.upper);
	name_size = view_hex(v, &entry.upper);
	entry.checksum = view_hex(v, &entry.upper);
	name = view_take(v, name_size);
	view_skip(v, newc_padding(before - v->left));
	if (!ours || v->bad || name_size < 2 || name_size > NEWC_NAME_MAX + 1)
		return -EBADMSG;
	entry.name = (const char *)name;
	for (last = name_size; last > 0 && name[last - 1] == '\0'; last--)
		;
	entry.name_len = strnlen(entry.name, name_size);
	if (entry.name_len == 0 || entry.name_len != last ||
	    entry.name_len == name_size)
		return -EBADMSG;
	entry.name_zeros = (uint32_t)(name_size - entry.name_len - 1);
	if (entry.name_len == sizeof(trailer) - 1 &&
	    memcmp(name, trailer, sizeof(trailer)) == 0)
		return 0;
	*ret_entry = entry;
	return 1;
}
