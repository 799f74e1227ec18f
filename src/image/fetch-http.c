/* SPDX-License-Identifier: MIT */
/*
 * A fetch is one or more requests, "attempts", for one body. The first asks
 * for all of it. When the connection breaks half-way, the next asks for the
 * rest with Range, and with If-Range so that a file which changed meanwhile is
 * not glued to the old half (RFC 9110 sections 13.1.5 and 14). A server that
 * answers with anything but that rest cannot resume.
 */
#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <strings.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/fetch-error.h"
#include "image/fetch-internal.h"
#include "wire/build.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S	  30L
#define STALL_BYTES_S	  1L
#define REDIRECTS_MAX	  10L
#define RECEIVE_BYTES	  (512L * 1024)
/* Attempts in a row that bring nothing, and the wait before the second, which
 * doubles: 7.5 s in all. */
#define ATTEMPTS       5
#define FIRST_WAIT_MS  500
#define WAIT_TICK_MS   250
#define HEADER_MAX     512
#define VALIDATOR_MAX  256
#define RANGE_TEXT_MAX 48

struct http {
	CURL *curl;
	struct fetch *fetch;
	struct failure *failure;
	int result;    /* negative: what data() or tick() said */
	uint64_t from; /* where this attempt begins */
	bool cannot_resume;
	bool began; /* this attempt's body */
	/* Of the current response: */
	char etag[VALIDATOR_MAX];
	char modified[VALIDATOR_MAX];
	bool range_good; /* its Content-Range begins at from */
	/* Of the first response that had a body: */
	char validator[VALIDATOR_MAX];
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* --- headers --- */

static void take_value(char *dst, size_t size, const char *value)
{
	str_copy(dst, size, value + strspn(value, " \t"));
	str_trim_end(dst);
}

static const char *header_value(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && line[n] == ':' ? line + n + 1
								 : NULL;
}

/* "bytes 100-199/200" */
static bool range_starts_at(const char *value, uint64_t from)
{
	char want[RANGE_TEXT_MAX];

	snprintf(want, sizeof(want), "bytes %llu-", (unsigned long long)from);
	value += strspn(value, " \t");
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
		http->etag[0] = http->modified[0] = '\0';
		http->range_good = false;
	} else if ((value = header_value(line, "ETag"))) {
		take_value(http->etag, sizeof(http->etag), value);
	} else if ((value = header_value(line, "Last-Modified"))) {
		take_value(http->modified, sizeof(http->modified), value);
	} else if ((value = header_value(line, "Content-Range"))) {
		http->range_good = range_starts_at(value, http->from);
	}
	return len;
}

/* --- body --- */

static long response_status(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void begin_first(struct http *http)
{
	curl_off_t length = -1;

	curl_easy_getinfo(http->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T,
			  &length);
	http->fetch->total = length > 0 ? (uint64_t)length : 0;
	/* Only a strong validator says that the bytes are the same. */
	str_copy(http->validator, sizeof(http->validator),
		 http->etag[0] == '"' ? http->etag : http->modified);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct http *http = context;
	struct fetch *fetch = http->fetch;
	size_t len = size * count;

	if (!http->began && http->from == 0)
		begin_first(http);
	if (!http->began && http->from > 0 &&
	    (response_status(http->curl) != 206 || !http->range_good)) {
		http->cannot_resume = true;
		return 0;
	}
	http->began = true;
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

static void set_common(CURL *curl, const char *url)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "boomerang");
}

static CURL *new_request(struct http *http)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		return NULL;
	set_common(curl, http->fetch->reference->target);
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

