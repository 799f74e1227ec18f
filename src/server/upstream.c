/* SPDX-License-Identifier: MIT */
/*
 * libcurl says which sockets it waits for and until when; the loop waits; what
 * comes is handed back by curl_multi_socket_action(), inside of which libcurl
 * calls head and body. It allows no changes to itself meanwhile, so a transfer
 * that is cancelled then is only marked (its request has no transfer any more)
 * and removed when libcurl has returned; done is called then, too.
 *
 * A request is not part of its transfer, because the owner may free that while
 * libcurl still works on the request.
 */
#include "server/upstream.h"

#include <curl/curl.h>
#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"

#define CONNECT_TIMEOUT_MS 10000L
#define STALL_TIMEOUT_S	   30L
#define REDIRECTS_MAX	   5L
/* When one that was kept turns out to be dead libcurl takes another, 5 times:
 * fewer than these, so that the last try is a new one. */
#define IDLE_CONNECTIONS 4L

struct request {
	struct upstream *upstream;
	struct transfer *transfer; /* NULL: cancelled */
	CURL *curl;
	bool announced; /* head was called */
	struct request *next, *prev;
};

struct upstream {
	struct loop *loop;
	CURLM *multi;
	struct timer timer;    /* libcurl's */
	struct timer sweeping; /* removes cancelled requests, soon */
	struct request *requests;
	bool inside; /* of libcurl */
};

/* One of libcurl's sockets. */
struct watch {
	struct source source;
	struct upstream *upstream;
};

/* --- requests --- */

static void request_free(struct request *request)
{
	struct upstream *upstream = request->upstream;

	if (request->prev)
		request->prev->next = request->next;
	else
		upstream->requests = request->next;
	if (request->next)
		request->next->prev = request->prev;
	curl_multi_remove_handle(upstream->multi, request->curl);
	curl_easy_cleanup(request->curl);
	free(request);
}

static void sweep(struct upstream *upstream)
{
	struct request *next;

	for (struct request *r = upstream->requests; r; r = next) {
		next = r->next;
		if (!r->transfer)
			request_free(r);
	}
}

static void sweep_later(struct timer *timer)
{
	sweep(container_of(timer, struct upstream, sweeping));
}

void upstream_cancel(struct transfer *transfer)
{
	struct request *request = transfer->easy;

	if (!request)
		return;
	transfer->easy = NULL;
	request->transfer = NULL;
	if (request->upstream->inside)
		loop_timer(request->upstream->loop,
			   &request->upstream->sweeping, 0);
	else
		request_free(request);
}

/* --- what libcurl calls --- */

static long request_status(const struct request *request)
{
	long status = 0;

	curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void announce(struct request *request)
{
	struct transfer *transfer = request->transfer;
	curl_off_t length = -1;

	if (request->announced)
		return;
	request->announced = true;
	if (!transfer->head)
		return;
	curl_easy_getinfo(request->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
			  &length);
	transfer->head(transfer, request_status(request), length);
}

static bool may_redirect(long status)
{
	return (status >= 301 && status <= 303) || status == 307 ||
	       status == 308;
}

/* The head ends with an empty line; that of a redirect is followed by the head
 * of where it leads, and is announced only when it leads nowhere. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct request *request = context;
	size_t len = size * count;
	long status = request_status(request);

	if (request->transfer && (bytes[0] == '\r' || bytes[0] == '\n') &&
	    status >= 200 && !may_redirect(status))
		announce(request);
	return request->transfer ? len : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct request *request = context;
	size_t len = size * count;
	bool taken = true;

	if (request->transfer)
		announce(request);
	if (request->transfer)
		taken = request->transfer->body(request->transfer, bytes, len);
	if (!request->transfer)
		return 0;
	return taken ? len : CURL_WRITEFUNC_PAUSE;
}

static void act(struct upstream *upstream, curl_socket_t fd, int mask);

static void on_ready(struct source *source, uint32_t events)
{
	struct watch *watch = container_of(source, struct watch, source);

	act(watch->upstream, source->fd,
	    (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
		    (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		    (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
}

static int watch_begin(struct upstream *upstream, curl_socket_t fd,
		       uint32_t events)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -1;
	watch->source = (struct source){ .fd = fd, .ready = on_ready };
	watch->upstream = upstream;
	if (loop_add(upstream->loop, &watch->source, events) < 0) {
		free(watch);
		return -1;
	}
	curl_multi_assign(upstream->multi, fd, watch);
	return 0;
}

static int on_socket(_unused CURL *curl, curl_socket_t fd, int what,
		     void *context, void *assigned)
{
	struct upstream *upstream = context;
	struct watch *watch = assigned;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) |
			  (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	if (what == CURL_POLL_REMOVE && watch) {
		loop_remove(upstream->loop, &watch->source);
		curl_multi_assign(upstream->multi, fd, NULL);
		free(watch);
	}
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (!watch)
		return watch_begin(upstream, fd, events);
	return loop_change(upstream->loop, &watch->source, events) < 0 ? -1 : 0;
}

static int on_timer(_unused CURLM *multi, long timeout_ms, void *context)
{
	struct upstream *upstream = context;

	if (timeout_ms < 0)
		loop_timer_off(upstream->loop, &upstream->timer);
	else /* The loop's clock has whole milliseconds: never too early. */
		loop_timer(upstream->loop, &upstream->timer,
			   timeout_ms ? timeout_ms + 1 : 0);
	return 0;
}

