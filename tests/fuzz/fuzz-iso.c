/* SPDX-License-Identifier: MIT */
/* A whole ISO image, from its first volume descriptor on: every directory, some
 * paths, and the boot catalog. What is behind it is zeros, so that the numbers
 * in it may name what is far away. */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/iso.h"

#define BEFORE (16 * 2048)

/* Directories can be below themselves, and all the same place. */
#define DEPTH_MAX   12
#define ENTRIES_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at;
	size_t len;
};

struct walk {
	const struct iso *iso;
	unsigned int depth, entries;
};

static int read_bytes(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *failure)
{
	const struct bytes *bytes = reader->context;

	(void)failure;
	if (offset > reader->size || len > reader->size - offset)
		abort();
	memset(buf, 0, len);
	if (offset < BEFORE || offset - BEFORE >= bytes->len)
		return 0;
	offset -= BEFORE;
	memcpy(buf, bytes->at + offset, MIN(len, bytes->len - offset));
	return 0;
}

static void check(const struct iso_entry *entry)
{
	uint64_t size = 0;

	if (!str_is_terminated(entry->name, sizeof(entry->name)) ||
	    !str_is_terminated(entry->target, sizeof(entry->target)) ||
	    !*entry->name || strchr(entry->name, '/') ||
	    str_eq(entry->name, ".") || str_eq(entry->name, "..") ||
	    entry->extent_count > ISO_EXTENTS_MAX)
		abort();
	for (size_t i = 0; i < entry->extent_count; i++)
		size += entry->extents[i].size;
	if (size != entry->size)
		abort();
}

static int visit(const struct iso_entry *entry, void *context)
{
	struct walk *walk = context;
	struct failure failure;
	char buf[64];
	int r = 0;

	check(entry);
	if (++walk->entries > ENTRIES_MAX)
		return 1;
	if (entry->type == ISO_FILE &&
	    iso_read(walk->iso, entry, entry->size / 2, buf, sizeof(buf),
		     &failure) > (ssize_t)sizeof(buf))
		abort();
	if (entry->type != ISO_DIRECTORY || walk->depth == DEPTH_MAX)
		return 0;
	walk->depth++;
	r = iso_list(walk->iso, entry, visit, walk, &failure);
	walk->depth--;
	return r > 0;
}

static void find(const struct iso *iso)
{
	static const char *const paths[] = {
		"/live/vmlinuz", "/boot/grub/kernel",
		"loop1",	 "/A/b/../B/c/d/e/f/g/h/i/deep.txt",
		"/target",	 "/isolinux",
	};
	struct failure failure;
	char *bytes;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (iso_read_whole(iso, paths[i], 1 << 16, &bytes, &len,
				   &failure) < 0)
			continue;
		if (len > 1 << 16 || bytes[len])
			abort();
		free(bytes);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes bytes = { .at = data, .len = size };
	const struct reader reader = {
		.name = "x",
		.size = 6 * GIB,
		.read = read_bytes,
		.context = (void *)&bytes,
	};
	struct iso_boot_image images[ISO_BOOT_IMAGES_MAX];
	struct walk walk = { 0 };
	struct iso_entry root;
	struct failure failure;
	struct iso iso;
	int r;

	if (iso_open(&iso, &reader, &failure) < 0)
		return 0;
	if (!str_is_terminated(iso.label, sizeof(iso.label)) ||
	    !str_is_terminated(iso.uuid, sizeof(iso.uuid)))
		abort();
	root = iso_root(&iso);
	walk.iso = &iso;
	r = iso_list(&iso, &root, visit, &walk, &failure);
	if (r > 1)
		abort();
	find(&iso);
	if (iso_boot_images(&iso, images, &failure) > ISO_BOOT_IMAGES_MAX)
		abort();
	return 0;
}
