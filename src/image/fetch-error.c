/* SPDX-License-Identifier: MIT */
#include "image/fetch-error.h"

#include <curl/curl.h>
#include <errno.h>

#include "base/text.h"
#include "wire/http-status.h"

bool fetch_error_is_passing(const struct fetch_error *error)
{
	switch (error->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_HTTP_RETURNED_ERROR:
		return error->status >= 500;
	}
	return false;
}

static int add_connect(const struct fetch_error *error, struct text *text)
{
	int err = error->os_errno ? error->os_errno : EHOSTUNREACH;

	text_add(text, "cannot connect to %s: %s", error->host, strerror(err));
	return err;
}

static int add_timeout(const struct fetch_error *error, struct text *text)
{
	if (error->connected)
		text_add(text, "nothing came from %s for 30 s", error->host);
	else
		text_add(text, "no answer from %s within 10 s", error->host);
	return ETIMEDOUT;
}

static int add_certificate(const struct fetch_error *error, struct text *text)
{
	text_add(text,
		 "certificate problem with %s: %s; `boomerang build --ca FILE` "
		 "adds an authority to the bootstrap, and the clock must be "
		 "right",
		 error->host, error->detail);
	return EKEYREJECTED;
}

static int add_status(const struct fetch_error *error, struct text *text)
{
	text_add(text, "server answered %ld %s", error->status,
		 http_status_words(error->status));
	if (error->status == 401)
		text_add(text, ": this needs a user name and password");
	str_trim_end(text->buf);
	return error->status == 404 || error->status == 410   ? ENOENT
	       : error->status == 401 || error->status == 403 ? EACCES
							      : EREMOTEIO;
}

int fetch_error_reason(const struct fetch_error *error, char *buf, size_t size)
{
	struct text text = text_over(buf, size);

	switch (error->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		text_add(&text, "cannot resolve host %s", error->host);
		return EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return add_connect(error, &text);
	case CURLE_OPERATION_TIMEDOUT:
		return add_timeout(error, &text);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return add_certificate(error, &text);
	case CURLE_SSL_CONNECT_ERROR:
		text_add(&text, "%s does not speak TLS as it should: %s",
			 error->host, error->detail);
		return EPROTO;
	case CURLE_HTTP_RETURNED_ERROR:
		return add_status(error, &text);
	case CURLE_TOO_MANY_REDIRECTS:
		text_add(&text, "more than 10 redirects");
		return ELOOP;
	case CURLE_URL_MALFORMAT:
		text_add(&text, "this is no valid URL; look at its host and "
				"port");
		return EINVAL;
	case CURLE_UNSUPPORTED_PROTOCOL:
		text_add(&text, "the server redirects to something other than "
				"http:// and https://");
		return EPROTONOSUPPORT;
	case CURLE_GOT_NOTHING:
		text_add(&text, "%s closed the connection without an answer",
			 error->host);
		return ECONNRESET;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		text_add(&text, "the connection to %s broke", error->host);
		return ECONNRESET;
	}
	text_add(&text, "%s",
		 error->detail[0] ? error->detail
				  : curl_easy_strerror((CURLcode)error->code));
	return EIO;
}

int fetch_error_tell(const struct fetch_error *error, struct failure *failure)
{
	char reason[256];
	int err = fetch_error_reason(error, reason, sizeof(reason));

	return failure_set(failure, err, "%s: %s", error->url, reason);
}
