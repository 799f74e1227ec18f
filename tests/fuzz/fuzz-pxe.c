/* SPDX-License-Identifier: MIT */
/*
 * A packet through the whole chain: request, decision under each plan, lease,
 * reply. The first byte chooses the port. Whatever is answered must be a whole DHCP
 * reply that a machine can take for an answer to what it sent.
 */
#include "base/cleanup.h"
#include "server/pxe-reply.h"

#define SERVER 0xc0000202
#define SENDER 0xc0000232

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dhcp_leases leases;

static void require(bool good)
{
	if (!good)
		abort();
}

static void begin_leases(void)
{
	struct dhcp_range range;

	require(dhcp_range_parse("192.0.2.96-192.0.2.127,dns=192.0.2.1", &range,
				 NULL) == 0 &&
		dhcp_leases_init(&leases, &range) == 0);
}

static void check_echo(const struct dhcp4_message *m, uint8_t code,
		       const struct pxe_echo *echo)
{
	uint8_t bytes[PXE_ECHO_MAX];
	size_t len;
	int r = dhcp4_get(m, code, bytes, sizeof(bytes), &len);

	require((r == 0) == echo->there);
	if (echo->there)
		require(len == echo->len &&
			memcmp(bytes, echo->bytes, len) == 0);
}

static void check_reply(const struct pxe_request *request,
			const struct decision *decision,
			const struct pxe_lease *lease)
{
	uint8_t bytes[PXE_REPLY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));
	bool is_nak = lease->grant.kind == GRANT_NAK;
	struct pxe_destination to = pxe_reply_destination(request, is_nak);
	struct dhcp4_message m;
	uint32_t number;

	pxe_reply_build(request, decision, lease, &b);
	require(!b.bad && b.len >= DHCP4_BOOTP_MIN);
	require(dhcp4_parse(view_over(bytes, b.len), &m) == 0);
	require(m.op == DHCP4_OP_REPLY && m.xid == request->xid &&
		m.giaddr == request->giaddr &&
		m.yiaddr == lease->grant.address);
	require(dhcp4_get_number(&m, DHCP4_MESSAGE_TYPE, 1, &number) == 0 &&
		(number == DHCP4_OFFER) == (request->type == DHCP4_DISCOVER) &&
		(number == DHCP4_NAK) == is_nak);
	require(dhcp4_get_number(&m, DHCP4_SERVER_ID, 4, &number) == 0 &&
		number == SERVER);
	if (decision_answers(decision) && !is_nak)
		check_echo(&m, DHCP4_CLIENT_UUID, &request->uuid);
	check_echo(&m, DHCP4_RELAY_AGENT, &request->agent);
	require(to.broadcast || to.address != 0);
}

static void check_decision(const struct pxe_request *request,
			   enum plan_kind kind)
{
	const struct plan plan = { .kind = kind, .origin = (char *)"" };
	const struct decide_loaders loaders = { { "one.efi", "two.efi" }, 2 };
	struct boot_history history = { .loader = 3, .loader_fetches = 3 };
	struct decide_input input = {
		.request = request,
		.plan = &plan,
		.history = &history,
		.loaders = &loaders,
		.http_port = 8080,
	};
	char text[DECISION_TEXT_MAX];
	struct pxe_lease lease = { .range = &leases.range };
	struct decision decision;

	decide(&input, &decision);
	require(decision.reason < DECISION_REASONS);
	require(decision_answers(&decision) ||
		decision.reason != decide_early(request) ||
		decision.reason != DECISION_REASONS);
	(void)decision_text(&decision, request, text);
	(void)decision_trouble_text(&decision, request, text);
	if (kind == PLAN_IGNORE)
		require(!decision_answers(&decision));
	if (decision_answers(&decision))
		check_reply(request, &decision, &lease);
	lease.grant = dhcp_leases_ask(&leases, request, 1000);
	if (lease.grant.kind == GRANT_LEASE)
		require(lease.grant.address >= leases.range.first &&
			lease.grant.address <= leases.range.last);
	if (lease.grant.kind != GRANT_NONE)
		check_reply(request, &decision, &lease);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pxe_arrival arrival = {
		.from = SENDER,
		.from_port = 68,
		.server = SERVER,
	};
	struct pxe_request request;
	const char *reason = NULL;
	int r;

	if (!leases.rows)
		begin_leases();
	if (size == 0)
		return 0;
	arrival.port = data[0] & 1 ? PXE_PORT_BOOT_SERVER : PXE_PORT_DHCP;
	r = pxe_request_parse(view_over(data + 1, size - 1), &arrival, &request,
			      &reason);
	if (r == -EBADMSG)
		require(reason != NULL);
	if (r < 0)
		return 0;
	for (int kind = PLAN_IGNORE; kind <= PLAN_SCRIPT; kind++)
		check_decision(&request, (enum plan_kind)kind);
	return 0;
}
