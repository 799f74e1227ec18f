/* SPDX-License-Identifier: MIT */
/* What went wrong in a transfer, in words. */
#include <curl/curl.h>
#include <errno.h>

#include "image/fetch-error.h"
#include "tap.h"

static const struct {
	struct fetch_error error;
	bool passing;
	int err;
	const char *text;
} cases[] = {
	{ { .code = CURLE_COULDNT_RESOLVE_HOST },
	  true,
	  EHOSTUNREACH,
	  "URL: cannot resolve host HOST" },
	{ { .code = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED },
	  true,
	  ECONNREFUSED,
	  "URL: cannot connect to HOST: Connection refused" },
	{ { .code = CURLE_OPERATION_TIMEDOUT },
	  true,
	  ETIMEDOUT,
	  "URL: no answer from HOST within 10 s" },
	{ { .code = CURLE_OPERATION_TIMEDOUT, .connected = true },
	  true,
	  ETIMEDOUT,
	  "URL: nothing came from HOST for 30 s" },
	{ { .code = CURLE_SSL_CONNECT_ERROR, .detail = "words" },
	  true,
	  EPROTO,
	  "URL: HOST does not speak TLS as it should: words" },
	{ { .code = CURLE_HTTP_RETURNED_ERROR, .status = 404 },
	  false,
	  ENOENT,
	  "URL: server answered 404 Not Found" },
	{ { .code = CURLE_HTTP_RETURNED_ERROR, .status = 503 },
	  true,
	  EREMOTEIO,
	  "URL: server answered 503 Service Unavailable" },
	{ { .code = CURLE_HTTP_RETURNED_ERROR, .status = 418 },
	  false,
	  EREMOTEIO,
	  "URL: server answered 418" },
	{ { .code = CURLE_PARTIAL_FILE },
	  true,
	  ECONNRESET,
	  "URL: the connection to HOST broke" },
	{ { .code = CURLE_TOO_MANY_REDIRECTS },
	  false,
	  ELOOP,
	  "URL: more than 10 redirects" },
	{ { .code = CURLE_OUT_OF_MEMORY, .detail = "words" },
	  false,
	  EIO,
	  "URL: words" },
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fetch_error error = cases[i].error;
		struct failure failure = { 0 };

		error.url = "URL";
		error.host = "HOST";
		if (!error.detail)
			error.detail = "";
		ok_int(fetch_error_tell(&error, &failure), -cases[i].err,
		       cases[i].text);
		ok_str(failure.text, cases[i].text, "in words");
		ok_int(fetch_error_is_passing(&error), cases[i].passing,
		       "whether another attempt may help");
	}
	return tap_done();
}
