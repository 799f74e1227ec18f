/* SPDX-License-Identifier: MIT */
/*
 * TFTP packets (RFC 1350) with the options blksize (RFC 2348), timeout and
 * tsize (RFC 2349) and windowsize (RFC 7440), for both ends. Numbers are in
 * host order. A parsed packet points into the bytes and lives no longer.
 */
#pragma once

#include "wire/build.h"
#include "wire/view.h"

#define TFTP_PORT 69

#define TFTP_HEADER	     4 /* of DATA; all of an ACK */
#define TFTP_BLKSIZE_MIN     8
#define TFTP_BLKSIZE_MAX     65464
#define TFTP_BLKSIZE_DEFAULT 512
/* The longest OACK or ERROR that is built here, bytes. */
#define TFTP_REPLY_MAX 256

enum tftp_opcode {
	TFTP_RRQ = 1,
	TFTP_WRQ,
	TFTP_DATA,
	TFTP_ACK,
	TFTP_ERROR,
	TFTP_OACK,
};

enum tftp_error {
	TFTP_UNDEFINED,
	TFTP_NOT_FOUND,
	TFTP_ACCESS_VIOLATION,
	TFTP_DISK_FULL,
	TFTP_ILLEGAL_OPERATION,
	TFTP_UNKNOWN_TID,
	TFTP_FILE_EXISTS,
	TFTP_NO_SUCH_USER,
	TFTP_OPTION_REFUSED,
};

enum tftp_mode {
	TFTP_OCTET,
	TFTP_NETASCII,
	TFTP_MODE_OTHER,
};

/* 0: absent. */
struct tftp_options {
	uint16_t blksize;    /* 8 .. 65464 */
	uint16_t windowsize; /* 1 .. 65535 */
	uint8_t timeout_s;   /* 1 .. 255 */
	bool has_tsize;
	uint64_t tsize;
};

struct tftp_packet {
	enum tftp_opcode opcode;
	const char *name; /* RRQ, WRQ; never empty */
	enum tftp_mode mode;
	struct tftp_options options; /* RRQ, WRQ, OACK */
	uint16_t block;		     /* DATA, ACK */
	struct view data;	     /* DATA */
	uint16_t error;		     /* ERROR: enum tftp_error, or any other */
	struct view message;	     /* ERROR, without its NUL */
};

/*
 * Reads a packet. Options that are not known, or have values that their RFC
 * does not allow, are left out, as RFC 2347 asks for; larger blocks and
 * windows than there can be become the largest. -EBADMSG: malformed, and *why
 * says in a few words how.
 */
int tftp_parse(struct view bytes, struct tftp_packet *ret_packet,
	       const char **why) _must_check;

/* An RRQ or WRQ in octet mode. */
void tftp_build_request(struct build *b, enum tftp_opcode opcode,
			const char *name, const struct tftp_options *options);
void tftp_build_oack(struct build *b, const struct tftp_options *options);
/* message is cut to what TFTP_REPLY_MAX has room for. */
void tftp_build_error(struct build *b, enum tftp_error error,
		      const char *message);
/* The header of a DATA packet, or (TFTP_ACK) an ACK. */
void tftp_header(uint8_t ret_header[static TFTP_HEADER],
		 enum tftp_opcode opcode, uint16_t block);
