/* SPDX-License-Identifier: MIT */
/*
 * One interface that the network worker configures: from its link coming up
 * to its address, statically or by DHCP, and back when a lease is lost. Here
 * is IPv4; interface6.h is part of it.
 *
 * A target that shares the network may have changed everything meanwhile. So
 * an interface is set up once, and what a lease gave is applied when it is
 * obtained and removed when it is lost, but never touched in between.
 */
#pragma once

#include "bootstrap/dhcp-client.h"
#include "bootstrap/interface6.h"
#include "bootstrap/link.h"
#include "loop/loop.h"
#include "wire/ipparam.h"

/* What all interfaces share. */
struct interfaces {
	struct loop *loop;
	int netlink_fd; /* for requests */
	int router_fd;	/* router.h; FD_NONE: the kernel has no IPv6 */
	/* Of the routes of the next one that gets an address: the first one
	 * wins. */
	uint32_t next_metric;
	/* Something that others can see has changed. */
	void (*changed)(struct interfaces *all);
};

struct interface {
	struct interfaces *all;
	struct link link;
	bool decided; /* what is to be done with it */
	/* What ip= says of IPv4; NULL: nothing is done for it. */
	const struct ipparam *param;
	bool started;	  /* since the link came up */
	int64_t since_ms; /* when it was */
	bool configured;
	struct dhcp_lease lease; /* in effect when configured */
	uint32_t metric;	 /* 0: never configured */
	struct dhcp_client client;
	struct source packets;
	struct timer timer;
	int unicast_fd;
	struct interface6 ipv6;
};

/* Begins with a link as the kernel told it and sets it up. The interface must
 * stay where it is until interface_done(). Returns 0 or a negative errno. */
int interface_init(struct interface *interface, struct interfaces *all,
		   const struct link *link) _must_check;

/* The kernel told about the link, or what is to be done was decided. */
void interface_update(struct interface *interface, const struct link *link);

/* The interface is gone; what it had, too. */
void interface_done(struct interface *interface);

/* Of its routes; it gets one when it needs it first. */
uint32_t interface_metric(struct interface *interface);

uint32_t interface_random(void);
