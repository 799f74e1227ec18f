/* SPDX-License-Identifier: MIT */
/*
 * DHCPv4 messages (RFC 2131, options RFC 2132, long options RFC 3396), for
 * both ends. All numbers and addresses are in host order. A parsed message
 * points into the packet and lives no longer than that.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

#define DHCP4_SERVER_PORT 67
#define DHCP4_CLIENT_PORT 68

/* What every host must be able to receive (RFC 2131 section 2), less the IP
 * and UDP headers. */
#define DHCP4_PACKET_MIN 548
/* A BOOTP message (RFC 951); relays drop what is shorter. */
#define DHCP4_BOOTP_MIN 300

#define DHCP4_FLAG_BROADCAST 0x8000
#define DHCP4_INFINITE	     UINT32_MAX /* as a lease time */

enum dhcp4_op {
	DHCP4_OP_REQUEST = 1,
	DHCP4_OP_REPLY = 2,
};

/* Option 53 (RFC 2132 section 9.6). */
enum dhcp4_type {
	DHCP4_DISCOVER = 1,
	DHCP4_OFFER,
	DHCP4_REQUEST,
	DHCP4_DECLINE,
	DHCP4_ACK,
	DHCP4_NAK,
	DHCP4_RELEASE,
	DHCP4_INFORM,
};

enum dhcp4_code {
	DHCP4_PAD = 0,
	DHCP4_SUBNET_MASK = 1,
	DHCP4_ROUTER = 3,
	DHCP4_DNS = 6,
	DHCP4_HOST_NAME = 12,
	DHCP4_DOMAIN_NAME = 15,
	DHCP4_MTU = 26,
	DHCP4_VENDOR = 43,
	DHCP4_REQUESTED_ADDRESS = 50,
	DHCP4_LEASE_TIME = 51,
	DHCP4_OVERLOAD = 52,
	DHCP4_MESSAGE_TYPE = 53,
	DHCP4_SERVER_ID = 54,
	DHCP4_PARAMETER_LIST = 55,
	DHCP4_MESSAGE = 56,
	DHCP4_MAX_SIZE = 57,
	DHCP4_RENEWAL_TIME = 58,
	DHCP4_REBINDING_TIME = 59,
	DHCP4_VENDOR_CLASS = 60,
	DHCP4_CLIENT_ID = 61,
	DHCP4_TFTP_SERVER = 66,
	DHCP4_BOOT_FILE = 67,
	DHCP4_USER_CLASS = 77,
	DHCP4_RELAY_AGENT = 82,
	DHCP4_CLIENT_ARCH = 93,
	DHCP4_CLIENT_NDI = 94,
	DHCP4_CLIENT_UUID = 97,
	DHCP4_CLASSLESS_ROUTES = 121,
	DHCP4_IPXE = 175, /* iPXE's own, encapsulated */
	DHCP4_END = 255,
};

/* Where options stand, in the order in which RFC 3396 section 5 joins them. */
enum dhcp4_area {
	DHCP4_AREA_OPTIONS,
	DHCP4_AREA_FILE,
	DHCP4_AREA_SNAME,
	DHCP4_AREAS,
};

struct dhcp4_message {
	uint8_t op; /* enum dhcp4_op */
	uint8_t htype;
	uint8_t hlen; /* 0 .. 16 */
	uint8_t hops;
	uint32_t xid;
	uint16_t secs;
	uint16_t flags;
	uint32_t ciaddr;
	uint32_t yiaddr;
	uint32_t siaddr;
	uint32_t giaddr;
	uint8_t chaddr[16];
	/* Text up to the first NUL; empty when the field holds options. */
	struct view sname; /* at most 64 */
	struct view file;  /* at most 128 */
	/* Empty where there are no options; set by dhcp4_parse() only. */
	struct view areas[DHCP4_AREAS];
};

struct dhcp4_option {
	uint8_t code; /* neither PAD nor END */
	struct view value;
};

/* An iteration over the options, from dhcp4_options() on. */
struct dhcp4_options {
	struct view areas[DHCP4_AREAS];
	size_t area;
};

/* A route of option 121 (RFC 3442). */
struct dhcp4_route {
	uint32_t destination;
	uint8_t prefix;	  /* 0 .. 32 */
	uint32_t gateway; /* 0: on the link itself */
};

/*
 * Reads a whole message, and walks through all its options once, so that
 * later iterations cannot fail. A missing END is tolerated, as servers leave
 * it out; an option that runs past its area is not. -EBADMSG: not DHCP.
 */
int dhcp4_parse(struct view packet, struct dhcp4_message *ret_message)
	_must_check;

/* The options in the order of the RFCs; PAD, END and option overload are
 * hidden. Parts of a long option come one by one. */
struct dhcp4_options dhcp4_options(const struct dhcp4_message *message);
bool dhcp4_next(struct dhcp4_options *options, struct dhcp4_option *ret_option);

/*
 * The value of an option, its parts joined (RFC 3396), in buf of size bytes.
 * -ENODATA: absent, -ENOBUFS: longer than size.
 */
int dhcp4_get(const struct dhcp4_message *message, uint8_t code, void *buf,
	      size_t size, size_t *ret_len) _must_check;

/* An option that is a number of bytes bytes (1, 2 or 4), addresses too.
 * -ENODATA: absent, -EBADMSG: of another length. */
int dhcp4_get_number(const struct dhcp4_message *message, uint8_t code,
		     size_t bytes, uint32_t *ret_number) _must_check;

/* The addresses of an option, at most max; the rest is left out. Returns how
 * many (at least 1). -ENODATA, -EBADMSG: not a multiple of four bytes. */
int dhcp4_get_addresses(const struct dhcp4_message *message, uint8_t code,
			uint32_t *addresses, size_t max) _must_check;

/* An option that is text, NUL-terminated in buf; NULs that some servers send
 * at its end are removed (RFC 2132 section 2). Returns its length (above 0).
 * -ENODATA, -ENOBUFS, -EBADMSG: NULs inside. */
int dhcp4_get_text(const struct dhcp4_message *message, uint8_t code, char *buf,
		   size_t size) _must_check;

/* The classless static routes, at most max; the rest is left out. Returns how
 * many (at least 1). -ENODATA, -EBADMSG. */
int dhcp4_get_routes(const struct dhcp4_message *message,
		     struct dhcp4_route *routes, size_t max) _must_check;

/* What an option that encapsulates others (43, 175; RFC 2132 section 8.4) has
 * under code. -ENODATA: absent, -EBADMSG: one runs past its end. */
int dhcp4_find_in(struct view option, uint8_t code, struct view *ret_value)
	_must_check;

/*
 * Writing: dhcp4_begin() with the fixed fields of head (its areas are not
 * looked at), options in the wished order, dhcp4_end(). What does not fit
 * sets bad; check it once, at the end.
 */
void dhcp4_begin(struct build *b, const struct dhcp4_message *head);

/* Values longer than 255 bytes are split (RFC 3396 section 5). */
void dhcp4_add(struct build *b, uint8_t code, const void *value, size_t len);
void dhcp4_add_number(struct build *b, uint8_t code, uint32_t number,
		      size_t bytes);

/* Writes END and the padding. b->len is then the length of the message, if
 * b->bad is not set. */
void dhcp4_end(struct build *b);
