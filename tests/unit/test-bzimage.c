/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/bzimage.h"

static void test_release(void)
{
	uint8_t image[0x400] = { 0 };
	char release[BZIMAGE_RELEASE_MAX] = "untouched";
	struct view v = view_over(image, sizeof(image));

	ok_int(bzimage_release(v, release), -EBADMSG, "no magic");
	memcpy(image + 0x202, "HdrS", 4);
	ok_int(bzimage_release(v, release), -ENODATA, "no version");
	image[0x20e] = 0x00;
	image[0x20f] = 0x01;
	memcpy(image + 0x300, "6.1.0-56-amd64 (a@b) #1", 23);
	ok_str(release, "untouched", "nothing is written on failure");
	ok_int(bzimage_release(v, release), 0, "a version");
	ok_str(release, "6.1.0-56-amd64", "its first word");
	memset(image + 0x300, 'x', sizeof(image) - 0x300);
	ok_int(bzimage_release(v, release), -ENODATA, "a version without end");
	image[0x20f] = 0xff;
	ok_int(bzimage_release(v, release), -ENODATA, "a version outside");
	ok_int(bzimage_release(view_over(image, 0x204), release), -EBADMSG,
	       "a short file");
}

/* Fields have a meaning only from the protocol on that brought them. */
static void test_header(void)
{
	uint8_t image[0x268] = { 0 };
	struct view v = view_over(image, sizeof(image));
	struct bzimage header;

	memset(image + 0x211, 0xff, sizeof(image) - 0x211);
	ok_int(bzimage_parse(v, &header), -EBADMSG, "no boot sector");
	memcpy(image + 0x1fe, "\x55\xaa", 2);
	ok_int(bzimage_parse(v, &header), -EBADMSG, "no header");
	memcpy(image + 0x202, "HdrS", 4);
	memcpy(image + 0x206, "\x0f\x02", 2);
	ok_int(bzimage_parse(v, &header), 0, "protocol 2.15");
	ok(header.protocol == 0x20f && header.loads_high &&
		   header.is_relocatable && header.has_64bit_entry &&
		   header.loads_above_4g && header.knows_5level &&
		   header.alignment == UINT32_MAX &&
		   header.cmdline_max == UINT32_MAX &&
		   header.init_size == UINT32_MAX,
	   "all it says");
	image[0x206] = 0x0b;
	ok_int(bzimage_parse(v, &header), 0, "protocol 2.11");
	ok(header.init_size && !header.has_64bit_entry &&
		   !header.loads_above_4g && !header.knows_5level,
	   "no flags about 64 bits");
	image[0x206] = 0x04;
	ok_int(bzimage_parse(v, &header), 0, "protocol 2.04");
	ok(header.loads_high && !header.is_relocatable && !header.alignment &&
		   !header.cmdline_max && !header.init_size,
	   "what there was");
	ok_int(bzimage_parse(view_over(image, 0x207), &header), -EBADMSG,
	       "a short file");
}

int main(void)
{
	test_release();
	test_header();
	return tap_done();
}
