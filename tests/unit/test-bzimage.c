/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "tap.h"
#include "wire/bzimage.h"

int main(void)
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
	return tap_done();
}
