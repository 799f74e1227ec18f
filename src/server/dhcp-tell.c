/* SPDX-License-Identifier: MIT */
/*
 * Packets come faster than anybody reads. What was decided of a machine is
 * remembered with it, and told again when it has changed or TELL_AGAIN_MS have
 * passed; machines that are new are told of until there are too many.
 */
#include "server/dhcp-tell.h"

#include "base/text.h"
#include "server/dhcp-server.h"

#define TELL_AGAIN_MS	10000
#define CLIENT_EVERY_MS 1000

static bool is_client_same(const struct client *a, const struct client *b)
{
	return a->arch == b->arch && a->ipxe == b->ipxe &&
	       a->has_uuid == b->has_uuid &&
	       memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0 &&
	       str_eq(a->class, b->class) &&
	       str_eq(a->user_class, b->user_class);
}

static bool may_tell_stranger(struct dhcp_tell *tell, int64_t now_ms)
{
	int64_t second = now_ms / MS_PER_S;

	if (tell->second != second) {
		tell->second = second;
		tell->strangers = 0;
	}
	return tell->strangers++ < DHCP_STRANGERS;
}

void dhcp_tell_client(struct dhcp_tell *tell, struct machine *machine,
		      const struct client *client, int64_t now_ms)
{
	/* Also the same again: the timeline sees by it that a machine whose
	 * firmware is iPXE began anew. No machine does that in a second. */
	if (machine->told_client &&
	    now_ms - machine->told_client_ms < CLIENT_EVERY_MS &&
	    is_client_same(&machine->client, client))
		return;
	machine->client = *client;
	if (!machine->told_client && !machine->entry.proven &&
	    !may_tell_stranger(tell, now_ms))
		return;
	machine->told_client = true;
	machine->told_client_ms = now_ms;
	timeline_client(tell->timeline, client);
}

static void tell_ignored(struct dhcp_tell *tell,
			 const struct pxe_request *request,
			 const struct decision *decision,
			 const struct plan *plan)
{
	const struct mac *mac = &request->client.mac;
	char text[DECISION_TEXT_MAX];
	struct failure failure = { 0 };

	if (decision->reason == DECIDED_NO_LOADER)
		loaders_missing(tell->loaders, request->client.arch, &failure);
	decision_text(decision, request, text);
	if (failure.text[0])
		timeline_warn(tell->timeline, mac, STAGE_DHCP, "%s",
			      failure.text);
	else if (plan)
		timeline_warn(tell->timeline, mac, STAGE_DHCP, "%s (%s)", text,
			      plan->origin);
	else
		timeline_warn(tell->timeline, mac, STAGE_DHCP, "%s", text);
}

void dhcp_tell_decision(struct dhcp_tell *tell, struct machine *machine,
			const struct pxe_request *request,
			const struct decision *decision,
			const struct plan *plan, int64_t now_ms)
{
	const struct mac *mac = &request->client.mac;
	char text[DECISION_TEXT_MAX];

	if (!machine->told_client ||
	    (machine->told_ms != 0 &&
	     machine->told_reason == decision->reason &&
	     machine->told_trouble == decision->trouble &&
	     machine->told_arch == request->client.arch &&
	     now_ms - machine->told_ms < TELL_AGAIN_MS))
		return;
	machine->told_reason = (uint8_t)decision->reason;
	machine->told_trouble = (uint8_t)decision->trouble;
	machine->told_arch = request->client.arch;
	machine->told_ms = now_ms;
	if (!decision_answers(decision)) {
		tell_ignored(tell, request, decision, plan);
		return;
	}
	if (decision->trouble != TROUBLE_NONE)
		timeline_warn(tell->timeline, mac, STAGE_DHCP, "%s",
			      decision_trouble_text(decision, request, text));
	timeline_note(tell->timeline, mac, STAGE_DHCP, "%s",
		      decision_text(decision, request, text));
	if (decision->reason == DECIDED_LOCAL)
		timeline_expect(tell->timeline, mac, EXPECT_NOTHING);
}
