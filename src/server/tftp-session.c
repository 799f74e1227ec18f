/* SPDX-License-Identifier: MIT */
/*
 * A session has a socket of its own, bound to the address that the request
 * was sent to (a host with several must not answer from another one) and to a
 * port that is its TID, connected to the client.
 *
 * Each packet costs one recv() and one sendmsg(), and no timer: one timer
 * ticks for all sessions, and what was sent is sent again after so many
 * ticks without news. How many is learned from how long answers take, between
 * 200 ms and 2 s, unless the client asked for a time; it doubles with each
 * try. A client that was never heard is soon given up, since anybody can send
 * a request in another's name and so have packets sent there.
 */
#include "server/tftp-session.h"

#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/tftp-note.h"
#include "server/tftp-socket.h"
#include "wire/ipv4.h"

#define TICKS(ms)    ((ms) / TFTP_TICK_MS)
#define PATIENCE_MIN TICKS(200)
#define PATIENCE_MAX TICKS(2000)
#define WAIT_MAX     TICKS(8000)
#define TRIES	     8
/* No machine is back from a reset sooner. */
#define RESET_MS      1000
#define TRIES_UNHEARD 3
/* An ACK or ERROR; what is cut off of it is of no interest. */
#define RECEIVE_MAX 512
/* So much of the file is asked for from the disk at once, in time. */
#define AHEAD_BYTES (8 * MIB)
/* Larger blocks than this are asked for only by those who know that they can
 * put fragments together; firmware mostly cannot. */
#define BLKSIZE_ETHERNET 1468
#define IP_UDP_HEADERS	 28

static void send_bytes(const struct tftp_session *session,
		       const struct build *b)
{
	/* Lost is lost: it is sent again in time, or asked for again. */
	if (!b->bad &&
	    send(session->source.fd, b->start, b->len, MSG_NOSIGNAL) < 0)
		return;
}

static void send_error(const struct tftp_session *session,
		       enum tftp_error error, const char *message)
{
	uint8_t bytes[TFTP_REPLY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));

	tftp_build_error(&b, error, message);
	send_bytes(session, &b);
}

static void send_oack(const struct tftp_session *session)
{
	uint8_t bytes[TFTP_REPLY_MAX];
	struct build b = build_over(bytes, sizeof(bytes));

	tftp_build_oack(&b, &session->agreed);
	send_bytes(session, &b);
}

static void end(struct tftp_session *session)
{
	session->ended(session);
}

/* The file cannot be sent any more; message is for the client too. */
static void fail(struct tftp_session *session, const char *message)
{
	send_error(session, TFTP_UNDEFINED, message);
	tftp_note_failed(session, message);
	end(session);
}

/* Asks for the next part of the file while the one before is sent, so that
 * the loop seldom waits for the disk. */
static void read_ahead(struct tftp_session *session)
{
	uint64_t at = session->window.arrived * session->window.blksize;

	if (at + AHEAD_BYTES / 2 < session->ahead ||
	    session->ahead >= session->file->size)
		return;
	tftp_file_ahead(session->file, session->ahead, AHEAD_BYTES);
	session->ahead += AHEAD_BYTES;
}

static void send_window(struct tftp_session *session)
{
	struct tftp_window *window = &session->window;

	read_ahead(session);
	/* A client must not take half of an old and half of a new file for a
	 * good one: before its end it is told. */
	if ((tftp_window_last(window) == window->blocks &&
	     tftp_file_changed(session->file)) ||
	    tftp_path_send(&session->path, window, session->file->bytes) < 0)
		fail(session, "the file changed while it was sent");
}

static bool has_options(const struct tftp_options *options)
{
	return options->blksize || options->windowsize || options->timeout_s ||
	       options->has_tsize;
}

static uint16_t agree_blksize(const struct tftp_session *session,
			      uint16_t asked)
{
	socklen_t len = sizeof(int);
	int mtu;

	if (asked > BLKSIZE_ETHERNET ||
	    getsockopt(session->source.fd, IPPROTO_IP, IP_MTU, &mtu, &len) < 0)
		return asked;
	mtu -= IP_UDP_HEADERS + TFTP_HEADER;
	return (uint16_t)MIN(asked, MAX(mtu, TFTP_BLKSIZE_MIN));
}

