/* SPDX-License-Identifier: MIT */
/* What the timeline hears of DHCP. Main loop only. */
#pragma once

#include "server/decide.h"
#include "server/loaders.h"
#include "server/timeline.h"

struct dhcp_tell {
	struct timeline *timeline;
	const struct loaders *loaders;
	/* Machines never seen before that were told of in this second. */
	int64_t second;
	unsigned int strangers;
};

/* That machine asked, and what it is. Behind machines_touch(). */
void dhcp_tell_client(struct dhcp_tell *tell, struct machine *machine,
		      const struct client *client, int64_t now_ms);

/* What it was answered, or why not. plan may be NULL when nobody was asked
 * for it. */
void dhcp_tell_decision(struct dhcp_tell *tell, struct machine *machine,
			const struct pxe_request *request,
			const struct decision *decision,
			const struct plan *plan, int64_t now_ms);
