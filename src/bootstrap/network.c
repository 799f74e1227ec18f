/* SPDX-License-Identifier: MIT */
/*
 * The kernel's link events drive everything: an interface that appears is
 * taken up, one with a carrier is started (interface.c), one that goes is
 * forgotten. Nothing is polled. What changes on the way is told to PID 1 and
 * written to resolv.conf.
 */
#include <sys/socket.h>

#include "base/log.h"
#include "bootstrap/network-internal.h"

#define METRIC_FIRST 512
#define EVENT_MAX    (32 * 1024)
#define LIST_TRIES   5
/* How long nothing may change before a person is told that it failed. Counted
 * anew when an interface appears, when its link comes up, and when the last
 * address was lost. */
#define PATIENCE_MS 10000

static const struct ipparam by_dhcp = { .method = IPPARAM_DHCP };

/* The first ip= of a family for this device; "": without one. NULL: none. */
static const struct ipparam *find(const struct network *network,
				  const char *device, bool ipv6)
{
	for (size_t i = 0; i < network->params.count; i++) {
		const struct ipparam *param = &network->params.list[i];

		if (str_eq(param->device, device) &&
		    ipparam_is_ipv6(param->method) == ipv6)
			return param;
	}
	return NULL;
}

static bool is_named(const struct network *network, const char *name)
{
	return find(network, name, false) || find(network, name, true) ||
	       stack_made(&network->stack, name);
}

/* What is to be done with an interface. */
struct plan {
	bool leave_alone;
	/* Fixed addresses without a device: for the first one with a link. */
	bool undecided;
	const struct ipparam *ipv4, *ipv6; /* NULL: nothing is said */
};

static struct plan make_plan(const struct network *network, const char *name)
{
	struct plan plan = {
		.ipv4 = find(network, name, false),
		.ipv6 = find(network, name, true),
	};

	if (network->params.count == 0) {
		plan.ipv4 = &by_dhcp;
		return plan;
	}
	if (!plan.ipv4 && !plan.ipv6) {
		plan.ipv4 = find(network, "", false);
		plan.ipv6 = find(network, "", true);
		plan.undecided =
			(plan.ipv4 && plan.ipv4->method == IPPARAM_STATIC) ||
			(plan.ipv6 && plan.ipv6->method == IPPARAM_STATIC6);
	}
	plan.leave_alone = (!plan.ipv4 && !plan.ipv6) ||
			   (plan.ipv4 && plan.ipv4->method == IPPARAM_OFF);
	return plan;
}

static void follow(struct interface *interface, const struct plan *plan)
{
	interface->param = plan->ipv4;
	interface->ipv6.param = plan->ipv6;
	interface->decided = true;
}

/* Software makes interfaces for its own ends; those are not ours unless ip=
 * names them. */
static bool is_ours(const struct network *network, const struct link *link)
{
	return link->ethernet && !link->loopback && !link->enslaved &&
	       !stack_is_member(&network->stack, link->name) &&
	       (!link->virtual || network->setup->virtual_links ||
		is_named(network, link->name));
}

static struct interface *find_slot(struct network *network, int index)
{
	for (size_t i = 0; i < INTERFACES_MAX; i++)
		if (network->slots[i].all &&
		    network->slots[i].link.index == index)
			return &network->slots[i];
	return NULL;
}

static void be_patient(struct network *network)
{
	network->impatient = false;
	loop_timer(&network->loop, &network->patience, PATIENCE_MS);
}

static void tell(struct network *network)
{
	struct network_report report = { .magic = CONTROL_MAGIC };
	struct text text = text_over(report.text, sizeof(report.text));
	const struct interface *slot = network_next(network, 0);
	int64_t grace_ms = network_grace_ms(network);

	if (grace_ms > 0)
		loop_timer(&network->loop, &network->grace, grace_ms);
	if (!slot && network->told.state == NETWORK_UP)
		be_patient(network);
	report.state = slot ? NETWORK_UP : network_explain(network, &text);
	if (slot)
		memcpy(report.mac, slot->link.mac, sizeof(slot->link.mac));
	for (; slot; slot = network_next(network, slot->metric))
		report.families |= network_describe_interface(slot, &text);
	if (memcmp(&report, &network->told, sizeof(report)) == 0)
		return;
	network->told = report;
	if (network->setup->report_fd >= 0 &&
	    send(network->setup->report_fd, &report, sizeof(report),
		 MSG_NOSIGNAL) < 0)
		network->loop.stop = true;
}

