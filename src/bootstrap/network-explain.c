/* SPDX-License-Identifier: MIT */
#include "base/clock.h"
#include "bootstrap/network-internal.h"
#include "wire/ipv4.h"

/* DHCP with two lost packets takes 3 s. */
#define GRACE_MS 4000

static bool wants_ipv4(const struct interface *interface)
{
	return interface->param && interface->param->method != IPPARAM_OFF;
}

static int64_t grace_of(const struct interface *interface)
{
	if (!interface->all || interface->configured ||
	    !interface6_address(&interface->ipv6) || !wants_ipv4(interface))
		return 0;
	return MAX(interface->since_ms + GRACE_MS - clock_ms(), (int64_t)0);
}

static bool is_up(const struct interface *interface)
{
	return interface->configured || (interface6_address(&interface->ipv6) &&
					 grace_of(interface) == 0);
}

int64_t network_grace_ms(const struct network *network)
{
	int64_t longest = 0;

	for (size_t i = 0; i < INTERFACES_MAX; i++)
		longest = MAX(longest, grace_of(&network->slots[i]));
	return longest;
}

const struct interface *network_next(const struct network *network,
				     uint32_t metric)
{
	const struct interface *best = NULL;

	for (size_t i = 0; i < INTERFACES_MAX; i++) {
		const struct interface *slot = &network->slots[i];

		if (slot->all && is_up(slot) && slot->metric > metric &&
		    (!best || slot->metric < best->metric))
			best = slot;
	}
	return best;
}

static void describe4(const struct interface *interface, struct text *text)
{
	const struct dhcp_lease *lease = &interface->lease;
	char address[IPV4_TEXT_MAX];

	text_add(text, " %s/%u", ipv4_text(lease->address, address),
		 lease->prefix);
	for (size_t i = 0; i < lease->route_count; i++) {
		if (lease->routes[i].prefix > 0)
			continue;
		text_add(text, " via %s",
			 ipv4_text(lease->routes[i].gateway, address));
		break;
	}
}

static void describe6(const struct interface6 *ipv6,
		      const struct link_address6 *address, struct text *text)
{
	const struct ipv6 *router = ipv6->has_router ? &ipv6->router : NULL;
	char buf[IPV6_TEXT_MAX];

	if (ipv6->param && ipv6->param->method == IPPARAM_STATIC6 &&
	    !ipv6_is_none(&ipv6->param->gateway6))
		router = &ipv6->param->gateway6;
	text_add(text, " %s/%u", ipv6_text(&address->address, buf),
		 address->prefix);
	if (router)
		text_add(text, " via %s", ipv6_text(router, buf));
}

uint32_t network_describe_interface(const struct interface *interface,
				    struct text *text)
{
	const struct link_address6 *address =
		interface6_address(&interface->ipv6);

	text_add(text, "%s%s", text->len ? ", " : "", interface->link.name);
	if (interface->configured)
		describe4(interface, text);
	if (address) {
		text_add(text, "%s", interface->configured ? " and" : "");
		describe6(&interface->ipv6, address, text);
	}
	return (interface->configured ? NETWORK_IPV4 : 0u) |
	       (address ? NETWORK_IPV6 : 0u);
}

/* Why there is no network, as far as it can be seen from here. */
enum trouble {
	TROUBLE_NO_INTERFACE,
	TROUBLE_LEFT_ALONE,
	TROUBLE_NO_LINK,
	TROUBLE_NOT_JOINED,
	TROUBLE_NO_ADDRESS,
	TROUBLE_NO_ANSWER,
	TROUBLE_NO_ADVERT,
	TROUBLE_NO_ANSWER6,
};

/* Around the interface's name, while there is hope and after. */
static const struct {
	const char *before, *after;
} words[][2] = {
	[TROUBLE_NO_INTERFACE] = { { "waiting for a network interface", "" },
				   { "no network interface found", "" } },
	[TROUBLE_LEFT_ALONE] = { { "ip= leaves all interfaces alone", "" },
				 { "ip= leaves all interfaces alone", "" } },
	[TROUBLE_NO_LINK] = { { "waiting for a link on ", "" },
			      { "no link on ", ": is the cable plugged in?" } },
	[TROUBLE_NOT_JOINED] = { { "waiting for a Wi-Fi network on ", "" },
				 { "", " has joined no network: `wifi` at the "
				       "prompt does" } },
	[TROUBLE_NO_ADDRESS] = { { "setting the address of ", "" },
				 { "", " does not take the address of ip=" } },
	[TROUBLE_NO_ANSWER] = { { "waiting for DHCP on ", "" },
				{ "no DHCP answer on ", " (link up)" } },
	[TROUBLE_NO_ADVERT] = { { "waiting for an IPv6 router on ", "" },
				{ "no IPv6 router on ", " (link up)" } },
	[TROUBLE_NO_ANSWER6] = { { "waiting for DHCPv6 on ", "" },
				 { "no DHCPv6 answer on ", " (link up)" } },
};

/* The interface that is nearest to working; NULL: none. */
static const struct interface *best_unconfigured(const struct network *network)
{
	const struct interface *best = NULL;

	for (size_t i = 0; i < INTERFACES_MAX; i++) {
		const struct interface *slot = &network->slots[i];

		if (slot->all &&
		    (!best || (slot->link.running && !best->link.running)))
			best = slot;
	}
	return best;
}

static enum trouble find_trouble(const struct network *network,
				 const struct interface *best)
{
	if (!best)
		return network->left_out ? TROUBLE_LEFT_ALONE
					 : TROUBLE_NO_INTERFACE;
	if (!best->link.running)
		return link_is_wireless(best->link.name) ? TROUBLE_NOT_JOINED
							 : TROUBLE_NO_LINK;
	if (best->param)
		return best->param->method == IPPARAM_STATIC
			       ? TROUBLE_NO_ADDRESS
			       : TROUBLE_NO_ANSWER;
	if (!best->ipv6.param)
		return TROUBLE_NO_ADVERT;
	switch (best->ipv6.param->method) {
	case IPPARAM_DHCP6:
	case IPPARAM_EITHER6:
		return TROUBLE_NO_ANSWER6;
	case IPPARAM_STATIC6:
	case IPPARAM_LINK6:
		return TROUBLE_NO_ADDRESS;
	case IPPARAM_DHCP:
	case IPPARAM_STATIC:
	case IPPARAM_OFF:
	case IPPARAM_AUTO6:
		break;
	}
	return TROUBLE_NO_ADVERT;
}

enum network_state network_explain(const struct network *network,
				   struct text *text)
{
	const struct interface *best = best_unconfigured(network);
	enum trouble trouble = find_trouble(network, best);
	bool failed = network->impatient;

	text_add(text, "%s%s%s", words[trouble][failed].before,
		 best ? best->link.name : "", words[trouble][failed].after);
	if (trouble == TROUBLE_LEFT_ALONE)
		return NETWORK_OFF;
	return failed ? NETWORK_FAILED : NETWORK_WAITING;
}
