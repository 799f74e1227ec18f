/* SPDX-License-Identifier: MIT */
/* One transfer to one client, from the request on. */
#pragma once

#include "loop/loop.h"
#include "server/tftp-file.h"
#include "server/tftp-send.h"
#include "server/tftp-server.h"
#include "wire/tftp.h"

/* Timeouts are counted in ticks of one timer for all transfers. */
#define TFTP_TICK_MS 50

enum tftp_state {
	TFTP_ASKING,  /* a text is being made */
	TFTP_OFFERED, /* the OACK was sent */
	TFTP_SENDING,
};

/* An RRQ as it came. */
struct tftp_request {
	struct sockaddr_in peer;
	struct in_addr local; /* where it was sent to */
	const char *path;     /* as it was asked for */
	struct tftp_options options;
	const struct name *name;
	uint64_t digest; /* of all of its bytes */
};

struct tftp_session {
	struct source source;	 /* its client */
	struct source strangers; /* others at its port */
	const struct serve_context *context;
	struct tftp_files *files;
	/* Removes it from its owner's table and calls tftp_session_free(). */
	void (*ended)(struct tftp_session *session);
	size_t place; /* in that table */
	struct sockaddr_in peer;
	struct in_addr local;
	uint64_t digest; /* of its request */
	enum tftp_state state;
	struct tftp_options agreed;
	struct tftp_window window;
	struct tftp_path path;
	struct tftp_file *file;
	uint64_t ahead; /* the file is being read up to here */
	struct text_request text;
	/* In ticks: since something new arrived; when that is too long; how
	 * long it is at first. */
	uint32_t quiet, due, patience;
	uint8_t tries;
	bool heard;    /* it acknowledged something */
	bool fetching; /* … of the file */
	enum name_role role;
	bool has_mac;
	struct mac mac;
	char label[64]; /* the file, for people */
};

/*
 * A session with a socket, which does nothing yet. The owner puts it into its
 * table and then calls one of the next two, in which it may end already.
 */
int tftp_session_new(const struct serve_context *context,
		     struct tftp_files *files,
		     const struct tftp_request *request,
		     void (*ended)(struct tftp_session *session),
		     struct tftp_session **ret_session) _must_check;
struct tftp_session *tftp_session_free(struct tftp_session *session);

/* Sends the file, and takes this hold of it over. */
void tftp_session_send(struct tftp_session *session, struct tftp_file *file);
/* Has the text of this kind made, and sends it. */
void tftp_session_ask(struct tftp_session *session, enum name_kind kind);

/* A tick has passed. */
void tftp_session_tick(struct tftp_session *session);

/* Whether a request of its client with this digest is only the one that it
 * serves, sent again. */
bool tftp_session_repeats(const struct tftp_session *session, uint64_t digest);

/* Seconds in which nothing new arrived. */
static inline uint32_t tftp_session_quiet_s(const struct tftp_session *session)
{
	return session->quiet * TFTP_TICK_MS / 1000;
}
