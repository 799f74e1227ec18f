/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Every start asks for an advertisement, until one comes:
 * the kernel asks only once, when a link is set up for the first time. The
 * first one after the link was down tells whether the network is another one:
 * then what the kernel made of the old one's advertisements is removed, which
 * it would keep for hours. Addresses of ip= and of leases are ours and are not
 * touched by that.
 */
#include "bootstrap/interface6.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "bootstrap/interface.h"
#include "bootstrap/packet6.h"
#include "bootstrap/router.h"

/* The link-local address takes a second; a switch's port may take longer. */
#define SOLICIT_FIRST_MS  1100
#define SOLICIT_DOUBLINGS 5
/* Unanswered, there is no router (RFC 4861 section 10). */
#define SOLICIT_TRIES 3
/* When either6 asks for an address by DHCPv6. */
#define EITHER_TRIES 2

static struct interface *owner(struct interface6 *ipv6)
{
	return container_of(ipv6, struct interface, ipv6);
}

static enum ipparam_method method_of(const struct interface6 *ipv6)
{
	return ipv6->param ? ipv6->param->method : IPPARAM_AUTO6;
}

static void warn(struct interface6 *ipv6, int r, const char *what)
{
	log_warning("%s: %s failed: %s", owner(ipv6)->link.name, what,
		    strerror(-r));
}

static void tell(struct interface6 *ipv6)
{
	struct interfaces *all = owner(ipv6)->all;

	all->changed(all);
}

/* --- DHCPv6 --- */

static void set_lease(struct interface6 *ipv6)
{
	const struct interface *interface = owner(ipv6);
	int fd = interface->all->netlink_fd, index = interface->link.index;
	const struct ipv6 *wanted = &ipv6->client.lease.address;
	bool held = ipv6->client.held;
	int r = 0;

	if (!ipv6_is_none(&ipv6->leased) &&
	    (!held || !ipv6_equal(&ipv6->leased, wanted))) {
		r = link_remove_address6(fd, index, &ipv6->leased, 128);
		if (r < 0)
			warn(ipv6, r, "removing the IPv6 address");
		ipv6->leased = (struct ipv6){ 0 };
	}
	if (!held || !ipv6_is_none(&ipv6->leased))
		return;
	r = link_add_address6(fd, index, wanted, 128);
	if (r < 0)
		warn(ipv6, r, "adding the IPv6 address");
	else
		ipv6->leased = *wanted;
}

static void close_socket(struct interface6 *ipv6)
{
	loop_remove(owner(ipv6)->all->loop, &ipv6->socket);
	ipv6->socket.fd = fd_close(ipv6->socket.fd);
}

static int open_socket(struct interface6 *ipv6)
{
	int r = 0;

	if (ipv6->socket.fd >= 0)
		return 0;
	ipv6->socket.fd = packet6_open(owner(ipv6)->link.name);
	if (ipv6->socket.fd < 0)
		return ipv6->socket.fd;
	r = loop_add(owner(ipv6)->all->loop, &ipv6->socket, EPOLLIN);
	if (r < 0)
		ipv6->socket.fd = fd_close(ipv6->socket.fd);
	return r;
}

static void send_message(struct interface6 *ipv6,
			 const struct dhcp6_action *action)
{
	const struct interface *interface = owner(ipv6);
	int r;

	if (action->len == 0)
		return;
	r = open_socket(ipv6);
	if (r == 0)
		r = packet6_send(ipv6->socket.fd, interface->link.index,
				 action->message, action->len);
	/* As good as lost on the way: it is sent again in time. */
	if (r < 0)
		log_debug("%s: sending to the DHCPv6 servers: %s",
			  interface->link.name, strerror(-r));
}

/* Does what the client answered to a step. */
static void act(struct interface6 *ipv6, const struct dhcp6_action *action)
{
	const struct dhcp6_client *client = &ipv6->client;
	struct loop *loop = owner(ipv6)->all->loop;

	send_message(ipv6, action);
	if (!dhcp6_client_awaits(client))
		close_socket(ipv6);
	if (client->wake_ms == DHCP6_NEVER)
		loop_timer_off(loop, &ipv6->timer);
	else
		loop_timer(loop, &ipv6->timer,
			   MAX(client->wake_ms - clock_ms(), (int64_t)0));
	if (action->change == DHCP6_CHANGE_NONE)
		return;
	if (action->change != DHCP6_CHANGE_KEPT)
		set_lease(ipv6);
	tell(ipv6);
}

static void timer_expired(struct timer *timer)
{
	struct interface6 *ipv6 = container_of(timer, struct interface6, timer);
	struct dhcp6_action action;

	dhcp6_client_wake(&ipv6->client, clock_ms(), interface_random(),
			  &action);
	act(ipv6, &action);
}

