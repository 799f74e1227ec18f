/* SPDX-License-Identifier: MIT */
/*
 * DHCP on port 67 (ProxyDHCP; a whole server with --dhcp-server) and the PXE
 * boot server on 4011, on the main loop. Sockets are opened by ports.h.
 */
#pragma once

#include "server/journal.h"
#include "server/loaders.h"
#include "server/machines.h"
#include "server/policy.h"
#include "server/ports.h"

struct dhcp_server;

struct dhcp_context {
	struct loop *loop;
	const struct serve_settings *settings;
	const struct loaders *loaders;
	struct machines *machines;
	struct policy *policy;
	struct timeline *timeline;
	struct journal *journal;
};

/* Takes the descriptors dhcp_fd and pxe_fd of ports over when it succeeds. */
int dhcp_server_new(const struct dhcp_context *context, struct ports *ports,
		    struct dhcp_server **ret_server, struct failure *failure)
	_must_check;
struct dhcp_server *dhcp_server_free(struct dhcp_server *server);

/*
 * What a machine would be told, as lines for a person: for --dry-run. arch:
 * ARCH_UNKNOWN for one line each of the usual ones. Pure but for loaders.
 */
void dhcp_explain(const struct dhcp_context *context, const struct mac *mac,
		  uint16_t arch, const struct plan *plan,
		  void (*line)(void *to, const char *text), void *to);
