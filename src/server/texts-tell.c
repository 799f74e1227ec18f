/* SPDX-License-Identifier: MIT */
/* Apart from texts.c, which is to be linked without a timeline. */
#include "server/texts.h"

void texts_tell(const struct text_request *request, struct timeline *timeline)
{
	const struct mac *mac = &request->question.client.mac;

	switch (request->given) {
	case PLAN_IGNORE:
		timeline_warn(timeline, mac, STAGE_LOADER, "left alone (%s)",
			      request->origin);
		break;
	case PLAN_LOCAL:
		timeline_note(timeline, mac, STAGE_LOADER,
			      "told to boot from its disk");
		break;
	case PLAN_LINUX:
	case PLAN_SCRIPT:
		break;
	}
	timeline_expect(timeline, mac, request->expectation);
}