static void socket_ready(struct source *source, uint32_t events _unused)
{
	struct interface6 *ipv6 =
		container_of(source, struct interface6, socket);
	uint8_t buf[PACKET6_MAX];
	struct dhcp6_action action;
	struct view message;

	if (packet6_receive(source->fd, buf, &message) < 0)
		return;
	dhcp6_client_receive(&ipv6->client, clock_ms(), interface_random(),
			     message, &action);
	act(ipv6, &action);
}

static void ask_for_address(struct interface6 *ipv6)
{
	struct dhcp6_action action;

	if (ipv6->client.state != DHCP6_CLIENT_STOPPED &&
	    ipv6->client.state != DHCP6_CLIENT_ASKING &&
	    ipv6->client.state != DHCP6_CLIENT_INFORMED)
		return;
	dhcp6_client_start(&ipv6->client, clock_ms(), interface_random(),
			   &action);
	act(ipv6, &action);
}

static void ask_for_the_rest(struct interface6 *ipv6)
{
	struct dhcp6_action action;

	if (ipv6->client.state != DHCP6_CLIENT_STOPPED)
		return;
	dhcp6_client_ask(&ipv6->client, clock_ms(), interface_random(),
			 &action);
	act(ipv6, &action);
}

/* --- what routers advertise --- */

static int64_t until_ms(uint32_t lifetime_s)
{
	return lifetime_s == ROUTER_ADVERT_FOREVER
		       ? LOOP_NEVER
		       : clock_ms() + lifetime_s * MS_PER_S;
}

static void take_dns(struct interface6 *ipv6, const struct router_dns *dns)
{
	struct interface6_dns *at = ipv6->dns;
	const struct interface6_dns *end = ipv6->dns + ipv6->dns_count;

	while (at < end && !ipv6_equal(&at->address, &dns->address))
		at++;
	if (at == ipv6->dns + ARRAY_SIZE(ipv6->dns))
		return;
	ipv6->dns_count += at == end;
	*at = (struct interface6_dns){ .address = dns->address,
				       .until_ms = until_ms(dns->lifetime_s) };
}

static void take_domain(struct interface6 *ipv6,
			const struct router_domain *domain)
{
	struct interface6_domain *at = ipv6->domains;
	const struct interface6_domain *end =
		ipv6->domains + ipv6->domain_count;

	while (at < end && !str_eq(at->name, domain->name))
		at++;
	if (at == ipv6->domains + ARRAY_SIZE(ipv6->domains))
		return;
	ipv6->domain_count += at == end;
	(void)str_copy(at->name, sizeof(at->name), domain->name);
	at->until_ms = until_ms(domain->lifetime_s);
}

/* Drops what has had its time, and waits for the next that will. */
static void expire(struct interface6 *ipv6)
{
	int64_t now_ms = clock_ms(), next_ms = LOOP_NEVER;
	size_t kept = 0;

	for (size_t i = 0; i < ipv6->dns_count; i++) {
		if (ipv6->dns[i].until_ms <= now_ms)
			continue;
		next_ms = MIN(next_ms, ipv6->dns[i].until_ms);
		ipv6->dns[kept++] = ipv6->dns[i];
	}
	ipv6->dns_count = kept;
	kept = 0;
	for (size_t i = 0; i < ipv6->domain_count; i++) {
		if (ipv6->domains[i].until_ms <= now_ms)
			continue;
		next_ms = MIN(next_ms, ipv6->domains[i].until_ms);
		ipv6->domains[kept++] = ipv6->domains[i];
	}
	ipv6->domain_count = kept;
	if (next_ms == LOOP_NEVER)
		loop_timer_off(owner(ipv6)->all->loop, &ipv6->expiry);
	else
		loop_timer(owner(ipv6)->all->loop, &ipv6->expiry,
			   next_ms - now_ms);
}

static void expiry_expired(struct timer *timer)
{
	struct interface6 *ipv6 =
		container_of(timer, struct interface6, expiry);

	expire(ipv6);
	tell(ipv6);
}

static bool advertises(const struct router_advert *advert,
		       const struct ipv6 *address)
{
	for (size_t i = 0; i < advert->prefix_count; i++)
		if (ipv6_same_prefix(address, &advert->prefixes[i].address,
				     advert->prefixes[i].len))
			return true;
	return false;
}

