/* SPDX-License-Identifier: MIT */
/*
 * The parts of the audit: what a fact, a change and a probe are. For the
 * audit's own files and its tests; everybody else uses root/audit.h.
 */
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/audit.h"

struct audit_scope;

/* In the order of the cure: what holds goes before what is held. */
enum audit_probe {
	AUDIT_PROCESSES,
	AUDIT_SWAP,
	AUDIT_MOUNTS,
	AUDIT_DM,
	AUDIT_MD,
	AUDIT_ZRAM,
	AUDIT_LOOP,
	AUDIT_CGROUPS,
	AUDIT_CONTROLLERS,
	AUDIT_LINKS,
	AUDIT_SYSCTL,
	AUDIT_ADDRESSES,
	AUDIT_ROUTES,
	AUDIT_RULES,
	AUDIT_NFTABLES,
	AUDIT_VT,
	AUDIT_KEXEC,
	AUDIT_DEV,
	AUDIT_PROBES,
};

/* One thing that is so at a moment. All pointers are into the arena. */
struct fact {
	const char *key;   /* which thing; equal keys are told apart by value */
	const char *note;  /* its name for a person; not compared */
	const void *value; /* compared byte by byte, enough to put it back */
	size_t len;
	struct fact *next;
};

struct facts {
	struct arena *arena;
	const struct audit_scope *scope;
	struct fact *first; /* as taken; facts_sort() sets sorted */
	size_t count;
	struct fact **sorted;
	int err; /* why there are none: negative errno, 0: they are whole */
};

/* What differs: before NULL: added, now NULL: removed, both: changed. */
struct change {
	const struct fact *before;
	const struct fact *now;
};

static inline const struct fact *change_fact(const struct change *change)
{
	return change->now ? change->now : change->before;
}

/* Which kinds of change a probe is about; the others are nobody's leak. */
#define CHANGE_ADDED   1u
#define CHANGE_REMOVED 2u
#define CHANGE_CHANGED 4u
#define CHANGE_ANY     (CHANGE_ADDED | CHANGE_REMOVED | CHANGE_CHANGED)

#define AUDIT_SEVERITY_MAX 100
#define AUDIT_BY_ITSELF	   1
#define AUDIT_UNTOLD	   2

/* Probes whose cures disturb each other's facts are taken again together. */
enum audit_group {
	AUDIT_GROUP_DEVICES,
	AUDIT_GROUP_NETWORK,
	AUDIT_GROUP_CONSOLE,
	AUDIT_GROUPS,
};

struct probe {
	const char *name;
	enum audit_group group;
	unsigned severity; /* to AUDIT_SEVERITY_MAX, told first */
	unsigned changes;  /* CHANGE_* it is about */
	bool tree;	   /* keys are paths: what was added below an added
			      directory goes with it */
	bool backwards;	   /* undone from the last key to the first */

	/* Whether a change of these kinds is a leak at all; NULL: each is. */
	bool (*matters)(const struct change *change);
	/* Adds the facts of this moment with facts_add(). A machine that
	 * does not have such things has no facts: that is 0. */
	int (*take)(struct facts *facts);
	/* Puts one change right; 0 or a negative errno. Added things are
	 * put right first, so that what is restored finds its place free.
	 * Whether it worked is decided by the next taking, so it need not
	 * wait. AUDIT_BY_ITSELF: nothing was done, the kernel will.
	 * AUDIT_UNTOLD: put right, and told only if it remains. */
	int (*undo)(const struct audit_scope *scope,
		    const struct change *change);
	/* "loop0 was left attached to /x.img" and "detached". */
	void (*describe)(const struct change *change, struct text *what,
			 struct text *cure);
};

/* By enum audit_probe. */
extern const struct probe *const audit_probes[AUDIT_PROBES];

