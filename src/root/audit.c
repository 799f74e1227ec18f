/* SPDX-License-Identifier: MIT */
/*
 * Taking, comparing and settling.
 *
 * One cure can undo another's work (a link set down to rename it loses its
 * routes) or wait for it (a loop device is held by the mount on it, which is
 * held by a namespace that the kernel is still tearing down). So there is no
 * order that is right once: differences are undone in the order of the
 * probes, then the groups that had any are taken and compared again, round
 * after round, until nothing differs. A group in which a round changed
 * nothing is given up: at once or, where the kernel may still be at work,
 * after a bounded time.
 *
 * What is told is what the first comparison found and what the last one still
 * finds, not what the rounds did to each other, nor what went by itself.
 */
#include "root/audit.h"

#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "root/audit-internal.h"

#define PAUSE_FIRST_MS 2
#define PAUSE_MAX_MS   100
#define ROUNDS_MAX     64 /* whatever happens, it ends */

struct audit {
	struct facts *facts; /* AUDIT_PROBES of them */
	uint64_t memory_available;
};

const struct probe *const audit_probes[AUDIT_PROBES] = {
	[AUDIT_PROCESSES] = &probe_processes,
	[AUDIT_SWAP] = &probe_swap,
	[AUDIT_MOUNTS] = &probe_mounts,
	[AUDIT_DM] = &probe_dm,
	[AUDIT_MD] = &probe_md,
	[AUDIT_ZRAM] = &probe_zram,
	[AUDIT_LOOP] = &probe_loop,
	[AUDIT_CGROUPS] = &probe_cgroups,
	[AUDIT_CONTROLLERS] = &probe_controllers,
	[AUDIT_LINKS] = &probe_links,
	[AUDIT_SYSCTL] = &probe_sysctl,
	[AUDIT_ADDRESSES] = &probe_addresses,
	[AUDIT_ROUTES] = &probe_routes,
	[AUDIT_RULES] = &probe_rules,
	[AUDIT_NFTABLES] = &probe_nftables,
	[AUDIT_VT] = &probe_vt,
	[AUDIT_KEXEC] = &probe_kexec,
	[AUDIT_DEV] = &probe_dev,
};

const struct audit_scope audit_scope_all = {
	.probes = UINT32_MAX,
	.memory = true,
	.cgroup_root = "/sys/fs/cgroup",
	.cgroup_ours = "/boomerang",
	.sysctl_dir = "",
	.dev_root = "/dev",
};

/* How long a group may show no progress before it is given up. The dead
 * target's namespaces hold devices for a while; nothing holds the others,
 * unless a probe says that something comes by itself. */
#define WAITS_MS 500
static const int64_t patience_ms[AUDIT_GROUPS] = {
	[AUDIT_GROUP_DEVICES] = 2000,
	[AUDIT_GROUP_NETWORK] = 0,
	[AUDIT_GROUP_CONSOLE] = 0,
};

static bool is_probed(const struct audit_scope *scope, size_t probe)
{
	return scope->probes >> probe & 1;
}

/* A probe that fails has no facts and says why; only a full arena is an
 * error. */
static int take_one(struct arena *arena, const struct audit_scope *scope,
		    size_t probe, struct facts *facts)
{
	int r;

	*facts = (struct facts){ .arena = arena, .scope = scope };
	r = audit_probes[probe]->take(facts);
	if (facts->err < 0 || r == -ENOBUFS)
		return -ENOBUFS;
	if (r < 0) {
		log_debug("audit: cannot take %s: %s",
			  audit_probes[probe]->name, strerror(-r));
		*facts = (struct facts){ .arena = arena, .err = r };
	}
	return facts_sort(facts);
}

static int fail_full(const struct arena *arena, struct failure *failure)
{
	return failure_set(failure, ENOBUFS,
			   "the machine's state does not fit into the %zu "
			   "bytes kept for it",
			   arena->size);
}

static struct facts *alloc_facts(struct arena *arena)
{
	return arena_alloc(arena, AUDIT_PROBES * sizeof(struct facts));
}

int audit_take_scope(struct arena *arena, const struct audit_scope *scope,
		     struct audit **ret_audit, struct failure *failure)
{
	struct audit *audit = arena_alloc(arena, sizeof(*audit));

	if (audit)
		audit->facts = alloc_facts(arena);
	if (audit && !audit->facts)
		audit = NULL;
	for (size_t i = 0; audit && i < AUDIT_PROBES; i++)
		if (is_probed(scope, i) &&
		    take_one(arena, scope, i, &audit->facts[i]) < 0)
			audit = NULL;
	if (!audit)
		return fail_full(arena, failure);
	audit->memory_available = memory_reachable();
	*ret_audit = audit;
	return 0;
}

int audit_take(struct arena *arena, struct audit **ret_audit,
	       struct failure *failure)
{
	return audit_take_scope(arena, &audit_scope_all, ret_audit, failure);
}

