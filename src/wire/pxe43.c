/* SPDX-License-Identifier: MIT */
#include "wire/pxe43.h"

#include <errno.h>

#include "wire/dhcp4.h"

int pxe43_get_item(struct view option, struct pxe43_item *ret_item)
{
	struct view value;
	int r = dhcp4_find_in(option, PXE43_BOOT_ITEM, &value);

	if (r < 0)
		return r;
	if (value.left != 4)
		return -EBADMSG;
	ret_item->type = view_be16(&value);
	ret_item->layer = view_be16(&value);
	return 0;
}

void pxe43_add_discovery(struct build *b, uint8_t bits)
{
	build_u8(b, PXE43_DISCOVERY);
	build_u8(b, 1);
	build_u8(b, bits);
}

void pxe43_add_server(struct build *b, uint16_t type, uint32_t address)
{
	build_u8(b, PXE43_BOOT_SERVERS);
	build_u8(b, 2 + 1 + 4);
	build_be16(b, type);
	build_u8(b, 1);
	build_be32(b, address);
}

void pxe43_add_menu(struct build *b, uint16_t type, const char *text)
{
	size_t len = strnlen(text, PXE43_TEXT_MAX);

	build_u8(b, PXE43_BOOT_MENU);
	build_u8(b, (uint8_t)(2 + 1 + len));
	build_be16(b, type);
	build_u8(b, (uint8_t)len);
	build_bytes(b, text, len);
}

void pxe43_add_prompt(struct build *b, uint8_t timeout_s, const char *text)
{
	size_t len = strnlen(text, PXE43_TEXT_MAX);

	build_u8(b, PXE43_MENU_PROMPT);
	build_u8(b, (uint8_t)(1 + len));
	build_u8(b, timeout_s);
	build_bytes(b, text, len);
}

void pxe43_add_item(struct build *b, struct pxe43_item item)
{
	build_u8(b, PXE43_BOOT_ITEM);
	build_u8(b, 4);
	build_be16(b, item.type);
	build_be16(b, item.layer);
}

void pxe43_end(struct build *b)
{
	build_u8(b, PXE43_END);
}
