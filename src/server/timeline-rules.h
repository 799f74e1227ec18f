/* SPDX-License-Identifier: MIT */
/* How one event follows another in a boot. Pure. */
#pragma once

#include "server/timeline-record.h"

/* Whether a machine that asks by DHCP, now as this client, begins again. */
bool rules_dhcp_begins(const struct timeline_state *state,
		       const struct client *client, int64_t now_ms);
/* Whether an event of this stage can only be of another boot. */
bool rules_event_begins(const struct timeline_state *state, enum stage stage);

/* The stage of a machine after an event. */
enum stage rules_stage(const struct timeline_state *state, enum stage stage);

/* What it does next after an event, if nobody says better. */
enum expectation rules_expect(const struct timeline_state *state,
			      enum stage stage, enum journal_level level);
