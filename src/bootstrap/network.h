/* SPDX-License-Identifier: MIT */
/*
 * The network worker: a process of its own, forked from PID 1, that brings up
 * the loopback and every Ethernet interface that is there or appears later,
 * and keeps it configured: by DHCP and by what IPv6 routers advertise, on all
 * at the same time, or as ip= and nameserver= of the kernel command line say
 * (wire/ipparam.h). It makes the links of vlan= and bond= (wire/linkparam.h).
 */
#pragma once

#include "base/util.h"
#include "wire/control.h"

#define NETWORK_TEXT_MAX CONTROL_NETWORK_MAX

enum network_state {
	NETWORK_WAITING, /* nothing yet, or lost again */
	NETWORK_UP,	 /* at least one interface has an address */
	NETWORK_FAILED,	 /* nothing after some seconds; it goes on trying */
	NETWORK_OFF,	 /* ip= leaves all interfaces alone */
};

enum network_family {
	NETWORK_IPV4 = 1 << 0,
	NETWORK_IPV6 = 1 << 1,
};

/* One record for every change, never the same twice in a row. */
struct network_report {
	uint32_t magic;		     /* CONTROL_MAGIC */
	uint32_t state;		     /* enum network_state */
	uint32_t families;	     /* with NETWORK_UP: enum network_family */
	uint8_t mac[8];		     /* with NETWORK_UP: six bytes, of the first
					interface that has an address */
	char text[NETWORK_TEXT_MAX]; /* "eth0 10.0.2.15/24 via 10.0.2.2" */
};

struct network_setup {
	const char *cmdline;	 /* of the kernel */
	int report_fd;		 /* SOCK_SEQPACKET, or FD_NONE */
	const char *resolv_conf; /* replaced at every change of its content */
	bool virtual_links;	 /* veth and the like are Ethernet, too */
};

/*
 * Serves until report_fd is closed at its other end, which is 0, or until the
 * kernel refuses what nothing works without: a negative errno. The caller is
 * a process with default signals; SIGCHLD and nothing else gets blocked.
 */
int network_serve(const struct network_setup *setup) _must_check;

/* network_serve() for the bootstrap itself: /etc/resolv.conf, hardware
 * only. */
int network_run(const char *cmdline, int report_fd) _must_check;
