/* SPDX-License-Identifier: MIT */
/*
 * Router discovery (RFC 4861 section 6.3) beside the kernel's own: it takes
 * addresses and routes from the same advertisements, but only it knows whether
 * it asked for one, and nobody can ask it what it heard. So we ask, too, and
 * listen.
 */
#pragma once

#include "wire/router-advert.h"

/* Opens a socket, not blocking, for all interfaces. Returns the descriptor,
 * or a negative errno; -EAFNOSUPPORT: the kernel has no IPv6. */
int router_open(void) _must_check;

/* Asks all routers of a link. The interface needs its link-local address. */
int router_solicit(int fd, int link_index) _must_check;

/* Takes one advertisement. -EAGAIN: there is none, -EBADMSG: malformed or not
 * from this link. */
int router_receive(int fd, int *ret_link_index, struct ipv6 *ret_router,
		   struct router_advert *ret_advert) _must_check;
