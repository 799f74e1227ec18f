/* SPDX-License-Identifier: MIT */
/*
 * Mounts of our own namespace. A target has its own, private to it, so one is
 * found here only when somebody reached ours (setns(2), a helper that the
 * kernel ran) or when a step of the return was cut short.
 */
#include <sys/mount.h>

#include "root/audit-internal.h"
#include "root/mountinfo.h"

static int mounts_take(struct facts *facts)
{
	_cleanup_free char *bytes = NULL;
	_cleanup_free struct mountinfo *mount = malloc(sizeof(*mount));
	struct view lines;
	size_t len;
	int r;

	if (!mount)
		return -ENOMEM;
	r = file_slurp("/proc/self/mountinfo", &bytes, &len);
	if (r < 0)
		return r;
	lines = view_over(bytes, len);
	while ((r = mountinfo_next(&lines, mount)) != 0) {
		char kind[256];
		struct text text = text_over(kind, sizeof(kind));

		if (r < 0)
			continue;
		text_add(&text, "%s %s", mount->type, mount->source);
		r = facts_add_text(facts, mount->point, kind);
		if (r < 0)
			return r;
	}
	return 0;
}

/* MNT_DETACH takes what is mounted below it along. */
static int mounts_undo(const struct audit_scope *scope,
		       const struct change *change)
{
	(void)scope;
	if (umount2(change->now->key, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static void mounts_describe(const struct change *change, struct text *what,
			    struct text *cure)
{
	char kind[64];

	text_add(what, "%s (%s) was left mounted", change->now->key,
		 fact_text(change->now, kind, sizeof(kind)));
	text_add(cure, "unmounted");
}

/* A single mount that has another type or source is a new one in place of a
 * lost one; both are seen as one change, and the new one goes. */
const struct probe probe_mounts = {
	.name = "mounts",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 80,
	.changes = CHANGE_ADDED | CHANGE_CHANGED,
	.tree = true,
	.backwards = true,
	.take = mounts_take,
	.undo = mounts_undo,
	.describe = mounts_describe,
};
