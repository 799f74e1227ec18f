/* SPDX-License-Identifier: MIT */
#include "server/pxe-reply.h"

#include "wire/ipv4.h"

#define MENU_TEXT    "boomerang"
#define LOCAL_TEXT   "boot from the disk"
#define FILE_FIELD   128
#define PXE_PORT     4011
#define AT_ONCE	     0 /* seconds that a menu is shown */
#define VENDOR_BYTES 128

static void add_vendor(struct build *b, const struct pxe_request *request,
		       enum vendor_form form)
{
	uint8_t bytes[VENDOR_BYTES];
	struct build v = build_over(bytes, sizeof(bytes));

	switch (form) {
	case VENDOR_NONE:
		return;
	case VENDOR_USE_FILE:
		pxe43_add_discovery(&v, PXE43_USE_FILE);
		break;
	case VENDOR_MENU:
		pxe43_add_discovery(&v,
				    PXE43_NO_BROADCAST | PXE43_NO_MULTICAST);
		pxe43_add_server(&v, PXE43_TYPE_VENDOR,
				 request->arrival.server);
		pxe43_add_menu(&v, PXE43_TYPE_VENDOR, MENU_TEXT);
		pxe43_add_prompt(&v, AT_ONCE, MENU_TEXT);
		break;
	case VENDOR_LOCAL_MENU:
		pxe43_add_discovery(&v,
				    PXE43_NO_BROADCAST | PXE43_NO_MULTICAST);
		pxe43_add_menu(&v, PXE43_TYPE_LOCAL, LOCAL_TEXT);
		pxe43_add_prompt(&v, AT_ONCE, LOCAL_TEXT);
		break;
	case VENDOR_ITEM:
		/* Firmware that asks 4011 without a menu names none. */
		if (!request->has_item)
			return;
		pxe43_add_item(&v, request->item);
		break;
	}
	pxe43_end(&v);
	if (v.bad)
		b->bad = true;
	dhcp4_add(b, DHCP4_VENDOR, bytes, v.len);
}

static void add_echo(struct build *b, uint8_t code, const struct pxe_echo *echo)
{
	if (echo->there)
		dhcp4_add(b, code, echo->bytes, echo->len);
}

static struct dhcp4_message head_of(const struct pxe_request *request)
{
	struct dhcp4_message head = {
		.op = DHCP4_OP_REPLY,
		.htype = 1,
		.hlen = MAC_BYTES,
		.xid = request->xid,
		.flags = request->flags,
		.ciaddr = request->ciaddr,
		.giaddr = request->giaddr,
	};

	memcpy(head.chaddr, request->client.mac.bytes, MAC_BYTES);
	/* A relay cannot send to an address that the client does not have. */
	if (request->ciaddr == 0)
		head.flags |= DHCP4_FLAG_BROADCAST;
	return head;
}

static uint8_t type_of(const struct pxe_request *request,
		       enum dhcp_grant_kind grant)
{
	if (grant == GRANT_NAK)
		return DHCP4_NAK;
	return request->type == DHCP4_DISCOVER ? DHCP4_OFFER : DHCP4_ACK;
}

static void add_lease(struct build *b, const struct pxe_lease *lease)
{
	const struct dhcp_range *range = lease->range;
	enum dhcp_grant_kind kind = lease->grant.kind;

	if (kind == GRANT_NONE || kind == GRANT_NAK)
		return;
	if (kind == GRANT_LEASE) {
		/* T1 and T2 as RFC 2131 section 4.4.5 has them. */
		dhcp4_add_number(b, DHCP4_LEASE_TIME, range->lease_s, 4);
		dhcp4_add_number(b, DHCP4_RENEWAL_TIME, range->lease_s / 2, 4);
		dhcp4_add_number(b, DHCP4_REBINDING_TIME,
				 range->lease_s / 8 * 7, 4);
	}
	dhcp4_add_number(b, DHCP4_SUBNET_MASK, ipv4_mask(range->prefix), 4);
	if (range->router != 0)
		dhcp4_add_number(b, DHCP4_ROUTER, range->router, 4);
	if (range->dns_count == 0)
		return;
	build_u8(b, DHCP4_DNS);
	build_u8(b, (uint8_t)(4 * range->dns_count));
	for (size_t i = 0; i < range->dns_count; i++)
		build_be32(b, range->dns[i]);
}

static void add_boot(struct build *b, const struct pxe_request *request,
		     const struct decision *decision, bool file_in_option)
{
	const char *class = decision->http_class ? "HTTPClient" : "PXEClient";

	dhcp4_add(b, DHCP4_VENDOR_CLASS, class, strlen(class));
	add_vendor(b, request, decision->vendor);
	if (file_in_option)
		dhcp4_add(b, DHCP4_BOOT_FILE, decision->file,
			  strlen(decision->file));
	add_echo(b, DHCP4_CLIENT_UUID, &request->uuid);
}

void pxe_reply_build(const struct pxe_request *request,
		     const struct decision *decision,
		     const struct pxe_lease *lease, struct build *b)
{
	enum dhcp_grant_kind grant = lease ? lease->grant.kind : GRANT_NONE;
	bool boots = decision_answers(decision) && grant != GRANT_NAK;
	size_t file_len = strlen(decision->file);
	bool in_option = decision->file_in_option || file_len >= FILE_FIELD;
	struct dhcp4_message head = head_of(request);

	if (boots)
		head.siaddr = request->arrival.server;
	if (boots && !in_option)
		head.file = view_over(decision->file, file_len);
	if (grant == GRANT_LEASE)
		head.yiaddr = lease->grant.address;
	if (grant == GRANT_NAK)
		head.ciaddr = 0;
	dhcp4_begin(b, &head);
	dhcp4_add_number(b, DHCP4_MESSAGE_TYPE, type_of(request, grant), 1);
	dhcp4_add_number(b, DHCP4_SERVER_ID, request->arrival.server, 4);
	if (lease)
		add_lease(b, lease);
	if (boots)
		add_boot(b, request, decision, in_option);
	/* RFC 6842; who only boots has no use for it. */
	if (grant != GRANT_NONE)
		add_echo(b, DHCP4_CLIENT_ID, &request->id);
	/* Last, so that a relay can cut it off (RFC 3046 section 2.1). */
	add_echo(b, DHCP4_RELAY_AGENT, &request->agent);
	dhcp4_end(b);
}

/*
 * RFC 2131 section 4.1, less sending to an Ethernet address whose owner has no
 * IP address yet, for which it would take a raw socket: such a client is
 * reached by broadcast just as well.
 */
struct pxe_destination pxe_reply_destination(const struct pxe_request *request,
					     bool is_nak)
{
	const struct pxe_arrival *arrival = &request->arrival;

	if (arrival->port == PXE_PORT_BOOT_SERVER)
		return (struct pxe_destination){
			.broadcast = arrival->from == 0,
			.address = arrival->from,
			/* edk2 listens on 4011, iPXE on 68. */
			.port = arrival->from_port,
			.from_port = PXE_PORT,
		};
	if (request->giaddr != 0)
		return (struct pxe_destination){
			.address = request->giaddr,
			.port = DHCP4_SERVER_PORT,
			.from_port = DHCP4_SERVER_PORT,
		};
	return (struct pxe_destination){
		.broadcast = request->ciaddr == 0 || is_nak,
		.address = request->ciaddr,
		.port = DHCP4_CLIENT_PORT,
		.from_port = DHCP4_SERVER_PORT,
	};
}
