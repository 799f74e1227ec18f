/* SPDX-License-Identifier: MIT */
#include "wire/pxe43.h"

#include <errno.h>

#include "tap.h"

static void test_item(void)
{
	static const struct {
		const char *what;
		const char *bytes;
		size_t len;
		int r;
		uint16_t type, layer;
	} rows[] = {
		{ "an item", "\x47\4\x80\0\0\1\xff", 7, 0, 0x8000, 1 },
		{ "behind others", "\x06\1\x08\0\x47\4\0\1\0\0", 10, 0, 1, 0 },
		{ "none", "\x06\1\x08\xff", 4, -ENODATA, 0, 0 },
		{ "nothing at all", "", 0, -ENODATA, 0, 0 },
		{ "one behind the end", "\xff\x47\4\0\1\0\0", 7, -ENODATA, 0,
		  0 },
		{ "one that is short", "\x47\3\x80\0\0\xff", 6, -EBADMSG, 0,
		  0 },
		{ "one that is cut", "\x47\4\x80\0\0", 5, -EBADMSG, 0, 0 },
		{ "a code alone", "\x47", 1, -EBADMSG, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pxe43_item item = { 0 };
		int r = pxe43_get_item(view_over(rows[i].bytes, rows[i].len),
				       &item);

		ok(r == rows[i].r && item.type == rows[i].type &&
			   item.layer == rows[i].layer,
		   rows[i].what);
	}
}

/* Byte for byte what a BIOS ROM is known to take. */
static void test_menu(void)
{
	static const char want[] = "\x06\1\3"
				   "\x08\7\x80\0\1\xc0\0\2\1"
				   "\x09\x0c\x80\0\x09"
				   "Pixiecore"
				   "\x0a\x0a\0Pixiecore\xff";
	uint8_t bytes[128];
	struct build b = build_over(bytes, sizeof(bytes));

	pxe43_add_discovery(&b, PXE43_NO_BROADCAST | PXE43_NO_MULTICAST);
	pxe43_add_server(&b, PXE43_TYPE_VENDOR, 0xc0000201);
	pxe43_add_menu(&b, PXE43_TYPE_VENDOR, "Pixiecore");
	pxe43_add_prompt(&b, 0, "Pixiecore");
	pxe43_end(&b);
	ok(!b.bad && b.len == sizeof(want) - 1 &&
		   memcmp(bytes, want, b.len) == 0,
	   "a menu of one item");
	b = build_over(bytes, 7);
	pxe43_add_item(&b, (struct pxe43_item){ 0x8000, 1 });
	pxe43_end(&b);
	ok(!b.bad && memcmp(bytes, "\x47\4\x80\0\0\1\xff", 7) == 0, "an item");
	b = build_over(bytes, 6);
	pxe43_add_item(&b, (struct pxe43_item){ 0x8000, 1 });
	pxe43_end(&b);
	ok(b.bad, "what does not fit is noticed");
}

static void test_long(void)
{
	char text[300];
	uint8_t bytes[600];
	struct build b = build_over(bytes, sizeof(bytes));

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	pxe43_add_menu(&b, 1, text);
	pxe43_add_prompt(&b, 255, text);
	pxe43_end(&b);
	ok(!b.bad && bytes[1] == PXE43_TEXT_MAX + 3 &&
		   bytes[4] == PXE43_TEXT_MAX &&
		   bytes[2 + bytes[1]] == PXE43_MENU_PROMPT,
	   "long texts are cut");
}

int main(void)
{
	test_item();
	test_menu();
	test_long();
	return tap_done();
}
