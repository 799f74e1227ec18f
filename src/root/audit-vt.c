/* SPDX-License-Identifier: MIT */
/* The virtual terminals as one fact: they are put right together. */
#include <inttypes.h>

#include "root/audit-internal.h"
#include "root/vt.h"

static struct vt_state vt_value(const struct fact *fact)
{
	struct vt_state state;

	memcpy(&state, fact->value, sizeof(state));
	return state;
}

static int vt_take(struct facts *facts)
{
	struct vt_state state;
	int r = vt_state(&state);

	if (r < 0)
		return r == -ENODEV ? 0 : r;
	return facts_add(facts, "vt", NULL, &state, sizeof(state));
}

static int vt_undo(const struct audit_scope *scope, const struct change *change)
{
	(void)scope;
	(void)change;
	return vt_reset();
}

static bool is_unused(const struct vt_modes *modes)
{
	const struct vt_modes none = { 0 };

	return memcmp(modes, &none, sizeof(none)) == 0;
}

/* A VT that a dead getty left allocated in its usual modes is no leak. */
static bool vt_matters(const struct change *change)
{
	struct vt_state before = vt_value(change->before);
	struct vt_state now = vt_value(change->now);

	if (before.active != now.active)
		return true;
	for (unsigned i = 1; i < VT_LISTED; i++) {
		const struct vt_modes *want = &before.modes[i];

		if (is_unused(&now.modes[i]))
			continue;
		if (is_unused(want))
			want = &before.modes[before.active % VT_LISTED];
		if (memcmp(want, &now.modes[i], sizeof(*want)) != 0)
			return true;
	}
	return false;
}

static void vt_describe(const struct change *change, struct text *what,
			struct text *cure)
{
	struct vt_state before = vt_value(change->before);
	struct vt_state now = vt_value(change->now);

	text_add(what, "the console was left");
	if (before.active != now.active)
		text_add(what, " on VT %" PRIu32, now.active);
	for (unsigned i = 1; i < VT_LISTED; i++)
		if (!is_unused(&now.modes[i]) &&
		    memcmp(&before.modes[i], &now.modes[i],
			   sizeof(now.modes[i])) != 0)
			text_add(
				what,
				", VT %u in display mode %d, keyboard mode %d, switching mode %d",
				i, now.modes[i].display, now.modes[i].keyboard,
				now.modes[i].switching);
	text_add(cure, "reset");
}

const struct probe probe_vt = {
	.name = "virtual terminals",
	.group = AUDIT_GROUP_CONSOLE,
	.severity = 50,
	.changes = CHANGE_CHANGED,
	.matters = vt_matters,
	.take = vt_take,
	.undo = vt_undo,
	.describe = vt_describe,
};
