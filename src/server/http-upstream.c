/* SPDX-License-Identifier: MIT */
/*
 * Files of other servers, passed through. Transfers run on a loop and a thread
 * of their own; each has a ring of HTTP_UPSTREAM_BUFFER bytes between that
 * thread, which fills it and pauses the transfer when it is full, and the
 * connection's thread, which empties it and sleeps when there is nothing.
 *
 * A relay is made by the request and freed on the upstream thread, by the last
 * letter that the request posts when it is done. In between, relay->request is
 * there while relay->lock is held and it is not NULL.
 *
 * iPXE waits for ever for the end of an answer whose length it does not know
 * when the connection stays open, so one without a length is sent as what ends
 * with its connection (to HTTP/1.0 clients) or in chunks, and a transfer that
 * breaks always breaks the connection: no client may take half a kernel for a
 * whole one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/http-fields.h"
#include "server/http-request.h"

#define READ_BLOCK ((size_t)64 * 1024)

struct relay {
	struct letter begin, more, end;
	struct transfer transfer;
	char url[SIGNER_PLACE_MAX];
	struct http_server *server;
	uint32_t address;	 /* whose place among the upstreams it has */
	struct http_range range; /* asked for by the client */
	bool has_range;

	pthread_mutex_t lock;
	struct http_request *request; /* NULL: it is done */
	bool has_head;
	long status;
	int64_t length; /* of what comes; -1: unknown */
	bool has_ended;
	int r;
	struct failure failure;
	bool is_paused;
	/* Bytes ever put in and taken out. */
	uint64_t filled, emptied;
	char *ring;
};

/* Under the lock. */
static void wake(struct relay *relay)
{
	if (relay->request)
		http_wake(relay->request);
}

/* --- on the upstream thread --- */

static void head(struct transfer *transfer, long status, int64_t length)
{
	struct relay *relay = container_of(transfer, struct relay, transfer);

	pthread_mutex_lock(&relay->lock);
	relay->has_head = true;
	relay->status = status;
	relay->length = length;
	wake(relay);
	pthread_mutex_unlock(&relay->lock);
}

static bool body(struct transfer *transfer, const void *bytes, size_t len)
{
	struct relay *relay = container_of(transfer, struct relay, transfer);
	size_t at, part;
	bool fits;

	pthread_mutex_lock(&relay->lock);
	fits = len <= HTTP_UPSTREAM_BUFFER - (relay->filled - relay->emptied);
	if (fits) {
		at = relay->filled % HTTP_UPSTREAM_BUFFER;
		part = MIN(len, HTTP_UPSTREAM_BUFFER - at);
		memcpy(relay->ring + at, bytes, part);
		memcpy(relay->ring, (const char *)bytes + part, len - part);
		relay->filled += len;
	}
	relay->is_paused = !fits;
	wake(relay);
	pthread_mutex_unlock(&relay->lock);
	return fits;
}

static void ended(struct relay *relay, int r, const struct failure *failure)
{
	pthread_mutex_lock(&relay->lock);
	relay->has_ended = true;
	relay->r = r;
	if (r < 0)
		relay->failure = *failure;
	wake(relay);
	pthread_mutex_unlock(&relay->lock);
}

static void done(struct transfer *transfer, int r, _unused long status,
		 const struct failure *failure)
{
	ended(container_of(transfer, struct relay, transfer), r, failure);
}

static void open_begin(struct letter *letter)
{
	struct relay *relay = container_of(letter, struct relay, begin);
	struct failure failure = { 0 };
	int r = upstream_start(relay->server->upstream, &relay->transfer,
			       &failure);

	if (r < 0)
		ended(relay, r, &failure);
}

static void open_more(struct letter *letter)
{
	struct relay *relay = container_of(letter, struct relay, more);

	/* Not with the lock: it may call body(). */
	upstream_resume(&relay->transfer);
}

static void open_end(struct letter *letter)
{
	struct relay *relay = container_of(letter, struct relay, end);

	upstream_cancel(&relay->transfer);
	http_quota_give(&relay->server->upstreams, relay->address);
	pthread_mutex_destroy(&relay->lock);
	free(relay->ring);
	free(relay);
}

