/* SPDX-License-Identifier: MIT */
#include "bootstrap/dhcp-lease.h"

#include <errno.h>

#include "wire/dns-name.h"
#include "wire/ipv4.h"

#define MTU_MIN 576 /* RFC 2132 section 5.1 allows 68: too mean to be meant */

static void read_name(const struct dhcp4_message *m, uint8_t code, char *name,
		      size_t size)
{
	if (dhcp4_get_text(m, code, name, size) < 0 || !dns_name_is_safe(name))
		*name = '\0';
}

static int read_prefix(const struct dhcp4_message *m, struct dhcp_lease *lease)
{
	uint32_t mask;
	int r = dhcp4_get_number(m, DHCP4_SUBNET_MASK, 4, &mask);

	if (r == -ENODATA) {
		lease->prefix = ipv4_class_prefix(lease->address);
		return 0;
	}
	if (r < 0 || ipv4_mask_prefix(mask, &lease->prefix) < 0 ||
	    lease->prefix == 0)
		return -EBADMSG;
	return 0;
}

/* T1 and T2 as the server says, or as RFC 2131 section 4.4.5 does. */
static void read_times(const struct dhcp4_message *m, struct dhcp_lease *lease)
{
	uint32_t lifetime = lease->lifetime_s, renew, rebind;

	lease->renew_s = lifetime / 2;
	lease->rebind_s = lifetime - lifetime / 8 - 1;
	if (dhcp4_get_number(m, DHCP4_RENEWAL_TIME, 4, &renew) < 0)
		renew = lease->renew_s;
	if (dhcp4_get_number(m, DHCP4_REBINDING_TIME, 4, &rebind) < 0)
		rebind = lease->rebind_s;
	if (renew == 0 || renew >= rebind || rebind >= lifetime)
		return;
	lease->renew_s = renew;
	lease->rebind_s = rebind;
}

/* With option 121 the router option must be ignored (RFC 3442). */
static void read_routes(const struct dhcp4_message *m, struct dhcp_lease *lease)
{
	struct dhcp4_route routes[DHCP_LEASE_ROUTES];
	uint32_t router;
	int n = dhcp4_get_routes(m, routes, ARRAY_SIZE(routes));

	if (n < 0 && dhcp4_get_addresses(m, DHCP4_ROUTER, &router, 1) == 1) {
		routes[0] = (struct dhcp4_route){ .gateway = router };
		/* No router is not a default route on the link. */
		n = router != 0;
	}
	for (int i = 0; i < n; i++)
		if (routes[i].gateway == 0 || ipv4_is_host(routes[i].gateway))
			lease->routes[lease->route_count++] = routes[i];
}

static void read_dns(const struct dhcp4_message *m, struct dhcp_lease *lease)
{
	uint32_t dns[DHCP_LEASE_DNS];
	int n = dhcp4_get_addresses(m, DHCP4_DNS, dns, ARRAY_SIZE(dns));

	for (int i = 0; i < n; i++)
		if (ipv4_is_host(dns[i]))
			lease->dns[lease->dns_count++] = dns[i];
}

int dhcp_lease_read(const struct dhcp4_message *message,
		    struct dhcp_lease *ret_lease)
{
	struct dhcp_lease lease = { .address = message->yiaddr };

	if (!ipv4_is_host(lease.address) ||
	    dhcp4_get_number(message, DHCP4_SERVER_ID, 4, &lease.server) < 0 ||
	    !ipv4_is_host(lease.server) ||
	    dhcp4_get_number(message, DHCP4_LEASE_TIME, 4, &lease.lifetime_s) <
		    0 ||
	    lease.lifetime_s < DHCP_LEASE_MIN_S ||
	    read_prefix(message, &lease) < 0)
		return -EBADMSG;
	read_times(message, &lease);
	read_routes(message, &lease);
	read_dns(message, &lease);
	if (dhcp4_get_number(message, DHCP4_MTU, 2, &lease.mtu) < 0 ||
	    lease.mtu < MTU_MIN)
		lease.mtu = 0;
	read_name(message, DHCP4_DOMAIN_NAME, lease.domain,
		  sizeof(lease.domain));
	read_name(message, DHCP4_HOST_NAME, lease.hostname,
		  sizeof(lease.hostname));
	*ret_lease = lease;
	return 0;
}
