/* SPDX-License-Identifier: MIT */
/*
 * Names of one inode: their data stands at one of them, often the last. When
 * that one goes, another takes its place in the archive, with the data, and its
 * own entry is left out.
 */
#pragma once

#include "initramfs/cpio-plan.h"

struct cpio_stand_ins {
	size_t *of;	   /* of each item: which one takes its place, or
			  CPIO_ITEM_NONE */
	bool *moved;	   /* of each item: it has taken another's */
	uint32_t *leavers; /* of each inode's first item: names that it loses */
};

/* For a plan over a catalog. -ENOMEM. */
int cpio_stand_ins_find(struct cpio_stand_ins *ret_stand_ins,
			const struct cpio_plan *plan) _must_check;
void cpio_stand_ins_clear(struct cpio_stand_ins *stand_ins);
