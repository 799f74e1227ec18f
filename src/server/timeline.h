/* SPDX-License-Identifier: MIT */
/*
 * What happened to each machine, from DHCP to the return: events in a ring
 * per machine, told to the operator as they come (journal.h) and by HTTP as
 * JSON (doc/timeline.md). From any thread. At most TIMELINE_MACHINES machines
 * with TIMELINE_EVENTS events each, 80 MB if all are there; the oldest give
 * way (mac-table.h), among them first those that never fetched anything.
 */
#pragma once

#include "server/client.h"

#define TIMELINE_MACHINES 4096
#define TIMELINE_EVENTS	  64
#define TIMELINE_TEXT_MAX 256
#define TIMELINE_POSTS	  20

/* In the order in which a boot passes them. */
enum stage {
	STAGE_DHCP,
	STAGE_LOADER,
	STAGE_KERNEL,
	STAGE_BOOTSTRAP,
	STAGE_IMAGE,
	STAGE_TARGET,
	STAGE_RETURN,
	STAGES,
};

/* What a machine does next if all goes well. */
enum expectation {
	EXPECT_NOTHING,	   /* left alone, boots its disk, runs what it shall */
	EXPECT_LOADER,	   /* it was offered one */
	EXPECT_SCRIPT,	   /* it has its loader, which asks what to boot */
	EXPECT_KERNEL,	   /* it was told; with a foreign kernel all ends */
	EXPECT_OUR_KERNEL, /* it was told; our bootstrap will report */
	EXPECT_BOOTSTRAP,  /* it has the kernel of our bootstrap */
	EXPECT_IMAGE,	   /* the bootstrap was told to load one by itself */
	EXPECT_PROGRESS,   /* the image is coming in */
	EXPECT_TARGET,	   /* the image is there */
	EXPECTATIONS,
};

struct timeline;
struct journal;

/* journal: where lines go, or NULL. -ENOMEM. */
int timeline_new(struct journal *journal, struct timeline **ret_timeline)
	_must_check;
struct timeline *timeline_free(struct timeline *timeline);

/* "dhcp", "loader", …; STAGES when name is none of them. */
const char *stage_name(enum stage stage);
enum stage stage_of_name(const char *name);

/* One thing that happened. The text may hold names from the network: it is
 * made printable. The same event again within 10 s is counted, not told. */
void timeline_note(struct timeline *timeline, const struct mac *mac,
		   enum stage stage, const char *format, ...) _printf(4, 5);
/* The same for what went wrong, or for a machine that is left alone. */
void timeline_warn(struct timeline *timeline, const struct mac *mac,
		   enum stage stage, const char *format, ...) _printf(4, 5);

/*
 * What the machine is to do next; call it behind the note. Notes alone let it
 * expect what usually follows their stage: after DHCP a loader (for iPXE its
 * script), after a loader the script, after a kernel nothing unless
 * EXPECT_OUR_KERNEL was said; after a warning nothing. So who knows more says
 * so: EXPECT_KERNEL or EXPECT_OUR_KERNEL when the script was given,
 * EXPECT_NOTHING for one that is told to boot its disk.
 */
void timeline_expect(struct timeline *timeline, const struct mac *mac,
		     enum expectation expectation);

/* What DHCP tells of the machine; kept as its facts. Call it before the note:
 * a machine that begins again (firmware, after it got further) begins a new
 * boot in its timeline here. */
void timeline_client(struct timeline *timeline, const struct client *client);
/* Its address, host order, as seen when it fetched something. */
void timeline_address(struct timeline *timeline, const struct mac *mac,
		      uint32_t address);
/* The machine that was last seen with this address. -ENOENT. */
int timeline_find_address(struct timeline *timeline, uint32_t address,
			  struct mac *ret_mac) _must_check;

/* Once a second: says of machines that stopped half-way at which stage, and
 * what usually causes it (hints.h). Drives journal_tick(), too. now_ms:
 * clock_ms(). */
void timeline_check(struct timeline *timeline, int64_t now_ms);

/* JSON texts (doc/timeline.md), malloc()ed, NULL: no memory. */
char *timeline_machines_json(struct timeline *timeline);
/* Events with a number above since; NULL with errno ENOENT: never seen.
 * *ret_last: the highest number there is. */
char *timeline_events_json(struct timeline *timeline, const struct mac *mac,
			   uint64_t since, uint64_t *ret_last);
/* One event a line (JSON), for a stream; "" when there is none above since. */
char *timeline_events_lines(struct timeline *timeline, const struct mac *mac,
			    uint64_t since, uint64_t *ret_last);

/* changed is called, on the noting thread and without locks held, after each
 * event. One listener. */
void timeline_listen(struct timeline *timeline,
		     void (*changed)(void *context, const struct mac *mac),
		     void *context);

#define TIMELINE_POST_MAX 4096

/*
 * An event as a bootstrap posts it: {"stage":"image","text":"loading 42 %"},
 * at most TIMELINE_POST_MAX bytes (doc/timeline.md). -EBADMSG: not that;
 * -ENOENT: the machine never asked by DHCP or HTTP, so nobody can fill the
 * table by posting; -EAGAIN: it posts faster than TIMELINE_POSTS in a second.
 */
int timeline_post(struct timeline *timeline, const struct mac *mac,
		  const char *json, size_t len) _must_check;
