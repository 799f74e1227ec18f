/* SPDX-License-Identifier: MIT */
/*
 * The network as it is, carried to the new system: links (up, MTU), addresses
 * with their lifetimes made endless (whoever renewed their leases is dead),
 * routes and rules, as the kernel's own messages (rtnetlink(7)). Taking it by
 * ptrace leaves all of it in the kernel; an orderly shutdown takes it down.
 */
#pragma once

#include "base/failure.h"

/* Writes what there is to the file at path. */
int network_save(const char *path, struct failure *failure) _must_check;

/* Makes it so again: nothing is removed, what is there already is fine, what
 * the kernel refuses is passed over and counted. Returns that count, or a
 * negative errno with *failure. Hostile-safe: the file is checked. */
int network_restore(const char *path, struct failure *failure) _must_check;

/* The opposite: addresses and routes are removed, links taken down. */
void network_flush(void);

/*
 * The same as words for the kernel command line (wire/ipparam.h: ip=,
 * nameserver=) into buf, for the bootstrap. resolv_conf: the text of
 * resolv.conf(5). "" when there is no address that is worth it.
 */
void network_cmdline(const char *resolv_conf, char *buf, size_t size);

/* "eth0 192.0.2.7/24 via 192.0.2.1", for a person. */
void network_describe(char *buf, size_t size);
