/* SPDX-License-Identifier: MIT */
/* What follows what in a boot, row by row. */
#include "server/timeline-rules.h"

#include "tap.h"

#define MINUTE_MS 60000

/* Machines that ask by DHCP. */
static const struct {
	const char *name;
	uint32_t boots;
	enum stage stage;
	bool ipxe; /* who asks */
	int64_t silent_ms;
	bool begins;
} asking[] = {
	{ "the very first", 0, STAGE_DHCP, false, 0, true },
	{ "firmware again", 1, STAGE_DHCP, false, 4000, false },
	{ "iPXE instead of firmware", 1, STAGE_DHCP, true, 4000, false },
	{ "firmware, its last try", 1, STAGE_DHCP, false, MINUTE_MS, false },
	{ "firmware, switched on again", 1, STAGE_DHCP, false, 2 * MINUTE_MS,
	  true },
	{ "iPXE, switched on again", 1, STAGE_DHCP, true, 2 * MINUTE_MS, true },
	{ "iPXE from a loader", 1, STAGE_LOADER, true, 1000, false },
	{ "iPXE from a slow loader", 1, STAGE_LOADER, true, 5 * MINUTE_MS,
	  false },
	{ "firmware after a loader", 1, STAGE_LOADER, false, 1000, true },
	{ "firmware after a kernel", 1, STAGE_KERNEL, false, 1000, true },
	{ "iPXE after a kernel", 1, STAGE_KERNEL, true, 1000, true },
	{ "iPXE after a bootstrap", 1, STAGE_BOOTSTRAP, true, 1000, true },
	{ "firmware after a target", 7, STAGE_TARGET, false, 1000, true },
	{ "firmware after a return", 7, STAGE_RETURN, false, 1000, true },
};

/* Events: whether they begin, where they lead, what is expected then. */
static const struct {
	const char *name;
	enum stage before;
	enum expectation expected;
	bool ipxe;
	enum stage event;
	enum journal_level level;
	bool begins;
	enum stage after;
	enum expectation expects;
} events[] = {
	{ "an offer", STAGE_DHCP, EXPECT_NOTHING, false, STAGE_DHCP,
	  JOURNAL_INFO, false, STAGE_DHCP, EXPECT_LOADER },
	{ "an offer to iPXE", STAGE_DHCP, EXPECT_NOTHING, true, STAGE_DHCP,
	  JOURNAL_INFO, false, STAGE_DHCP, EXPECT_SCRIPT },
	{ "left alone", STAGE_DHCP, EXPECT_LOADER, false, STAGE_DHCP,
	  JOURNAL_WARNING, false, STAGE_DHCP, EXPECT_NOTHING },
	{ "a loader", STAGE_DHCP, EXPECT_LOADER, false, STAGE_LOADER,
	  JOURNAL_INFO, false, STAGE_LOADER, EXPECT_SCRIPT },
	{ "an offer after a loader", STAGE_LOADER, EXPECT_SCRIPT, true,
	  STAGE_DHCP, JOURNAL_INFO, false, STAGE_LOADER, EXPECT_SCRIPT },
	{ "a foreign kernel", STAGE_LOADER, EXPECT_KERNEL, true, STAGE_KERNEL,
	  JOURNAL_INFO, false, STAGE_KERNEL, EXPECT_NOTHING },
	{ "our kernel", STAGE_LOADER, EXPECT_OUR_KERNEL, true, STAGE_KERNEL,
	  JOURNAL_INFO, false, STAGE_KERNEL, EXPECT_BOOTSTRAP },
	{ "its initrd", STAGE_KERNEL, EXPECT_BOOTSTRAP, true, STAGE_KERNEL,
	  JOURNAL_INFO, false, STAGE_KERNEL, EXPECT_BOOTSTRAP },
	{ "an initrd that broke off", STAGE_KERNEL, EXPECT_BOOTSTRAP, true,
	  STAGE_KERNEL, JOURNAL_WARNING, false, STAGE_KERNEL, EXPECT_NOTHING },
	{ "the bootstrap", STAGE_KERNEL, EXPECT_BOOTSTRAP, true,
	  STAGE_BOOTSTRAP, JOURNAL_INFO, false, STAGE_BOOTSTRAP,
	  EXPECT_NOTHING },
	{ "an image", STAGE_BOOTSTRAP, EXPECT_NOTHING, true, STAGE_IMAGE,
	  JOURNAL_INFO, false, STAGE_IMAGE, EXPECT_PROGRESS },
	{ "its file from here", STAGE_IMAGE, EXPECT_PROGRESS, true,
	  STAGE_KERNEL, JOURNAL_INFO, false, STAGE_IMAGE, EXPECT_PROGRESS },
	{ "an image that failed", STAGE_IMAGE, EXPECT_PROGRESS, true,
	  STAGE_IMAGE, JOURNAL_ERROR, false, STAGE_IMAGE, EXPECT_NOTHING },
	{ "a target", STAGE_IMAGE, EXPECT_TARGET, true, STAGE_TARGET,
	  JOURNAL_INFO, false, STAGE_TARGET, EXPECT_NOTHING },
	{ "a return", STAGE_TARGET, EXPECT_NOTHING, true, STAGE_RETURN,
	  JOURNAL_INFO, false, STAGE_RETURN, EXPECT_NOTHING },
	{ "the next image", STAGE_RETURN, EXPECT_NOTHING, true, STAGE_IMAGE,
	  JOURNAL_INFO, false, STAGE_IMAGE, EXPECT_PROGRESS },
	{ "a loader after a bootstrap", STAGE_BOOTSTRAP, EXPECT_NOTHING, true,
	  STAGE_LOADER, JOURNAL_INFO, true, STAGE_BOOTSTRAP, EXPECT_NOTHING },
	{ "a loader after a kernel", STAGE_KERNEL, EXPECT_NOTHING, true,
	  STAGE_LOADER, JOURNAL_INFO, false, STAGE_KERNEL, EXPECT_NOTHING },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(asking); i++) {
		const struct timeline_state state = {
			.boots = asking[i].boots,
			.stage = asking[i].stage,
			.last_ms = 1000,
		};
		const struct client client = { .ipxe = asking[i].ipxe };

		ok_int(rules_dhcp_begins(&state, &client,
					 1000 + asking[i].silent_ms),
		       asking[i].begins, asking[i].name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		const struct timeline_state state = {
			.boots = 1,
			.stage = events[i].before,
			.expectation = events[i].expected,
			.client.ipxe = events[i].ipxe,
		};

		ok_int(rules_event_begins(&state, events[i].event),
		       events[i].begins, events[i].name);
		ok_int(rules_stage(&state, events[i].event), events[i].after,
		       events[i].name);
		ok_int(rules_expect(&state, events[i].event, events[i].level),
		       events[i].expects, events[i].name);
	}
	return tap_done();
}