static void on_expired(struct timer *timer)
{
	act(container_of(timer, struct upstream, timer), CURL_SOCKET_TIMEOUT,
	    0);
}

/* --- the end of a transfer --- */

static int code_error(CURL *curl, CURLcode code)
{
	long os_errno = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return os_errno ? (int)os_errno : ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	case CURLE_TOO_MANY_REDIRECTS:
		return ELOOP;
	case CURLE_UNSUPPORTED_PROTOCOL:
		return EPROTONOSUPPORT;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return ECONNRESET;
	}
	return EIO;
}

/* The host that was asked last, which a redirect may have chosen; never the
 * URL, which may have a password in it. */
static int describe(CURL *curl, CURLcode code, struct failure *failure)
{
	char *effective = NULL, *host = NULL;
	const char *name;
	int err = code_error(curl, code);
	CURLU *url = curl_url();

	curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &effective);
	if (url && effective &&
	    curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK)
		(void)curl_url_get(url, CURLUPART_HOST, &host, 0);
	name = host ? host : "the server";
	if (code == CURLE_COULDNT_CONNECT)
		failure_set(failure, err, "%s: cannot connect: %s", name,
			    strerror(err));
	else if (code == CURLE_UNSUPPORTED_PROTOCOL)
		failure_set(failure, err,
			    "%s: no answer in HTTP, or a redirect to "
			    "something else",
			    name);
	else if (code == CURLE_PEER_FAILED_VERIFICATION)
		failure_set(failure, err,
			    "%s: its certificate is not for this name, has "
			    "expired, or is not signed by an authority that "
			    "this host trusts",
			    name);
	else if (code == CURLE_OPERATION_TIMEDOUT)
		failure_set(failure, err, "%s: no answer in time", name);
	else
		failure_set(failure, err, "%s: %s", name,
			    curl_easy_strerror(code));
	curl_free(host);
	curl_url_cleanup(url);
	return -err;
}

static void end(struct request *request, CURLcode code)
{
	struct transfer *transfer = request->transfer;
	struct failure failure = { 0 };
	long status = request_status(request);
	int r = 0;

	if (transfer && code == CURLE_OK)
		announce(request);
	transfer = request->transfer; /* head may have cancelled it */
	if (transfer && code != CURLE_OK)
		r = describe(request->curl, code, &failure);
	if (transfer)
		transfer->easy = NULL;
	request_free(request);
	if (transfer)
		transfer->done(transfer, r, status, &failure);
}

static void act(struct upstream *upstream, curl_socket_t fd, int mask)
{
	CURLMsg *message;
	int running;

	upstream->inside = true;
	(void)curl_multi_socket_action(upstream->multi, fd, mask, &running);
	upstream->inside = false;
	while ((message = curl_multi_info_read(upstream->multi, &running))) {
		struct request *request = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  (char **)&request);
		end(request, message->data.result);
	}
}

