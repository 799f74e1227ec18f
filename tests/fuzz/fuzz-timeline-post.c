/* SPDX-License-Identifier: MIT */
/* What bootstraps post, to the event that it becomes and back to JSON. */
#include <stdlib.h>
#include <string.h>

#include "server/timeline-json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timeline_posted posted;
	struct timeline_event event = { .boot = 1 };
	json_t *json;

	if (timeline_read_post((const char *)data, size, &posted) < 0)
		return 0;
	if (posted.stage < STAGE_BOOTSTRAP || posted.stage >= STAGES)
		abort();
	event.stage = posted.stage;
	event.level = posted.level;
	memcpy(event.text, posted.text, sizeof(event.text));
	json = timeline_event_json(&event);
	/* A text that is not UTF-8 cannot become JSON. */
	if (!json)
		abort();
	json_decref(json);
	return 0;
}
