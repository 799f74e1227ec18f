/* SPDX-License-Identifier: MIT */
/*
 * DHCPv6 messages between client and server (RFC 8415 sections 8 and 21). A
 * parsed message points into the packet and lives no longer than that.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547
#define DHCP6_SERVERS	  "ff02::1:2" /* All_DHCP_Relay_Agents_and_Servers */
#define DHCP6_INFINITE	  UINT32_MAX
#define DHCP6_DUID_MAX	  130 /* section 11.1: its type and 128 bytes */

enum dhcp6_type {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE,
	DHCP6_REQUEST,
	DHCP6_CONFIRM,
	DHCP6_RENEW,
	DHCP6_REBIND,
	DHCP6_REPLY,
	DHCP6_RELEASE,
	DHCP6_DECLINE,
	DHCP6_RECONFIGURE,
	DHCP6_INFORMATION_REQUEST,
};

enum dhcp6_code {
	DHCP6_CLIENT_ID = 1,
	DHCP6_SERVER_ID = 2,
	DHCP6_IA_NA = 3,
	DHCP6_IA_ADDRESS = 5,
	DHCP6_OPTION_REQUEST = 6,
	DHCP6_ELAPSED_TIME = 8,
	DHCP6_STATUS = 13,
	DHCP6_DNS = 23,
	DHCP6_DOMAINS = 24,
	DHCP6_REFRESH_TIME = 32,
};

/* Section 21.13 */
enum dhcp6_status {
	DHCP6_SUCCESS,
	DHCP6_UNSPEC_FAIL,
	DHCP6_NO_ADDRESSES,
	DHCP6_NO_BINDING,
	DHCP6_NOT_ON_LINK,
};

struct dhcp6_message {
	uint8_t type; /* enum dhcp6_type, or another one */
	uint32_t xid; /* 24 bits */
	struct view options;
};

struct dhcp6_option {
	uint16_t code;
	struct view value;
};

/* Reads a whole message, and walks through all its options once, so that
 * later iterations over these cannot fail. -EBADMSG: not DHCPv6. */
int dhcp6_parse(struct view packet, struct dhcp6_message *ret_message)
	_must_check;

/* The next of a run of options, those within another one, too. Returns false
 * at the end, which is also where one runs past it. */
bool dhcp6_next(struct view *options, struct dhcp6_option *ret_option);

/* The first option of this code. -ENODATA: absent. */
int dhcp6_find(struct view options, uint16_t code, struct view *ret_value)
	_must_check;

/* The status among these options; no option is success. */
uint16_t dhcp6_status(struct view options);

/* Writing. What does not fit sets bad; check it once, at the end. */
void dhcp6_begin(struct build *b, enum dhcp6_type type, uint32_t xid);
void dhcp6_add(struct build *b, uint16_t code, const void *value, size_t len);

/* An option that holds others or several fields: what is written between the
 * two is its value. Returns what dhcp6_close() takes. */
size_t dhcp6_open(struct build *b, uint16_t code);
void dhcp6_close(struct build *b, size_t opened);