int audit_renew_network(struct arena *arena, struct audit *audit,
			struct failure *failure)
{
	struct facts *facts = alloc_facts(arena);

	if (!facts)
		return fail_full(arena, failure);
	memcpy(facts, audit->facts, AUDIT_PROBES * sizeof(*facts));
	for (size_t i = 0; i < AUDIT_PROBES; i++)
		if (audit_probes[i]->group == AUDIT_GROUP_NETWORK &&
		    take_one(arena, &audit_scope_all, i, &facts[i]) < 0)
			return fail_full(arena, failure);
	/* This worker may be killed at any time, and what it shares with
	 * PID 1 is acted upon: the old facts or the new, never half of
	 * either. */
	audit->facts = facts;
	return 0;
}

/* What differs in one probe, in the order of the keys. */
struct changes {
	struct change *list;
	size_t count;
	size_t room;
};

struct group {
	bool active;	  /* differs and is not given up */
	bool waits;	  /* for something that comes by itself */
	uint64_t hash;	  /* of what differed the last time */
	int64_t moved_ms; /* when that last became something else */
};

struct settle {
	struct arena *arena;
	const struct audit_scope *scope;
	const struct audit *before;
	struct audit *now;
	struct changes changes[AUDIT_PROBES];
	struct group groups[AUDIT_GROUPS];
	struct findings findings;
};

struct collect {
	const struct audit_scope *scope;
	enum audit_probe probe;
	struct changes *changes;
};

/* Counts first, when there is no room yet. */
static void collect_change(const struct change *change, void *context)
{
	struct collect *collect = context;
	struct changes *changes = collect->changes;

	if (collect->scope->ignore &&
	    collect->scope->ignore(collect->probe, change))
		return;
	if (changes->count < changes->room)
		changes->list[changes->count] = *change;
	changes->count++;
}

static int compare_one(struct settle *settle, enum audit_probe probe)
{
	const struct facts *before = &settle->before->facts[probe];
	const struct facts *now = &settle->now->facts[probe];
	struct changes changes = { 0 };
	struct collect collect = {
		.scope = settle->scope,
		.probe = probe,
		.changes = &changes,
	};

	if (before->err == 0 && now->err == 0)
		facts_diff(audit_probes[probe], before, now, collect_change,
			   &collect);
	if (changes.count > 0) {
		changes.room = changes.count;
		changes.list = arena_alloc(
			settle->arena, changes.room * sizeof(*changes.list));
		if (!changes.list)
			return -ENOBUFS;
		changes.count = 0;
		facts_diff(audit_probes[probe], before, now, collect_change,
			   &collect);
	}
	settle->changes[probe] = changes;
	return 0;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	/* FNV-1a */
	while (len-- > 0)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t group_hash(const struct settle *settle, enum audit_group group)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < AUDIT_PROBES; i++) {
		const struct changes *changes = &settle->changes[i];

		if (audit_probes[i]->group != group)
			continue;
		for (size_t n = 0; n < changes->count; n++) {
			const struct fact *fact =
				change_fact(&changes->list[n]);

			hash = hash_bytes(hash, &i, sizeof(i));
			hash = hash_bytes(hash, fact->key, strlen(fact->key));
			hash = hash_bytes(hash, fact->value, fact->len);
		}
	}
	return hash;
}

static size_t group_count(const struct settle *settle, enum audit_group group)
{
	size_t count = 0;

	for (size_t i = 0; i < AUDIT_PROBES; i++)
		if (audit_probes[i]->group == group)
			count += settle->changes[i].count;
	return count;
}

/* Decides after a comparison whether a group gets another round. */
static void group_update(struct settle *settle, enum audit_group id, bool first)
{
	struct group *group = &settle->groups[id];
	uint64_t hash = group_hash(settle, id);
	int64_t now_ms = clock_ms();
	int64_t limit_ms = MAX(patience_ms[id], group->waits ? WAITS_MS : 0);

	group->active = group_count(settle, id) > 0;
	if (first || hash != group->hash)
		group->moved_ms = now_ms;
	else if (now_ms - group->moved_ms >= limit_ms)
		group->active = false;
	group->waits = false;
	group->hash = hash;
}

/* Takes the active groups again and compares; -ENOBUFS leaves the last whole
 * comparison of the rest. */
static int take_again(struct settle *settle)
{
	for (size_t i = 0; i < AUDIT_PROBES; i++) {
		int r;

		if (!is_probed(settle->scope, i) ||
		    !settle->groups[audit_probes[i]->group].active)
			continue;
		r = take_one(settle->arena, settle->scope, i,
			     &settle->now->facts[i]);
		if (r == 0)
			r = compare_one(settle, i);
		if (r < 0)
			return r;
	}
	for (size_t g = 0; g < AUDIT_GROUPS; g++)
		if (settle->groups[g].active)
			group_update(settle, g, false);
	return 0;
}

