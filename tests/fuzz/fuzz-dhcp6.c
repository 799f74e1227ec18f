/* SPDX-License-Identifier: MIT */
/* One answer after the other to a client that waits for it: the bytes are
 * taken as a message of the right exchange and type, so that an ADVERTISE is
 * met by its REQUEST and the rest by the state that follows. */
#include "base/cleanup.h"
#include "bootstrap/dhcp6-client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };

static void check(const struct dhcp6_client *client)
{
	const struct dhcp6_lease *lease = &client->lease;

	if (lease->dns_count > DHCP6_LEASE_DNS ||
	    lease->domain_count > DHCP6_LEASE_DOMAINS ||
	    lease->server_len > sizeof(lease->server))
		abort();
	for (size_t i = 0; i < lease->domain_count; i++)
		if (!dns_name_is_safe(lease->domains[i]) ||
		    strpbrk(lease->domains[i], " \n\t$`;/"))
			abort();
	if (client->held && (!ipv6_is_host(&lease->address) ||
			     lease->renew_s >= lease->rebind_s ||
			     lease->rebind_s >= lease->valid_s))
		abort();
}

/* type, then the number of the exchange */
static void address(uint8_t *bytes, const struct dhcp6_client *client)
{
	bytes[0] = client->state == DHCP6_CLIENT_SOLICITING ? DHCP6_ADVERTISE
							    : DHCP6_REPLY;
	for (int i = 0; i < 3; i++)
		bytes[1 + i] = (uint8_t)(client->xid >> (16 - 8 * i));
}

static void play(uint8_t *bytes, size_t size, bool ask)
{
	struct dhcp6_client client;
	struct dhcp6_action action;
	int64_t now_ms = 1000;

	dhcp6_client_init(&client, mac);
	if (ask)
		dhcp6_client_ask(&client, now_ms, 1, &action);
	else
		dhcp6_client_start(&client, now_ms, 1, &action);
	for (int round = 0; round < 6; round++) {
		address(bytes, &client);
		dhcp6_client_receive(&client, now_ms, 7, view_over(bytes, size),
				     &action);
		if (client.held || client.informed)
			check(&client);
		if (client.wake_ms == DHCP6_NEVER)
			break;
		if (!dhcp6_client_awaits(&client)) {
			now_ms = client.wake_ms;
			dhcp6_client_wake(&client, now_ms, 9, &action);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free uint8_t *bytes = malloc(size + 1);
	struct dhcp6_message m;

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	(void)!dhcp6_parse(view_over(bytes, size), &m);
	if (size < 4)
		return 0;
	play(bytes, size, false);
	play(bytes, size, true);
	return 0;
}
