/* SPDX-License-Identifier: MIT */
/* What the audit's network probes share. */
#pragma once

#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/netlink.h"
#include "root/audit-internal.h"
#include "root/replay.h"

/* Fills facts from a dump on a socket of family (NETLINK_ROUTE …): a request
 * of type that begins with payload. each() has facts as its context. */
int network_dump(struct facts *facts, int family, uint16_t type,
		 const void *payload, size_t payload_len, netlink_each each);

/* Sends one request on a socket of its own. */
int network_talk(struct netlink_request *request);

/* Facts that are messages of the kernel's own. */
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
