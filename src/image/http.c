/* SPDX-License-Identifier: MIT */
#include "image/http.h"

#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/http-internal.h"

#define CONNECT_TIMEOUT_S 10L
#define STALL_TIMEOUT_S	  30L
#define STALL_BYTES_S	  1L
#define REDIRECTS_MAX	  10L

int http_start(struct failure *failure)
{
	static bool started;

	if (!started && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return failure_set(failure, ENOSYS,
				   "libcurl cannot be initialised");
	started = true;
	return 0;
}

CURL *http_request(const char *url)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "boomerang");
	return curl;
}

/* --- headers --- */

int http_add_header(struct curl_slist **headers, const char *name,
		    const char *value)
{
	_cleanup_free char *line = NULL;
	struct curl_slist *longer;

	if (!value || !value[0])
		return 0;
	if (asprintf(&line, "%s: %s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	longer = curl_slist_append(*headers, line);
	if (!longer)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

const char *http_header_value(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	return line + n + 1 + strspn(line + n + 1, " \t");
}

void http_take_value(char *dst, size_t size, const char *value)
{
	size_t len = strcspn(value, "\r\n");

	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	dst[0] = '\0';
	if (len >= size)
		return;
	memcpy(dst, value, len);
	dst[len] = '\0';
	str_make_printable(dst);
}

long http_status(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
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

struct fetch_error http_error(CURL *curl, CURLcode code, const char *name,
			      const char *words, char **ret_host)
{
	struct fetch_error error = {
		.code = (int)code,
		.status = http_status(curl),
		.url = name,
		.detail = words,
	};
	long os_errno = 0;
	curl_off_t connect_us = 0;

	*ret_host = last_host(curl);
	error.host = *ret_host ? *ret_host : "the server";
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(curl, CURLINFO_CONNECT_TIME_T, &connect_us);
	error.os_errno = (int)os_errno;
	error.connected = connect_us > 0;
	return error;
}
