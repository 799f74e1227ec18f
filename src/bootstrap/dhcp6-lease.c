/* SPDX-License-Identifier: MIT */
#include "bootstrap/dhcp6-lease.h"

#include <errno.h>

#include "base/text.h"

/* RFC 8415 section 21.23: the default, and the least. */
#define REFRESH_S     86400
#define REFRESH_MIN_S 600

/* What an IA_NA says (section 21.4). */
struct association {
	uint32_t id, renew_s, rebind_s;
	struct view options;
};

static bool read_association(struct view value, struct association *ret)
{
	ret->id = view_be32(&value);
	ret->renew_s = view_be32(&value);
	ret->rebind_s = view_be32(&value);
	ret->options = value;
	return !value.bad;
}

/* Section 21.6. -EADDRNOTAVAIL: the address is taken back, -EBADMSG: it cannot
 * be used. */
static int read_address(struct view value, struct dhcp6_lease *lease)
{
	struct ipv6 address;
	uint32_t preferred_s, valid_s;

	view_copy(&value, address.bytes, sizeof(address.bytes));
	preferred_s = view_be32(&value);
	valid_s = view_be32(&value);
	if (value.bad)
		return -EBADMSG;
	if (valid_s == 0 || dhcp6_status(value) != DHCP6_SUCCESS)
		return -EADDRNOTAVAIL;
	if (preferred_s > valid_s || valid_s < DHCP6_LEASE_MIN_S ||
	    !ipv6_is_host(&address) || ipv6_is_link_local(&address))
		return -EBADMSG;
	lease->address = address;
	lease->valid_s = valid_s;
	return 0;
}

/* T1 and T2 as the server says, or, where it leaves them to us, as section
 * 21.4 recommends. */
static void read_times(const struct association *ia, struct dhcp6_lease *lease)
{
	uint32_t valid = lease->valid_s;

	lease->renew_s = valid / 2;
	lease->rebind_s = valid - valid / 5;
	if (ia->renew_s == 0 || ia->rebind_s == 0 ||
	    ia->renew_s >= ia->rebind_s || ia->rebind_s >= valid)
		return;
	lease->renew_s = ia->renew_s;
	lease->rebind_s = ia->rebind_s;
}

static int read_server(const struct dhcp6_message *message,
		       struct dhcp6_lease *lease)
{
	struct view id;

	if (dhcp6_find(message->options, DHCP6_SERVER_ID, &id) < 0 ||
	    id.left == 0 || id.left > sizeof(lease->server))
		return -EBADMSG;
	lease->server_len = id.left;
	view_copy(&id, lease->server, id.left);
	return 0;
}

static void read_dns(const struct dhcp6_message *message,
		     struct dhcp6_lease *lease)
{
	struct view list;

	if (dhcp6_find(message->options, DHCP6_DNS, &list) < 0)
		return;
	while (list.left >= sizeof(struct ipv6) &&
	       lease->dns_count < DHCP6_LEASE_DNS) {
		struct ipv6 *address = &lease->dns[lease->dns_count];

		view_copy(&list, address->bytes, sizeof(address->bytes));
		lease->dns_count += ipv6_is_host(address);
	}
}

static void read_configuration(const struct dhcp6_message *message,
			       struct dhcp6_lease *lease)
{
	struct view value;

	read_dns(message, lease);
	if (dhcp6_find(message->options, DHCP6_DOMAINS, &value) == 0)
		while (lease->domain_count < DHCP6_LEASE_DOMAINS &&
		       dns_name_next(&value,
				     lease->domains[lease->domain_count]))
			lease->domain_count++;
	lease->refresh_s = REFRESH_S;
	if (dhcp6_find(message->options, DHCP6_REFRESH_TIME, &value) == 0 &&
	    value.left == 4)
		lease->refresh_s = MAX(view_be32(&value), REFRESH_MIN_S);
}

/* The first of the addresses that is good; without one, why there is none. */
static int find_address(struct association *ia, struct dhcp6_lease *lease)
{
	struct dhcp6_option option;
	int r = dhcp6_status(ia->options) == DHCP6_SUCCESS ? -EBADMSG
							   : -EADDRNOTAVAIL;

	while (dhcp6_next(&ia->options, &option)) {
		int one;

		if (option.code != DHCP6_IA_ADDRESS)
			continue;
		one = read_address(option.value, lease);
		if (one == 0)
			return 0;
		if (one == -EADDRNOTAVAIL)
			r = one;
	}
	return r;
}

int dhcp6_lease_read(const struct dhcp6_message *message, uint32_t iaid,
		     struct dhcp6_lease *ret_lease)
{
	struct view options = message->options;
	struct dhcp6_lease lease = { 0 };
	struct dhcp6_option option;
	struct association ia;
	int r;

	if (read_server(message, &lease) < 0)
		return -EBADMSG;
	if (dhcp6_status(message->options) != DHCP6_SUCCESS)
		return -EADDRNOTAVAIL;
	while (dhcp6_next(&options, &option)) {
		if (option.code != DHCP6_IA_NA ||
		    !read_association(option.value, &ia) || ia.id != iaid)
			continue;
		r = find_address(&ia, &lease);
		if (r < 0)
			return r;
		read_times(&ia, &lease);
		read_configuration(message, &lease);
		*ret_lease = lease;
		return 0;
	}
	return -EBADMSG;
}

int dhcp6_lease_read_information(const struct dhcp6_message *message,
				 struct dhcp6_lease *ret_lease)
{
	struct dhcp6_lease lease = { 0 };

	if (read_server(message, &lease) < 0)
		return -EBADMSG;
	read_configuration(message, &lease);
	*ret_lease = lease;
	return 0;
}
