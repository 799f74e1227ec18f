/* SPDX-License-Identifier: MIT */
/*
 * This machine's interfaces and IPv4 addresses, kept as the kernel tells of
 * changes, so that no packet has to wait for a look at them. At most
 * DHCP_LINKS_MAX addresses; machines behind those further down the kernel's
 * list are not served.
 */
#pragma once

#include "base/failure.h"
#include "loop/loop.h"
#include "server/settings.h"

#define DHCP_LINKS_MAX 1024

struct dhcp_link {
	int index;
	uint32_t address;
	bool served; /* by --interface and --listen */
};

struct dhcp_links {
	const struct serve_settings *settings;
	struct loop *loop;
	struct source changes;
	size_t count;
	struct dhcp_link rows[DHCP_LINKS_MAX];
};

/* settings and loop must outlive it; it must not move. */
int dhcp_links_open(struct dhcp_links *links, struct loop *loop,
		    const struct serve_settings *settings,
		    struct failure *failure) _must_check;
void dhcp_links_close(struct dhcp_links *links);

/*
 * Our address for who sent a packet to destination that came by the interface
 * of this index: destination when it is ours, or the interface's first one
 * (not of 169.254/16 if there is another) when it was a broadcast. 0: this
 * packet is not for us.
 */
uint32_t dhcp_links_server(const struct dhcp_links *links, int index,
			   uint32_t destination);

/* The address that most machines would be served by now: one that is served,
 * of the loopback only when there is no other. 0: none. */
uint32_t dhcp_links_guess(const struct serve_settings *settings);
