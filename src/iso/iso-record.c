/* SPDX-License-Identifier: MIT */
#include "iso/iso-record.h"

#include <ctype.h>
#include <errno.h>

#include "base/text.h"

#define FLAG_DIRECTORY	0x02
#define FLAG_ASSOCIATED 0x04
#define FLAG_GOES_ON	0x80

int iso_record_parse(struct view *v, uint32_t block_size,
		     struct iso_record *ret_record)
{
	struct iso_record record = { 0 };
	struct view rest;
	uint8_t length, attributes, name_len, flags;
	uint32_t block;

	if (v->left == 0 || v->at[0] == 0)
		return -ENODATA;
	length = v->at[0];
	rest = view_sub(v, length);
	view_skip(&rest, 1);
	attributes = view_u8(&rest); /* blocks in front of the data */
	block = view_le32(&rest);
	view_skip(&rest, 4);
	record.start = ((uint64_t)block + attributes) * block_size;
	record.size = view_le32(&rest);
	view_skip(&rest, 4 + 7); /* the date, too */
	flags = view_u8(&rest);
	record.is_directory = flags & FLAG_DIRECTORY;
	record.is_associated = flags & FLAG_ASSOCIATED;
	record.goes_on = flags & FLAG_GOES_ON;
	record.is_interleaved = view_u8(&rest) != 0;
	view_skip(&rest, 1 + 4); /* gap; number of the volume */
	name_len = view_u8(&rest);
	record.name = view_sub(&rest, name_len);
	if (name_len % 2 == 0 && rest.left > 0)
		view_skip(&rest, 1);
	if (rest.bad || name_len == 0)
		return -EBADMSG;
	record.is_dot = name_len == 1 && record.name.at[0] <= 1;
	record.fields = rest;
	*ret_record = record;
	return 0;
}

/* Without the version behind ";", and without the "." of no extension. */
static void cut_version(char *name)
{
	char *semicolon = strrchr(name, ';');
	size_t len;

	if (semicolon &&
	    semicolon[1 + strspn(semicolon + 1, "0123456789")] == '\0')
		*semicolon = '\0';
	len = strlen(name);
	if (len > 1 && name[len - 1] == '.')
		name[len - 1] = '\0';
}

static bool is_usable(const char *name)
{
	return *name && !strchr(name, '/') && !str_eq(name, ".") &&
	       !str_eq(name, "..");
}

bool iso_record_name(struct view name, char ret_name[static NAME_MAX + 1])
{
	if (name.bad || name.left > NAME_MAX ||
	    memchr(name.at, '\0', name.left))
		return false;
	for (size_t i = 0; i < name.left; i++)
		ret_name[i] = (char)tolower(name.at[i]);
	ret_name[name.left] = '\0';
	cut_version(ret_name);
	return is_usable(ret_name);
}

/* One character; 0 is none that a name can have. */
static uint32_t take_utf16(struct view *v)
{
	uint32_t high = view_be16(v), low;

	if (high < 0xd800 || high > 0xdfff)
		return high;
	low = view_be16(v);
	if (v->bad || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static size_t put_utf8(uint32_t code, char out[static 4])
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = code < 0x80      ? 1
		     : code < 0x800   ? 2
		     : code < 0x10000 ? 3
				      : 4;

	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(lead[len == 1 ? 0 : len] | code);
	return len;
}

bool iso_record_joliet_name(struct view name,
			    char ret_name[static NAME_MAX + 1])
{
	char utf8[4];
	size_t len = 0;

	while (name.left >= 2) {
		uint32_t code = take_utf16(&name);
		size_t n = put_utf8(code, utf8);

		if (code == 0 || n > NAME_MAX - len)
			return false;
		memcpy(ret_name + len, utf8, n);
		len += n;
	}
	ret_name[len] = '\0';
	cut_version(ret_name);
	return !name.bad && is_usable(ret_name);
}
