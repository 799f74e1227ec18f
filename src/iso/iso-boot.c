/* SPDX-License-Identifier: MIT */
/*
 * El Torito's boot catalog (version 1.0, section 2): a validation entry, the
 * default entry of the validation entry's platform, then sections of a header
 * and its entries, 32 bytes each.
 */
#include <errno.h>

#include "iso/iso-internal.h"

#define ENTRY_SIZE 32

#define HEADER_VALIDATION 0x01
#define HEADER_SECTION	  0x90
#define HEADER_LAST	  0x91
#define ENTRY_BOOTABLE	  0x88
#define ENTRY_EXTENSION	  0x44 /* more about the entry in front of it */

#define MEDIA_MASK     0x0f
#define VIRTUAL_SECTOR 512

/* What a BIOS would show as drive A:, whatever the entry's size says. */
static const uint64_t floppy_sizes[] = {
	[1] = 1200 * KIB,
	[2] = 1440 * KIB,
	[3] = 2880 * KIB,
};

struct catalog {
	struct iso_boot_image *images;
	int count;
	uint8_t platform;
	uint16_t left; /* entries of the section */
	bool is_last;
};

static void add_image(struct catalog *catalog, struct view entry)
{
	struct iso_boot_image image = { .platform = catalog->platform };
	uint8_t media;

	if (catalog->count == ISO_BOOT_IMAGES_MAX)
		return;
	image.bootable = view_u8(&entry) == ENTRY_BOOTABLE;
	media = view_u8(&entry) & MEDIA_MASK;
	view_skip(&entry, 2 + 1 + 1); /* segment, system, nothing */
	image.size = (uint64_t)view_le16(&entry) * VIRTUAL_SECTOR;
	image.start = (uint64_t)view_le32(&entry) * ISO_SECTOR;
	if (media < ARRAY_SIZE(floppy_sizes) && floppy_sizes[media])
		image.size = floppy_sizes[media];
	catalog->images[catalog->count++] = image;
}

static bool is_validation(struct view entry)
{
	struct view words = entry;
	uint16_t sum = 0;

	while (words.left >= 2)
		sum = (uint16_t)(sum + view_le16(&words));
	return view_u8(&entry) == HEADER_VALIDATION && sum == 0;
}

/* False: the catalog ends here. */
static bool take_entry(struct catalog *catalog, struct view entry)
{
	struct view v = entry;
	uint8_t header = view_u8(&v);

	if (header == ENTRY_EXTENSION)
		return true;
	if (catalog->left > 0) {
		catalog->left--;
		add_image(catalog, entry);
		return true;
	}
	if (catalog->is_last ||
	    (header != HEADER_SECTION && header != HEADER_LAST))
		return false;
	catalog->is_last = header == HEADER_LAST;
	catalog->platform = view_u8(&v);
	catalog->left = view_le16(&v);
	return true;
}

int iso_boot_images(const struct iso *iso,
		    struct iso_boot_image ret[static ISO_BOOT_IMAGES_MAX],
		    struct failure *failure)
{
	struct catalog catalog = { .images = ret, .left = 1 };
	uint8_t sector[ISO_SECTOR];
	struct view v = view_over(sector, sizeof(sector));
	struct view entry;
	int r;

	if (iso->boot_catalog == 0)
		return 0;
	r = reader_read(iso->reader, iso->boot_catalog, sector, sizeof(sector),
			failure);
	if (r < 0)
		return r;
	entry = view_sub(&v, ENTRY_SIZE);
	if (!is_validation(entry))
		return iso_damaged(iso, "its boot catalog is not one", failure);
	catalog.platform = sector[1];
	do
		entry = view_sub(&v, ENTRY_SIZE);
	while (!entry.bad && take_entry(&catalog, entry));
	return catalog.count;
}
