/* SPDX-License-Identifier: MIT */
/* A saved network, as far as it is looked at before it is sent. */
#include <stdlib.h>
#include <string.h>

#include "root/replay.h"
#include "takeover/network-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In front of the messages as the kernel would list them, too: what is kept of
 * each has to be sound again. */
static void look(const struct nlmsghdr *message)
{
	const struct network_kind *kind = network_kind_of(message->nlmsg_type);
	_Alignas(struct nlmsghdr) char copy[NETLINK_REQUEST_MAX];
	struct netlink_request request;
	size_t len;

	if (!kind ||
	    replay_copy(kind->replay, message, copy, sizeof(copy), &len) < 0)
		abort();
	replay_begin(&request, kind->replay->header_len, kind->make, 0, copy,
		     len);
	if (request.bad || request.header.nlmsg_len > NETLINK_REQUEST_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct network_file file;
	const struct nlmsghdr *message;
	size_t before;

	if (network_file_open(data, size, &file) < 0)
		return 0;
	do {
		before = file.at;
		if (network_file_next(&file, &message) <= 0)
			return 0;
		look(message);
	} while (file.at > before && file.at <= size);
	abort();
}
