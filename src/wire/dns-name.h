/* SPDX-License-Identifier: MIT */
/* Lists of domain names in the form of DNS (RFC 1035 section 3.1, without
 * compression), as DHCPv6 and router advertisements have them. */
#pragma once

#include "wire/view.h"

#define DNS_NAME_MAX 254

/*
 * The next name of the list, without the dot at its end. Names of anything
 * but letters, digits, "-" and "_" are passed over, so that what comes is safe
 * to write to resolv.conf(5); so are empty ones, which are padding (RFC 8106
 * section 5.2). Returns false at the end, which is also where one runs past
 * it.
 */
bool dns_name_next(struct view *list, char ret_name[static DNS_NAME_MAX]);

/* Whether a text is made of the same, and dots, so that neither resolv.conf(5)
 * nor a shell takes it for something else. */
bool dns_name_is_safe(const char *name);
