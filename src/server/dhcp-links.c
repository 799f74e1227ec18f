/* SPDX-License-Identifier: MIT */
#include "server/dhcp-links.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LINK_LOCAL    0xa9fe0000u /* 169.254/16, RFC 3927 */
#define LOOPBACK_NET  127
#define NETLINK_READ  8192
#define BROADCAST_ALL UINT32_MAX

static bool is_link_local(uint32_t address)
{
	return (address & 0xffff0000u) == LINK_LOCAL;
}

static bool is_served(const struct serve_settings *settings, const char *name,
		      uint32_t address)
{
	if (settings->listen != 0 && settings->listen != address)
		return false;
	for (size_t i = 0; i < settings->interface_count; i++)
		if (str_eq(settings->interfaces[i], name))
			return true;
	return settings->interface_count == 0;
}

static void add_row(struct dhcp_links *links, const struct ifaddrs *at)
{
	const struct sockaddr_in *in = (const void *)at->ifa_addr;
	uint32_t address = ntohl(in->sin_addr.s_addr);
	char name[IF_NAMESIZE];

	/* An address with a label, as "eth0:1", is one of eth0. */
	(void)str_copy(name, sizeof(name), at->ifa_name);
	name[strcspn(name, ":")] = '\0';
	links->rows[links->count++] = (struct dhcp_link){
		.index = (int)if_nametoindex(name),
		.address = address,
		.served = is_served(links->settings, name, address),
	};
}

static void refresh(struct dhcp_links *links)
{
	struct ifaddrs *list;

	/* What was known holds until the kernel has memory to tell more. */
	if (getifaddrs(&list) < 0)
		return;
	links->count = 0;
	for (struct ifaddrs *at = list; at; at = at->ifa_next)
		if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
		    links->count < DHCP_LINKS_MAX)
			add_row(links, at);
	freeifaddrs(list);
}

static void changes_ready(struct source *source, uint32_t events)
{
	struct dhcp_links *links =
		container_of(source, struct dhcp_links, changes);
	char bytes[NETLINK_READ];

	(void)events;
	/* What has changed is not read: all is listed again. ENOBUFS, too,
	 * only says that more has changed than fitted. */
	while (recv(source->fd, bytes, sizeof(bytes), 0) >= 0 ||
	       errno == ENOBUFS || errno == EINTR)
		;
	refresh(links);
}

int dhcp_links_open(struct dhcp_links *links, struct loop *loop,
		    const struct serve_settings *settings,
		    struct failure *failure)
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR,
	};
	_cleanup_fd int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_ROUTE);
	int r;

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0)
		return failure_errno(failure, errno,
				     "cannot watch the network interfaces");
	links->settings = settings;
	links->loop = loop;
	links->changes = (struct source){
		.fd = fd,
		.ready = changes_ready,
	};
	r = loop_add(loop, &links->changes, EPOLLIN);
	if (r < 0) {
		links->changes.fd = FD_NONE;
		return failure_errno(failure, -r,
				     "cannot watch the network interfaces");
	}
	refresh(links);
	(void)TAKE_FD(fd);
	return 0;
}

void dhcp_links_close(struct dhcp_links *links)
{
	if (!links->loop)
		return;
	loop_remove(links->loop, &links->changes);
	links->changes.fd = fd_close(links->changes.fd);
}

uint32_t dhcp_links_server(const struct dhcp_links *links, int index,
			   uint32_t destination)
{
	uint32_t first = 0;
	bool ours = false, named = false;

	for (size_t i = 0; i < links->count; i++) {
		const struct dhcp_link *row = &links->rows[i];

		ours |= row->address == destination;
		if (row->index != index || !row->served)
			continue;
		named = true;
		if (row->address == destination)
			return destination;
		if (first == 0 ||
		    (is_link_local(first) && !is_link_local(row->address)))
			first = row->address;
	}
	/* A relay may reach one interface's address through another. */
	if (ours)
		return named || links->settings->listen == destination
			       ? destination
			       : 0;
	return destination == BROADCAST_ALL ? first : 0;
}

uint32_t dhcp_links_guess(const struct serve_settings *settings)
{
	struct dhcp_links links = { .settings = settings };
	uint32_t found = 0;

	refresh(&links);
	for (size_t i = 0; i < links.count; i++) {
		const struct dhcp_link *row = &links.rows[i];

		if (row->served && (found == 0 || found >> 24 == LOOPBACK_NET))
			found = row->address;
	}
	return found;
}