static void add_dns_of_param(struct resolver *resolver,
			     const struct ipparam *param)
{
	for (size_t i = 0; i < ARRAY_SIZE(param->dns); i++) {
		resolver_add_address(resolver, param->dns[i]);
		resolver_add_address6(resolver, &param->dns6[i], "");
	}
}

/* Both families by turns: either may be the one that works. */
static void add_dns_of_interface(struct resolver *resolver,
				 const struct interface *interface)
{
	const struct dhcp_lease *lease = &interface->lease;
	size_t count = interface->configured ? lease->dns_count : 0;
	const struct interface6 *ipv6 = &interface->ipv6;
	const struct ipv6 *address = NULL;
	const char *domain;

	for (size_t i = 0; i < count || i == 0 || address; i++) {
		address = interface6_dns(ipv6, i);
		if (i < count)
			resolver_add_address(resolver, lease->dns[i]);
		if (address)
			resolver_add_address6(resolver, address,
					      interface->link.name);
	}
	if (interface->configured)
		resolver_add_domain(resolver, lease->domain);
	for (size_t i = 0; (domain = interface6_domain(ipv6, i)); i++)
		resolver_add_domain(resolver, domain);
}

/* What the person said comes before what servers say. */
static void update_resolver(struct network *network)
{
	const struct ipparams *params = &network->params;
	const struct interface *slot = network_next(network, 0);
	char text[RESOLVER_TEXT_MAX];
	struct resolver resolver = { 0 };
	int r;

	for (size_t i = 0; i < params->nameservers; i++)
		resolver_add(&resolver, params->nameserver[i]);
	for (size_t i = 0; i < params->count; i++)
		add_dns_of_param(&resolver, &params->list[i]);
	for (; slot; slot = network_next(network, slot->metric))
		add_dns_of_interface(&resolver, slot);
	resolver_text(&resolver, text);
	if (str_eq(text, network->resolver_told))
		return;
	r = resolver_write(network->setup->resolv_conf, text);
	if (r < 0)
		log_warning("%s cannot be written: %s",
			    network->setup->resolv_conf, strerror(-r));
	(void)str_copy(network->resolver_told, sizeof(network->resolver_told),
		       text);
}

/* Once: a later name would surprise what runs already. */
static void update_hostname(struct network *network)
{
	const struct ipparams *params = &network->params;
	const struct interface *slot = network_next(network, 0);
	const char *name = "";

	for (size_t i = 0; i < params->count && !*name; i++)
		name = params->list[i].hostname;
	for (; slot && !*name; slot = network_next(network, slot->metric))
		if (slot->configured)
			name = slot->lease.hostname;
	if (network->named || !*name)
		return;
	network->named = true;
	if (sethostname(name, strlen(name)) < 0)
		log_warning("host name %s cannot be set: %m", name);
}

static void update(struct network *network)
{
	update_resolver(network);
	update_hostname(network);
	/* Last, so that who waits for it finds the rest done. */
	tell(network);
}

static void interfaces_changed(struct interfaces *all)
{
	update(container_of(all, struct network, shared));
}

static void patience_expired(struct timer *timer)
{
	struct network *network = container_of(timer, struct network, patience);

	network->impatient = true;
	tell(network);
}

static void grace_expired(struct timer *timer)
{
	update(container_of(timer, struct network, grace));
}

