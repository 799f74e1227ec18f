/* SPDX-License-Identifier: MIT */
/*
 * The file of a saved network: NETWORK_MAGIC in host order, four bytes of
 * zeros, then messages of rtnetlink(7), each padded to NLMSG_ALIGNTO, in the
 * order in which they are sent back; none is longer than a request
 * (NETLINK_REQUEST_MAX). nlmsg_flags are 0, or NLM_F_REPLACE where
 * what is there already is to be replaced. Sequence number and port are 0.
 */
#pragma once

#include <linux/rtnetlink.h>

#include "base/util.h"

#define NETWORK_MAGIC	   0x4e455442u /* "BTEN" */
#define NETWORK_HEADER_LEN 8

/* What is saved of each kind of thing. */
struct network_kind {
	uint16_t get, make, remove; /* RTM_GET…, RTM_NEW…, RTM_DEL… */
	const struct replay *replay;
};

enum network_thing {
	NETWORK_LINKS,
	NETWORK_ADDRESSES,
	NETWORK_NEXTHOPS,
	NETWORK_ROUTES,
	NETWORK_RULES,
	NETWORK_THINGS,
};

extern const struct network_kind network_kinds[NETWORK_THINGS];

/* The kind whose messages have this type (RTM_NEW…), or NULL. */
const struct network_kind *network_kind_of(uint16_t type);

struct network_file {
	const char *bytes; /* aligned for a struct nlmsghdr */
	size_t len;
	size_t at;
};

/* -EBADMSG: it is no such file. */
int network_file_open(const void *bytes, size_t len,
		      struct network_file *ret_file) _must_check;

/*
 * The next message: of a kind that is known, with the whole of its header,
 * and not too long for a request. 1, 0 at the end, -EBADMSG. The attributes
 * are checked by who walks them.
 */
int network_file_next(struct network_file *file,
		      const struct nlmsghdr **ret_message) _must_check;