/* --- on the connection's thread --- */

static size_t take(struct relay *relay, char *buf, size_t size)
{
	size_t len = MIN(size, (size_t)(relay->filled - relay->emptied));
	size_t at = relay->emptied % HTTP_UPSTREAM_BUFFER;
	size_t part = MIN(len, HTTP_UPSTREAM_BUFFER - at);

	memcpy(buf, relay->ring + at, part);
	memcpy(buf + part, relay->ring, len - part);
	relay->emptied += len;
	return len;
}

static ssize_t read_relay(void *context, _unused uint64_t position, char *buf,
			  size_t size)
{
	struct relay *relay = context;
	ssize_t n;

	pthread_mutex_lock(&relay->lock);
	n = (ssize_t)take(relay, buf, size);
	if (relay->is_paused &&
	    relay->filled - relay->emptied <= HTTP_UPSTREAM_BUFFER / 2) {
		relay->is_paused = false;
		mailbox_post(&relay->server->to_upstream, &relay->more);
	}
	if (n == 0 && relay->has_ended)
		n = relay->r < 0 || relay->length >= 0
			    ? MHD_CONTENT_READER_END_WITH_ERROR
			    : MHD_CONTENT_READER_END_OF_STREAM;
	else if (n == 0 && !http_sleep(relay->request))
		n = MHD_CONTENT_READER_END_WITH_ERROR;
	pthread_mutex_unlock(&relay->lock);
	return n;
}

static void relay_done(struct http_request *request, bool whole)
{
	struct relay *relay = request->state;

	http_note_done(request, whole);
	pthread_mutex_lock(&relay->lock);
	relay->request = NULL;
	pthread_mutex_unlock(&relay->lock);
	mailbox_post(&relay->server->to_upstream, &relay->end);
}

/* The part that the client asked for, when the upstream gives parts. */
static void add_range(const struct relay *relay, struct MHD_Response *response)
{
	uint64_t length = (uint64_t)relay->length, last;
	char text[80];

	last = MIN(relay->range.last, relay->range.first + length - 1);
	snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
		 relay->range.first, last, relay->range.first + length);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE,
				      text);
}

/* Whether the answer is the part that was asked for. */
static bool is_part(const struct relay *relay)
{
	return relay->has_range && relay->status == MHD_HTTP_PARTIAL_CONTENT &&
	       relay->length > 0;
}

static enum MHD_Result send_relay(struct http_request *request,
				  struct relay *relay)
{
	uint64_t size =
		relay->length >= 0 ? (uint64_t)relay->length : MHD_SIZE_UNKNOWN;
	struct MHD_Response *response;

	if (is_part(relay))
		size = MIN(size, relay->range.last - relay->range.first + 1);
	response = MHD_create_response_from_callback(size, READ_BLOCK,
						     read_relay, relay, NULL);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      http_content_type(request->label));
	if (is_part(relay)) {
		add_range(relay, response);
		return http_queue(request, MHD_HTTP_PARTIAL_CONTENT, response);
	}
	request->size = relay->length > 0 ? (uint64_t)relay->length : 0;
	http_note_begun(request);
	return http_queue(request, MHD_HTTP_OK, response);
}

static enum MHD_Result answer_ended(struct http_request *request,
				    const struct relay *relay)
{
	if (!relay->has_ended)
		return http_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "the server ends");
	http_note_failed(request, relay->failure.text);
	return http_line(request, MHD_HTTP_BAD_GATEWAY, "%s",
			 relay->failure.text);
}

/* A part of unknown length could not be told from a whole. */
static bool is_good(const struct relay *relay)
{
	return relay->status == MHD_HTTP_OK || is_part(relay);
}

/* What the upstream refuses is refused with its number; what it says that
 * makes no sense here is an error of a gateway. */
static enum MHD_Result answer_refused(struct http_request *request,
				      const struct relay *relay)
{
	unsigned int status = relay->status >= 400 && relay->status <= 599
				      ? (unsigned int)relay->status
				      : MHD_HTTP_BAD_GATEWAY;
	char why[64];

	snprintf(why, sizeof(why), "its server answers %ld", relay->status);
	http_note_failed(request, why);
	return http_line(request, status, "%s: %s", request->label, why);
}

