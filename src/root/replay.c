/* SPDX-License-Identifier: MIT */
#include "root/replay.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

const void *message_attrs(const struct nlmsghdr *message, size_t header_len,
			  size_t *ret_len)
{
	size_t skip = NLMSG_HDRLEN + NLMSG_ALIGN(header_len);

	if (message->nlmsg_len < skip)
		return NULL;
	*ret_len = message->nlmsg_len - skip;
	return (const char *)message + skip;
}

uint32_t attr_u32(const void *attrs, size_t len, uint16_t type,
		  uint32_t otherwise)
{
	size_t value_len;
	const void *value = netlink_find(attrs, len, type, &value_len);
	uint32_t number;

	if (!value || value_len < sizeof(number))
		return otherwise;
	memcpy(&number, value, sizeof(number));
	return number;
}

const struct rtattr *attr_at(const void *attrs, size_t len, size_t at)
{
	const struct rtattr *attr = (const void *)((const char *)attrs + at);

	if (at > len || len - at < sizeof(*attr) ||
	    attr->rta_len < sizeof(*attr) || attr->rta_len > len - at)
		return NULL;
	return attr;
}

int replay_copy(const struct replay *replay, const struct nlmsghdr *message,
		void *buf, size_t size, size_t *ret_len)
{
	size_t len = NLMSG_ALIGN(replay->header_len), attrs_len = 0;
	const void *attrs =
		message_attrs(message, replay->header_len, &attrs_len);
	const struct rtattr *attr;

	if (!attrs)
		return -EBADMSG;
	if (len > size || RTA_ALIGN(attrs_len) > size - len)
		return -ENOBUFS;
	memcpy(buf, NLMSG_DATA(message), len);
	replay->clean(buf);
	for (size_t at = 0; (attr = attr_at(attrs, attrs_len, at));
	     at += RTA_ALIGN(attr->rta_len)) {
		struct rtattr *copy = (void *)((char *)buf + len);

		memset(copy, 0, RTA_ALIGN(attr->rta_len));
		memcpy(copy, attr, attr->rta_len);
		if (replay->keep(attr->rta_type, RTA_DATA(copy),
				 RTA_PAYLOAD(attr), attrs, attrs_len))
			len += RTA_ALIGN(attr->rta_len);
	}
	*ret_len = len;
	return 0;
}

void replay_begin(struct netlink_request *request, size_t header_len,
		  uint16_t type, uint16_t flags, const void *value, size_t len)
{
	size_t skip = NLMSG_ALIGN(header_len);
	const char *attrs = (const char *)value + skip;
	const struct rtattr *attr;

	netlink_begin(request, type, flags, value, header_len);
	for (size_t at = 0; (attr = attr_at(attrs, len - skip, at));
	     at += RTA_ALIGN(attr->rta_len))
		netlink_attr(request, attr->rta_type, RTA_DATA(attr),
			     RTA_PAYLOAD(attr));
}

static void route_clean(void *header)
{
	struct rtmsg *route = header;

	/* The others say what became of the link (dead, offloaded). */
	route->rtm_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
}

static void clean_hops(void *data, size_t len)
{
	char *at = data;

	while (len >= sizeof(struct rtnexthop)) {
		struct rtnexthop *hop = (void *)at;
		size_t step = RTNH_ALIGN(hop->rtnh_len);

		hop->rtnh_flags &= RTNH_F_ONLINK | RTNH_F_PERVASIVE;
		if (hop->rtnh_len < sizeof(*hop) || step > len)
			break;
		at += step;
		len -= step;
	}
}

static bool route_keep(uint16_t type, void *data, size_t len, const void *attrs,
		       size_t attrs_len)
{
	size_t id_len;

	switch (type & NLA_TYPE_MASK) {
	case RTA_CACHEINFO:
	case RTA_EXPIRES:
		return false;
	case RTA_MULTIPATH:
		clean_hops(data, len);
		/* fall through */
	case RTA_OIF:
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_ENCAP:
	case RTA_ENCAP_TYPE:
		/* The kernel also spells out a nexthop object, but refuses
		 * to be told both. */
		return !netlink_find(attrs, attrs_len, RTA_NH_ID, &id_len);
	}
	return true;
}

const struct replay replay_route = {
	.header_len = sizeof(struct rtmsg),
	.clean = route_clean,
	.keep = route_keep,
};

static void rule_clean(void *header)
{
	struct fib_rule_hdr *rule = header;

	/* The others say whether the link that is named exists. */
	rule->flags &=
		FIB_RULE_PERMANENT | FIB_RULE_INVERT | FIB_RULE_FIND_SADDR;
}

static bool rule_keep(uint16_t type, void *data, size_t len, const void *attrs,
		      size_t attrs_len)
{
	(void)data;
	(void)len;
	(void)attrs;
	(void)attrs_len;
	return type != FRA_PAD;
}

const struct replay replay_rule = {
	.header_len = sizeof(struct fib_rule_hdr),
	.clean = rule_clean,
	.keep = rule_keep,
};
