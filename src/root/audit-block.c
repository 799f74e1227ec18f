/* SPDX-License-Identifier: MIT */
/*
 * Block devices that a target set up and that outlive it, with the memory and
 * the files below them: swap, device mapper, md, zram, loop. They stack in
 * any order, so none waits for another: a cure that fails because the device
 * is held is tried again after the others.
 */
#include "root/audit-internal.h"
#include "root/blockdev.h"
#include "root/loopdev.h"
#include "root/swaps.h"

struct taking {
	struct facts *facts;
	const char *file;
	int (*add)(struct facts *facts, const char *name, const char *value);
};

static int take_one(const char *name, void *context)
{
	const struct taking *taking = context;
	char value[256];

	if (attribute_read(BLOCKDEV_DIR, name, taking->file, value,
			   sizeof(value)) < 0)
		return 0;
	return taking->add(taking->facts, name, value);
}

/* A fact for each device PREFIX*: name -> its line in file, which add() may
 * refuse or change. */
static int block_take(struct facts *facts, const char *prefix, const char *file,
		      int (*add)(struct facts *facts, const char *name,
				 const char *value))
{
	struct taking taking = { facts, file, add };

	return blockdev_each(prefix, take_one, &taking);
}

/* -- swap -- */

static int swap_take(struct facts *facts)
{
	_cleanup_free char *bytes = NULL;
	_cleanup_free struct swap_area *area = malloc(sizeof(*area));
	struct view lines;
	size_t len;
	int r;

	if (!area)
		return -ENOMEM;
	r = file_slurp("/proc/swaps", &bytes, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	lines = view_over(bytes, len);
	while ((r = swaps_next(&lines, area)) != 0) {
		if (r > 0)
			r = facts_add_text(facts, area->path, "");
		if (r < 0 && r != -EBADMSG)
			return r;
	}
	return 0;
}

static int swap_undo(const struct audit_scope *scope,
		     const struct change *change)
{
	(void)scope;
	return swaps_off(change->now->key);
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
	(void)scope;
	return blockdev_dm_remove(change->now->key);
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

static int md_undo(const struct audit_scope *scope, const struct change *change)
{
	(void)scope;
	return blockdev_md_stop(change->now->key);
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
	return blockdev_zram_reset(change->now->key);
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
	ssize_t n =
		attribute_read(BLOCKDEV_DIR, change->now->key, "loop/autoclear",
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
