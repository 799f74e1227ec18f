/* SPDX-License-Identifier: MIT */
#include "root/audit-netlink.h"

#include <arpa/inet.h>
#include <inttypes.h>

#define DUMP_TRIES 16 /* of a table that keeps changing */

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

int network_dump(struct facts *facts, int family, uint16_t type,
		 const void *payload, size_t payload_len, netlink_each each)
{
	_cleanup_fd int fd = netlink_open(family);
	struct netlink_request request;
	int r = fd < 0 ? fd : -EAGAIN;

	for (int i = 0; i < DUMP_TRIES && r == -EAGAIN; i++) {
		/* The first answers of an interrupted dump are void. */
		facts->first = NULL;
		facts->count = 0;
		netlink_begin(&request, type, 0, payload, payload_len);
		r = netlink_dump(fd, &request, each, facts);
	}
	return r;
}

int network_talk(struct netlink_request *request)
{
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);

	return fd < 0 ? fd : netlink_talk(fd, request);
}

/* Walks attributes; the bounds of each are checked. */
static const struct rtattr *attr_at(const void *attrs, size_t len, size_t at)
{
	const struct rtattr *attr = (const void *)((const char *)attrs + at);

	if (at > len || len - at < sizeof(*attr) ||
	    attr->rta_len < sizeof(*attr) || attr->rta_len > len - at)
		return NULL;
	return attr;
}

int replay_add(const struct replay *replay, struct facts *facts,
	       const struct nlmsghdr *message, const char *key,
	       const char *note)
{
	size_t header_len = NLMSG_ALIGN(replay->header_len), attrs_len = 0;
	const void *attrs =
		message_attrs(message, replay->header_len, &attrs_len);
	const struct rtattr *attr;
	_cleanup_free char *value = malloc(header_len + attrs_len + 1);
	size_t len = header_len;

	if (!attrs)
		return -EBADMSG;
	if (!value)
		return -ENOMEM;
	memcpy(value, NLMSG_DATA(message), header_len);
	replay->clean(value);
	for (size_t at = 0; (attr = attr_at(attrs, attrs_len, at));
	     at += RTA_ALIGN(attr->rta_len)) {
		struct rtattr *copy = (void *)(value + len);

		memset(copy, 0, MIN(RTA_ALIGN(attr->rta_len), attrs_len - at));
		memcpy(copy, attr, attr->rta_len);
		if (replay->keep(attr->rta_type, RTA_DATA(copy),
				 RTA_PAYLOAD(attr), attrs, attrs_len))
			len += RTA_ALIGN(attr->rta_len);
	}
	return facts_add(facts, key, note, value,
			 MIN(len, header_len + attrs_len));
}

int replay_send(const struct replay *replay, const struct fact *fact,
		uint16_t type, uint16_t flags)
{
	size_t header_len = NLMSG_ALIGN(replay->header_len);
	const char *attrs = (const char *)fact->value + header_len;
	size_t attrs_len = fact->len - header_len;
	struct netlink_request request;
	const struct rtattr *attr;

	netlink_begin(&request, type, flags, fact->value, replay->header_len);
	for (size_t at = 0; (attr = attr_at(attrs, attrs_len, at));
	     at += RTA_ALIGN(attr->rta_len))
		netlink_attr(&request, attr->rta_type, RTA_DATA(attr),
			     RTA_PAYLOAD(attr));
	return network_talk(&request);
}

void text_add_prefix(struct text *text, int family, const void *bytes,
		     size_t len, unsigned prefix_len, const char *otherwise)
{
	size_t want = family == AF_INET ? 4 : 16;
	char address[INET6_ADDRSTRLEN];

	if (!bytes || len < want) {
		text_add(text, "%s", otherwise);
		return;
	}
	(void)inet_ntop(family, bytes, address, sizeof(address));
	text_add(text, "%s", address);
	if (prefix_len != want * 8)
		text_add(text, "/%u", prefix_len);
}

void text_add_link(struct text *text, uint32_t index)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(index, name))
		text_add(text, "%s", name);
	else
		text_add(text, "link %" PRIu32, index);
}
