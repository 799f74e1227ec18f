/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-stand-ins.h"

#include <errno.h>
#include <stdlib.h>

static bool leaves(const struct cpio_change *change)
{
	return change->fate == CPIO_DROP || change->alone;
}

/* Another name of an inode whose data is at an item that goes. */
static size_t find_one(const struct cpio_plan *plan, size_t index)
{
	const struct cpio_item *items = plan->catalog->items;
	size_t other = CPIO_ITEM_NONE;

	for (size_t i = items[index].group; i != CPIO_ITEM_NONE;
	     i = items[i].next_link) {
		if (i == index || leaves(&plan->changes[i]))
			continue;
		if (items[i].entry.size > 0)
			return CPIO_ITEM_NONE; /* it has the data, too */
		if (other == CPIO_ITEM_NONE)
			other = i;
	}
	return other;
}

void cpio_stand_ins_clear(struct cpio_stand_ins *stand_ins)
{
	free(stand_ins->of);
	free(stand_ins->moved);
	free(stand_ins->leavers);
	*stand_ins = (struct cpio_stand_ins){ 0 };
}

int cpio_stand_ins_find(struct cpio_stand_ins *ret_stand_ins,
			const struct cpio_plan *plan)
{
	const struct cpio_catalog *catalog = plan->catalog;
	struct cpio_stand_ins found = {
		.of = calloc(catalog->count + 1, sizeof(*found.of)),
		.moved = calloc(catalog->count + 1, sizeof(*found.moved)),
		.leavers = calloc(catalog->count + 1, sizeof(*found.leavers)),
	};

	if (!found.of || !found.moved || !found.leavers) {
		cpio_stand_ins_clear(&found);
		return -ENOMEM;
	}
	for (size_t i = 0; i < catalog->count; i++)
		found.of[i] = CPIO_ITEM_NONE;
	for (size_t i = 0; i < catalog->count; i++) {
		const struct cpio_item *item = &catalog->items[i];
		size_t other;

		if (!leaves(&plan->changes[i]) ||
		    !cpio_entry_may_link(&item->entry))
			continue;
		found.leavers[item->group]++;
		other = item->entry.size > 0 ? find_one(plan, i)
					     : CPIO_ITEM_NONE;
		if (other != CPIO_ITEM_NONE && !found.moved[other]) {
			found.of[i] = other;
			found.moved[other] = true;
		}
	}
	*ret_stand_ins = found;
	return 0;
}
