/* SPDX-License-Identifier: MIT */
/*
 * Requests to the kernel over netlink(7), blocking, one at a time: enough for
 * setting up a network and for comparing it with a snapshot.
 */
#pragma once

#include <linux/netlink.h>

#include "base/cleanup.h"
#include "base/util.h"

#define NETLINK_REQUEST_MAX 1024

/* A request under construction. A full buffer sets bad, which
 * netlink_talk() answers with -ENOBUFS, so that attributes can be added
 * without checking each. */
struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[NETLINK_REQUEST_MAX];
	};
	bool bad;
};

/* Opens a socket of the family (NETLINK_ROUTE, NETLINK_NETFILTER) with a
 * receive timeout of some seconds, so that nothing waits for ever. */
int netlink_open(int family) _must_check;

/* Begins a request: type, NLM_F_* beside NLM_F_REQUEST, and the family's
 * fixed header (struct ifinfomsg, rtmsg, …) of payload_len bytes. */
void netlink_begin(struct netlink_request *request, uint16_t type,
		   uint16_t flags, const void *payload, size_t payload_len);
void netlink_attr(struct netlink_request *request, uint16_t type,
		  const void *data, size_t len);

/* An attribute that holds others: those added between the two. Returns what
 * netlink_end_nest() takes. */
size_t netlink_begin_nest(struct netlink_request *request, uint16_t type);
void netlink_end_nest(struct netlink_request *request, size_t nest);

/* Sends and waits for the acknowledgement; 0 or the kernel's negative
 * errno. */
int netlink_talk(int fd, struct netlink_request *request) _must_check;

/* Sends as NLM_F_DUMP and hands every answer to each() until it returns
 * non-zero, which is then returned (after the dump was read to its end).
 * -EAGAIN: what was listed changed meanwhile, so that something may be missing
 * or there twice; ask again. */
typedef int (*netlink_each)(const struct nlmsghdr *message, void *context);
int netlink_dump(int fd, struct netlink_request *request, netlink_each each,
		 void *context) _must_check;

/* The first attribute of this type in the len bytes at attrs, or NULL. The
 * bounds of every attribute are checked. */
const void *netlink_find(const void *attrs, size_t len, uint16_t type,
			 size_t *ret_len);