/* One attempt; on a new connection, as the old one may be half dead. */
static CURLcode attempt(struct http *http)
{
	char range[RANGE_TEXT_MAX], condition[VALIDATOR_MAX + 16];
	struct curl_slist *headers = NULL;
	CURLcode code;

	http->from = http->fetch->done;
	http->began = false;
	http->words[0] = '\0';
	if (http->from > 0) {
		snprintf(range, sizeof(range), "%llu-",
			 (unsigned long long)http->from);
		curl_easy_setopt(http->curl, CURLOPT_RANGE, range);
		curl_easy_setopt(http->curl, CURLOPT_FRESH_CONNECT, 1L);
	}
	if (http->from > 0 && http->validator[0]) {
		snprintf(condition, sizeof(condition), "If-Range: %s",
			 http->validator);
		headers = curl_slist_append(NULL, condition);
	}
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, headers);
	code = curl_easy_perform(http->curl);
	curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return code;
}

/* --- failure --- */

/* The host that was asked last, which a redirect may have chosen. */
static char *last_host(CURL *curl)
{
	CURLU *url = curl_url();
	char *host = NULL, *effective = NULL;

	curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &effective);
	if (url && effective &&
	    curl_url_set(url, CURLUPART_URL, effective, 0) == CURLUE_OK)
		(void)curl_url_get(url, CURLUPART_HOST, &host, 0);
	curl_url_cleanup(url);
	return host;
}

static int tell(struct http *http, CURLcode code)
{
	const struct fetch *fetch = http->fetch;
	char done[SIZE_TEXT_MAX], total[SIZE_TEXT_MAX], reason[200];
	char *host = last_host(http->curl);
	struct fetch_error error = {
		.code = (int)code,
		.status = response_status(http->curl),
		.url = fetch->reference->name,
		.host = host ? host : "the server",
		.detail = http->words,
	};
	long os_errno = 0;
	curl_off_t connect_us = 0;
	int err;

	curl_easy_getinfo(http->curl, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(http->curl, CURLINFO_CONNECT_TIME_T, &connect_us);
	error.os_errno = (int)os_errno;
	error.connected = connect_us > 0;
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
		.status = response_status(http->curl),
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

static int run_attempts(struct http *http)
{
	int fruitless = 0, r;

	for (;;) {
		CURLcode code = attempt(http);

		if (http->result < 0)
			return http->result;
		if (code == CURLE_OK)
			return 0;
		fruitless = http->began ? 0 : fruitless;
		if (!may_retry(http, code) || ++fruitless == ATTEMPTS)
			return tell(http, code);
		r = wait_ticking(http, FIRST_WAIT_MS << (fruitless - 1));
		if (r < 0)
			return r;
	}
}

int fetch_http_run(struct fetch *fetch, struct failure *failure)
{
	struct http http = { .fetch = fetch, .failure = failure };
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return failure_set(failure, ENOSYS,
				   "libcurl cannot be initialised");
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
	if (response_status(tail->curl) != 206)
		return 0;
	build_bytes(&tail->out, bytes, size * count);
	return tail->out.bad ? 0 : size * count;
}

size_t fetch_http_tail(struct fetch *fetch, void *buf, size_t len)
{
	struct tail tail = { .curl = curl_easy_init() };
	char range[RANGE_TEXT_MAX];
	CURLcode code;

	if (!tail.curl)
		return 0;
	len = (size_t)MIN((uint64_t)len, fetch->total);
	tail.out = build_over(buf, len);
	snprintf(range, sizeof(range), "%llu-%llu",
		 (unsigned long long)(fetch->total - len),
		 (unsigned long long)(fetch->total - 1));
	set_common(tail.curl, fetch->reference->target);
	curl_easy_setopt(tail.curl, CURLOPT_RANGE, range);
	curl_easy_setopt(tail.curl, CURLOPT_TIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(tail.curl, CURLOPT_WRITEFUNCTION, on_tail);
	curl_easy_setopt(tail.curl, CURLOPT_WRITEDATA, &tail);
	code = curl_easy_perform(tail.curl);
	curl_easy_cleanup(tail.curl);
	return code == CURLE_OK && tail.out.len == len ? len : 0;
}
