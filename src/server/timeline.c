/* SPDX-License-Identifier: MIT */
/*
 * One lock, held for copies of a few hundred bytes at most: DHCP notes events
 * 20,000 times a second on the main loop while HTTP's threads read. Texts are
 * formatted before it is taken, JSON is made of copies after it was released,
 * and nothing is allocated under it. Whoever reads all machines takes the
 * lock again for every few of them.
 *
 * The rings of events stand apart from the machines, so that an invented
 * machine costs a page of memory and not a whole ring.
 */
#include "server/timeline.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/timeline-json.h"
#include "server/timeline-rules.h"
#include "server/utc.h"

/* Within which the same event is counted and not told. */
#define REPEAT_MS 10000
/* Among how many of the latest events: a machine that asks for several things
 * in a circle is still one that repeats itself. */
#define REPEAT_AMONG 4

static const char *const stage_names[STAGES] = {
	[STAGE_DHCP] = "dhcp",	   [STAGE_LOADER] = "loader",
	[STAGE_KERNEL] = "kernel", [STAGE_BOOTSTRAP] = "bootstrap",
	[STAGE_IMAGE] = "image",   [STAGE_TARGET] = "target",
	[STAGE_RETURN] = "return",
};

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}

enum stage stage_of_name(const char *name)
{
	int stage = 0;

	while (stage < STAGES && !str_eq(stage_names[stage], name))
		stage++;
	return (enum stage)stage;
}

static void evicted(struct mac_table *table, struct mac_entry *entry)
{
	struct timeline *timeline = table->context;
	const struct timeline_record *record = (const void *)entry;

	address_index_set(&timeline->addresses,
			  timeline_number(timeline, record), 0);
}

int timeline_new(struct journal *journal, struct timeline **ret_timeline)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));
	int r;

	if (!timeline)
		return -ENOMEM;
	pthread_mutex_init(&timeline->lock, NULL);
	timeline->journal = journal;
	r = mac_table_init(&timeline->machines, TIMELINE_MACHINES,
			   sizeof(struct timeline_record));
	timeline->machines.evict = evicted;
	timeline->machines.context = timeline;
	if (r == 0)
		r = address_index_init(&timeline->addresses, TIMELINE_MACHINES);
	timeline->rings = calloc(TIMELINE_MACHINES, sizeof(*timeline->rings));
	if (r == 0 && !timeline->rings)
		r = -ENOMEM;
	if (r < 0) {
		(void)timeline_free(timeline);
		return r;
	}
	*ret_timeline = timeline;
	return 0;
}

struct timeline *timeline_free(struct timeline *timeline)
{
	if (!timeline)
		return NULL;
	mac_table_done(&timeline->machines);
	address_index_done(&timeline->addresses);
	free(timeline->rings);
	pthread_mutex_destroy(&timeline->lock);
	free(timeline);
	return NULL;
}

void timeline_listen(struct timeline *timeline,
		     void (*changed)(void *context, const struct mac *mac),
		     void *context)
{
	timeline->changed = changed;
	timeline->changed_context = context;
}

/* With the lock held, from here. */

static struct timeline_record *record_of(struct timeline *timeline,
					 const struct mac *mac)
{
	bool is_new;
	struct timeline_record *record =
		mac_table_touch(&timeline->machines, mac, &is_new);

	if (is_new) {
		record->state.since_utc_ms = utc_now_ms();
		record->state.last_utc_ms = record->state.since_utc_ms;
		record->state.client.mac = *mac;
		record->state.client.arch = ARCH_UNKNOWN;
	}
	return record;
}

void timeline_append(struct timeline *timeline, struct timeline_record *record,
		     const struct timeline_event *event,
		     struct timeline_news *news)
{
	struct timeline_event *at =
		timeline_at(timeline, record, record->events++);

	*at = *event;
	at->seq = ++timeline->seq;
	at->boot = record->state.boots;
	at->count = 1;
	news->events[news->count++] = *at;
}

static struct timeline_event *
find_repeated(struct timeline *timeline, const struct timeline_record *record,
	      const struct timeline_event *event)
{
	uint64_t among = MIN(record->events, (uint64_t)REPEAT_AMONG);

	for (uint64_t i = 1; i <= among; i++) {
		struct timeline_event *before =
			timeline_at(timeline, record, record->events - i);

		if (before->boot == record->state.boots &&
		    event->at_ms - before->at_ms < REPEAT_MS &&
		    before->stage == event->stage &&
		    before->level == event->level && !before->sentence &&
		    str_eq(before->text, event->text))
			return before;
	}
	return NULL;
}

static void begin_boot(struct timeline *timeline,
		       struct timeline_record *record,
		       const struct timeline_event *first,
		       struct timeline_news *news)
{
	struct timeline_state *state = &record->state;
	struct timeline_event event = *first;

	state->boots++;
	state->stage = STAGE_DHCP;
	state->since_utc_ms = first->utc_ms;
	state->last_utc_ms = first->utc_ms;
	state->last_ms = first->at_ms;
	state->expectation = EXPECT_NOTHING;
	state->stalled = NULL;
	if (state->boots == 1)
		return;
	event.stage = STAGE_DHCP;
	event.level = JOURNAL_INFO;
	(void)snprintf(event.text, sizeof(event.text), "boot %u begins",
		       state->boots);
	timeline_append(timeline, record, &event, news);
}

void timeline_take(struct timeline *timeline, struct timeline_record *record,
		   const struct timeline_event *event,
		   struct timeline_news *news)
{
	struct timeline_state *state = &record->state;
	struct timeline_event *before;
	enum stage stage;

