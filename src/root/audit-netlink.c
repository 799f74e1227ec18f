/* SPDX-License-Identifier: MIT */
#include "root/audit-netlink.h"

#include <arpa/inet.h>
#include <inttypes.h>

#define DUMP_TRIES 16 /* of a table that keeps changing */

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

int replay_add(const struct replay *replay, struct facts *facts,
	       const struct nlmsghdr *message, const char *key,
	       const char *note)
{
	size_t len, room = replay_room(message);
	_cleanup_free char *value = malloc(room);
	int r;

	if (!value)
		return -ENOMEM;
	r = replay_copy(replay, message, value, room, &len);
	return r < 0 ? r : facts_add(facts, key, note, value, len);
}

int replay_send(const struct replay *replay, const struct fact *fact,
		uint16_t type, uint16_t flags)
{
	struct netlink_request request;

	replay_begin(&request, replay->header_len, type, flags, fact->value,
		     fact->len);
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