/* Options that were asked for become those that are agreed on. */
static void agree(struct tftp_session *session, uint64_t size)
{
	struct tftp_options *options = &session->agreed;
	uint32_t blksize = TFTP_BLKSIZE_DEFAULT, count = 1;

	if (options->blksize) {
		options->blksize = agree_blksize(session, options->blksize);
		blksize = options->blksize;
	}
	if (options->windowsize) {
		count = tftp_window_fit(options->windowsize, blksize);
		options->windowsize = (uint16_t)count;
	}
	options->tsize = size;
	session->patience = options->timeout_s
				    ? TICKS(options->timeout_s * 1000U)
				    : PATIENCE_MAX;
	tftp_window_init(&session->window, size, blksize, count);
}

void tftp_session_send(struct tftp_session *session, struct tftp_file *file)
{
	session->file = file;
	agree(session, file->size);
	tftp_path_init(&session->path, session->source.fd, &session->window);
	session->quiet = 0;
	session->due = session->patience;
	if (has_options(&session->agreed)) {
		session->state = TFTP_OFFERED;
		read_ahead(session);
		send_oack(session);
	} else {
		session->state = TFTP_SENDING;
		send_window(session);
	}
}

/* Something new arrived: what the answer took is what the next may take. */
static void heard(struct tftp_session *session)
{
	if (session->tries == 0 && !session->agreed.timeout_s) {
		uint32_t took = 4 * (session->quiet + 1);
		uint32_t less = session->patience - session->patience / 8;

		session->patience =
			MIN(MAX(MAX(took, less), PATIENCE_MIN), PATIENCE_MAX);
	}
	session->heard = true;
	session->tries = 0;
	session->quiet = 0;
	session->due = session->patience;
}

static void take_ack(struct tftp_session *session, uint16_t block)
{
	if (session->state == TFTP_ASKING ||
	    (session->state == TFTP_OFFERED && block != 0))
		return;
	if (session->state == TFTP_SENDING && !session->fetching) {
		session->fetching = true;
		tftp_note_begun(session);
	}
	session->state = TFTP_SENDING;
	switch (tftp_window_ack(&session->window, block)) {
	case TFTP_STEP_WAIT:
		break;
	case TFTP_STEP_SEND:
		heard(session);
		send_window(session);
		break;
	case TFTP_STEP_DONE:
		tftp_note_whole(session);
		end(session);
		break;
	}
}

/* edk2 and other firmware asks for a file twice: first only for its size,
 * and ends that with an ERROR as soon as it has the OACK. */
static void take_error(struct tftp_session *session,
		       const struct tftp_packet *packet)
{
	char message[128];

	if (session->fetching) {
		snprintf(message, sizeof(message), "the machine gave up: %.*s",
			 (int)packet->message.left,
			 (const char *)packet->message.at);
		tftp_note_failed(session, message);
	}
	end(session);
}

static void take_packet(struct tftp_session *session, struct view bytes)
{
	struct tftp_packet packet;
	const char *why;
	int r = tftp_parse(bytes, &packet, &why);

	if (r == 0 && packet.opcode == TFTP_ACK) {
		take_ack(session, packet.block);
	} else if (r == 0 && packet.opcode == TFTP_ERROR) {
		take_error(session, &packet);
	} else {
		if (r == 0)
			why = "neither ACK nor ERROR in a transfer";
		journal_malformed(session->context->journal, "tftp", why,
				  ntohl(session->peer.sin_addr.s_addr));
	}
}

/* Some ROMs start what they loaded before they acknowledge its last block. */
static void gone(struct tftp_session *session, const char *how)
{
	const struct tftp_window *window = &session->window;

	if (window->sent == window->blocks)
		how = "all of it was sent, and the end not acknowledged";
	if (session->fetching)
		tftp_note_failed(session, how);
	end(session);
}

static void take(struct source *source, _unused uint32_t events)
{
	struct tftp_session *session =
		container_of(source, struct tftp_session, source);
	uint8_t bytes[RECEIVE_MAX];
	ssize_t n = recv(source->fd, bytes, sizeof(bytes), 0);

	if (n >= 0)
		take_packet(session, view_over(bytes, (size_t)n));
	else if (errno == ECONNREFUSED)
		gone(session, "the machine closed its port");
}

