/* SPDX-License-Identifier: MIT */
/*
 * A fetch is one or more requests, "attempts", for one body. The first asks
 * for all of it. When the connection breaks half-way, the next asks for the
 * rest with Range, and with If-Range so that a file which changed meanwhile is
 * not glued to the old half (RFC 9110 sections 13.1.5 and 14). A server that
 * answers with anything but that rest cannot resume.
 *
 * Who has fetched it before asks on a condition (section 13.1): a server that
 * answers 304 has nothing newer, and nothing is fetched.
 */
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/fetch-internal.h"
#include "image/http-internal.h"
#include "wire/build.h"

#define RECEIVE_BYTES  (512L * 1024)
#define TAIL_TIMEOUT_S 10L
/* Attempts in a row that a server answers with nothing, and the wait before
 * the second, which doubles: 7.5 s in all. */
#define ATTEMPTS       5
#define FIRST_WAIT_MS  500
#define WAIT_DOUBLINGS 3
/* One that cannot be reached may be starting anew, or a cable be plugged in
 * elsewhere: so long nothing may come. */
#define LOST_LIMIT_MS  60000
#define WAIT_TICK_MS   250
#define HEADER_MAX     512
#define RANGE_TEXT_MAX 48

struct http {
	CURL *curl;
	struct fetch *fetch;
	struct failure *failure;
	int result;		   /* negative: what data() or tick() said */
	uint64_t from;		   /* where this attempt begins */
	const char *authorization; /* the current one */
	bool renewed;		   /* and no byte has come since */
	bool cannot_resume;
	bool began; /* this attempt's body */
	/* Of the current response: */
	struct http_validators current;
	bool range_good; /* its Content-Range begins at from */
	/* Of the first response that had a body: says that bytes are the same */
	char validator[HTTP_VALIDATOR_MAX];
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* --- headers --- */

/* "bytes 100-199/200" */
static bool range_starts_at(const char *value, uint64_t from)
{
	char want[RANGE_TEXT_MAX];

	snprintf(want, sizeof(want), "bytes %llu-", (unsigned long long)from);
	return strncasecmp(value, want, strlen(want)) == 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct http *http = context;
	char line[HEADER_MAX];
	const char *value;
	size_t len = size * count;

	memcpy(line, bytes, MIN(len, sizeof(line) - 1));
	line[MIN(len, sizeof(line) - 1)] = '\0';
	if (str_after(line, "HTTP/")) { /* a redirect's end: all anew */
		http->current = (struct http_validators){ 0 };
		http->range_good = false;
	} else if ((value = http_header_value(line, "ETag"))) {
		http_take_value(http->current.etag, HTTP_VALIDATOR_MAX, value);
	} else if ((value = http_header_value(line, "Last-Modified"))) {
		http_take_value(http->current.modified, HTTP_VALIDATOR_MAX,
				value);
	} else if ((value = http_header_value(line, "Content-Range"))) {
		http->range_good = range_starts_at(value, http->from);
	}
	return len;
}

/* --- body --- */

static void begin_first(struct http *http)
{
	curl_off_t length = -1;

	curl_easy_getinfo(http->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
			  &length);
	http->fetch->total = length > 0 ? (uint64_t)length : 0;
	http->fetch->validators = http->current;
	/* A weak ETag, "W/", does not say that the bytes are the same. */
	str_copy(http->validator, sizeof(http->validator),
		 http->current.etag[0] == '"' ? http->current.etag
					      : http->current.modified);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http *http = context;
	struct fetch *fetch = http->fetch;
	size_t len = size * count;

	if (!http->began && http->from == 0)
		begin_first(http);
	if (!http->began && http->from > 0 &&
	    (http_status(http->curl) != 206 || !http->range_good)) {
		http->cannot_resume = true;
		return 0;
	}
	http->began = true;
	http->renewed = false;
	fetch->done += len;
	http->result = fetch->data(fetch->context, view_over(bytes, len),
				   http->failure);
	return http->result < 0 ? 0 : len;
}

static int on_progress(void *context, curl_off_t a _unused,
		       curl_off_t b _unused, curl_off_t c _unused,
		       curl_off_t d _unused)
{
	struct http *http = context;

	if (http->result == 0)
		http->result =
			http->fetch->tick(http->fetch->context, http->failure);
	return http->result < 0;
}

/* --- requests --- */

static CURL *new_request(struct http *http)
{
	CURL *curl = http_request(http->fetch->source->target);

	if (!curl)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->words);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
	return curl;
}