/* What advertisements of a network before this one left behind. */
static void leave_old_network(struct interface6 *ipv6,
			      const struct ipv6 *router,
			      const struct router_advert *advert)
{
	const struct interface *interface = owner(ipv6);
	int fd = interface->all->netlink_fd, index = interface->link.index;
	int r = 0;

	ipv6->moved = false;
	ipv6->dns_count = ipv6->domain_count = 0;
	if (ipv6->has_router && !ipv6_equal(router, &ipv6->router))
		r = link_remove_router6(fd, index, &ipv6->router);
	if (r < 0)
		warn(ipv6, r, "removing the old router");
	for (size_t i = 0; i < ipv6->address_count; i++) {
		const struct link_address6 *a = &ipv6->addresses[i];

		/* The kernel tells when it is gone. */
		if (a->lasting || ipv6_is_link_local(&a->address) ||
		    advertises(advert, &a->address))
			continue;
		r = link_remove_address6(fd, index, &a->address, a->prefix);
		if (r < 0)
			warn(ipv6, r, "removing an old IPv6 address");
	}
	ipv6->has_router = false;
}

/* Of several the first one is told, lest they take turns. */
static void take_router(struct interface6 *ipv6, const struct ipv6 *router,
			uint16_t lifetime_s)
{
	if (lifetime_s > 0 && !ipv6->has_router) {
		ipv6->has_router = true;
		ipv6->router = *router;
	} else if (lifetime_s == 0 && ipv6_equal(&ipv6->router, router)) {
		ipv6->has_router = false;
	}
}

void interface6_take_advert(struct interface6 *ipv6, const struct ipv6 *router,
			    const struct router_advert *advert)
{
	enum ipparam_method method = method_of(ipv6);

	if (!ipv6->started || method == IPPARAM_LINK6)
		return;
	if (ipv6->moved)
		leave_old_network(ipv6, router, advert);
	loop_timer_off(owner(ipv6)->all->loop, &ipv6->solicit);
	take_router(ipv6, router, advert->lifetime_s);
	for (size_t i = 0; i < advert->dns_count; i++)
		take_dns(ipv6, &advert->dns[i]);
	for (size_t i = 0; i < advert->domain_count; i++)
		take_domain(ipv6, &advert->domains[i]);
	expire(ipv6);
	if (method == IPPARAM_AUTO6 || method == IPPARAM_EITHER6) {
		if (advert->managed)
			ask_for_address(ipv6);
		else if (advert->other)
			ask_for_the_rest(ipv6);
	}
	tell(ipv6);
}

static void solicit(struct interface6 *ipv6)
{
	static const struct router_advert none;
	static const struct ipv6 nobody;
	const struct interface *interface = owner(ipv6);
	int64_t delay_ms =
		(int64_t)SOLICIT_FIRST_MS
		<< MIN(ipv6->solicits, (unsigned int)SOLICIT_DOUBLINGS);
	int r = router_solicit(interface->all->router_fd,
			       interface->link.index);

	if (r < 0)
		log_debug("%s: asking for routers: %s", interface->link.name,
			  strerror(-r));
	if (ipv6->moved && ipv6->solicits == SOLICIT_TRIES)
		leave_old_network(ipv6, &nobody, &none);
	if (method_of(ipv6) == IPPARAM_EITHER6 &&
	    ipv6->solicits == EITHER_TRIES)
		ask_for_address(ipv6);
	ipv6->solicits++;
	loop_timer(interface->all->loop, &ipv6->solicit, delay_ms);
}

static void solicit_expired(struct timer *timer)
{
	solicit(container_of(timer, struct interface6, solicit));
}

/* --- addresses --- */

static void add_fixed(struct interface6 *ipv6)
{
	struct interface *interface = owner(ipv6);
	const struct ipparam *param = ipv6->param;
	int fd = interface->all->netlink_fd, index = interface->link.index;
	int r = link_add_address6(fd, index, &param->address6, param->prefix);

	if (r < 0) {
		warn(ipv6, r, "adding the IPv6 address");
		return;
	}
	if (ipv6_is_none(&param->gateway6))
		return;
	r = link_add_router6(fd, index, &param->gateway6,
			     interface_metric(interface));
	if (r < 0)
		warn(ipv6, r, "adding the IPv6 route");
}

/* The kernel is not to listen to routers, either. */
static void refuse_adverts(struct interface6 *ipv6)
{
	char path[64 + IF_NAMESIZE];
	struct text text = text_over(path, sizeof(path));
	int r;

	text_add(&text, "/proc/sys/net/ipv6/conf/%s/accept_ra",
		 owner(ipv6)->link.name);
	r = file_write(AT_FDCWD, path, "0");
	if (r < 0)
		warn(ipv6, r, "refusing router advertisements");
}

static struct link_address6 *find(struct interface6 *ipv6,
				  const struct ipv6 *address)
{
	for (size_t i = 0; i < ipv6->address_count; i++)
		if (ipv6_equal(&ipv6->addresses[i].address, address))
			return &ipv6->addresses[i];
	return NULL;
}

