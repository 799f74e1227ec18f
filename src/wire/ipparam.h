/* SPDX-License-Identifier: MIT */
/*
 * The network part of the kernel command line: ip= as in the kernel's
 * Documentation/admin-guide/nfs/nfsroot.rst,
 *
 *   ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1:NTP0
 *   ip=dhcp|on|any|both|bootp|off|none
 *
 * what dracut.cmdline(7) adds to it,
 *
 *   ip=DEVICE:AUTOCONF[:MTU], ip=…:AUTOCONF[:MTU]
 *   ip=[IPV6]:[PEER]:[GATEWAY]:PREFIX:HOSTNAME:DEVICE:AUTOCONF:[DNS0]:[DNS1]
 *   auto6, dhcp6, either6 and link6 as AUTOCONF
 *
 * any number of ip= up to a bound, and nameserver=. IPv4 addresses are in host
 * order, 0: not given.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"
#include "wire/ipv6.h"

#define IPPARAM_MAX	    8
#define IPPARAM_NAMESERVERS 3  /* MAXNS of resolv.conf(5) */
#define IPPARAM_DEVICE_MAX  16 /* IFNAMSIZ */
#define IPPARAM_HOST_MAX    65 /* HOST_NAME_MAX of Linux, and NUL */
#define IPPARAM_SERVER_MAX  46 /* INET6_ADDRSTRLEN */

enum ipparam_method {
	IPPARAM_DHCP,
	IPPARAM_STATIC,
	IPPARAM_OFF, /* leave the device alone */
	IPPARAM_STATIC6,
	IPPARAM_AUTO6,	 /* IPv6 as routers advertise it */
	IPPARAM_DHCP6,	 /* an address by DHCPv6, whatever they say */
	IPPARAM_EITHER6, /* DHCPv6 when no router advertises anything */
	IPPARAM_LINK6,	 /* the link-local address only */
};

/* Whether it says how to come by IPv6, and not by IPv4. */
static inline bool ipparam_is_ipv6(enum ipparam_method method)
{
	return method >= IPPARAM_STATIC6;
}

struct ipparam {
	enum ipparam_method method;
	char device[IPPARAM_DEVICE_MAX]; /* "": any */
	char hostname[IPPARAM_HOST_MAX]; /* "": not given */
	uint32_t address;
	uint32_t server;
	uint32_t gateway;
	uint8_t prefix; /* IPPARAM_STATIC: 0 .. 32, IPPARAM_STATIC6: 1 .. 128 */
	uint32_t dns[2];
	uint32_t ntp;
	/* IPPARAM_STATIC6; "::": not given */
	struct ipv6 address6;
	struct ipv6 gateway6;
	struct ipv6 dns6[2]; /* also beside an IPv4 address */
	uint32_t mtu;	     /* 0: not given */
};

struct ipparams {
	size_t count;
	struct ipparam list[IPPARAM_MAX];
	size_t nameservers;
	/* IPv4 or IPv6, as resolv.conf(5) takes it */
	char nameserver[IPPARAM_NAMESERVERS][IPPARAM_SERVER_MAX];
};

/*
 * Reads the value of one ip=. A given address means static, whatever AUTOCONF
 * says; without NETMASK its class decides, as in the kernel, or 64 bits for
 * IPv6. A DHCP server is what serves BOOTP today, so that is DHCP. -EINVAL
 * with *failure for a person: not of this form, or a method that is not
 * supported (RARP).
 */
int ipparam_parse(const char *value, struct ipparam *ret_param,
		  struct failure *failure) _must_check;

/*
 * Reads all ip= and nameserver= of a command line. Those that are wrong or
 * too many are left out; *failure tells the first of them and its errno is
 * returned, *ret_params is written in every case.
 */
int ipparam_from_cmdline(const char *cmdline, struct ipparams *ret_params,
			 struct failure *failure) _must_check;
