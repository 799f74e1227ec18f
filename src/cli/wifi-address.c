/* SPDX-License-Identifier: MIT */
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/netlink.h"
#include "base/text.h"
#include "cli/wifi.h"
#include "wire/ipv4.h"

/* What the network worker needs when a server answers at once is one of
 * these; some answer only after they looked whether an address is free. */
#define ADDRESS_MS 20000

bool wifi_address(const struct wifi *wifi,
		  char address[static WIFI_ADDRESS_MAX])
{
	struct ifaddrs *list;
	bool found = false;

	if (getifaddrs(&list) < 0)
		return false;
	for (struct ifaddrs *a = list; a && !found; a = a->ifa_next) {
		struct sockaddr_in in;

		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_INET ||
		    !str_eq(a->ifa_name, wifi->interface))
			continue;
		memcpy(&in, a->ifa_addr, sizeof(in));
		(void)str_copy(address, WIFI_ADDRESS_MAX,
			       ipv4_text(ntohl(in.sin_addr.s_addr),
					 (char[IPV4_TEXT_MAX]){ 0 }));
		found = true;
	}
	freeifaddrs(list);
	return found;
}

static int watch_addresses(void)
{
	const struct sockaddr_nl here = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR,
	};
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Until some address came or went. */
static int wait_for_change(struct wifi *wifi, int fd, int64_t until_ms)
{
	struct pollfd pfd[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = wifi->interrupt->fd, .events = POLLIN },
	};
	int64_t left_ms = until_ms - clock_ms();
	char drained[8192];
	int r = left_ms > 0 ? poll(pfd, ARRAY_SIZE(pfd), (int)left_ms) : 0;

	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	if (pfd[1].revents)
		return -ECANCELED;
	(void)!read(fd, drained, sizeof(drained));
	return 0;
}

int wifi_wait_address(struct wifi *wifi, char address[static WIFI_ADDRESS_MAX],
		      struct failure *failure)
{
	int64_t until_ms = clock_ms() + ADDRESS_MS;
	/* Before the first look, so that nothing falls between. */
	_cleanup_fd int fd = watch_addresses();
	int r = fd < 0 ? fd : 0;

	while (r == 0 && !wifi_address(wifi, address))
		r = wait_for_change(wifi, fd, until_ms);
	if (r == -ECANCELED)
		return failure_set(failure, ECANCELED, "interrupted");
	return r < 0 ? failure_set(failure, -r,
				   "%s: joined, but no address came by DHCP "
				   "within %d s; `status` tells when one does",
				   wifi->interface, ADDRESS_MS / (int)MS_PER_S)
		     : 0;
}