/* --- beginning --- */

static void set_limits(CURL *curl, const struct transfer *transfer)
{
	/* Memory: an HTTP/2 stream that is paused goes on filling a window. */
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)UPSTREAM_BYTES);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)transfer->timeout_ms);
	if (transfer->timeout_ms == 0) {
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* Else the end of a transfer waits for its resolver's thread, and so
	 * for a dead name server. */
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
	/* The environment's proxy is not meant for a server. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "boomerang");
}

static CURLcode set_request(struct request *request)
{
	const struct transfer *transfer = request->transfer;
	CURL *curl = request->curl;
	char range[32];

	set_limits(curl, transfer);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, request);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, request);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, request);
	curl_easy_setopt(curl, CURLOPT_NOBODY, transfer->head_only ? 1L : 0L);
	if (transfer->first > 0) {
		snprintf(range, sizeof(range), "%llu-",
			 (unsigned long long)transfer->first);
		curl_easy_setopt(curl, CURLOPT_RANGE, range);
	}
	return curl_easy_setopt(curl, CURLOPT_URL, transfer->url);
}

int upstream_start(struct upstream *upstream, struct transfer *transfer,
		   struct failure *failure)
{
	_cleanup_free struct request *request = calloc(1, sizeof(*request));

	if (strncasecmp(transfer->url, "http://", 7) != 0 &&
	    strncasecmp(transfer->url, "https://", 8) != 0)
		return failure_set(failure, EINVAL,
				   "%.100s: not an http or https URL",
				   transfer->url);
	if (!request)
		return failure_errno(failure, ENOMEM, "a request");
	request->upstream = upstream;
	request->transfer = transfer;
	request->curl = curl_easy_init();
	if (!request->curl || set_request(request) != CURLE_OK ||
	    curl_multi_add_handle(upstream->multi, request->curl) != CURLM_OK) {
		curl_easy_cleanup(request->curl);
		return failure_errno(failure, ENOMEM, "a request");
	}
	request->next = upstream->requests;
	if (request->next)
		request->next->prev = request;
	upstream->requests = request;
	transfer->upstream = upstream;
	transfer->easy = TAKE_PTR(request);
	return 0;
}

void upstream_resume(struct transfer *transfer)
{
	struct request *request = transfer->easy;
	struct upstream *upstream = transfer->upstream;
	bool inside;

	if (!request)
		return;
	inside = upstream->inside;
	upstream->inside = true;
	(void)curl_easy_pause(request->curl, CURLPAUSE_CONT);
	upstream->inside = inside;
}

int upstream_new(struct loop *loop, struct upstream **ret_upstream,
		 struct failure *failure)
{
	_cleanup_free struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (!upstream)
		return failure_errno(failure, ENOMEM, "libcurl");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return failure_set(failure, EIO, "libcurl does not start");
	upstream->multi = curl_multi_init();
	if (!upstream->multi) {
		curl_global_cleanup();
		return failure_errno(failure, ENOMEM, "libcurl");
	}
	upstream->loop = loop;
	upstream->timer.expired = on_expired;
	upstream->sweeping.expired = sweep_later;
	curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(upstream->multi, CURLMOPT_SOCKETDATA, upstream);
	curl_multi_setopt(upstream->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(upstream->multi, CURLMOPT_TIMERDATA, upstream);
	curl_multi_setopt(upstream->multi, CURLMOPT_MAXCONNECTS,
			  IDLE_CONNECTIONS);
	*ret_upstream = TAKE_PTR(upstream);
	return 0;
}

struct upstream *upstream_free(struct upstream *upstream)
{
	if (!upstream)
		return NULL;
	while (upstream->requests) {
		if (upstream->requests->transfer)
			upstream->requests->transfer->easy = NULL;
		request_free(upstream->requests);
	}
	curl_multi_cleanup(upstream->multi);
	loop_timer_off(upstream->loop, &upstream->timer);
	loop_timer_off(upstream->loop, &upstream->sweeping);
	curl_global_cleanup();
	free(upstream);
	return NULL;
}