void interface6_take_address(struct interface6 *ipv6,
			     const struct link_address6 *address)
{
	struct link_address6 *known = find(ipv6, &address->address);

	if (address->removed) {
		if (known)
			*known = ipv6->addresses[--ipv6->address_count];
	} else if (known) {
		*known = *address;
	} else if (ipv6->address_count < ARRAY_SIZE(ipv6->addresses)) {
		ipv6->addresses[ipv6->address_count++] = *address;
	}
	if (interface6_address(ipv6))
		(void)interface_metric(owner(ipv6));
	tell(ipv6);
}

/* The higher the better; 0: nobody else could reach it. */
static unsigned int merit(const struct interface6 *ipv6,
			  const struct link_address6 *a)
{
	bool local = ipv6_is_link_local(&a->address);

	if (!a->usable || (local && method_of(ipv6) != IPPARAM_LINK6))
		return 0;
	return 1 + (!local ? 8u : 0u) + (!a->outdated ? 4u : 0u) +
	       (a->lasting ? 2u : 0u) + (!a->temporary ? 1u : 0u);
}

const struct link_address6 *interface6_address(const struct interface6 *ipv6)
{
	const struct link_address6 *best = NULL;
	unsigned int most = 0;

	for (size_t i = 0; i < ipv6->address_count; i++) {
		unsigned int now = merit(ipv6, &ipv6->addresses[i]);

		if (now <= most)
			continue;
		most = now;
		best = &ipv6->addresses[i];
	}
	return best;
}

static const struct dhcp6_lease *lease_of(const struct interface6 *ipv6)
{
	static const struct dhcp6_lease none;

	return ipv6->client.held || ipv6->client.informed ? &ipv6->client.lease
							  : &none;
}

const struct ipv6 *interface6_dns(const struct interface6 *ipv6, size_t i)
{
	const struct dhcp6_lease *lease = lease_of(ipv6);

	if (i < lease->dns_count)
		return &lease->dns[i];
	i -= lease->dns_count;
	return i < ipv6->dns_count ? &ipv6->dns[i].address : NULL;
}

const char *interface6_domain(const struct interface6 *ipv6, size_t i)
{
	const struct dhcp6_lease *lease = lease_of(ipv6);

	if (i < lease->domain_count)
		return lease->domains[i];
	i -= lease->domain_count;
	return i < ipv6->domain_count ? ipv6->domains[i].name : NULL;
}

/* --- from the link coming up to its end --- */

void interface6_init(struct interface6 *ipv6, const uint8_t mac[static 6])
{
	*ipv6 = (struct interface6){
		.solicit = { .expired = solicit_expired },
		.expiry = { .expired = expiry_expired },
		.timer = { .expired = timer_expired },
		.socket = { .fd = FD_NONE, .ready = socket_ready },
	};
	dhcp6_client_init(&ipv6->client, mac);
}

void interface6_start(struct interface6 *ipv6)
{
	enum ipparam_method method = method_of(ipv6);
	const struct interface *interface = owner(ipv6);

	if (interface->all->router_fd < 0)
		return;
	ipv6->started = true;
	ipv6->solicits = 0;
	memcpy(ipv6->client.mac, interface->link.mac, sizeof(ipv6->client.mac));
	if (method == IPPARAM_LINK6) {
		refuse_adverts(ipv6);
		return;
	}
	if (method == IPPARAM_STATIC6 && !ipv6->moved)
		add_fixed(ipv6);
	if (method == IPPARAM_DHCP6 || ipv6->client.held) {
		struct dhcp6_action action;

		dhcp6_client_start(&ipv6->client, clock_ms(),
				   interface_random(), &action);
		act(ipv6, &action);
	}
	solicit(ipv6);
}

void interface6_stop(struct interface6 *ipv6)
{
	struct loop *loop = owner(ipv6)->all->loop;

	if (!ipv6->started)
		return;
	ipv6->started = false;
	ipv6->moved = true;
	loop_timer_off(loop, &ipv6->solicit);
	dhcp6_client_stop(&ipv6->client);
	if (ipv6->client.wake_ms == DHCP6_NEVER) {
		loop_timer_off(loop, &ipv6->timer);
		close_socket(ipv6);
	}
}

void interface6_done(struct interface6 *ipv6)
{
	struct loop *loop = owner(ipv6)->all->loop;

	loop_timer_off(loop, &ipv6->solicit);
	loop_timer_off(loop, &ipv6->expiry);
	loop_timer_off(loop, &ipv6->timer);
	close_socket(ipv6);
}