static void undo_one(struct settle *settle, enum audit_probe probe,
		     const struct change *change)
{
	struct finding *finding = findings_of(&settle->findings, probe, change);
	int r = audit_probes[probe]->undo(settle->scope, change);

	if (r == AUDIT_BY_ITSELF)
		settle->groups[audit_probes[probe]->group].waits = true;
	if (!finding)
		return;
	finding->err = MIN(r, 0);
	finding->undone |= r <= 0;
}

/* What was added goes first, so that what is restored finds its place. */
static void undo_probe(struct settle *settle, enum audit_probe probe)
{
	const struct changes *changes = &settle->changes[probe];
	bool backwards = audit_probes[probe]->backwards;

	for (int pass = 0; pass < 2; pass++)
		for (size_t n = 0; n < changes->count; n++) {
			const struct change *change =
				&changes->list[backwards ? changes->count - 1 - n
							 : n];
			bool added = !change->before;

			if (added == (pass == 0))
				undo_one(settle, probe, change);
		}
}

static void pause_ms(int64_t ms)
{
	const struct timespec pause = { .tv_nsec = ms * NS_PER_MS };

	(void)nanosleep(&pause, NULL);
}

static void settle_rounds(struct settle *settle)
{
	int64_t wait_ms = PAUSE_FIRST_MS;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		bool active = false, waiting = true;
		int64_t start_ms = clock_ms();

		for (size_t i = 0; i < AUDIT_PROBES; i++)
			if (settle->groups[audit_probes[i]->group].active)
				undo_probe(settle, i);
		if (take_again(settle) < 0)
			return;
		for (size_t g = 0; g < AUDIT_GROUPS; g++) {
			active |= settle->groups[g].active;
			waiting &= !settle->groups[g].active ||
				   settle->groups[g].moved_ms < start_ms;
		}
		if (!active)
			return;
		/* The kernel does not tell when a device is let go of. */
		if (waiting) {
			pause_ms(wait_ms);
			wait_ms = MIN(wait_ms * 2, PAUSE_MAX_MS);
		}
	}
}

/* What the last comparison still finds. */
static int find_remaining(struct settle *settle)
{
	for (size_t i = 0; i < AUDIT_PROBES; i++) {
		const struct changes *changes = &settle->changes[i];
		int err = settle->before->facts[i].err;
		char what[CONTROL_LEAK_MAX];

		for (size_t n = 0; n < changes->count; n++) {
			struct finding *finding = findings_of(
				&settle->findings, i, &changes->list[n]);

			if (!finding)
				return -ENOBUFS;
			finding->remains = true;
		}
		err = err ? err : settle->now->facts[i].err;
		if (err == 0)
			continue;
		snprintf(what, sizeof(what), "%s could not be compared: %s",
			 audit_probes[i]->name, strerror(-err));
		if (findings_add(&settle->findings, audit_probes[i]->severity,
				 what) < 0)
			return -ENOBUFS;
	}
	return 0;
}

static int compare_memory(struct settle *settle)
{
	uint64_t before = settle->before->memory_available;
	uint64_t now = memory_settle(before);
	char missing[SIZE_TEXT_MAX], what[CONTROL_LEAK_MAX];

	if (!memory_is_less(before, now))
		return 0;
	snprintf(what, sizeof(what), "%s less memory is available than before",
		 size_text(before - now, missing));
	return findings_add(&settle->findings, AUDIT_SEVERITY_MAX, what);
}

/* The first comparison, of everything; what it finds is told. */
static int compare_first(struct settle *settle)
{
	for (size_t i = 0; i < AUDIT_PROBES; i++) {
		const struct changes *changes = &settle->changes[i];
		int r = compare_one(settle, i);

		if (r < 0)
			return r;
		for (size_t n = 0; n < changes->count; n++)
			if (!findings_of(&settle->findings, i,
					 &changes->list[n]))
				return -ENOBUFS;
	}
	for (size_t g = 0; g < AUDIT_GROUPS; g++)
		group_update(settle, g, true);
	return 0;
}

int audit_settle_scope(struct arena *arena, const struct audit_scope *scope,
		       const struct audit *before, struct leaks *ret_leaks,
		       struct failure *failure)
{
	struct settle settle = {
		.arena = arena,
		.scope = scope,
		.before = before,
		.findings.arena = arena,
	};
	int r = audit_take_scope(arena, scope, &settle.now, failure);

	if (r < 0)
		return r;
	r = compare_first(&settle);
	if (r == 0) {
		settle_rounds(&settle);
		r = find_remaining(&settle);
	}
	if (r == 0 && scope->memory)
		r = compare_memory(&settle);
	if (r < 0)
		return failure_set(
			failure, -r,
			"what the target left does not fit into the %zu bytes kept for it",
			arena->size);
	findings_write(&settle.findings, ret_leaks);
	return 0;
}

int audit_settle(struct arena *arena, const struct audit *before,
		 struct leaks *ret_leaks, struct failure *failure)
{
	return audit_settle_scope(arena, &audit_scope_all, before, ret_leaks,
				  failure);
}
