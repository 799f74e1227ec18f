/* SPDX-License-Identifier: MIT */
/*
 * Large files. libmicrohttpd sends at most 128 KiB in a system call and polls
 * after each, which costs an eighth of all time (bench/http); and it cannot
 * tell how much of an answer a client took, or that a file was cut short. So a
 * large answer leaves it: the connection is suspended, which takes its socket
 * out of libmicrohttpd's epoll, and one of these threads sends head and body.
 * When that has ended, the connection is woken and refused, which is how
 * libmicrohttpd closes it. So each large file has a connection of its own, as
 * its head says; what that costs is less than what it saves.
 *
 * A sending belongs to its thread until it wakes its request, and to the
 * request afterwards. Nothing is done to a socket after that, as
 * libmicrohttpd may close it at once.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/http-fields.h"
#include "server/http-request.h"

/* In one call and turn of the loop: what a socket buffer holds at most. */
#define AT_ONCE	    ((size_t)4 << 20)
#define IDLE_MS	    30000
#define CHECK_MS    5000
#define SENDERS_MAX 4u
#define RESTS_MAX   1024

struct sending {
	struct letter letter;
	struct source source; /* the socket, which is libmicrohttpd's */
	struct http_sender *sender;
	struct http_request *request;
	int file_fd;
	off_t at, end;
	char head[512];
	size_t head_len, head_at;
	int64_t moved_ms;
	struct sending *next, *prev;
};

struct http_sender {
	pthread_t thread;
	struct loop loop;
	struct mailbox mailbox;
	struct letter stop;
	struct timer check;
	struct sending *sendings;
	struct journal *journal;
};

struct http_senders {
	unsigned int count;
	atomic_uint turn;
	struct http_sender each[SENDERS_MAX];
};

/* Bytes sent, 0: not now, -errno. */
static ssize_t send_head(struct sending *sending)
{
	ssize_t n = send(sending->source.fd, sending->head + sending->head_at,
			 sending->head_len - sending->head_at,
			 MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	sending->head_at += (size_t)n;
	return n;
}

static ssize_t send_body(struct sending *sending)
{
	size_t left = (size_t)(sending->end - sending->at);
	/* SIGPIPE is blocked on all our threads. */
	ssize_t n = sendfile(sending->source.fd, sending->file_fd, &sending->at,
			     MIN(left, AT_ONCE));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return n > 0 ? n : -ENODATA;
}

/* Sends what can be sent now. 1: that was the rest, 0: it was not, -errno. */
static int push(struct sending *sending)
{
	ssize_t n = 1;

	if (sending->head_at < sending->head_len)
		n = send_head(sending);
	if (n > 0 && sending->head_at == sending->head_len)
		n = send_body(sending);
	if (n > 0)
		sending->moved_ms = clock_ms();
	if (n < 0)
		return (int)n;
	return sending->at == sending->end;
}

static const char *reason(int r)
{
	if (r >= 0)
		return NULL;
	return r == -ENODATA ? "the file was cut short" : "the client left";
}

/* --- on the sender's thread --- */

/* why: NULL: all was sent. */
static void finish(struct sending *sending, const char *why)
{
	struct http_sender *sender = sending->sender;
	struct http_request *request = sending->request;

	loop_remove(&sender->loop, &sending->source);
	if (sending->prev)
		sending->prev->next = sending->next;
	else
		sender->sendings = sending->next;
	if (sending->next)
		sending->next->prev = sending->prev;
	request->why = why;
	request->left = (uint64_t)(sending->end - sending->at);
	http_wake(request);
}

static void ready(struct source *source, _unused uint32_t events)
{
	struct sending *sending = container_of(source, struct sending, source);
	int r = push(sending);

	if (r != 0)
		finish(sending, reason(r));
}

static void begin(struct letter *letter)
{
	struct sending *sending = container_of(letter, struct sending, letter);
	struct http_sender *sender = sending->sender;

	sending->moved_ms = clock_ms();
	sending->prev = NULL;
	sending->next = sender->sendings;
	if (sender->sendings)
		sender->sendings->prev = sending;
	sender->sendings = sending;
	if (loop_add(&sender->loop, &sending->source, EPOLLOUT) < 0)
		finish(sending, "no memory");
}

static void check(struct timer *timer)
{
	struct http_sender *sender =
		container_of(timer, struct http_sender, check);
	int64_t oldest_ms = clock_ms() - IDLE_MS;
	struct sending *next;

	for (struct sending *s = sender->sendings; s; s = next) {
		next = s->next;
		if (s->moved_ms < oldest_ms)
			finish(s, "it takes nothing any more");
	}
	loop_timer(&sender->loop, timer, CHECK_MS);
}

static void stop(struct letter *letter)
{
	struct http_sender *sender =
		container_of(letter, struct http_sender, stop);

	while (sender->sendings)
		finish(sender->sendings, "the server ends");
	sender->loop.stop = true;
}

static void *run(void *context)
{
	struct http_sender *sender = context;

	loop_timer(&sender->loop, &sender->check, CHECK_MS);
	if (loop_run(&sender->loop) < 0)
		journal_line(sender->journal, JOURNAL_ERROR, "http",
			     "sending of large files has ended");
	return NULL;
}

/* --- on the connection's thread --- */

static void done(struct http_request *request, _unused bool whole)
{
	struct sending *sending = request->state;

	http_note_done(request, !request->why);
	fd_close(sending->file_fd);
	free(sending);
}

/* What a client has sent behind its request would turn the end of the
 * connection into a reset, which takes the answer's last bytes with it. Who
 * sends without an end does not hold this thread: it gets its reset. */
static enum MHD_Result answer_sent(struct http_request *request)
{
	struct sending *sending = request->state;
	char rest[1024];

	for (int i = 0; i < RESTS_MAX; i++)
		if (recv(sending->source.fd, rest, sizeof(rest),
			 MSG_DONTWAIT | MSG_TRUNC) < (ssize_t)sizeof(rest))
			break;
	return MHD_NO;
}

static bool make_head(struct sending *sending, const struct http_answer *answer)
{
	struct text text = text_over(sending->head, sizeof(sending->head));
	char now[HTTP_DATE_MAX];

	text_add(&text,
		 "HTTP/1.1 %s\r\nDate: %s\r\nContent-Type: %s\r\n"
		 "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n",
		 answer->is_part ? "206 Partial Content" : "200 OK",
		 http_date_text(time(NULL), now), answer->type,
		 answer->modified);
	if (answer->is_part)
		text_add(&text,
			 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
			 "\r\n",
			 answer->range.first, answer->range.last, answer->size);
	text_add(&text,
		 "Content-Length: %" PRIu64 "\r\nConnection: close\r\n\r\n",
		 answer->range.last - answer->range.first + 1);
	sending->head_len = text.len;
	return !text.cut;
}

static struct sending *sending_new(struct http_request *request,
				   const struct http_answer *answer)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct http_senders *senders = request->server->senders;
	_cleanup_free struct sending *sending = calloc(1, sizeof(*sending));

	if (!info || !sending || !make_head(sending, answer))
		return NULL;
	sending->letter.open = begin;
	sending->source.fd = info->connect_fd;
	sending->source.ready = ready;
	sending->request = request;
	sending->at = (off_t)answer->range.first;
	sending->end = (off_t)answer->range.last + 1;
	sending->sender = &senders->each[atomic_fetch_add(&senders->turn, 1) %
					 senders->count];
	return TAKE_PTR(sending);
}

