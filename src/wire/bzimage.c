/* SPDX-License-Identifier: MIT */
#include "wire/bzimage.h"

#include <errno.h>

#define BOOT_FLAG_OFFSET      0x1fe /* 0xaa55 */
#define HEADER_MAGIC_OFFSET   0x202 /* "HdrS" */
#define PROTOCOL_OFFSET	      0x206
#define KERNEL_VERSION_OFFSET 0x20e /* where the text is, less 0x200 */
#define LOADFLAGS_OFFSET      0x211
#define ALIGNMENT_OFFSET      0x230
#define RELOCATABLE_OFFSET    0x234
#define XLOADFLAGS_OFFSET     0x236
#define CMDLINE_SIZE_OFFSET   0x238
#define INIT_SIZE_OFFSET      0x260
#define SETUP_BASE	      0x200

#define BOOT_FLAG 0xaa55

#define LOADFLAG_LOADED_HIGH 0x01

#define XLOADFLAG_KERNEL_64 0x01
#define XLOADFLAG_ABOVE_4G  0x02
#define XLOADFLAG_5LEVEL    0x20

/* The protocol that brought a field. */
#define SINCE_RELOCATABLE  0x0205
#define SINCE_CMDLINE_SIZE 0x0206
#define SINCE_INIT_SIZE	   0x020a
#define SINCE_XLOADFLAGS   0x020c

/* Of the field at offset; 0 where the protocol has none, or the file ends. */
static uint32_t field(struct view v, const struct bzimage *image,
		      uint16_t since, size_t offset, size_t bytes)
{
	struct view at = view_at(v, offset);

	return image->protocol < since ? 0 : (uint32_t)view_le(&at, bytes);
}

static bool has_header(struct view v)
{
	struct view boot_flag = view_at(v, BOOT_FLAG_OFFSET);

	return view_le16(&boot_flag) == BOOT_FLAG &&
	       view_starts(view_at(v, HEADER_MAGIC_OFFSET), "HdrS", 4);
}

int bzimage_parse(struct view v, struct bzimage *ret_image)
{
	struct view protocol = view_at(v, PROTOCOL_OFFSET);
	struct bzimage image = { .protocol = view_le16(&protocol) };
	uint32_t flags;

	if (protocol.bad || !has_header(v))
		return -EBADMSG;
	flags = field(v, &image, 0, LOADFLAGS_OFFSET, 1);
	image.loads_high = flags & LOADFLAG_LOADED_HIGH;
	flags = field(v, &image, SINCE_XLOADFLAGS, XLOADFLAGS_OFFSET, 2);
	image.has_64bit_entry = flags & XLOADFLAG_KERNEL_64;
	image.loads_above_4g = flags & XLOADFLAG_ABOVE_4G;
	image.knows_5level = flags & XLOADFLAG_5LEVEL;
	image.is_relocatable =
		field(v, &image, SINCE_RELOCATABLE, RELOCATABLE_OFFSET, 1);
	image.alignment =
		field(v, &image, SINCE_RELOCATABLE, ALIGNMENT_OFFSET, 4);
	image.cmdline_max =
		field(v, &image, SINCE_CMDLINE_SIZE, CMDLINE_SIZE_OFFSET, 4);
	image.init_size =
		field(v, &image, SINCE_INIT_SIZE, INIT_SIZE_OFFSET, 4);
	*ret_image = image;
	return 0;
}

int bzimage_release(struct view v, char ret_release[static BZIMAGE_RELEASE_MAX])
{
	struct view at = view_at(v, KERNEL_VERSION_OFFSET);
	uint16_t offset = view_le16(&at);
	struct view text = view_at(v, (size_t)offset + SETUP_BASE);
	size_t len = 0;

	if (at.bad || !view_starts(view_at(v, HEADER_MAGIC_OFFSET), "HdrS", 4))
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
