/* SPDX-License-Identifier: MIT */
/* One answer after the other to a client that waits for it: the bytes are
 * taken as a message with the right xid and chaddr, twice, so that an OFFER
 * is met by its REQUEST and the rest by the state that follows. */
#include "base/cleanup.h"
#include "bootstrap/dhcp-client.h"

#define XID_AT	  4
#define CHADDR_AT 28
#define HEADER	  240

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

static void put_xid(uint8_t *bytes, uint32_t xid)
{
	for (int i = 3; i >= 0; i--, xid >>= 8)
		bytes[XID_AT + i] = (uint8_t)xid;
}

static void check(const struct dhcp_lease *lease)
{
	if (lease->prefix < 1 || lease->prefix > 32 ||
	    lease->route_count > DHCP_LEASE_ROUTES ||
	    lease->dns_count > DHCP_LEASE_DNS ||
	    lease->renew_s >= lease->rebind_s ||
	    lease->rebind_s >= lease->lifetime_s ||
	    strpbrk(lease->domain, " \n\t$`;") ||
	    strpbrk(lease->hostname, " \n\t$`;/"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free uint8_t *bytes = malloc(size + 1);
	struct dhcp_client client;
	struct dhcp_action action;
	int64_t now_ms = 1000;

	if (!bytes || size < HEADER)
		return 0;
	memcpy(bytes, data, size);
	memcpy(bytes + CHADDR_AT, mac, sizeof(mac));
	dhcp_client_init(&client, mac);
	dhcp_client_start(&client, now_ms, 1, &action);
	for (int round = 0; round < 4; round++) {
		put_xid(bytes, client.xid);
		dhcp_client_receive(&client, now_ms, 7, view_over(bytes, size),
				    &action);
		/* The type, when it is the first option. */
		if (size > HEADER + 2 && bytes[HEADER + 2] == DHCP4_OFFER)
			bytes[HEADER + 2] = DHCP4_ACK;
		if (client.held)
			check(&client.lease);
		if (client.wake_ms == DHCP_NEVER)
			break;
		if (client.state == DHCP_CLIENT_BOUND) {
			now_ms = client.wake_ms;
			dhcp_client_wake(&client, now_ms, 9, &action);
		}
	}
	return 0;
}
