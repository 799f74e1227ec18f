/* SPDX-License-Identifier: MIT */
/*
 * Who reads the timeline: HTTP's threads as JSON, and once a second the search
 * for machines that stopped. Both take the lock for a few machines at a time.
 * A machine's place never moves, so that a cursor stays good without the
 * lock; what is in the place may have become another machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/hints.h"
#include "server/timeline-json.h"
#include "server/utc.h"

/* Machines that are looked at in one hold of the lock. */
#define BATCH 32

struct machine_copy {
	struct mac mac;
	struct timeline_state state;
};

static void copy_state(const struct timeline *timeline,
		       const struct timeline_record *record,
		       struct timeline_state *ret_state)
{
	*ret_state = record->state;
	ret_state->address = address_index_of(
		&timeline->addresses, timeline_number(timeline, record));
}

/* The next few machines behind *cursor, which is NULL at the beginning. */
static size_t copy_machines(struct timeline *timeline, const void **cursor,
			    struct machine_copy copies[static BATCH])
{
	const struct timeline_record *record = *cursor;
	size_t n = 0;

	pthread_mutex_lock(&timeline->lock);
	while (n < BATCH &&
	       (record = mac_table_next(&timeline->machines, record))) {
		copies[n].mac = record->entry.mac;
		copy_state(timeline, record, &copies[n++].state);
		*cursor = record;
	}
	pthread_mutex_unlock(&timeline->lock);
	return n;
}

char *timeline_machines_json(struct timeline *timeline)
{
	json_t *list = json_array(), *root = NULL;
	struct machine_copy copies[BATCH];
	const void *cursor = NULL;
	char *text = NULL;
	size_t n;
	int r = list ? 0 : -ENOMEM;

	while (r == 0 && (n = copy_machines(timeline, &cursor, copies)) > 0)
		for (size_t i = 0; r == 0 && i < n; i++)
			r = json_array_append_new(
				list, timeline_state_json(&copies[i].mac,
							  &copies[i].state));
	if (r == 0)
		root = json_pack("{s:O}", "machines", list);
	if (root)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	json_decref(list);
	return text;
}

/* A machine's events above since, in order; at most TIMELINE_EVENTS. */
static int copy_events(struct timeline *timeline, const struct mac *mac,
		       uint64_t since, struct timeline_event *events,
		       uint64_t *ret_last)
{
	const struct timeline_record *record;
	uint64_t first;
	int n = 0;

	pthread_mutex_lock(&timeline->lock);
	record = mac_table_find(&timeline->machines, mac);
	if (!record) {
		pthread_mutex_unlock(&timeline->lock);
		return -ENOENT;
	}
	first = record->events > TIMELINE_EVENTS
			? record->events - TIMELINE_EVENTS
			: 0;
	*ret_last =
		record->events > 0
			? timeline_at(timeline, record, record->events - 1)->seq
			: 0;
	for (uint64_t i = first; i < record->events; i++) {
		const struct timeline_event *event =
			timeline_at(timeline, record, i);

		if (event->seq > since)
			events[n++] = *event;
	}
	pthread_mutex_unlock(&timeline->lock);
	return n;
}

static json_t *list_events(const struct timeline_event *events, int n)
{
	json_t *list = json_array();

	for (int i = 0; list && i < n; i++)
		if (json_array_append_new(
			    list, timeline_event_json(&events[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

char *timeline_events_json(struct timeline *timeline, const struct mac *mac,
			   uint64_t since, uint64_t *ret_last)
{
	struct timeline_event events[TIMELINE_EVENTS];
	char address[MAC_TEXT_MAX], *text = NULL;
	json_t *root;
	int n = copy_events(timeline, mac, since, events, ret_last);

	if (n < 0) {
		errno = -n;
		return NULL;
	}
	root = json_pack("{s:s, s:I, s:o}", "mac", mac_text(mac, address),
			 "last", (json_int_t)*ret_last, "events",
			 list_events(events, n));
	if (root)
		text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		errno = ENOMEM;
	return text;
}

/* Appends one line to a text that realloc(3) may move. */
static int add_line(char **text, size_t *len,
		    const struct timeline_event *event)
{
	json_t *json = timeline_event_json(event);
	char *line = json ? json_dumps(json, JSON_COMPACT) : NULL;
	size_t line_len = line ? strlen(line) : 0;
	char *longer = line ? realloc(*text, *len + line_len + 2) : NULL;

	json_decref(json);
	if (longer) {
		memcpy(longer + *len, line, line_len);
		*len += line_len;
		longer[(*len)++] = '\n';
		longer[*len] = '\0';
		*text = longer;
	}
	free(line);
	return longer ? 0 : -ENOMEM;
}

char *timeline_events_lines(struct timeline *timeline, const struct mac *mac,
			    uint64_t since, uint64_t *ret_last)
{
	struct timeline_event events[TIMELINE_EVENTS];
	int n = copy_events(timeline, mac, since, events, ret_last);
	char *text = n < 0 ? NULL : calloc(1, 1);
	size_t len = 0;
	int r = text ? 0 : -ENOMEM;

	for (int i = 0; r == 0 && i < n; i++)
		r = add_line(&text, &len, &events[i]);
	if (r < 0) {
		free(text);
		errno = n < 0 ? -n : ENOMEM;
		return NULL;
	}
	return text;
}

/* With the lock held. Returns whether there are news. */
static bool check_one(struct timeline *timeline, struct timeline_record *record,
		      int64_t now_ms, struct timeline_news *news)
{
	struct timeline_state *state = &record->state;
	struct timeline_event event = { .at_ms = now_ms,
					.level = JOURNAL_WARNING };

	if (state->stalled || state->expectation == EXPECT_NOTHING)
		return false;
	state->stalled = hint_stalled(
		&(struct hint_facts){ .expectation = state->expectation,
				      .arch = state->client.arch,
				      .ipxe = state->client.ipxe },
		now_ms - state->last_ms);
	if (!state->stalled)
		return false;
	event.utc_ms = utc_now_ms();
	event.stage = state->stage;
	event.sentence = state->stalled;
	timeline_append(timeline, record, &event, news);
	return true;
}

void timeline_check(struct timeline *timeline, int64_t now_ms)
{
	struct timeline_record *record = NULL;

	do {
		struct timeline_news news = { 0 };
		struct mac mac;
		size_t looked = 0;

		pthread_mutex_lock(&timeline->lock);
		while (looked++ < BATCH &&
		       (record = mac_table_next(&timeline->machines, record)))
			if (check_one(timeline, record, now_ms, &news)) {
				mac = record->entry.mac;
				break;
			}
		pthread_mutex_unlock(&timeline->lock);
		if (news.count > 0)
			timeline_tell(timeline, &mac, &news);
	} while (record);
	if (timeline->journal)
		journal_tick(timeline->journal, now_ms);
}