/* An interface that is not known yet. NULL: none of ours. */
static struct interface *take_up(struct network *network,
				 const struct link *link)
{
	struct plan plan = make_plan(network, link->name);
	struct interface *slot = NULL;
	int r;

	if (!is_ours(network, link))
		return NULL;
	if (plan.leave_alone) {
		network->left_out = true;
		return NULL;
	}
	for (size_t i = 0; i < INTERFACES_MAX && !slot; i++)
		if (!network->slots[i].all)
			slot = &network->slots[i];
	if (!slot) {
		log_warning("%s: ignored, more than %d network interfaces",
			    link->name, INTERFACES_MAX);
		return NULL;
	}
	r = interface_init(slot, &network->shared, link);
	if (r < 0)
		log_warning("%s cannot be set up: %s", link->name,
			    strerror(-r));
	if (!plan.undecided)
		follow(slot, &plan);
	be_patient(network);
	return slot;
}

static void forget(struct network *network, struct interface *interface)
{
	if (network->claimed == interface)
		network->claimed = NULL;
	interface_done(interface);
	*interface = (struct interface){ 0 };
}

static void set_up_loopback(struct network *network, const struct link *link)
{
	int r = link->up ? 0
			 : link_set_up(network->shared.netlink_fd, link->index);

	if (r < 0)
		log_warning("%s cannot be set up: %s", link->name,
			    strerror(-r));
}

/* What the kernel told about one link. */
static void take_link(struct network *network, const struct link *link)
{
	struct interface *slot = find_slot(network, link->index);

	if (link->removed) {
		stack_link(&network->stack, link);
		if (slot)
			forget(network, slot);
		update(network);
		return;
	}
	stack_link(&network->stack, link);
	if (link->loopback)
		set_up_loopback(network, link);
	if (!slot)
		slot = take_up(network, link);
	if (!slot)
		return;
	if (!slot->decided && link->running && !network->claimed) {
		struct plan plan = make_plan(network, link->name);

		follow(slot, &plan);
		network->claimed = slot;
	}
	if (link->running && !slot->link.running)
		be_patient(network);
	interface_update(slot, link);
	update(network);
}

static void take_address(struct network *network,
			 const struct link_address6 *address)
{
	struct interface *slot = find_slot(network, address->link_index);

	if (slot)
		interface6_take_address(&slot->ipv6, address);
}

static int take_message(const struct nlmsghdr *message, void *context)
{
	struct link_address6 address;
	struct link link;

	if (link_read(message, &link) == 0)
		take_link(context, &link);
	else if (link_read_address6(message, &address) == 0)
		take_address(context, &address);
	return 0;
}

/* Everything as it is now. Its own socket: while a link is handled, requests
 * go over the other one. When links come and go all the time, the events that
 * follow tell the rest. */
static int list_links(struct network *network)
{
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
	int r = fd < 0 ? fd : -EAGAIN;

	for (int tries = 0; tries < LIST_TRIES && r == -EAGAIN; tries++)
		r = link_list(fd, take_message, network);
	for (int tries = 0; tries < LIST_TRIES && (r == 0 || r == -EAGAIN);
	     tries++) {
		r = link_list_addresses6(fd, take_message, network);
		if (r == 0)
			break;
	}
	return r == -EAGAIN ? 0 : r;
}

static void events_ready(struct source *source, uint32_t events _unused)
{
	struct network *network = container_of(source, struct network, events);
	_Alignas(struct nlmsghdr) char buf[EVENT_MAX];
	const struct nlmsghdr *message = (const void *)buf;
	struct sockaddr_nl from = { 0 };
	socklen_t from_len = sizeof(from);
	ssize_t n = recvfrom(source->fd, buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &from_len);
	int r = 0;

	if (n < 0 && errno == ENOBUFS)
		r = list_links(network); /* events were lost */
	if (r < 0)
		log_warning("network interfaces cannot be listed: %s",
			    strerror(-r));
	if (n < 0 || from.nl_pid != 0)
		return;
	for (unsigned int left = (unsigned int)n; NLMSG_OK(message, left);
	     message = NLMSG_NEXT(message, left))
		(void)take_message(message, network);
}

