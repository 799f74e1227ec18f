/* SPDX-License-Identifier: MIT */
/* The timeline as JSON (doc/timeline.md), and what bootstraps post. Pure. */
#pragma once

#include <jansson.h>

#include "server/timeline-record.h"

/* New references, NULL: no memory. */
json_t *timeline_state_json(const struct mac *mac,
			    const struct timeline_state *state);
json_t *timeline_event_json(const struct timeline_event *event);

struct timeline_posted {
	enum stage stage; /* STAGE_BOOTSTRAP or later */
	enum journal_level level;
	int64_t age_ms;		      /* how long ago it happened */
	enum expectation expectation; /* EXPECTATIONS: not said */
	char text[TIMELINE_TEXT_MAX]; /* printable */
};

/* -EBADMSG. */
int timeline_read_post(const char *json, size_t len,
		       struct timeline_posted *ret_posted) _must_check;
