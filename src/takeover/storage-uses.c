/* SPDX-License-Identifier: MIT */
/*
 * What uses a disk, in words, from what the kernel shows: /proc/swaps,
 * mountinfo, loop devices, and the holders that each block device lists in
 * sysfs. Those are block devices again, so the way goes up the stack until
 * something that is none uses one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/listing.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/blockdev.h"
#include "root/loopdev.h"
#include "root/proc-text.h"
#include "takeover/storage-internal.h"

#define DEPTH_MAX 8
#define WORDS_MAX 256

struct walk {
	struct text *uses;
	unsigned count;
	unsigned depth;
	struct text way; /* to the device that is looked at: "vda3: " */
	const char *dir; /* its directory in sysfs */
	dev_t device;
};

static void walk_device(struct walk *walk, const char *dir);

static void add_use(struct walk *walk, const char *what)
{
	text_add(walk->uses, "%s%s%s", walk->count++ > 0 ? ", " : "",
		 walk->way.buf, what);
}

/* Goes on with another device. */
static void walk_on(struct walk *walk, const char *label, const char *dir)
{
	const struct walk here = *walk;

	if (walk->depth >= DEPTH_MAX)
		return;
	text_add(&walk->way, "%s: ", label);
	walk->depth++;
	walk_device(walk, dir);
	walk->way = here.way;
	walk->way.buf[walk->way.len] = '\0';
	walk->depth = here.depth;
	walk->dir = here.dir;
	walk->device = here.device;
}

/* One that, even if nothing uses it, is a use by itself. */
static void walk_on_holder(struct walk *walk, const char *label,
			   const char *name)
{
	char dir[BLOCKDEV_PATH_MAX + 8];
	unsigned before = walk->count;

	snprintf(dir, sizeof(dir), BLOCKDEV_DIR "/%s", name);
	walk_on(walk, label, dir);
	if (walk->count == before)
		add_use(walk, label);
}

/* -- swap -- */

static void walk_swaps(struct walk *walk)
{
	static struct swap_area area;
	struct view text = storage_read_swaps();
	int r;

	while ((r = swaps_next(&text, &area)) != 0) {
		struct stat st;

		if (r < 0 || stat(area.path, &st) < 0)
			continue;
		if (S_ISBLK(st.st_mode) && st.st_rdev == walk->device)
			add_use(walk, "swap");
		else if (S_ISREG(st.st_mode) && st.st_dev == walk->device)
			add_use(walk, "a swap file");
	}
}

/* -- mounts -- */

static bool is_of_device(const struct mountinfo *mount, dev_t device)
{
	struct stat st;

	if (mount->device == device)
		return true;
	return storage_mount_is_on_disk(mount) && major(mount->device) == 0 &&
	       stat(mount->source, &st) == 0 && S_ISBLK(st.st_mode) &&
	       st.st_rdev == device;
}

/* The first mount stands for all: a container engine makes hundreds. */
static void walk_mounts(struct walk *walk)
{
	static struct mountinfo mount;
	char words[WORDS_MAX];
	struct text what = text_over(words, sizeof(words));
	struct view text = storage_read_mounts();
	unsigned count = 0;
	int r;

	while ((r = mountinfo_next(&text, &mount)) != 0) {
		if (r < 0 || !is_of_device(&mount, walk->device))
			continue;
		if (count++ == 0)
			text_add(&what, "mounted at %s (%s)", mount.point,
				 mount.type);
	}
	if (count > 1)
		text_add(&what, " and %u more", count - 1);
	if (count > 0)
		add_use(walk, words);
}

/* mountinfo tells one device of a btrfs that has several. */
static int walk_btrfs(const char *name, void *context)
{
	struct walk *walk = context;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/sys/fs/btrfs/%s/devices/%s", name,
		 strrchr(walk->dir, '/') + 1);
	if (access(path, F_OK) == 0)
		add_use(walk, "part of a btrfs");
	return 0;
}

/* -- devices on it -- */

static int walk_loop(const char *name, const char *file, void *context)
{
	struct walk *walk = context;
	struct loopdev_backing backing;
	char label[WORDS_MAX];

	if (loopdev_backing(name, &backing) < 0 ||
	    (backing.device != walk->device && backing.special != walk->device))
		return 0;
	snprintf(label, sizeof(label), "%s of %s", name, file);
	walk_on_holder(walk, label, name);
	return 0;
}

static int walk_holder(const char *name, void *context)
{
	char label[WORDS_MAX], dm_name[BLOCKDEV_DM_MAX];

	if (strlen(name) >= BLOCKDEV_NAME_MAX)
		return 0;
	if (attribute_read(BLOCKDEV_DIR, name, "dm/name", dm_name,
			   sizeof(dm_name)) > 0)
		snprintf(label, sizeof(label), "%s (%s)", dm_name, name);
	else
		(void)str_copy(label, sizeof(label), name);
	walk_on_holder(context, label, name);
	return 0;
}

struct next_partition {
	const char *dir;
	uint64_t after, number;
	char name[BLOCKDEV_NAME_MAX];
};

static int look_at_partition(const char *name, void *context)
{
	struct next_partition *next = context;
	char value[16];
	uint64_t number;

	if (attribute_read(next->dir, name, "partition", value, sizeof(value)) <
		    0 ||
	    str_to_u64(value, UINT32_MAX, &number) < 0 ||
	    number <= next->after || number >= next->number)
		return 0;
	if (str_copy(next->name, sizeof(next->name), name))
		next->number = number;
	return 0;
}

/* By number: sysfs has them in no order. */
static void walk_partitions(struct walk *walk)
{
	struct next_partition next = { .dir = walk->dir };
	char dir[PATH_MAX];

	for (;;) {
		next.number = UINT64_MAX;
		(void)!listing_each(AT_FDCWD, next.dir, look_at_partition,
				    &next);
		if (next.number == UINT64_MAX)
			return;
		snprintf(dir, sizeof(dir), "%s/%s", next.dir, next.name);
		walk_on(walk, next.name, dir);
		next.after = next.number;
	}
}

static void walk_device(struct walk *walk, const char *dir)
{
	char value[32], holders[PATH_MAX];
	unsigned before;

	walk->dir = dir;
	if (attribute_read(dir, ".", "dev", value, sizeof(value)) < 0 ||
	    proc_text_device(value, &walk->device) < 0)
		return;
	walk_swaps(walk);
	before = walk->count;
	walk_mounts(walk);
	if (walk->count == before)
		(void)!listing_each(AT_FDCWD, "/sys/fs/btrfs", walk_btrfs,
				    walk);
	(void)!loopdev_list(walk_loop, walk);
	snprintf(holders, sizeof(holders), "%s/holders", dir);
	(void)!listing_each(AT_FDCWD, holders, walk_holder, walk);
	walk_partitions(walk);
}

unsigned storage_uses(const char *disk, struct text *uses)
{
	char words[2 * WORDS_MAX], dir[BLOCKDEV_PATH_MAX + 8];
	struct walk walk = {
		.uses = uses,
		.way = text_over(words, sizeof(words)),
	};

	snprintf(dir, sizeof(dir), BLOCKDEV_DIR "/%s", disk);
	walk_device(&walk, dir);
	str_make_printable(uses->buf);
	return walk.count;
}
