/* SPDX-License-Identifier: MIT */
/* IPv4 addresses as numbers in host order. */
#pragma once

#include "base/util.h"

#define IPV4_TEXT_MAX 16

static inline uint32_t ipv4_mask(uint8_t prefix)
{
	return (uint32_t)(UINT64_MAX << (32 - prefix));
}

/* The prefix length of a netmask. -EINVAL: it has zeros before ones. */
int ipv4_mask_prefix(uint32_t mask, uint8_t *ret_prefix) _must_check;

/* That of the address's class (RFC 791), which the kernel, too, falls back
 * to. */
uint8_t ipv4_class_prefix(uint32_t address);

/* Whether one host can have it: not of 0/8, 127/8 or from 224/4 on. */
bool ipv4_is_host(uint32_t address);

/* "192.0.2.1"; writes into buf and returns it. */
const char *ipv4_text(uint32_t address, char buf[static IPV4_TEXT_MAX]);