	if (rules_event_begins(state, event->stage))
		begin_boot(timeline, record, event, news);
	state->expectation = rules_expect(state, event->stage, event->level);
	stage = rules_stage(state, event->stage);
	if (stage != state->stage)
		state->since_utc_ms = event->utc_ms;
	state->stage = stage;
	state->last_utc_ms = event->utc_ms;
	state->last_ms = event->at_ms;
	state->stalled = NULL;
	/* Nobody gets so far without being real. */
	if (stage >= STAGE_LOADER)
		mac_table_prove(&timeline->machines, &record->entry);
	before = find_repeated(timeline, record, event);
	if (before)
		before->count++;
	else
		timeline_append(timeline, record, event, news);
}

/* Without the lock, from here. */

void timeline_tell(struct timeline *timeline, const struct mac *mac,
		   const struct timeline_news *news)
{
	for (size_t i = 0; timeline->journal && i < news->count; i++) {
		const struct timeline_event *event = &news->events[i];

		journal_event(timeline->journal, event->level, mac,
			      event->stage, timeline_text(event));
	}
	if (timeline->changed && news->count > 0)
		timeline->changed(timeline->changed_context, mac);
}

static void note(struct timeline *timeline, const struct mac *mac,
		 enum stage stage, enum journal_level level, const char *format,
		 va_list args)
{
	struct timeline_event event = { .utc_ms = utc_now_ms(),
					.at_ms = clock_ms(),
					.stage = stage,
					.level = level };
	struct text text = text_over(event.text, sizeof(event.text));
	struct timeline_news news = { 0 };

	text_vadd(&text, format, args);
	str_make_printable(event.text);
	pthread_mutex_lock(&timeline->lock);
	timeline_take(timeline, record_of(timeline, mac), &event, &news);
	pthread_mutex_unlock(&timeline->lock);
	timeline_tell(timeline, mac, &news);
}

void timeline_note(struct timeline *timeline, const struct mac *mac,
		   enum stage stage, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(timeline, mac, stage, JOURNAL_INFO, format, args);
	va_end(args);
}

void timeline_warn(struct timeline *timeline, const struct mac *mac,
		   enum stage stage, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	note(timeline, mac, stage, JOURNAL_WARNING, format, args);
	va_end(args);
}

/* With the lock held: whether the machine may post once more this second. */
static bool may_post(struct timeline_record *record, int64_t now_ms)
{
	if (now_ms - record->posts_ms >= MS_PER_S) {
		record->posts_ms = now_ms;
		record->posts = 0;
	}
	return record->posts++ < TIMELINE_POSTS;
}

int timeline_post(struct timeline *timeline, const struct mac *mac,
		  const char *json, size_t len)
{
	int64_t utc_ms = utc_now_ms();
	struct timeline_event event = { .at_ms = clock_ms() };
	struct timeline_posted posted;
	struct timeline_news news = { 0 };
	struct timeline_record *record;
	int r = timeline_read_post(json, len, &posted);

	if (r < 0)
		return r;
	event.utc_ms = utc_ms - posted.age_ms;
	event.stage = posted.stage;
	event.level = posted.level;
	(void)str_copy(event.text, sizeof(event.text), posted.text);
	pthread_mutex_lock(&timeline->lock);
	record = mac_table_find(&timeline->machines, mac);
	if (!record) {
		r = -ENOENT;
	} else if (!may_post(record, event.at_ms)) {
		r = -EAGAIN;
	} else {
		timeline_take(timeline, record, &event, &news);
		/* However late it tells: it is heard now. */
		record->state.last_utc_ms = utc_ms;
		if (posted.expectation != EXPECTATIONS)
			record->state.expectation = posted.expectation;
	}
	pthread_mutex_unlock(&timeline->lock);
	timeline_tell(timeline, mac, &news);
	return r;
}

void timeline_expect(struct timeline *timeline, const struct mac *mac,
		     enum expectation expectation)
{
	struct timeline_record *record;

	pthread_mutex_lock(&timeline->lock);
	record = mac_table_find(&timeline->machines, mac);
	if (record)
		record->state.expectation = expectation;
	pthread_mutex_unlock(&timeline->lock);
}

void timeline_client(struct timeline *timeline, const struct client *client)
{
	struct timeline_event event = { .utc_ms = utc_now_ms(),
					.at_ms = clock_ms() };
	struct timeline_news news = { 0 };
	struct timeline_record *record;

	pthread_mutex_lock(&timeline->lock);
	record = record_of(timeline, &client->mac);
	if (rules_dhcp_begins(&record->state, client, event.at_ms))
		begin_boot(timeline, record, &event, &news);
	record->state.client = *client;
	pthread_mutex_unlock(&timeline->lock);
	timeline_tell(timeline, &client->mac, &news);
}

void timeline_address(struct timeline *timeline, const struct mac *mac,
		      uint32_t address)
{
	struct timeline_record *record;

	pthread_mutex_lock(&timeline->lock);
	record = record_of(timeline, mac);
	address_index_set(&timeline->addresses,
			  timeline_number(timeline, record), address);
	pthread_mutex_unlock(&timeline->lock);
}

int timeline_find_address(struct timeline *timeline, uint32_t address,
			  struct mac *ret_mac)
{
	const struct timeline_record *records =
		(const void *)timeline->machines.entries;
	int64_t number;

	pthread_mutex_lock(&timeline->lock);
	number = address_index_find(&timeline->addresses, address);
	if (number >= 0)
		*ret_mac = records[number].entry.mac;
	pthread_mutex_unlock(&timeline->lock);
	return number < 0 ? (int)number : 0;
}