enum MHD_Result http_send(struct http_request *request, int *fd,
			  const struct http_answer *answer)
{
	struct sending *sending = sending_new(request, answer);
	int r;

	if (!sending)
		return MHD_NO;
	sending->file_fd = TAKE_FD(*fd);
	request->state = sending;
	request->answer = answer_sent;
	request->done = done;
	/* A new socket's buffer takes a megabyte or so: often that is all. */
	r = push(sending);
	request->why = reason(r);
	request->left = (uint64_t)(sending->end - sending->at);
	if (r != 0)
		return answer_sent(request);
	request->why = "the server ends";
	if (!http_sleep_for(request, &sending->sender->mailbox,
			    &sending->letter))
		return MHD_NO;
	return MHD_YES;
}

/* --- the threads --- */

static int start(struct http_sender *sender, struct journal *journal)
{
	int r = loop_init(&sender->loop, NULL, NULL);

	sender->journal = journal;
	sender->stop.open = stop;
	sender->check.expired = check;
	if (r == 0)
		r = mailbox_init(&sender->mailbox, &sender->loop);
	if (r < 0) {
		loop_done(&sender->loop);
		return r;
	}
	r = -pthread_create(&sender->thread, NULL, run, sender);
	if (r < 0) {
		mailbox_done(&sender->mailbox);
		loop_done(&sender->loop);
	}
	return r;
}

int http_send_start(struct http_server *server, unsigned int count)
{
	struct http_senders *senders = calloc(1, sizeof(*senders));
	sigset_t all, before;
	int r = 0;

	if (!senders)
		return -ENOMEM;
	server->senders = senders;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (r == 0 && senders->count < MIN(count, SENDERS_MAX)) {
		r = start(&senders->each[senders->count],
			  server->context.journal);
		senders->count += r == 0;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

void http_send_stop(struct http_server *server)
{
	struct http_senders *senders = server->senders;

	for (unsigned int i = 0; senders && i < senders->count; i++) {
		struct http_sender *sender = &senders->each[i];

		mailbox_post(&sender->mailbox, &sender->stop);
		(void)pthread_join(sender->thread, NULL);
		mailbox_done(&sender->mailbox);
		loop_done(&sender->loop);
	}
}
