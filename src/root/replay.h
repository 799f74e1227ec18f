/* SPDX-License-Identifier: MIT */
/*
 * Messages of rtnetlink(7) kept so that they can be sent back: the fixed
 * header, then attributes, without what changes by itself. So what nobody here
 * knows anything about (multipath, metrics, encapsulation) comes back too.
 */
#pragma once

#include <linux/rtnetlink.h>

#include "base/netlink.h"

/* What such messages are made of. */
struct replay {
	size_t header_len; /* of the fixed header */
	/* Clears in a copy of the header what changes by itself. */
	void (*clean)(void *header);
	/* Whether an attribute belongs to it, and clears in a copy what
	 * changes by itself. The message's attributes are at attrs. */
	bool (*keep)(uint16_t type, void *data, size_t len, const void *attrs,
		     size_t attrs_len);
};

extern const struct replay replay_route, replay_rule;

/* The attributes of a message behind its fixed header of header_len bytes
 * (aligned as netlink has it), or NULL when it is too short for one. */
const void *message_attrs(const struct nlmsghdr *message, size_t header_len,
			  size_t *ret_len);

/* An attribute as a number of 32 bits, or otherwise when it is absent. */
uint32_t attr_u32(const void *attrs, size_t len, uint16_t type,
		  uint32_t otherwise);

/* The attribute at offset at, or NULL at the end; its bounds are checked. */
const struct rtattr *attr_at(const void *attrs, size_t len, size_t at);

/* What is kept of the message, into buf (aligned for it); replay_room() bytes
 * are enough. -EBADMSG: it has no header, -ENOBUFS: it does not fit. */
int replay_copy(const struct replay *replay, const struct nlmsghdr *message,
		void *buf, size_t size, size_t *ret_len) _must_check;

static inline size_t replay_room(const struct nlmsghdr *message)
{
	return NLMSG_ALIGN(message->nlmsg_len);
}

/* The request that brings the len bytes of replay_copy() back. */
void replay_begin(struct netlink_request *request, size_t header_len,
		  uint16_t type, uint16_t flags, const void *value, size_t len);
