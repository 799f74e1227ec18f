/* SPDX-License-Identifier: MIT */
/*
 * DHCP on port 67 (ProxyDHCP; a whole server with --dhcp-server) and the PXE
 * boot server on 4011, on the main loop. Sockets are opened by ports.h.
 *
 * Of each machine the newest request waits for its policy, DHCP_WAITING of all
 * machines; when more would, the one that waits longest is dropped. An answer
 * that comes DHCP_LATE_MS after the request is not sent: the machine has asked
 * again by then. Of machines never seen before DHCP_STRANGERS are told to the
 * timeline in a second; of further ones it hears when they come back. Leases:
 * dhcp-leases.h.
 */
#pragma once

#include "server/context.h"
#include "server/ports.h"

/* One more than the policy has places for, so that the policy chooses whom to
 * turn away. */
#define DHCP_WAITING   (POLICY_WAITING + POLICY_ASKING + 1)
#define DHCP_LATE_MS   8000
#define DHCP_STRANGERS 256

struct dhcp_server;

/* Takes the descriptors dhcp_fd, raw_send_fd and pxe_fd of ports over when it
 * succeeds. */
int dhcp_server_new(const struct serve_context *context, struct ports *ports,
		    struct dhcp_server **ret_server, struct failure *failure)
	_must_check;
struct dhcp_server *dhcp_server_free(struct dhcp_server *server);

/*
 * What a machine would be told, as lines for a person: for --dry-run. arch:
 * ARCH_UNKNOWN for one line each of the usual ones. Pure but for loaders.
 */
void dhcp_explain(const struct serve_context *context, const struct mac *mac,
		  uint16_t arch, const struct plan *plan,
		  void (*line)(void *to, const char *text), void *to);
