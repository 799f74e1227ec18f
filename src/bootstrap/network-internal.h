/* SPDX-License-Identifier: MIT */
/* What the network worker knows, and how it puts that into words. */
#pragma once

#include "base/text.h"
#include "bootstrap/interface.h"
#include "bootstrap/network.h"
#include "bootstrap/resolver.h"
#include "bootstrap/router.h"
#include "bootstrap/stack.h"

#define INTERFACES_MAX 16

struct network {
	struct loop loop;
	struct interfaces shared;
	struct source events, routers, reports;
	struct timer patience, grace;
	bool impatient;
	const struct network_setup *setup;
	struct ipparams params;
	struct stack stack;
	/* The one for fixed addresses without a device. */
	const struct interface *claimed;
	bool named;    /* the host has its name */
	bool left_out; /* there is one that ip= leaves alone */
	struct interface slots[INTERFACES_MAX]; /* unused ones: all is NULL */
	struct network_report told;
	char resolver_told[RESOLVER_TEXT_MAX];
};

/* The interface with the lowest metric above this one that others can reach;
 * NULL: none. */
const struct interface *network_next(const struct network *network,
				     uint32_t metric);

/*
 * How long, from now, an interface that has an IPv6 address waits for IPv4's
 * before it counts as up, lest what is asked for at once finds half a network.
 * 0: none waits.
 */
int64_t network_grace_ms(const struct network *network);

/* Adds "eth0 10.0.2.15/24 via 10.0.2.2 and 2001:db8::15/64 via fe80::1".
 * Returns which families it has (NETWORK_IPV4, NETWORK_IPV6). */
uint32_t network_describe_interface(const struct interface *interface,
				    struct text *text);

/* Says why there is no network. */
enum network_state network_explain(const struct network *network,
				   struct text *text);