static enum MHD_Result answer_head(struct http_request *request)
{
	struct relay *relay = request->state;
	bool sleeps;

	pthread_mutex_lock(&relay->lock);
	sleeps = !relay->has_head && !relay->has_ended && http_sleep(request);
	pthread_mutex_unlock(&relay->lock);
	if (sleeps)
		return MHD_YES;
	/* The head is not written again once it is there. */
	if (!relay->has_head)
		return answer_ended(request, relay);
	return is_good(relay) ? send_relay(request, relay)
			      : answer_refused(request, relay);
}

static struct relay *relay_new(struct http_request *request,
			       const struct name *name)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (!relay)
		return NULL;
	relay->ring = malloc(HTTP_UPSTREAM_BUFFER);
	if (!relay->ring) {
		free(relay);
		return NULL;
	}
	pthread_mutex_init(&relay->lock, NULL);
	(void)str_copy(relay->url, sizeof(relay->url), name->place);
	relay->server = request->server;
	relay->address = request->address;
	relay->request = request;
	relay->begin.open = open_begin;
	relay->more.open = open_more;
	relay->end.open = open_end;
	relay->has_range =
		request->method == HTTP_GET &&
		http_range_open(http_field(request, MHD_HTTP_HEADER_RANGE),
				&relay->range);
	if (relay->range.first == 0 && relay->range.last == UINT64_MAX)
		relay->has_range = false;
	relay->transfer = (struct transfer){
		.url = relay->url,
		.first = relay->range.first,
		.head_only = request->method == HTTP_HEAD,
		.head = head,
		.body = body,
		.done = done,
	};
	return relay;
}

enum MHD_Result http_upstream_answer(struct http_request *request,
				     const struct name *name)
{
	struct http_server *server = request->server;
	struct relay *relay;

	if (!http_quota_take(&server->upstreams, request->address))
		return http_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "%d files of other servers are being fetched "
				 "already, or %d for this host",
				 HTTP_UPSTREAMS, HTTP_UPSTREAMS_HOST);
	relay = relay_new(request, name);
	if (!relay) {
		http_quota_give(&server->upstreams, request->address);
		return MHD_NO;
	}
	request->state = relay;
	request->answer = answer_head;
	request->done = relay_done;
	mailbox_post(&server->to_upstream, &relay->begin);
	return answer_head(request);
}

/* --- the thread --- */

static void *run(void *context)
{
	struct http_server *server = context;

	if (loop_run(&server->upstream_loop) < 0)
		journal_line(server->context.journal, JOURNAL_ERROR, "http",
			     "fetching from other servers has ended");
	return NULL;
}

static void open_stop(struct letter *letter)
{
	struct http_server *server =
		container_of(letter, struct http_server, upstream_end);

	server->upstream_loop.stop = true;
}

int http_upstream_start(struct http_server *server, struct failure *failure)
{
	struct loop *loop = &server->upstream_loop;
	sigset_t all, before;
	int r = loop_init(loop, NULL, NULL);

	if (r == 0)
		r = mailbox_init(&server->to_upstream, loop);
	if (r < 0) {
		loop_done(loop);
		return failure_errno(failure, -r, "HTTP");
	}
	server->upstream_end.open = open_stop;
	r = upstream_new(loop, &server->upstream, failure);
	if (r == 0) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		r = -pthread_create(&server->upstream_thread, NULL, run,
				    server);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		if (r < 0)
			(void)failure_errno(failure, -r, "HTTP: a thread");
	}
	if (r < 0) {
		server->upstream = upstream_free(server->upstream);
		mailbox_done(&server->to_upstream);
		loop_done(loop);
	}
	return r;
}

void http_upstream_stop(struct http_server *server)
{
	mailbox_post(&server->to_upstream, &server->upstream_end);
	(void)pthread_join(server->upstream_thread, NULL);
	mailbox_done(&server->to_upstream);
	server->upstream = upstream_free(server->upstream);
	loop_done(&server->upstream_loop);
}
