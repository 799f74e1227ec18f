/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/http-internal.h"

#define FIELD_MAX	 (8 * KIB)
#define AUTHENTICATE_MAX (8 * KIB)

struct asking {
	CURL *curl;
	const struct http_question *question;
	struct http_answer answer;
	size_t room; /* of the body, its NUL counted */
	bool too_large;
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

void http_answer_free(struct http_answer *answer)
{
	free(answer->body);
	free(answer->authenticate);
	*answer = (struct http_answer){ 0 };
}

/* --- what comes --- */

static void add_authenticate(struct http_answer *answer, const char *value)
{
	char *old = answer->authenticate;
	size_t len = old ? strlen(old) : 0, n = strcspn(value, "\r\n");
	char *longer;

	if (n > AUTHENTICATE_MAX - len)
		return;
	longer = realloc(old, len + n + 2);
	if (!longer)
		return;
	memcpy(longer + len, value, n);
	longer[len + n] = '\n';
	longer[len + n + 1] = '\0';
	answer->authenticate = longer;
}

static void forget_fields(struct http_answer *answer)
{
	answer->type[0] = answer->docker_digest[0] = '\0';
	answer->retry_after[0] = '\0';
	free(answer->authenticate);
	answer->authenticate = NULL;
}

static void take_field(struct http_answer *answer, const char *line)
{
	const char *value;

	if (str_after(line, "HTTP/")) { /* a redirect's end: all anew */
		forget_fields(answer);
	} else if ((value = http_header_value(line, "Content-Type"))) {
		http_take_value(answer->type, sizeof(answer->type), value);
		answer->type[strcspn(answer->type, "; \t")] = '\0';
	} else if ((value = http_header_value(line, "Docker-Content-Digest"))) {
		http_take_value(answer->docker_digest,
				sizeof(answer->docker_digest), value);
	} else if ((value = http_header_value(line, "Retry-After"))) {
		http_take_value(answer->retry_after,
				sizeof(answer->retry_after), value);
	} else if ((value = http_header_value(line, "WWW-Authenticate"))) {
		add_authenticate(answer, value);
	}
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct asking *asking = context;
	size_t len = size * count;
	_cleanup_free char *line = strndup(bytes, MIN(len, FIELD_MAX));

	if (line)
		take_field(&asking->answer, line);
	return line ? len : 0;
}

static int make_room(struct asking *asking, size_t want)
{
	size_t room = MAX(want, 2 * asking->room);
	char *body;

	if (want <= asking->room)
		return 0;
	body = realloc(asking->answer.body, room);
	if (!body)
		return -ENOMEM;
	asking->answer.body = body;
	asking->room = room;
	return 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct asking *asking = context;
	struct http_answer *answer = &asking->answer;
	size_t len = size * count;

	if (len > asking->question->size_max - answer->size) {
		asking->too_large = true;
		return 0;
	}
	if (make_room(asking, answer->size + len + 1) < 0)
		return 0;
	memcpy(answer->body + answer->size, bytes, len);
	answer->size += len;
	answer->body[answer->size] = '\0';
	return len;
}

/* --- the question --- */

static int timeout_ms(const struct http_question *question)
{
	return question->timeout_ms ? question->timeout_ms : HTTP_TIMEOUT_MS;
}

static int prepare(struct asking *asking, struct curl_slist **headers)
{
	const struct http_question *question = asking->question;
	CURL *curl = http_request(question->url);
	int r;

	asking->curl = curl;
	if (!curl || make_room(asking, 1) < 0)
		return -ENOMEM;
	asking->answer.body[0] = '\0';
	r = http_add_header(headers, "Accept", question->accept);
	if (r == 0)
		r = http_add_header(headers, "Authorization",
				    question->authorization);
	if (question->method && str_eq(question->method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (question->method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, question->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms(question));
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, asking->words);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, asking);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, asking);
	return r;
}

static int tell(const struct asking *asking, CURLcode code,
		struct failure *failure)
{
	const struct http_question *question = asking->question;
	char size[SIZE_TEXT_MAX], *host;
	struct fetch_error error = http_error(
		asking->curl, code, question->name, asking->words, &host);
	int r;

	if (asking->too_large)
		r = failure_set(failure, ENOBUFS,
				"%s: the answer of %s is larger than %s",
				question->name, error.host,
				size_text(question->size_max, size));
	else if (code == CURLE_OPERATION_TIMEDOUT && error.connected)
		r = failure_set(failure, ETIMEDOUT,
				"%s: %s did not answer in full within %d s",
				question->name, error.host,
				timeout_ms(question) / 1000);
	else
		r = fetch_error_tell(&error, failure);
	curl_free(host);
	return r;
}

static int perform(struct asking *asking, struct failure *failure)
{
	long redirects = 0;
	CURLcode code = curl_easy_perform(asking->curl);

	if (code != CURLE_OK)
		return tell(asking, code, failure);
	curl_easy_getinfo(asking->curl, CURLINFO_REDIRECT_COUNT, &redirects);
	asking->answer.redirected = redirects > 0;
	asking->answer.status = http_status(asking->curl);
	return 0;
}

int http_ask(const struct http_question *question, struct http_answer *ret,
	     struct failure *failure)
{
	struct asking asking = { .question = question };
	struct curl_slist *headers = NULL;
	int r = http_start(failure);

	if (r < 0)
		return r;
	r = prepare(&asking, &headers);
	if (r < 0)
		failure_errno(failure, -r, "%s: cannot ask", question->name);
	else
		r = perform(&asking, failure);
	curl_easy_cleanup(asking.curl);
	curl_slist_free_all(headers);
	if (r < 0)
		http_answer_free(&asking.answer);
	else
		*ret = asking.answer;
	return r;
}
