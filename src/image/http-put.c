/* SPDX-License-Identifier: MIT */
/*
 * The body may come from a pipe and cannot be sent twice. So the request asks
 * with "Expect: 100-continue" (RFC 9110 section 10.1.1): a server that
 * redirects or refuses says so before the first byte of it.
 */
#include <errno.h>

#include "base/text.h"
#include "image/http-internal.h"

#define SEND_BYTES	 (512L * 1024)
#define CONTINUE_WAIT_MS 5000L
#define ANSWER_TIMEOUT_S 120L

struct putting {
	CURL *curl;
	const struct http_upload *upload;
	struct failure *failure;
	int result; /* negative: what next() said */
	bool began;
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

static size_t on_read(char *buf, size_t size, size_t count, void *context)
{
	struct putting *putting = context;
	const struct http_upload *upload = putting->upload;
	ssize_t n = upload->next(upload->context, buf, size * count,
				 putting->failure);

	if (n < 0) {
		putting->result = (int)n;
		return CURL_READFUNC_ABORT;
	}
	putting->began = putting->began || n > 0;
	return (size_t)n;
}

/* A redirect that comes before the body begins needs no rewinding. */
static int on_seek(void *context, curl_off_t offset, int origin)
{
	const struct putting *putting = context;

	return !putting->began && offset == 0 && origin == SEEK_SET
		       ? CURL_SEEKFUNC_OK
		       : CURL_SEEKFUNC_FAIL;
}

/* What the server says about it interests nobody. */
static size_t on_body(char *bytes _unused, size_t size, size_t count,
		      void *context _unused)
{
	return size * count;
}

static int prepare(struct putting *putting, struct curl_slist **headers)
{
	const struct http_upload *upload = putting->upload;
	CURL *curl = http_request(upload->url);
	bool measured = upload->len != UINT64_MAX;
	int r;

	putting->curl = curl;
	if (!curl)
		return -ENOMEM;
	r = http_add_header(headers, "Expect", "100-continue");
	if (r == 0)
		r = http_add_header(headers, "Content-Type",
				    "application/octet-stream");
	if (r == 0 && !measured)
		r = http_add_header(headers, "Transfer-Encoding", "chunked");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
			 measured ? (curl_off_t)upload->len : (curl_off_t)-1);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
	curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, CONTINUE_WAIT_MS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, ANSWER_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, putting->words);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, putting);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, putting);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	return r;
}

static int tell(const struct putting *putting, CURLcode code,
		struct failure *failure)
{
	char *host;
	struct fetch_error error =
		http_error(putting->curl, code, putting->upload->name,
			   putting->words, &host);
	int r;

	if (code == CURLE_SEND_FAIL_REWIND)
		r = failure_set(failure, EREMOTEIO,
				"%s: the server redirects after it took a part "
				"of the data; use the address it redirects to",
				putting->upload->name);
	else
		r = fetch_error_tell(&error, failure);
	curl_free(host);
	return r;
}

/* After 303, and a 301 or 302 of a server that means it so, it was a GET that
 * succeeded. */
static int check_method(const struct putting *putting, struct failure *failure)
{
	char *method = NULL;

	curl_easy_getinfo(putting->curl, CURLINFO_EFFECTIVE_METHOD, &method);
	if (method && str_eq(method, "PUT"))
		return 0;
	return failure_set(failure, EREMOTEIO,
			   "%s: the server answers with a redirect and keeps "
			   "nothing",
			   putting->upload->name);
}

int http_put(const struct http_upload *upload, struct failure *failure)
{
	struct putting putting = { .upload = upload, .failure = failure };
	struct curl_slist *headers = NULL;
	int r = http_start(failure);
	CURLcode code;

	if (r < 0)
		return r;
	r = prepare(&putting, &headers);
	if (r < 0) {
		failure_errno(failure, -r, "%s: cannot send", upload->name);
	} else {
		code = curl_easy_perform(putting.curl);
		if (putting.result < 0)
			r = putting.result;
		else if (code != CURLE_OK)
			r = tell(&putting, code, failure);
		else
			r = check_method(&putting, failure);
	}
	curl_easy_cleanup(putting.curl);
	curl_slist_free_all(headers);
	return r;
}
