/* SPDX-License-Identifier: MIT */
/*
 * Marks say what could be the root, a look into it what is. A look needs root
 * and a kernel with the file system; without them the marks have to do.
 *
 * One file system alone is taken even without an os-release or an init, since
 * the person may name the init; but not an ISO, nor what lies beside a volume
 * that cannot be opened here: that is /boot, and the volume has the root.
 */
#include "root/disk.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "root/disk-look.h"
#include "root/disk-probe.h"

struct search {
	struct disk disk;
	const char *name;
	struct failure *failure;
	size_t candidates, roots, unknown;
	struct disk_entry *first; /* of the roots */
	struct disk_entry *largest, *largest_unknown;
};

/* "partition 1: FAT, 100 MB; partition 2: LVM, 10 GB" */
static void list_entries(const struct disk *disk, struct text *text)
{
	char size[SIZE_TEXT_MAX];

	for (size_t i = 0; i < disk->count; i++) {
		const struct disk_entry *entry = &disk->entries[i];

		if (entry->number)
			text_add(text, "%spartition %d: %s, %s", i ? "; " : "",
				 entry->number, entry->what,
				 size_text(entry->size, size));
		else
			text_add(text, "it is %s", entry->what);
	}
}

static bool is_of(const struct disk_entry *entry, const char *fstype)
{
	return str_eq(entry->part.fstype, fstype);
}

/* A volume in which another file system may be. */
static bool is_closed(const struct disk_entry *entry)
{
	static const char *const volumes[] = {
		"LVM2_member",
		"crypto_LUKS",
		"linux_raid_member",
		"zfs_member",
	};

	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++)
		if (is_of(entry, volumes[i]))
			return true;
	return false;
}

static const char *advice(const struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++) {
		const struct disk_entry *entry = &disk->entries[i];

		if (is_closed(entry))
			return "; volumes are not opened here: use an image "
			       "with a plain file system";
		if (is_of(entry, "iso9660"))
			return "; a medium to boot from: load the squashfs in "
			       "it instead";
		if (is_of(entry, "ntfs"))
			return "; Windows cannot be loaded";
	}
	return "";
}

static int refuse(const struct search *search)
{
	const struct disk *disk = &search->disk;
	char buf[200];
	struct text text = text_over(buf, sizeof(buf));

	if (disk->cut_short)
		return failure_set(search->failure, EBADMSG,
				   "%s: the disk image is cut short: its "
				   "partition table is for a larger disk",
				   search->name);
	if (disk->count == 0)
		text_put(&text, disk->partitioned
					? "no partition is on it"
					: "neither a file system nor a "
					  "partition table is on it");
	list_entries(disk, &text);
	return failure_set(search->failure, ENODATA,
			   "%s: the disk image has no root file system that "
			   "can be used (%s)%s",
			   search->name, buf, advice(disk));
}

static int refuse_several(const struct search *search)
{
	char buf[200];
	struct text text = text_over(buf, sizeof(buf));

	list_entries(&search->disk, &text);
	return failure_set(search->failure, ENOTUNIQ,
			   "%s: the disk image has %zu root file systems, use "
			   "one with a single one (%s)",
			   search->name, search->roots, buf);
}

static bool has_root_type(const struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++)
		if (disk->entries[i].is_root &&
		    disk->entries[i].content == DISK_MOUNTABLE)
			return true;
	return false;
}

static bool has_closed(const struct disk *disk)
{
	for (size_t i = 0; i < disk->count; i++)
		if (is_closed(&disk->entries[i]))
			return true;
	return false;
}

static void keep_larger(struct disk_entry **largest, struct disk_entry *entry)
{
	if (!*largest || entry->size > (*largest)->size)
		*largest = entry;
}

static void look_at(struct search *search, int fd, struct disk_entry *entry)
{
	int r = disk_look(fd, &entry->part);

	search->candidates++;
	keep_larger(&search->largest, entry);
	if (r < 0) {
		search->unknown++;
		keep_larger(&search->largest_unknown, entry);
	} else if (r > 0) {
		search->roots++;
		if (!search->first)
			search->first = entry;
	}
}

/* What to take, NULL: nothing. */
static const struct disk_entry *choose(const struct search *search)
{
	bool alone = search->candidates == 1 &&
		     (search->largest->is_root || !has_closed(&search->disk));

	if (search->roots == 1)
		return search->first;
	if (search->unknown > 0)
		return search->largest_unknown;
	return alone && !is_of(search->largest, "iso9660") ? search->largest
							   : NULL;
}

static int search_disk(struct search *search, int fd,
		       struct disk_part *ret_part)
{
	struct disk *disk = &search->disk;
	const struct disk_entry *chosen;
	int r = disk_probe(fd, disk);
	bool typed;

	if (r < 0)
		return failure_errno(search->failure, -r,
				     "%s: cannot examine the disk image",
				     search->name);
	typed = has_root_type(disk);
	for (size_t i = 0; i < disk->count; i++)
		if (disk->entries[i].content == DISK_MOUNTABLE &&
		    (!typed || disk->entries[i].is_root))
			look_at(search, fd, &disk->entries[i]);
	if (search->roots > 1)
		return refuse_several(search);
	chosen = choose(search);
	if (!chosen)
		return refuse(search);
	*ret_part = chosen->part;
	ret_part->guessed = search->roots == 0 && search->candidates > 1;
	return 0;
}

int disk_find_root(int fd, const char *name, struct disk_part *ret_part,
		   struct failure *failure)
{
	_cleanup_free struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return failure_errno(failure, ENOMEM, "%s", name);
	search->name = name;
	search->failure = failure;
	return search_disk(search, fd, ret_part);
}
