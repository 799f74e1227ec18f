/* SPDX-License-Identifier: MIT */
#include "server/timeline-json.h"

#include <errno.h>

#include "base/text.h"
#include "server/utc.h"
#include "wire/ipv4.h"

#define AGE_MAX_MS ((json_int_t)30 * 24 * 3600 * MS_PER_S)

static const char *const level_names[] = {
	[JOURNAL_INFO] = "info",
	[JOURNAL_WARNING] = "warning",
	[JOURNAL_ERROR] = "error",
};

/* What a bootstrap can announce. */
static const struct {
	const char *name;
	enum expectation expectation;
} announced[] = {
	{ "nothing", EXPECT_NOTHING },
	{ "image", EXPECT_IMAGE },
	{ "progress", EXPECT_PROGRESS },
	{ "target", EXPECT_TARGET },
};

json_t *timeline_state_json(const struct mac *mac,
			    const struct timeline_state *state)
{
	char uuid[CLIENT_UUID_TEXT_MAX], address[IPV4_TEXT_MAX];
	char since[UTC_TEXT_MAX], last[UTC_TEXT_MAX], text[MAC_TEXT_MAX];
	const struct client *client = &state->client;

	(void)client_uuid_text(client, uuid);
	return json_pack(
		"{s:s, s:s?, s:s, s:s, s:s?, s:s, s:s, s:s, s:I, s:s?}", "mac",
		mac_text(mac, text), "address",
		state->address ? ipv4_text(state->address, address) : NULL,
		"arch", client_arch_name(client->arch), "firmware",
		client_firmware_name(client->arch), "uuid", *uuid ? uuid : NULL,
		"stage", stage_name(state->stage), "since",
		utc_text(state->since_utc_ms, since), "last",
		utc_text(state->last_utc_ms, last), "boots",
		(json_int_t)state->boots, "stalled", state->stalled);
}

json_t *timeline_event_json(const struct timeline_event *event)
{
	char time[UTC_TEXT_MAX];

	return json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:I}", "seq",
			 (json_int_t)event->seq, "time",
			 utc_text(event->utc_ms, time), "boot",
			 (json_int_t)event->boot, "stage",
			 stage_name(event->stage), "level",
			 level_names[event->level], "text",
			 timeline_text(event), "count",
			 (json_int_t)event->count);
}

static int read_level(const char *name, enum journal_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (str_eq(level_names[i], name)) {
			*level = (enum journal_level)i;
			return 0;
		}
	return -EBADMSG;
}

static int read_next(const char *name, enum expectation *expectation)
{
	for (size_t i = 0; i < ARRAY_SIZE(announced); i++)
		if (str_eq(announced[i].name, name)) {
			*expectation = announced[i].expectation;
			return 0;
		}
	return -EBADMSG;
}

static int read_fields(json_t *root, struct timeline_posted *posted)
{
	const char *stage, *text, *level = "info", *next = NULL;
	json_int_t age_ms = 0;
	int r;

	if (json_unpack(root, "{s:s, s:s, s?s, s?s, s?I}", "stage", &stage,
			"text", &text, "level", &level, "next", &next, "age_ms",
			&age_ms) < 0)
		return -EBADMSG;
	posted->stage = stage_of_name(stage);
	if (posted->stage == STAGES || posted->stage < STAGE_BOOTSTRAP)
		return -EBADMSG;
	if (age_ms < 0 || age_ms > AGE_MAX_MS)
		return -EBADMSG;
	posted->age_ms = age_ms;
	r = read_level(level, &posted->level);
	if (r == 0 && next)
		r = read_next(next, &posted->expectation);
	(void)str_copy(posted->text, sizeof(posted->text), text);
	str_make_printable(posted->text);
	return r;
}

int timeline_read_post(const char *json, size_t len,
		       struct timeline_posted *ret_posted)
{
	struct timeline_posted posted = { .expectation = EXPECTATIONS };
	json_t *root;
	int r;

	if (len > TIMELINE_POST_MAX)
		return -EBADMSG;
	root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return -EBADMSG;
	r = read_fields(root, &posted);
	json_decref(root);
	if (r == 0)
		*ret_posted = posted;
	return r;
}