void tftp_session_tick(struct tftp_session *session)
{
	uint32_t wait;

	if (session->state == TFTP_ASKING || ++session->quiet < session->due)
		return;
	if (++session->tries > (session->heard ? TRIES : TRIES_UNHEARD)) {
		gone(session, "the machine does not answer any more");
		return;
	}
	wait = MIN(session->patience << session->tries, WAIT_MAX);
	session->due += MAX(wait, session->patience);
	if (session->state == TFTP_OFFERED) {
		send_oack(session);
	} else {
		tftp_window_rewind(&session->window);
		send_window(session);
	}
}

/* Many ROMs use the same port after a reset, so a machine that was heard, fell
 * silent and asks again began anew. */
bool tftp_session_repeats(const struct tftp_session *session, uint64_t digest)
{
	return session->digest == digest &&
	       (!session->heard || session->quiet < TICKS(RESET_MS));
}

static void text_made(struct text_request *request, int r, char *body,
		      size_t len, const struct failure *failure)
{
	struct tftp_session *session =
		container_of(request, struct tftp_session, text);
	struct tftp_file *file;

	if (r < 0) {
		fail(session, failure->text);
		return;
	}
	if (tftp_files_text(body, len, &file) < 0) {
		free(body);
		fail(session, "no memory");
		return;
	}
	texts_tell(request, session->context->timeline);
	tftp_session_send(session, file);
}

void tftp_session_ask(struct tftp_session *session, enum name_kind kind)
{
	const struct serve_context *context = session->context;
	struct text_request *text = &session->text;
	uint32_t local = ntohl(session->local.s_addr);
	char ip[IPV4_TEXT_MAX];

	session->state = TFTP_ASKING;
	*text = (struct text_request){
		.kind = kind,
		.signer = context->names->signer,
		.question.client =
			machines_client(context->machines, &session->mac),
		.made = text_made,
	};
	snprintf(text->base.http, sizeof(text->base.http), "http://%s:%u",
		 ipv4_text(local, ip), context->settings->http_port);
	machines_script_asked(context->machines, &session->mac);
	tftp_note_asks(session, kind);
	texts_ask(context->policy, text);
}

static void take_stranger(struct source *source, _unused uint32_t events)
{
	tftp_socket_refuse(source->fd);
}

static int watch(struct tftp_session *session)
{
	struct loop *loop = session->context->loop;
	int r = tftp_socket_open(session->local, &session->peer,
				 &session->source.fd, &session->strangers.fd);

	session->source.ready = take;
	session->strangers.ready = take_stranger;
	if (r == 0)
		r = loop_add(loop, &session->source, EPOLLIN);
	if (r == 0)
		r = loop_add(loop, &session->strangers, EPOLLIN);
	return r;
}

static struct tftp_session *
allocate(const struct serve_context *context, struct tftp_files *files,
	 const struct tftp_request *request,
	 void (*ended)(struct tftp_session *session))
{
	struct tftp_session *session = calloc(1, sizeof(*session));
	const char *label = request->path, *rest;

	if (!session)
		return NULL;
	while (*(rest = label + strcspn(label, "/\\")))
		label = rest + 1;
	session->context = context;
	session->files = files;
	session->ended = ended;
	session->source.fd = session->strangers.fd = FD_NONE;
	session->peer = request->peer;
	session->local = request->local;
	session->digest = request->digest;
	session->agreed = request->options;
	session->role = request->name->role;
	session->has_mac = request->name->has_mac;
	session->mac = request->name->mac;
	str_copy(session->label, sizeof(session->label), label);
	return session;
}

int tftp_session_new(const struct serve_context *context,
		     struct tftp_files *files,
		     const struct tftp_request *request,
		     void (*ended)(struct tftp_session *session),
		     struct tftp_session **ret_session)
{
	struct tftp_session *session = allocate(context, files, request, ended);
	int r = session ? watch(session) : -ENOMEM;

	if (r < 0)
		tftp_session_free(session);
	else
		*ret_session = session;
	return r;
}

struct tftp_session *tftp_session_free(struct tftp_session *session)
{
	if (!session)
		return NULL;
	if (session->state == TFTP_ASKING && session->text.made)
		policy_cancel(session->context->policy,
			      &session->text.question);
	loop_remove(session->context->loop, &session->source);
	loop_remove(session->context->loop, &session->strangers);
	fd_close(session->source.fd);
	fd_close(session->strangers.fd);
	session->file = tftp_files_drop(session->files, session->file);
	free(session);
	return NULL;
}
