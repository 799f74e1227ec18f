/* SPDX-License-Identifier: MIT */
#include "bootstrap/interface.h"

#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "bootstrap/packet.h"
#include "wire/ipv4.h"

static void warn(const struct interface *interface, int r, const char *what)
{
	log_warning("%s: %s failed: %s", interface->link.name, what,
		    strerror(-r));
}

static void add_routes(struct interface *interface)
{
	const struct dhcp_lease *lease = &interface->lease;
	int r;

	/* Those on the link first: others may lead through them. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < lease->route_count; i++) {
			const struct dhcp4_route *route = &lease->routes[i];

			if ((route->gateway != 0) != pass)
				continue;
			r = link_add_route(interface->all->netlink_fd,
					   interface->link.index, lease, route,
					   interface->metric);
			if (r < 0)
				warn(interface, r, "adding a route");
		}
	}
}

uint32_t interface_metric(struct interface *interface)
{
	if (interface->metric == 0)
		interface->metric = interface->all->next_metric++;
	return interface->metric;
}

static void configure(struct interface *interface,
		      const struct dhcp_lease *lease)
{
	struct interfaces *all = interface->all;
	int index = interface->link.index, r;

	(void)interface_metric(interface);
	interface->lease = *lease;
	if (lease->mtu) {
		r = link_set_mtu(all->netlink_fd, index, lease->mtu);
		if (r < 0)
			warn(interface, r, "setting the MTU");
	}
	r = link_add_address(all->netlink_fd, index, lease, interface->metric);
	if (r < 0) {
		warn(interface, r, "adding the address");
		return;
	}
	interface->configured = true;
	add_routes(interface);
	all->changed(all);
}

static void unconfigure(struct interface *interface)
{
	struct interfaces *all = interface->all;
	int r;

	if (!interface->configured)
		return;
	interface->configured = false;
	r = link_remove_address(all->netlink_fd, interface->link.index,
				&interface->lease);
	if (r < 0)
		warn(interface, r, "removing the address");
	all->changed(all);
}

/* What ip= says, in the words of a lease. */
static struct dhcp_lease static_lease(const struct ipparam *param)
{
	struct dhcp_lease lease = {
		.address = param->address,
		.prefix = param->prefix,
	};

	if (param->gateway)
		lease.routes[lease.route_count++].gateway = param->gateway;
	return lease;
}

uint32_t interface_random(void)
{
	uint32_t number = 0;

	/* Early in a boot there may be no entropy, and clock bits will do for
	 * telling our exchange from another's. */
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = (uint32_t)clock_ms() * 2654435761u;
	return number;
}

static void send_message(struct interface *interface,
			 const struct dhcp_action *action)
{
	const struct dhcp_client *client = &interface->client;
	int r = 0;

	switch (action->send) {
	case DHCP_SEND_NOTHING:
		return;
	case DHCP_SEND_BROADCAST:
		r = packet_broadcast(interface->packets.fd,
				     interface->link.index,
				     client->state == DHCP_CLIENT_REBINDING
					     ? client->lease.address
					     : 0,
				     action->message, action->len);
		break;
	case DHCP_SEND_UNICAST:
		interface->unicast_fd = fd_close(interface->unicast_fd);
		r = packet_unicast(interface->link.name, client->lease.address,
				   client->lease.server, action->message,
				   action->len);
		if (r >= 0)
			interface->unicast_fd = r;
		break;
	}
	/* As good as lost on the way: it is sent again in time. */
	if (r < 0)
		log_debug("%s: sending to the DHCP server: %s",
			  interface->link.name, strerror(-r));
}

/* Does what the client answered to a step. */
static void act(struct interface *interface, const struct dhcp_action *action)
{
	struct dhcp_client *client = &interface->client;
	struct loop *loop = interface->all->loop;

	switch (action->change) {
	case DHCP_CHANGE_NONE:
	case DHCP_CHANGE_KEPT:
		break;
	case DHCP_CHANGE_OBTAINED:
		configure(interface, &client->lease);
		break;
	case DHCP_CHANGE_LOST:
		unconfigure(interface);
		break;
	}
	send_message(interface, action);
	if (client->state != DHCP_CLIENT_RENEWING)
		interface->unicast_fd = fd_close(interface->unicast_fd);
	if (client->wake_ms == DHCP_NEVER)
		loop_timer_off(loop, &interface->timer);
	else
		loop_timer(loop, &interface->timer,
			   MAX(client->wake_ms - clock_ms(), (int64_t)0));
}

static void timer_expired(struct timer *timer)
{
	struct interface *interface =
		container_of(timer, struct interface, timer);
	struct dhcp_action action;

	dhcp_client_wake(&interface->client, clock_ms(), interface_random(),
			 &action);
	act(interface, &action);
}

static void packets_ready(struct source *source, uint32_t events _unused)
{
	struct interface *interface =
		container_of(source, struct interface, packets);
	uint8_t buf[PACKET_MAX];
	struct dhcp_action action;
	struct view message;

	/* One at a time, so that a flood on one interface does not starve the
	 * others. Errors (the link went down) are told by the kernel's
	 * events. */
	if (packet_receive(source->fd, buf, &message) < 0)
		return;
	dhcp_client_receive(&interface->client, clock_ms(), interface_random(),
			    message, &action);
	act(interface, &action);
}

static int open_packets(struct interface *interface)
{
	_cleanup_fd int fd = FD_NONE;
	int r;

	if (interface->packets.fd >= 0)
		return 0;
	fd = packet_open(interface->link.index);
	if (fd < 0)
		return fd;
	interface->packets.fd = fd;
	r = loop_add(interface->all->loop, &interface->packets, EPOLLIN);
	if (r < 0) {
		interface->packets.fd = FD_NONE;
		return r;
	}
	TAKE_FD(fd);
	return 0;
}

static void start(struct interface *interface)
{
	struct dhcp_action action;
	struct dhcp_lease lease;
	int r;

	interface->started = true;
	interface->since_ms = clock_ms();
	interface6_start(&interface->ipv6);
	if (!interface->param)
		return;
	switch (interface->param->method) {
	case IPPARAM_OFF:
	case IPPARAM_STATIC6:
	case IPPARAM_AUTO6:
	case IPPARAM_DHCP6:
	case IPPARAM_EITHER6:
	case IPPARAM_LINK6:
		break;
	case IPPARAM_STATIC:
		lease = static_lease(interface->param);
		if (!interface->configured)
			configure(interface, &lease);
		break;
	case IPPARAM_DHCP:
		r = open_packets(interface);
		if (r < 0) {
			warn(interface, r, "opening a packet socket");
			return;
		}
		memcpy(interface->client.mac, interface->link.mac,
		       sizeof(interface->client.mac));
		dhcp_client_start(&interface->client, clock_ms(),
				  interface_random(), &action);
		act(interface, &action);
		break;
	}
}

static void stop(struct interface *interface)
{
	interface->started = false;
	interface6_stop(&interface->ipv6);
	dhcp_client_stop(&interface->client);
	if (interface->client.wake_ms == DHCP_NEVER)
		loop_timer_off(interface->all->loop, &interface->timer);
}

int interface_init(struct interface *interface, struct interfaces *all,
		   const struct link *link)
{
	*interface = (struct interface){
		.all = all,
		.link = *link,
		.packets = { .fd = FD_NONE, .ready = packets_ready },
		.timer = { .expired = timer_expired },
		.unicast_fd = FD_NONE,
	};
	dhcp_client_init(&interface->client, link->mac);
	interface6_init(&interface->ipv6, link->mac);
	return link->up ? 0 : link_set_up(all->netlink_fd, link->index);
}

void interface_update(struct interface *interface, const struct link *link)
{
	interface->link = *link;
	if (link->running && !link->enslaved && !interface->started &&
	    interface->decided)
		start(interface);
	else if (!link->running && interface->started)
		stop(interface);
}

void interface_done(struct interface *interface)
{
	struct loop *loop = interface->all->loop;

	interface6_done(&interface->ipv6);
	loop_timer_off(loop, &interface->timer);
	loop_remove(loop, &interface->packets);
	interface->packets.fd = fd_close(interface->packets.fd);
	interface->unicast_fd = fd_close(interface->unicast_fd);
	interface->configured = false;
}
