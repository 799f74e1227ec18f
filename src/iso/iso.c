/* SPDX-License-Identifier: MIT */
/*
 * The volume descriptors (ECMA-119, 8), from sector 16 on: the primary one, of
 * Joliet one that is supplementary, and the boot record of El Torito.
 *
 * A volume may have two trees of directories, which share the files: the
 * primary one, with names of ISO 9660 and often Rock Ridge's in addition, and
 * that of Joliet. As in the kernel (fs/isofs/inode.c), Rock Ridge counts before
 * Joliet, and Joliet before plain names.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "iso/iso-internal.h"

#define FIRST_DESCRIPTOR 16 /* sector */
#define DESCRIPTORS_MAX	 32
#define IDENTIFIER	 "CD001"

enum descriptor_type {
	DESCRIPTOR_BOOT = 0,
	DESCRIPTOR_PRIMARY = 1,
	DESCRIPTOR_SUPPLEMENTARY = 2,
	DESCRIPTOR_END = 255,
};

/* Bytes in a descriptor (ECMA-119, 8.4). */
#define AT_LABEL	40
#define LABEL_LEN	32
#define AT_BLOCKS	80
#define AT_ESCAPES	88
#define AT_BLOCK_SIZE	128
#define AT_ROOT		156
#define ROOT_LEN	34
#define AT_CREATED	813
#define AT_MODIFIED	830
#define AT_BOOT_SYSTEM	7
#define AT_BOOT_CATALOG 71
#define EL_TORITO	"EL TORITO SPECIFICATION"

/* Writers differ in whether they count the padding at the end, 150 sectors,
 * which some do not even write. */
#define PADDING (150 * ISO_SECTOR)

/* What the XA extension of CD-ROMs has in front of SUSP's fields. */
#define XA_LEN 14

struct volume {
	char label[ISO_LABEL_MAX];
	char uuid[ISO_UUID_MAX];
	uint64_t size;
	uint32_t block_size;
	struct iso_record root;
};

struct volumes {
	bool has_primary, has_joliet;
	struct volume primary, joliet;
	uint32_t boot_catalog; /* sector; 0: none */
};

int iso_damaged(const struct iso *iso, const char *what,
		struct failure *failure)
{
	return failure_set(failure, EBADMSG, "%s is a damaged ISO image: %s",
			   iso->reader->name, what);
}

/*
 * The date as blkid(8), udev and GRUB write it where a file system has a UUID:
 * all 16 digits, and not the time zone behind them. One of zeros is not set.
 */
static bool parse_uuid(struct view date, char ret_uuid[static ISO_UUID_MAX])
{
	static const uint8_t parts[] = { 4, 2, 2, 2, 2, 2, 2 };
	struct text text = text_over(ret_uuid, ISO_UUID_MAX);
	bool is_set = false;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		text_put(&text, i > 0 ? "-" : "");
		for (size_t n = 0; n < parts[i]; n++) {
			char digit[2] = { (char)view_u8(&date) };

			if (digit[0] < '0' || digit[0] > '9')
				return false;
			is_set |= digit[0] != '0';
			text_put(&text, digit);
		}
	}
	return is_set || view_u8(&date) != 0;
}

static int parse_volume(struct view sector, struct volume *ret_volume)
{
	struct volume volume = { 0 };
	struct view label = view_at(sector, AT_LABEL);
	struct view blocks = view_at(sector, AT_BLOCKS);
	struct view block_size = view_at(sector, AT_BLOCK_SIZE);
	struct view root = view_at(sector, AT_ROOT);
	struct view record = view_sub(&root, ROOT_LEN);

	view_copy(&label, volume.label, LABEL_LEN);
	str_trim_end(volume.label);
	if (!parse_uuid(view_at(sector, AT_MODIFIED), volume.uuid) &&
	    !parse_uuid(view_at(sector, AT_CREATED), volume.uuid))
		*volume.uuid = '\0';
	volume.block_size = view_le16(&block_size);
	volume.size = (uint64_t)view_le32(&blocks) * volume.block_size;
	if (volume.block_size != 512 && volume.block_size != 1024 &&
	    volume.block_size != 2048)
		return -EBADMSG;
	if (iso_record_parse(&record, volume.block_size, &volume.root) < 0 ||
	    !volume.root.is_directory)
		return -EBADMSG;
	*ret_volume = volume;
	return 0;
}

/* Its three levels differ in which characters are allowed. */
static bool is_joliet(struct view sector)
{
	static const char *const levels[] = { "%/@", "%/C", "%/E" };
	struct view escapes = view_at(sector, AT_ESCAPES);

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (view_starts(escapes, levels[i], strlen(levels[i])))
			return true;
	return false;
}

