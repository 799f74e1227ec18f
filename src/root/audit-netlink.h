/* SPDX-License-Identifier: MIT */
/* What the audit's network probes share. */
#pragma once

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/netlink.h"
#include "root/audit-internal.h"

/* The attributes of a message behind its fixed header of header_len bytes
 * (aligned as netlink has it), or NULL when it is too short for one. */
const void *message_attrs(const struct nlmsghdr *message, size_t header_len,
			  size_t *ret_len);

/* An attribute as a number of 32 bits, or otherwise when it is absent. */
uint32_t attr_u32(const void *attrs, size_t len, uint16_t type,
		  uint32_t otherwise);

/* Fills facts from a dump on a socket of family (NETLINK_ROUTE …): a request
 * of type that begins with payload. each() has facts as its context. */
int network_dump(struct facts *facts, int family, uint16_t type,
		 const void *payload, size_t payload_len, netlink_each each);

/* Sends one request on a socket of its own. */
int network_talk(struct netlink_request *request);

/*
 * Facts that are messages of the kernel's own, kept so that they can be sent
 * back: the fixed header of header_len bytes, then attributes.
 */
struct replay {
	size_t header_len;
	/* Clears in a copy of the header what changes by itself. */
	void (*clean)(void *header);
	/* Whether an attribute belongs to it, and clears in a copy what
	 * changes by itself. The message's attributes are at attrs. */
	bool (*keep)(uint16_t type, void *data, size_t len, const void *attrs,
		     size_t attrs_len);
};

int replay_add(const struct replay *replay, struct facts *facts,
	       const struct nlmsghdr *message, const char *key,
	       const char *note);
int replay_send(const struct replay *replay, const struct fact *fact,
		uint16_t type, uint16_t flags);

/* "10.0.2.0/24"; attribute absent: "default" for routes, "all" for rules.
 * family AF_INET or AF_INET6. */
void text_add_prefix(struct text *text, int family, const void *bytes,
		     size_t len, unsigned prefix_len, const char *otherwise);

/* "eth0", or the number of a link that is gone. */
void text_add_link(struct text *text, uint32_t index);
