/* SPDX-License-Identifier: MIT */
/* Who has a port of this host. */
#pragma once

#include "base/util.h"

#define PORT_OWNER_MAX 64

/* "dnsmasq (PID 812)" for the program that has the UDP or TCP port bound, as
 * far as /proc tells us. -ENOENT: nobody is seen to have it. */
int port_owner_find(bool tcp, uint16_t port,
		    char ret_owner[static PORT_OWNER_MAX]) _must_check;