extern const struct probe probe_processes, probe_swap, probe_mounts, probe_dm,
	probe_md, probe_zram, probe_loop, probe_cgroups, probe_controllers,
	probe_links, probe_sysctl, probe_addresses, probe_routes, probe_rules,
	probe_nftables, probe_vt, probe_kexec, probe_dev;

/* What the audit looks at. audit.h uses audit_scope_all; a test confines
 * itself to what it made. */
struct audit_scope {
	uint32_t probes;	 /* a bit for each enum audit_probe */
	bool memory;		 /* compare the memory that is available */
	const char *cgroup_root; /* where cgroup2 is mounted */
	const char *cgroup_ours; /* the target's cgroup below it: "/name" */
	const char *sysctl_dir;	 /* of /proc/sys: "", or a part of it */
	const char *dev_root;
	/* Changes that are not ours to judge; NULL: all are. */
	bool (*ignore)(enum audit_probe probe, const struct change *change);
};

extern const struct audit_scope audit_scope_all;

/* As audit_take() and audit_settle(), inside scope. */
int audit_take_scope(struct arena *arena, const struct audit_scope *scope,
		     struct audit **ret_audit, struct failure *failure)
	_must_check;
int audit_settle_scope(struct arena *arena, const struct audit_scope *scope,
		       const struct audit *before, struct leaks *ret_leaks,
		       struct failure *failure) _must_check;

/*
 * Copies a fact into the arena. note NULL: the key. Returns 0 or -ENOBUFS,
 * which facts->err remembers, so that a probe may add many and check once.
 */
int facts_add(struct facts *facts, const char *key, const char *note,
	      const void *value, size_t len);

/* facts_add() of a text value, without its NUL. */
int facts_add_text(struct facts *facts, const char *key, const char *value);

/* The text value of a fact as a C string in buf. */
const char *fact_text(const struct fact *fact, char *buf, size_t size);

/*
 * Orders facts by key, then value. In keys '/' comes before every other
 * byte, so that a directory is followed by all that is below it. -ENOBUFS
 * when the arena is full.
 */
int facts_sort(struct facts *facts) _must_check;

/*
 * Compares two sorted lists. Calls found() for each change that the probe is
 * about, in the order of the keys. Facts with the same key are paired, those
 * that are equal first, so that of two equal mounts one may go.
 */
void facts_diff(const struct probe *probe, const struct facts *before,
		const struct facts *now,
		void (*found)(const struct change *change, void *context),
		void *context);

/* The whole of a file whose size is not known (/proc), NUL-terminated, in
 * memory that the caller frees. */
int file_slurp(const char *path, char **ret_bytes, size_t *ret_len) _must_check;

/*
 * Whether less memory than before is to be called a leak: 1 % and 8 MB of it
 * are noise (slabs, per-CPU lists). Bytes.
 */
bool memory_is_less(uint64_t before, uint64_t now);
/* What a program could have now, bytes: more than MemAvailable says. */
uint64_t memory_reachable(void);
/* Waits for memory to come back; returns what is available then, in bytes. */
uint64_t memory_settle(uint64_t before);

/* What is told of a change in the end. */
struct finding {
	enum audit_probe probe;
	const char *key; /* NULL: not a change */
	unsigned severity;
	bool remains;
	bool undone; /* by us; what went by itself is not told */
	int err;     /* of the last try to undo it */
	char what[CONTROL_LEAK_MAX];
	char cure[64];
	struct finding *next;
};

/* The findings so far, in the order they were made. */
struct findings {
	struct arena *arena;
	struct finding *first, *last;
};

/* The finding of this change, described and added when it is new; NULL: the
 * arena is full. */
struct finding *findings_of(struct findings *findings, enum audit_probe probe,
			    const struct change *change);
/* One that is not a change, and remains. */
int findings_add(struct findings *findings, unsigned severity, const char *what)
	_must_check;
/* Writes them out: what remains first, then by severity. */
void findings_write(const struct findings *findings, struct leaks *ret_leaks);
