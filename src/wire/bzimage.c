/* SPDX-License-Identifier: MIT */
#include "wire/bzimage.h"

#include <errno.h>

#define HEADER_MAGIC_OFFSET   0x202 /* "HdrS" */
#define KERNEL_VERSION_OFFSET 0x20e /* where the text is, less 0x200 */
#define SETUP_BASE	      0x200

int bzimage_release(struct view v, char ret_release[static BZIMAGE_RELEASE_MAX])
{
	struct view field = view_at(v, KERNEL_VERSION_OFFSET);
	uint16_t offset = view_le16(&field);
	struct view text = view_at(v, (size_t)offset + SETUP_BASE);
	size_t len = 0;

	if (field.bad ||
	    !view_starts(view_at(v, HEADER_MAGIC_OFFSET), "HdrS", 4))
		return -EBADMSG;
	if (offset == 0 || text.bad)
		return -ENODATA;
	/* "6.1.0-56-amd64 (builder) #1 SMP ...": the first word. */
	while (len < text.left && text.at[len] > ' ' && text.at[len] < 0x7f)
		len++;
	if (len == 0 || len == text.left || len >= BZIMAGE_RELEASE_MAX)
		return -ENODATA;
	memcpy(ret_release, text.at, len);
	ret_release[len] = '\0';
	return 0;
}
