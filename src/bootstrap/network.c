/* SPDX-License-Identifier: MIT */
/*
 * The kernel's link events drive everything: an interface that appears is
 * taken up, one with a carrier is started (interface.c), one that goes is
 * forgotten. Nothing is polled. What changes on the way is told to PID 1 and
 * written to resolv.conf.
 */
#include "bootstrap/network.h"

#include <sys/socket.h>

#include "base/log.h"
#include "bootstrap/interface.h"
#include "bootstrap/resolver.h"
#include "wire/ipv4.h"

#define INTERFACES_MAX 16
#define METRIC_FIRST   512
#define EVENT_MAX      (32 * 1024)
#define LIST_TRIES     5
/* How long nothing may change before a person is told that it failed. Counted
 * anew when an interface appears, when its link comes up, and when the last
 * address was lost. */
#define PATIENCE_MS 10000

struct network {
	struct loop loop;
	struct interfaces shared;
	struct source events, reports;
	struct timer patience;
	bool impatient;
	const struct network_setup *setup;
	struct ipparams params;
	const struct interface *claimed; /* the one for ip= without a device */
	bool named;			 /* the host has its name */
	bool left_out; /* there is one that ip= leaves alone */
	struct interface slots[INTERFACES_MAX]; /* unused ones: all is NULL */
	struct network_report told;
	char resolver_told[RESOLVER_TEXT_MAX];
};

static const struct ipparam by_dhcp = { .method = IPPARAM_DHCP };
static const struct ipparam left_alone = { .method = IPPARAM_OFF };

/* The ip= without a device, or NULL. */
static const struct ipparam *find_unnamed(const struct network *network)
{
	for (size_t i = 0; i < network->params.count; i++)
		if (!*network->params.list[i].device)
			return &network->params.list[i];
	return NULL;
}

static const struct ipparam *find_named(const struct network *network,
					const char *name)
{
	for (size_t i = 0; i < network->params.count; i++)
		if (str_eq(network->params.list[i].device, name))
			return &network->params.list[i];
	return NULL;
}

/* What is to be done with an interface of this name. NULL: it may become the
 * one that an ip= without a device is for, which is the first with a link. */
static const struct ipparam *decide(const struct network *network,
				    const char *name)
{
	const struct ipparam *named = find_named(network, name);
	const struct ipparam *unnamed = find_unnamed(network);

	if (named)
		return named;
	if (network->params.count == 0)
		return &by_dhcp;
	if (!unnamed)
		return &left_alone;
	return unnamed->method == IPPARAM_STATIC ? NULL : unnamed;
}

/* Software makes interfaces for its own ends; those are not ours unless ip=
 * names them. */
static bool is_ours(const struct network *network, const struct link *link)
{
	return link->ethernet && !link->loopback && !link->enslaved &&
	       (!link->virtual || network->setup->virtual_links ||
		find_named(network, link->name));
}

static struct interface *find_slot(struct network *network, int index)
{
	for (size_t i = 0; i < INTERFACES_MAX; i++)
		if (network->slots[i].all &&
		    network->slots[i].link.index == index)
			return &network->slots[i];
	return NULL;
}

/* The configured interface with the lowest metric above this one. */
static const struct interface *next_configured(const struct network *network,
					       uint32_t metric)
{
	const struct interface *best = NULL;

	for (size_t i = 0; i < INTERFACES_MAX; i++) {
		const struct interface *slot = &network->slots[i];

		if (slot->all && slot->configured && slot->metric > metric &&
		    (!best || slot->metric < best->metric))
			best = slot;
	}
	return best;
}

static void describe(struct text *text, const struct interface *interface)
{
	const struct dhcp_lease *lease = &interface->lease;
	char address[IPV4_TEXT_MAX];

	text_add(text, "%s%s %s/%u", text->len ? ", " : "",
		 interface->link.name, ipv4_text(lease->address, address),
		 lease->prefix);
	for (size_t i = 0; i < lease->route_count; i++) {
		if (lease->routes[i].prefix > 0)
			continue;
		text_add(text, " via %s",
			 ipv4_text(lease->routes[i].gateway, address));
		break;
	}
}

/* Why there is no network, as far as it can be seen from here. */
enum trouble {
	TROUBLE_NO_INTERFACE,
	TROUBLE_LEFT_ALONE,
	TROUBLE_NO_LINK,
	TROUBLE_NOT_JOINED,
	TROUBLE_NO_ADDRESS,
	TROUBLE_NO_ANSWER,
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
	return best->param && best->param->method == IPPARAM_STATIC
		       ? TROUBLE_NO_ADDRESS
		       : TROUBLE_NO_ANSWER;
}

