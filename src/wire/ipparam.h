/* SPDX-License-Identifier: MIT */
/*
 * The network part of the kernel command line: ip= as in the kernel's
 * Documentation/admin-guide/nfs/nfsroot.rst,
 *
 *   ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1:NTP0
 *   ip=dhcp|on|any|off|none
 *
 * the short ip=DEVICE:dhcp of dracut.cmdline(7), any number of ip= up to a
 * bound, and nameserver=. Addresses are in host order, 0: not given.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define IPPARAM_MAX	    8
#define IPPARAM_NAMESERVERS 3  /* MAXNS of resolv.conf(5) */
#define IPPARAM_DEVICE_MAX  16 /* IFNAMSIZ */
#define IPPARAM_HOST_MAX    65 /* HOST_NAME_MAX of Linux, and NUL */
#define IPPARAM_SERVER_MAX  46 /* INET6_ADDRSTRLEN */

enum ipparam_method {
	IPPARAM_DHCP,
	IPPARAM_STATIC,
	IPPARAM_OFF, /* leave the device alone */
};

struct ipparam {
	enum ipparam_method method;
	char device[IPPARAM_DEVICE_MAX]; /* "": any */
	char hostname[IPPARAM_HOST_MAX]; /* "": not given */
	uint32_t address;
	uint32_t server;
	uint32_t gateway;
	uint8_t prefix; /* IPPARAM_STATIC: 0 .. 32 */
	uint32_t dns[2];
	uint32_t ntp;
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
 * says; without NETMASK its class decides, as in the kernel. -EINVAL with
 * *failure for a person: not of this form, or a method that is not supported
 * (BOOTP, RARP, static IPv6).
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
