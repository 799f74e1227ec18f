/* SPDX-License-Identifier: MIT */
/*
 * One pass over the devices that are made of others. They stack in any order:
 * what is held by another one now is free in a later pass.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/listing.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/blockdev.h"
#include "root/loopdev.h"
#include "takeover/storage-internal.h"

struct sweep {
	const struct storage_keep *keep;
	unsigned left;
};

static int stop_loop(const char *name, const char *file, void *context)
{
	struct sweep *sweep = context;
	struct loopdev_backing backing;
	char again[8];

	(void)file;
	if (loopdev_backing(name, &backing) == 0 &&
	    backing.device == sweep->keep->device)
		return 0;
	/* Being asked for it, the kernel may do so later. */
	if (loopdev_detach(name) < 0 ||
	    attribute_read(BLOCKDEV_DIR, name, "loop/backing_file", again,
			   sizeof(again)) != -ENOENT)
		sweep->left++;
	return 0;
}

/* Whoever waits for I/O of a suspended device, waits for ever. */
static int resume_dm(const char *name, void *context)
{
	char dm_name[BLOCKDEV_DM_MAX], suspended[4];

	(void)context;
	if (attribute_read(BLOCKDEV_DIR, name, "dm/suspended", suspended,
			   sizeof(suspended)) > 0 &&
	    suspended[0] == '1' &&
	    attribute_read(BLOCKDEV_DIR, name, "dm/name", dm_name,
			   sizeof(dm_name)) > 0)
		(void)!blockdev_dm_resume(dm_name);
	return 0;
}

void storage_dm_resume(void)
{
	(void)!blockdev_each("dm-", resume_dm, NULL);
}

static int stop_dm(const char *name, void *context)
{
	struct sweep *sweep = context;
	char dm_name[BLOCKDEV_DM_MAX];

	if (attribute_read(BLOCKDEV_DIR, name, "dm/name", dm_name,
			   sizeof(dm_name)) >= 0 &&
	    blockdev_dm_remove(dm_name) < 0)
		sweep->left++;
	return 0;
}

static int stop_md(const char *name, void *context)
{
	struct sweep *sweep = context;
	char state[32];

	if (attribute_read(BLOCKDEV_DIR, name, "md/array_state", state,
			   sizeof(state)) < 0 ||
	    str_eq(state, "clear"))
		return 0;
	if (blockdev_md_stop(name) < 0)
		sweep->left++;
	return 0;
}

/* It goes by itself afterwards, which the next pass sees. */
static int stop_bcache(const char *name, void *context)
{
	struct sweep *sweep = context;

	(void)!blockdev_bcache_stop(name);
	sweep->left++;
	return 0;
}

/* Sets of caches, UUIDs beside files of the same directory. */
static int stop_bcache_set(const char *name, void *context)
{
	(void)context;
	(void)!attribute_write("/sys/fs/bcache", name, "stop", "1");
	return 0;
}

static int stop_nbd(const char *name, void *context)
{
	struct sweep *sweep = context;
	char pid[16];

	if (attribute_read(BLOCKDEV_DIR, name, "pid", pid, sizeof(pid)) >= 0 &&
	    blockdev_nbd_disconnect(name) < 0)
		sweep->left++;
	return 0;
}

static int stop_zram(const char *name, void *context)
{
	struct sweep *sweep = context;
	char size[32];

	if (attribute_read(BLOCKDEV_DIR, name, "disksize", size,
			   sizeof(size)) >= 0 &&
	    !str_eq(size, "0") && blockdev_zram_reset(name) < 0)
		sweep->left++;
	return 0;
}

unsigned storage_blocks_stop(const struct storage_keep *keep)
{
	static const struct {
		const char *prefix;
		int (*stop)(const char *name, void *context);
	} kinds[] = {
		{ "dm-", stop_dm },    { "md", stop_md },
		{ "nbd", stop_nbd },   { "bcache", stop_bcache },
		{ "zram", stop_zram },
	};
	struct sweep sweep = { .keep = keep };

	/* What cannot be listed is not counted: the proof will tell. */
	(void)!loopdev_list(stop_loop, &sweep);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		(void)!blockdev_each(kinds[i].prefix, kinds[i].stop, &sweep);
	(void)!listing_each(AT_FDCWD, "/sys/fs/bcache", stop_bcache_set, NULL);
	return sweep.left;
}