static enum network_state explain(const struct network *network,
				  struct text *text)
{
	const struct interface *best = best_unconfigured(network);
	enum trouble trouble = find_trouble(network, best);
	/* Nobody needs to wait for what was forbidden. */
	bool failed = network->impatient || trouble == TROUBLE_LEFT_ALONE;

	text_add(text, "%s%s%s", words[trouble][failed].before,
		 best ? best->link.name : "", words[trouble][failed].after);
	return failed ? NETWORK_FAILED : NETWORK_WAITING;
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
	const struct interface *slot = next_configured(network, 0);

	if (!slot && network->told.state == NETWORK_UP)
		be_patient(network);
	report.state = slot ? NETWORK_UP : explain(network, &text);
	if (slot)
		memcpy(report.mac, slot->link.mac, sizeof(slot->link.mac));
	for (; slot; slot = next_configured(network, slot->metric))
		describe(&text, slot);
	if (memcmp(&report, &network->told, sizeof(report)) == 0)
		return;
	network->told = report;
	if (network->setup->report_fd >= 0 &&
	    send(network->setup->report_fd, &report, sizeof(report),
		 MSG_NOSIGNAL) < 0)
		network->loop.stop = true;
}

/* What the person said comes before what servers say. */
static void update_resolver(struct network *network)
{
	const struct ipparams *params = &network->params;
	const struct interface *slot = next_configured(network, 0);
	char text[RESOLVER_TEXT_MAX];
	struct resolver resolver = { 0 };
	int r;

	for (size_t i = 0; i < params->nameservers; i++)
		resolver_add(&resolver, params->nameserver[i]);
	for (size_t i = 0; i < params->count; i++)
		for (size_t n = 0; n < ARRAY_SIZE(params->list[i].dns); n++)
			resolver_add_address(&resolver, params->list[i].dns[n]);
	for (; slot; slot = next_configured(network, slot->metric)) {
		for (size_t n = 0; n < slot->lease.dns_count; n++)
			resolver_add_address(&resolver, slot->lease.dns[n]);
		if (!resolver.domain || !*resolver.domain)
			resolver.domain = slot->lease.domain;
	}
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
	const struct interface *slot = next_configured(network, 0);
	const char *name = "";

	for (size_t i = 0; i < params->count && !*name; i++)
		name = params->list[i].hostname;
	for (; slot && !*name; slot = next_configured(network, slot->metric))
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

/* An interface that is not known yet. NULL: none of ours. */
static struct interface *take_up(struct network *network,
				 const struct link *link)
{
	const struct ipparam *param = decide(network, link->name);
	struct interface *slot = NULL;
	int r;

	if (!is_ours(network, link))
		return NULL;
	if (param && param->method == IPPARAM_OFF) {
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
	slot->param = param;
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
		if (slot)
			forget(network, slot);
		update(network);
		return;
	}
	if (link->loopback)
		set_up_loopback(network, link);
	if (!slot)
		slot = take_up(network, link);
	if (!slot)
		return;
	if (!slot->param && link->running && !network->claimed) {
		slot->param = find_unnamed(network);
		network->claimed = slot;
	}
	if (link->running && !slot->link.running)
		be_patient(network);
	interface_update(slot, link);
	update(network);
}

static int take_message(const struct nlmsghdr *message, void *context)
{
	struct link link;

	if (link_read(message, &link) == 0)
		take_link(context, &link);
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
	network->shared.netlink_fd = fd_close(network->shared.netlink_fd);
	loop_done(&network->loop);
}

int network_serve(const struct network_setup *setup)
{
	struct network network = {
		.setup = setup,
		.shared = { .netlink_fd = FD_NONE,
			    .next_metric = METRIC_FIRST,
			    .changed = interfaces_changed },
		.events = { .fd = FD_NONE, .ready = events_ready },
		.reports = { .fd = FD_NONE, .ready = reports_ready },
		.patience = { .expired = patience_expired },
		.loop.epoll_fd = FD_NONE,
	};
	struct failure failure;
	int r = open_all(&network);

	/* A machine that can still be reached is worth more than one that
	 * waits for its command line to be corrected. */
	if (ipparam_from_cmdline(setup->cmdline, &network.params, &failure) < 0)
		log_warning("%s; ignored", failure.text);
	if (r == 0) {
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
