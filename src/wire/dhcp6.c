/* SPDX-License-Identifier: MIT */
#include "wire/dhcp6.h"

#include <errno.h>

#define XID_BYTES    3
#define LENGTH_BYTES 2

int dhcp6_parse(struct view packet, struct dhcp6_message *ret_message)
{
	struct dhcp6_message message = { .type = view_u8(&packet) };
	struct dhcp6_option option;
	struct view walk;

	message.xid = (uint32_t)view_be(&packet, XID_BYTES);
	if (packet.bad)
		return -EBADMSG;
	message.options = walk = packet;
	while (dhcp6_next(&walk, &option))
		;
	if (walk.bad)
		return -EBADMSG;
	*ret_message = message;
	return 0;
}

bool dhcp6_next(struct view *options, struct dhcp6_option *ret_option)
{
	struct dhcp6_option option;

	if (options->bad || options->left == 0)
		return false;
	option.code = view_be16(options);
	option.value = view_sub(options, view_be16(options));
	if (option.value.bad)
		options->bad = true;
	if (options->bad)
		return false;
	*ret_option = option;
	return true;
}

int dhcp6_find(struct view options, uint16_t code, struct view *ret_value)
{
	struct dhcp6_option option;

	while (dhcp6_next(&options, &option)) {
		if (option.code != code)
			continue;
		*ret_value = option.value;
		return 0;
	}
	return -ENODATA;
}

uint16_t dhcp6_status(struct view options)
{
	struct view value;

	if (dhcp6_find(options, DHCP6_STATUS, &value) < 0)
		return DHCP6_SUCCESS;
	return value.left < 2 ? DHCP6_UNSPEC_FAIL : view_be16(&value);
}

void dhcp6_begin(struct build *b, enum dhcp6_type type, uint32_t xid)
{
	build_u8(b, (uint8_t)type);
	build_be(b, xid, XID_BYTES);
}

size_t dhcp6_open(struct build *b, uint16_t code)
{
	build_be16(b, code);
	build_be16(b, 0);
	return b->len;
}

void dhcp6_close(struct build *b, size_t opened)
{
	struct build length;

	if (b->bad)
		return;
	if (b->len - opened > UINT16_MAX) {
		b->bad = true;
		return;
	}
	length = build_over(b->start + opened - LENGTH_BYTES, LENGTH_BYTES);
	build_be16(&length, (uint16_t)(b->len - opened));
}

void dhcp6_add(struct build *b, uint16_t code, const void *value, size_t len)
{
	size_t opened = dhcp6_open(b, code);

	build_bytes(b, value, len);
	dhcp6_close(b, opened);
}