static void router_ready(struct source *source, uint32_t events _unused)
{
	struct network *network = container_of(source, struct network, routers);
	struct router_advert advert;
	struct interface *slot;
	struct ipv6 router;
	int index;

	if (router_receive(source->fd, &index, &router, &advert) < 0)
		return;
	slot = find_slot(network, index);
	if (slot && slot->decided)
		interface6_take_advert(&slot->ipv6, &router, &advert);
}

/* Without IPv6 in the kernel there is nothing to hear. */
static int open_routers(struct network *network)
{
	network->routers.fd = network->shared.router_fd = router_open();
	if (network->routers.fd < 0) {
		log_debug("no IPv6: %s", strerror(-network->routers.fd));
		network->routers.fd = network->shared.router_fd = FD_NONE;
		return 0;
	}
	return loop_add(&network->loop, &network->routers, EPOLLIN);
}

/* Nothing comes over it, so this is its other end being closed. */
static void reports_ready(struct source *source, uint32_t events _unused)
{
	container_of(source, struct network, reports)->loop.stop = true;
}

static int open_all(struct network *network)
{
	sigset_t none;
	int r;

	sigemptyset(&none);
	r = loop_init(&network->loop, &none, NULL);
	if (r < 0)
		return r;
	network->shared.loop = &network->loop;
	network->shared.netlink_fd = netlink_open(NETLINK_ROUTE);
	if (network->shared.netlink_fd < 0)
		return network->shared.netlink_fd;
	/* Before the listing, so that nothing falls between. */
	network->events.fd = link_watch();
	if (network->events.fd < 0)
		return network->events.fd;
	r = loop_add(&network->loop, &network->events, EPOLLIN);
	if (r == 0)
		r = open_routers(network);
	if (r < 0 || network->setup->report_fd < 0)
		return r;
	network->reports.fd = network->setup->report_fd;
	return loop_add(&network->loop, &network->reports, 0);
}

static void close_all(struct network *network)
{
	for (size_t i = 0; i < INTERFACES_MAX; i++)
		if (network->slots[i].all)
			interface_done(&network->slots[i]);
	network->events.fd = fd_close(network->events.fd);
	network->routers.fd = fd_close(network->routers.fd);
	network->shared.netlink_fd = fd_close(network->shared.netlink_fd);
	loop_done(&network->loop);
}

int network_serve(const struct network_setup *setup)
{
	struct network network = {
		.setup = setup,
		.shared = { .netlink_fd = FD_NONE,
			    .router_fd = FD_NONE,
			    .next_metric = METRIC_FIRST,
			    .changed = interfaces_changed },
		.events = { .fd = FD_NONE, .ready = events_ready },
		.routers = { .fd = FD_NONE, .ready = router_ready },
		.reports = { .fd = FD_NONE, .ready = reports_ready },
		.patience = { .expired = patience_expired },
		.grace = { .expired = grace_expired },
		.loop.epoll_fd = FD_NONE,
	};
	struct failure failure;
	int r = open_all(&network);

	/* A machine that can still be reached is worth more than one that
	 * waits for its command line to be corrected. */
	if (ipparam_from_cmdline(setup->cmdline, &network.params, &failure) < 0)
		log_warning("%s; ignored", failure.text);
	if (linkparam_from_cmdline(setup->cmdline, &network.stack.params,
				   &failure) < 0)
		log_warning("%s; ignored", failure.text);
	if (r == 0) {
		network.stack.netlink_fd = network.shared.netlink_fd;
		stack_start(&network.stack);
		be_patient(&network);
		r = list_links(&network);
	}
	if (r == 0) {
		update(&network);
		r = loop_run(&network.loop);
	}
	close_all(&network);
	return r;
}

int network_run(const char *cmdline, int report_fd)
{
	const struct network_setup setup = {
		.cmdline = cmdline,
		.report_fd = report_fd,
		.resolv_conf = "/etc/resolv.conf",
	};

	return network_serve(&setup);
}
