/* SPDX-License-Identifier: MIT */
/* The pure half of network_cmdline(), and lines of resolv.conf(5). */
#pragma once

#include <net/if.h>

#include "base/util.h"

struct network_link {
	uint32_t index;
	char name[IF_NAMESIZE];
	uint32_t address; /* IPv4 in host order, 0: none; as all here */
	uint8_t prefix;
	bool leased; /* the address has an end */
	bool has_default;
	uint32_t metric, gateway, source; /* of its best default route */
};

struct network_view {
	size_t count;
	struct network_link links[64];
};

void network_words(const struct network_view *view, const char *resolv_conf,
		   char *buf, size_t size);

/* Whether the len bytes at line name a server, and which. */
bool name_server_in(const char *line, size_t len, char *server, size_t size);

/* Whether that is an address, and not one of this machine itself. */
bool name_server_is_elsewhere(const char *server);
