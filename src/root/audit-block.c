/* SPDX-License-Identifier: MIT */
/*
 * Block devices that a target set up and that outlive it, with the memory and
 * the files below them: swap, device mapper, md, zram, loop. They stack in
 * any order, so none waits for another: a cure that fails because the device
 * is held is tried again after the others.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>
#include <sys/swap.h>

#include "base/fd.h"
#include "root/audit-internal.h"
#include "root/loopdev.h"

#define BLOCK "/sys/block"

/* A fact for each BLOCK/PREFIX*: name -> its line in file, which add() may
 * refuse or change. */
static int block_take(struct facts *facts, const char *prefix, const char *file,
		      int (*add)(struct facts *facts, const char *name,
				 const char *value))
{
	_cleanup_dir DIR *dir = opendir(BLOCK);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		char value[256];

		if (str_after(entry->d_name, prefix) &&
		    attribute_read(BLOCK, entry->d_name, file, value,
				   sizeof(value)) >= 0)
			r = add(facts, entry->d_name, value);
	}
	return r;
}

/* -- swap -- */

/* "FILE TYPE SIZE USED PRIORITY" below a heading. FILE has no white space in
 * it, the kernel escapes it. */
static int swap_take(struct facts *facts)
{
	_cleanup_free char *bytes = NULL;
	char *at, *line;
	size_t len;
	int r = file_slurp("/proc/swaps", &bytes, &len);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	at = bytes;
	(void)strsep(&at, "\n");
	while ((line = strsep(&at, "\n"))) {
		line[strcspn(line, " \t")] = '\0';
		if (*line == '\0')
			continue;
		r = facts_add_text(facts, line, "");
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * The kernel names a device by its path in the mount it was opened through.
 * The target's own devtmpfs is gone, so "/dev/sda2" is "/sda2" by now.
 */
static int swap_undo(const struct audit_scope *scope,
		     const struct change *change)
{
	char path[PATH_MAX];

	(void)scope;
	if (swapoff(change->now->key) == 0)
		return 0;
	snprintf(path, sizeof(path), "/dev%s", change->now->key);
	if (errno == ENOENT && swapoff(path) == 0)
		return 0;
	return -errno;
}

static void swap_describe(const struct change *change, struct text *what,
			  struct text *cure)
{
	text_add(what, "swap was left on %s", change->now->key);
	text_add(cure, "swapped off");
}

const struct probe probe_swap = {
	.name = "swap",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 70,
	.changes = CHANGE_ADDED,
	.take = swap_take,
	.undo = swap_undo,
	.describe = swap_describe,
};

/* -- device mapper -- */

static int dm_add(struct facts *facts, const char *name, const char *value)
{
	/* The mapped device's name is what is asked to be removed. */
	return facts_add_text(facts, value, name);
}

static int dm_take(struct facts *facts)
{
	return block_take(facts, "dm-", "dm/name", dm_add);
}

static int dm_undo(const struct audit_scope *scope, const struct change *change)
{
	struct dm_ioctl request = {
		/* 4.0 is what every kernel since 2.6 answers to. */
		.version = { DM_VERSION_MAJOR, 0, 0 },
		.data_size = sizeof(request),
	};
	_cleanup_fd int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	(void)scope;
	if (fd < 0)
		return -errno;
	if (!str_copy(request.name, sizeof(request.name), change->now->key))
		return -ENAMETOOLONG;
	if (ioctl(fd, DM_DEV_REMOVE, &request) < 0 && errno != ENXIO)
		return -errno;
	return 0;
}

static void dm_describe(const struct change *change, struct text *what,
			struct text *cure)
{
	char device[32];

	text_add(what, "device mapper %s (%s) was left", change->now->key,
		 fact_text(change->now, device, sizeof(device)));
	text_add(cure, "removed");
}

const struct probe probe_dm = {
	.name = "device mapper",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 70,
	.changes = CHANGE_ADDED,
	.take = dm_take,
	.undo = dm_undo,
	.describe = dm_describe,
};

/* -- md -- */

static int md_add(struct facts *facts, const char *name, const char *value)
{
	return str_eq(value, "clear") ? 0 : facts_add_text(facts, name, "");
}

static int md_take(struct facts *facts)
{
	return block_take(facts, "md", "md/array_state", md_add);
}

/* "clear" is STOP_ARRAY without a device node (Documentation/admin-guide/
 * md.rst). */
static int md_undo(const struct audit_scope *scope, const struct change *change)
{
	(void)scope;
	return attribute_write(BLOCK, change->now->key, "md/array_state",
			       "clear");
}

static void md_describe(const struct change *change, struct text *what,
			struct text *cure)
{
	text_add(what, "RAID %s was left running", change->now->key);
	text_add(cure, "stopped");
}

const struct probe probe_md = {
	.name = "md",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 70,
	.changes = CHANGE_ADDED,
	.take = md_take,
	.undo = md_undo,
	.describe = md_describe,
};

/* -- zram -- */

/* A device without a size holds nothing; the module makes one by itself. */
static int zram_add(struct facts *facts, const char *name, const char *value)
{
	return str_eq(value, "0") ? 0 : facts_add_text(facts, name, value);
}

static int zram_take(struct facts *facts)
{
	return block_take(facts, "zram", "disksize", zram_add);
}

static int zram_undo(const struct audit_scope *scope,
		     const struct change *change)
{
	(void)scope;
	return attribute_write(BLOCK, change->now->key, "reset", "1");
}

static void zram_describe(const struct change *change, struct text *what,
			  struct text *cure)
{
	char size[32];

	text_add(what, "%s was left with %s bytes", change->now->key,
		 fact_text(change->now, size, sizeof(size)));
	text_add(cure, "reset");
}

const struct probe probe_zram = {
	.name = "zram",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 70,
	.changes = CHANGE_ADDED | CHANGE_CHANGED,
	.take = zram_take,
	.undo = zram_undo,
	.describe = zram_describe,
};

/* -- loop -- */

static int loop_add(const char *name, const char *file, void *context)
{
	return facts_add_text(context, name, file);
}

static int loop_take(struct facts *facts)
{
	return loopdev_list(loop_add, facts);
}

static int loop_undo(const struct audit_scope *scope,
		     const struct change *change)
{
	char autoclear[4];
	ssize_t n = attribute_read(BLOCK, change->now->key, "loop/autoclear",
				   autoclear, sizeof(autoclear));

	(void)scope;
	/* It goes with its last user, as that of a target's own root does
	 * while the target's mounts are torn down, or is going right now. */
	if (n == -ENOENT || (n > 0 && autoclear[0] == '1'))
		return AUDIT_BY_ITSELF;
	return loopdev_detach(change->now->key);
}

static void loop_describe(const struct change *change, struct text *what,
			  struct text *cure)
{
	char file[CONTROL_LEAK_MAX];

	text_add(what, "%s was left attached to %s", change->now->key,
		 fact_text(change->now, file, sizeof(file)));
	text_add(cure, "detached");
}

const struct probe probe_loop = {
	.name = "loop devices",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 70,
	.changes = CHANGE_ADDED | CHANGE_CHANGED,
	.take = loop_take,
	.undo = loop_undo,
	.describe = loop_describe,
};