static int add_headers(const struct http *http, struct curl_slist **headers)
{
	const struct fetch_source *source = http->fetch->source;
	const struct http_validators *known = source->known;
	int r = http_add_header(headers, "Authorization", http->authorization);

	if (r == 0 && http->from > 0)
		r = http_add_header(headers, "If-Range", http->validator);
	if (r == 0 && http->from == 0 && known)
		r = http_add_header(headers, "If-None-Match", known->etag);
	if (r == 0 && http->from == 0 && known)
		r = http_add_header(headers, "If-Modified-Since",
				    known->modified);
	return r;
}

/* One attempt; on a new connection, as the old one may be half dead. */
static CURLcode attempt(struct http *http)
{
	struct curl_slist *headers = NULL;
	char range[RANGE_TEXT_MAX];
	CURLcode code = CURLE_OUT_OF_MEMORY;

	http->from = http->fetch->done;
	http->began = false;
	http->words[0] = '\0';
	if (http->from > 0) {
		snprintf(range, sizeof(range), "%llu-",
			 (unsigned long long)http->from);
		curl_easy_setopt(http->curl, CURLOPT_RANGE, range);
		curl_easy_setopt(http->curl, CURLOPT_FRESH_CONNECT, 1L);
	}
	if (add_headers(http, &headers) == 0) {
		curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(http->curl);
		curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	}
	curl_slist_free_all(headers);
	return code;
}

/* --- failure --- */

static int tell(struct http *http, CURLcode code)
{
	const struct fetch *fetch = http->fetch;
	char done[SIZE_TEXT_MAX], total[SIZE_TEXT_MAX], reason[200];
	char *host;
	struct fetch_error error = http_error(
		http->curl, code, fetch->source->name, http->words, &host);
	int err;

	if (fetch->done == 0) {
		err = -fetch_error_tell(&error, http->failure);
	} else {
		err = fetch_error_reason(&error, reason, sizeof(reason));
		failure_set(http->failure, err,
			    "%s: connection lost at %s of %s: %s", error.url,
			    size_text(fetch->done, done),
			    fetch->total ? size_text(fetch->total, total)
					 : "an unknown size",
			    http->cannot_resume
				    ? "the server cannot resume, or the file "
				      "changed meanwhile"
				    : reason);
	}
	curl_free(host);
	return -err;
}

static bool may_retry(struct http *http, CURLcode code)
{
	const struct fetch_error error = {
		.code = (int)code,
		.status = http_status(http->curl),
	};

	return http->fetch->done > 0 && !http->cannot_resume &&
	       fetch_error_is_passing(&error);
}

static int wait_ticking(struct http *http, int64_t wait_ms)
{
	int64_t until = clock_ms() + wait_ms;
	int r = 0;

	while (r >= 0 && clock_ms() < until) {
		poll(NULL, 0, WAIT_TICK_MS);
		r = http->fetch->tick(http->fetch->context, http->failure);
	}
	return r;
}

/* --- the fetch --- */

/* libcurl is content. */
static int ended(struct http *http)
{
	bool first = http->from == 0;

	if (first && http_status(http->curl) == 304 &&
	    http->fetch->source->known)
		return -EALREADY;
	if (first && http_status(http->curl) == 304)
		return tell(http, CURLE_HTTP_RETURNED_ERROR);
	/* A body without a byte did not come to on_body(). */
	if (first && !http->began)
		begin_first(http);
	if (!first && !http->began) {
		http->cannot_resume = true;
		return tell(http, CURLE_PARTIAL_FILE);
	}
	return 0;
}

/* A token may end between the parts of a long fetch. */
static bool may_renew(const struct http *http, CURLcode code)
{
	return code == CURLE_HTTP_RETURNED_ERROR &&
	       http_status(http->curl) == 401 && http->fetch->source->renew &&
	       !http->renewed;
}