static int parse_descriptor(struct view sector, enum descriptor_type type,
			    struct volumes *volumes)
{
	struct view boot = view_at(sector, AT_BOOT_SYSTEM);
	struct view catalog = view_at(sector, AT_BOOT_CATALOG);

	switch (type) {
	case DESCRIPTOR_BOOT:
		if (view_starts(boot, EL_TORITO, strlen(EL_TORITO)))
			volumes->boot_catalog = view_le32(&catalog);
		return 0;
	case DESCRIPTOR_PRIMARY:
		if (volumes->has_primary)
			return 0;
		volumes->has_primary = true;
		return parse_volume(sector, &volumes->primary);
	case DESCRIPTOR_SUPPLEMENTARY:
		/* One that is damaged is one that is not there. */
		if (is_joliet(sector) && !volumes->has_joliet)
			volumes->has_joliet =
				parse_volume(sector, &volumes->joliet) == 0;
		return 0;
	case DESCRIPTOR_END:
		return 0;
	}
	return 0; /* of a kind that is reserved */
}

static int read_volumes(const struct iso *iso, struct volumes *volumes,
			struct failure *failure)
{
	const struct reader *reader = iso->reader;
	uint8_t sector[ISO_SECTOR], type;
	int r;

	for (uint64_t n = FIRST_DESCRIPTOR;
	     n < FIRST_DESCRIPTOR + DESCRIPTORS_MAX; n++) {
		if (reader->size < (n + 1) * ISO_SECTOR)
			break;
		r = reader->read(reader, n * ISO_SECTOR, sector, sizeof(sector),
				 failure);
		if (r < 0)
			return r;
		type = sector[0];
		if (memcmp(sector + 1, IDENTIFIER, strlen(IDENTIFIER)) != 0 ||
		    type == DESCRIPTOR_END)
			break;
		if (parse_descriptor(view_over(sector, sizeof(sector)), type,
				     volumes) < 0)
			return iso_damaged(iso,
					   "what its volume descriptor "
					   "says cannot be",
					   failure);
	}
	if (!volumes->has_primary)
		return failure_set(failure, EBADMSG,
				   "%s is no ISO image (ISO 9660)",
				   reader->name);
	return 0;
}

static void use_tree(struct iso *iso, const struct volume *volume)
{
	iso->block_size = volume->block_size;
	iso->root_extent = volume->root.start;
	iso->root_size = volume->root.size;
}

/* SUSP says that it is there in the record of the root in itself. */
static int look_for_rock_ridge(struct iso *iso, struct failure *failure)
{
	struct iso_record record;
	struct rock rock = { 0 };
	uint8_t sector[ISO_SECTOR];
	struct view v = view_over(sector, sizeof(sector));
	int r;

	r = reader_read(iso->reader, iso->root_extent, sector, sizeof(sector),
			failure);
	if (r < 0)
		return r;
	if (iso_record_parse(&v, iso->block_size, &record) < 0)
		return iso_damaged(iso, "its root is no directory", failure);
	if (view_starts(view_at(record.fields, XA_LEN), "SP", 2))
		view_skip(&record.fields, XA_LEN);
	r = iso_rock_read(iso, record.fields, &rock, failure);
	if (r < 0)
		return r;
	iso->rock_ridge = rock.is_shared && rock.is_rock_ridge;
	iso->susp_skip = rock.skip;
	return 0;
}

int iso_open(struct iso *ret_iso, const struct reader *reader,
	     struct failure *failure)
{
	struct iso iso = { .reader = reader };
	struct volumes volumes = { 0 };
	int r;

	r = read_volumes(&iso, &volumes, failure);
	if (r < 0)
		return r;
	memcpy(iso.label, volumes.primary.label, sizeof(iso.label));
	memcpy(iso.uuid, volumes.primary.uuid, sizeof(iso.uuid));
	iso.volume_size = volumes.primary.size;
	iso.boot_catalog = (uint64_t)volumes.boot_catalog * ISO_SECTOR;
	if (iso.volume_size > reader->size + PADDING)
		return failure_set(
			failure, EBADMSG,
			"%s is cut short: it has %llu of %llu bytes; "
			"fetch it again",
			reader->name, (unsigned long long)reader->size,
			(unsigned long long)iso.volume_size);
	use_tree(&iso, &volumes.primary);
	r = look_for_rock_ridge(&iso, failure);
	if (r < 0)
		return r;
	iso.joliet = volumes.has_joliet && !iso.rock_ridge;
	if (iso.joliet)
		use_tree(&iso, &volumes.joliet);
	*ret_iso = iso;
	return 0;
}

struct iso_entry iso_root(const struct iso *iso)
{
	return (struct iso_entry){
		.type = ISO_DIRECTORY,
		.size = iso->root_size,
		.extent_count = 1,
		.extents = { { iso->root_extent, iso->root_size } },
	};
}
