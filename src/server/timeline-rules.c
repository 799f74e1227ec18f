/* SPDX-License-Identifier: MIT */
/*
 * One boot goes dhcp, loader, kernel, and with our bootstrap on to image,
 * target and return and from there to the next image. It may ask by DHCP
 * several times on its way: as firmware, as iPXE, as the bootstrap, which is
 * no PXE client and not seen here. A machine has begun again when
 *
 *   firmware asks although it had fetched something,
 *   iPXE asks although it had fetched a kernel,
 *   anybody asks after minutes in which nothing came of an offer.
 *
 * Files that are fetched later than their stage (the bootstrap fetches its
 * image under a name that a kernel could have) do not turn a boot back.
 */
#include "server/timeline-rules.h"

/* PXE asks for 60 s, then tries its next boot device. */
#define SILENCE_BEGINS_MS 120000

bool rules_dhcp_begins(const struct timeline_state *state,
		       const struct client *client, int64_t now_ms)
{
	if (state->boots == 0)
		return true;
	if (state->stage == STAGE_DHCP)
		return now_ms - state->last_ms >= SILENCE_BEGINS_MS;
	return !client->ipxe || state->stage >= STAGE_KERNEL;
}

bool rules_event_begins(const struct timeline_state *state, enum stage stage)
{
	if (state->boots == 0)
		return true;
	/* Nothing asks for a loader but a machine that starts; one with a
	 * fixed address in its iPXE does not ask by DHCP before. */
	return stage == STAGE_LOADER && state->stage >= STAGE_BOOTSTRAP;
}

enum stage rules_stage(const struct timeline_state *state, enum stage stage)
{
	return stage >= STAGE_BOOTSTRAP ? stage : MAX(stage, state->stage);
}

enum expectation rules_expect(const struct timeline_state *state,
			      enum stage stage, enum journal_level level)
{
	static const enum expectation usual[STAGES] = {
		[STAGE_DHCP] = EXPECT_LOADER,
		[STAGE_LOADER] = EXPECT_SCRIPT,
		[STAGE_KERNEL] = EXPECT_NOTHING,
		[STAGE_BOOTSTRAP] = EXPECT_NOTHING,
		[STAGE_IMAGE] = EXPECT_PROGRESS,
		[STAGE_TARGET] = EXPECT_NOTHING,
		[STAGE_RETURN] = EXPECT_NOTHING,
	};

	/* It is further already, and this says nothing of how it goes on. */
	if (stage < STAGE_BOOTSTRAP && stage < state->stage)
		return state->expectation;
	if (level != JOURNAL_INFO)
		return EXPECT_NOTHING;
	if (stage == STAGE_DHCP && state->client.ipxe)
		return EXPECT_SCRIPT;
	if (stage == STAGE_KERNEL && (state->expectation == EXPECT_OUR_KERNEL ||
				      state->expectation == EXPECT_BOOTSTRAP))
		return EXPECT_BOOTSTRAP;
	return usual[stage];
}
