/* SPDX-License-Identifier: MIT */
/* What the timeline keeps, for timeline*.c and its tests. */
#pragma once

#include <pthread.h>

#include "server/journal.h"
#include "server/mac-table.h"
#include "server/timeline-address.h"
#include "server/timeline.h"

struct timeline_event {
	uint64_t seq; /* from 1, of all machines together */
	int64_t utc_ms;
	int64_t at_ms;	/* clock_ms() */
	uint32_t boot;	/* from 1 */
	uint32_t count; /* how often it came, 1 and more */
	enum stage stage;
	enum journal_level level;
	const char *sentence;	      /* static, instead of text; NULL: none */
	char text[TIMELINE_TEXT_MAX]; /* printable */
};

static inline const char *timeline_text(const struct timeline_event *event)
{
	return event->sentence ? event->sentence : event->text;
}

/* Where a machine is, without its events. */
struct timeline_state {
	struct client client;
	uint32_t address; /* host order, 0: not seen; only set in copies, the
			     index of addresses knows */
	uint32_t boots;	  /* 0: nothing happened yet */
	enum stage stage; /* the farthest of this boot */
	int64_t since_utc_ms; /* since when it is in that stage */
	int64_t last_utc_ms;  /* when it was last heard */
	int64_t last_ms;      /* the same by clock_ms() */
	enum expectation expectation;
	const char *stalled; /* a static sentence, NULL: it is not */
};

struct timeline_record {
	struct mac_entry entry;
	struct timeline_state state;
	uint64_t events;  /* ever noted */
	int64_t posts_ms; /* the second in which posts are counted */
	uint32_t posts;
};

struct timeline {
	pthread_mutex_t lock;
	struct mac_table machines;
	struct timeline_event (*rings)[TIMELINE_EVENTS];
	struct address_index addresses;
	uint64_t seq;
	struct journal *journal;
	void (*changed)(void *context, const struct mac *mac);
	void *changed_context;
};

/* What is to be told when the lock is released. */
struct timeline_news {
	size_t count;
	struct timeline_event events[2];
};

static inline uint32_t timeline_number(const struct timeline *timeline,
				       const struct timeline_record *record)
{
	const struct timeline_record *first =
		(const void *)timeline->machines.entries;

	return (uint32_t)(record - first);
}

/* Where the number-th event of a machine is or will be. */
static inline struct timeline_event *
timeline_at(const struct timeline *timeline,
	    const struct timeline_record *record, uint64_t number)
{
	return &timeline->rings[timeline_number(timeline, record)]
			       [number % TIMELINE_EVENTS];
}

/* Notes an event, told or counted; with the lock held. */
void timeline_take(struct timeline *timeline, struct timeline_record *record,
		   const struct timeline_event *event,
		   struct timeline_news *news);
/* As it is; it changes nothing else. */
void timeline_append(struct timeline *timeline, struct timeline_record *record,
		     const struct timeline_event *event,
		     struct timeline_news *news);
/* Without the lock. */
void timeline_tell(struct timeline *timeline, const struct mac *mac,
		   const struct timeline_news *news);