static int renew(struct http *http)
{
	const struct fetch_source *source = http->fetch->source;

	http->renewed = true;
	return source->renew(source->renew_context, &http->authorization,
			     http->failure);
}

/* What has happened since the last byte. */
struct drought {
	unsigned int attempts, answered;
	int64_t since_ms; /* 0: nothing yet */
};

/* After an attempt that failed: whether to give up. */
static bool is_enough(struct drought *drought, const struct http *http,
		      CURLcode code)
{
	bool reached = code != CURLE_COULDNT_RESOLVE_HOST &&
		       code != CURLE_COULDNT_RESOLVE_PROXY &&
		       code != CURLE_COULDNT_CONNECT &&
		       code != CURLE_OPERATION_TIMEDOUT;

	if (http->began)
		*drought = (struct drought){ 0 };
	if (!drought->since_ms)
		drought->since_ms = clock_ms();
	drought->attempts++;
	drought->answered += reached;
	return drought->answered == ATTEMPTS ||
	       clock_ms() - drought->since_ms >= LOST_LIMIT_MS;
}

static int64_t next_wait_ms(const struct drought *drought)
{
	return FIRST_WAIT_MS
	       << MIN(drought->attempts - 1, (unsigned int)WAIT_DOUBLINGS);
}

static int run_attempts(struct http *http)
{
	struct drought drought = { 0 };
	int r;

	for (;;) {
		CURLcode code = attempt(http);

		if (http->result < 0)
			return http->result;
		if (code == CURLE_OK)
			return ended(http);
		if (may_renew(http, code)) {
			r = renew(http);
			if (r < 0)
				return r;
			continue;
		}
		if (!may_retry(http, code) || is_enough(&drought, http, code))
			return tell(http, code);
		r = wait_ticking(http, next_wait_ms(&drought));
		if (r < 0)
			return r;
	}
}

int fetch_http_run(struct fetch *fetch, struct failure *failure)
{
	struct http http = {
		.fetch = fetch,
		.failure = failure,
		.authorization = fetch->source->authorization,
	};
	int r = http_start(failure);

	if (r < 0)
		return r;
	http.curl = new_request(&http);
	if (!http.curl)
		return failure_errno(failure, ENOMEM, "cannot fetch");
	fetch->http = &http;
	r = run_attempts(&http);
	fetch->http = NULL;
	curl_easy_cleanup(http.curl);
	return r;
}

/* --- the tail --- */

struct tail {
	CURL *curl;
	struct build out;
};

static size_t on_tail(char *bytes, size_t size, size_t count, void *context)
{
	struct tail *tail = context;

	/* 200: all of it is coming. */
	if (http_status(tail->curl) != 206)
		return 0;
	build_bytes(&tail->out, bytes, size * count);
	return tail->out.bad ? 0 : size * count;
}

size_t fetch_http_tail(struct fetch *fetch, void *buf, size_t len)
{
	const struct fetch_source *source = fetch->source;
	struct tail tail = { .curl = http_request(source->target) };
	struct curl_slist *headers = NULL;
	char range[RANGE_TEXT_MAX];
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (!tail.curl)
		return 0;
	len = (size_t)MIN((uint64_t)len, fetch->total);
	tail.out = build_over(buf, len);
	snprintf(range, sizeof(range), "%llu-%llu",
		 (unsigned long long)(fetch->total - len),
		 (unsigned long long)(fetch->total - 1));
	curl_easy_setopt(tail.curl, CURLOPT_RANGE, range);
	curl_easy_setopt(tail.curl, CURLOPT_TIMEOUT, TAIL_TIMEOUT_S);
	curl_easy_setopt(tail.curl, CURLOPT_WRITEFUNCTION, on_tail);
	curl_easy_setopt(tail.curl, CURLOPT_WRITEDATA, &tail);
	if (http_add_header(&headers, "Authorization", source->authorization) ==
	    0) {
		curl_easy_setopt(tail.curl, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(tail.curl);
	}
	curl_easy_cleanup(tail.curl);
	curl_slist_free_all(headers);
	return code == CURLE_OK && tail.out.len == len ? len : 0;
}
