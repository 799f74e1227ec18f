/* SPDX-License-Identifier: MIT */
/*
 * The question that opens it asks for the first block with Range: a server that
 * has ranges answers 206 with Content-Range, which says the size too; one that
 * answers 200 has none, and its body is not waited for. Where redirects led is
 * asked from then on, as the next redirect may lead to another mirror.
 *
 * Every later question carries If-Range, so that a file which is replaced
 * meanwhile is answered with 200, not with bytes that do not fit those before
 * (RFC 9110 section 13.1.5). All go over one connection, as libcurl keeps it.
 *
 * Small reads, of directories and menus, come out of blocks, of which the
 * latest used are kept; what is as long as a block goes straight to the caller.
 */
#include "image/ranged.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/content-range.h"
#include "image/http-internal.h"
#include "wire/build.h"

#define BLOCK_BYTES (128 * KIB)
#define BLOCKS	    64
/* Attempts in a row that bring nothing, and the wait before the second, which
 * doubles: 7.5 s in all. */
#define ATTEMPTS       5
#define FIRST_WAIT_MS  500
#define RANGE_TEXT_MAX 80
#define HEADER_MAX     512

struct block {
	uint64_t number;
	uint64_t used; /* when, by struct ranged's count; 0: it is empty */
	uint8_t *bytes;
};

struct response {
	struct http_validators validators;
	bool has_range;
	struct content_range range;
	bool began; /* its body */
};

struct ranged {
	struct reader reader;
	CURL *curl;
	bool open;    /* a first response was good: size is known, and */
	bool settled; /* curl asks where that one came from */
	/* Says that bytes are of the same file; "": nothing does. */
	char validator[HTTP_VALIDATOR_MAX];
	uint64_t from;	  /* the first byte that is asked for */
	struct build out; /* where the body goes */
	struct response response;
	bool refused; /* it is not what was asked for */
	struct block blocks[BLOCKS];
	uint64_t reads;
	char words[CURL_ERROR_SIZE]; /* libcurl's */
};

/* --- a response --- */

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct ranged *ranged = context;
	struct response *response = &ranged->response;
	char line[HEADER_MAX], range[RANGE_TEXT_MAX];
	const char *value;
	size_t len = size * count;

	memcpy(line, bytes, MIN(len, sizeof(line) - 1));
	line[MIN(len, sizeof(line) - 1)] = '\0';
	if (str_after(line, "HTTP/")) { /* a redirect's end: all anew */
		*response = (struct response){ 0 };
	} else if ((value = http_header_value(line, "ETag"))) {
		http_take_value(response->validators.etag, HTTP_VALIDATOR_MAX,
				value);
	} else if ((value = http_header_value(line, "Last-Modified"))) {
		http_take_value(response->validators.modified,
				HTTP_VALIDATOR_MAX, value);
	} else if ((value = http_header_value(line, "Content-Range"))) {
		http_take_value(range, sizeof(range), value);
		response->has_range =
			content_range_parse(range, &response->range) == 0;
	}
	return len;
}

/* Whether the body that comes is what was asked for. */
static bool is_wanted(const struct ranged *ranged)
{
	const struct response *response = &ranged->response;

	return http_status(ranged->curl) == 206 && response->has_range &&
	       response->range.first == ranged->from + ranged->out.len &&
	       (!ranged->open || response->range.size == ranged->reader.size);
}

static void take_first(struct ranged *ranged)
{
	const struct response *response = &ranged->response;
	const struct http_validators *validators = &response->validators;

	ranged->open = true;
	ranged->reader.size = response->range.size;
	ranged->out.size = (size_t)MIN(ranged->out.size, response->range.size);
	/* A weak ETag, "W/", does not say that the bytes are the same. */
	str_copy(ranged->validator, sizeof(ranged->validator),
		 validators->etag[0] == '"' ? validators->etag
					    : validators->modified);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct ranged *ranged = context;
	size_t len;

	if (!ranged->response.began && !is_wanted(ranged)) {
		ranged->refused = true;
		return 0;
	}
	ranged->response.began = true;
	if (!ranged->open)
		take_first(ranged);
	/* A server that sends more than it was asked for is not read on. */
	len = MIN(size * count, ranged->out.size - ranged->out.len);
	build_bytes(&ranged->out, bytes, len);
	return len;
}

/* --- a question --- */

/* Not from libcurl's own string, which it frees before it copies. */
static void settle(struct ranged *ranged)
{
	_cleanup_free char *url = NULL;
	char *effective = NULL;

	if (!ranged->open || ranged->settled)
		return;
	curl_easy_getinfo(ranged->curl, CURLINFO_EFFECTIVE_URL, &effective);
	url = effective ? strdup(effective) : NULL;
	ranged->settled = url && curl_easy_setopt(ranged->curl, CURLOPT_URL,
						  url) == CURLE_OK;
}

/* For the rest of out. */
static CURLcode ask(struct ranged *ranged)
{
	uint64_t first = ranged->from + ranged->out.len;
	uint64_t last = ranged->from + ranged->out.size - 1;
	struct curl_slist *headers = NULL;
	char range[RANGE_TEXT_MAX];
	CURLcode code = CURLE_OUT_OF_MEMORY;

	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, first, last);
	ranged->response = (struct response){ 0 };
	ranged->refused = false;
	ranged->words[0] = '\0';
	curl_easy_setopt(ranged->curl, CURLOPT_RANGE, range);
	if (http_add_header(&headers, "If-Range", ranged->validator) == 0) {
		curl_easy_setopt(ranged->curl, CURLOPT_HTTPHEADER, headers);
		code = curl_easy_perform(ranged->curl);
		curl_easy_setopt(ranged->curl, CURLOPT_HTTPHEADER, NULL);
	}
	curl_slist_free_all(headers);
	settle(ranged);
	return code;
}

/* The file has become shorter. */
static bool is_too_far(const struct ranged *ranged)
{
	return http_status(ranged->curl) == 416;
}

static bool may_help(const struct ranged *ranged, CURLcode code)
{
	const struct fetch_error error = {
		.code = (int)code,
		.status = http_status(ranged->curl),
	};

	/* Whoever never answered has mirrors, or a wrong name. */
	return ranged->open && !ranged->refused &&
	       fetch_error_is_passing(&error);
}

static int tell_refused(const struct ranged *ranged, const char *host,
			struct failure *failure)
{
	const char *name = ranged->reader.name;

	if (ranged->open)
		return failure_set(failure, ESTALE,
				   "%s: the file on %s has changed meanwhile; "
				   "try again",
				   name, host);
	return failure_set(failure, EOPNOTSUPP,
			   "%s: %s gives no parts of a file (HTTP ranges): "
			   "nothing can be said about it before all of it is "
			   "here",
			   name, host);
}

static int tell(const struct ranged *ranged, CURLcode code,
		struct failure *failure)
{
	const char *name = ranged->reader.name;
	char *host;
	struct fetch_error error =
		http_error(ranged->curl, code, name, ranged->words, &host);
	int r;

	if (ranged->refused)
		r = tell_refused(ranged, error.host, failure);
	else if (is_too_far(ranged))
		r = failure_set(failure, EBADMSG, "%s: the file is empty",
				name);
	else
		r = fetch_error_tell(&error, failure);
	curl_free(host);
	return r;
}

/* Bytes from offset on; a server may send fewer than were asked for, and is
 * asked for the rest. */
static int fetch_range(struct ranged *ranged, uint64_t offset, void *buf,
		       size_t len, struct failure *failure)
{
	int fruitless = 0;

	ranged->from = offset;
	ranged->out = build_over(buf, len);
	while (ranged->out.len < ranged->out.size) {
		size_t before = ranged->out.len;
		CURLcode code = ask(ranged);

		if (ranged->out.len > before) {
			fruitless = 0;
			continue;
		}
		/* A body without a byte did not come to on_body(). */
		if (code == CURLE_OK || (ranged->open && is_too_far(ranged)))
			ranged->refused = true;
		if (!may_help(ranged, code) || ++fruitless == ATTEMPTS)
			return tell(ranged, code, failure);
		(void)poll(NULL, 0, FIRST_WAIT_MS << (fruitless - 1));
	}
	return 0;
}

/* --- blocks --- */

static size_t block_length(const struct ranged *ranged, uint64_t number)
{
	return (size_t)MIN(BLOCK_BYTES,
			   ranged->reader.size - number * BLOCK_BYTES);
}

/* The block of this number, or the one to be given up for it. */
static struct block *find_block(struct ranged *ranged, uint64_t number)
{
	struct block *oldest = &ranged->blocks[0];

	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *block = &ranged->blocks[i];

		if (block->used > 0 && block->number == number)
			return block;
		if (block->used < oldest->used)
			oldest = block;
	}
	return oldest;
}

/* Makes it the block of this number, unless it is. */
static int fill_block(struct ranged *ranged, struct block *block,
		      uint64_t number, struct failure *failure)
{
	int r = 0;

	if (block->used == 0 || block->number != number) {
		block->used = 0;
		block->number = number;
		if (!block->bytes)
			block->bytes = malloc(BLOCK_BYTES);
		if (!block->bytes)
			return failure_errno(failure, ENOMEM,
					     "%s cannot be read",
					     ranged->reader.name);
		r = fetch_range(ranged, number * BLOCK_BYTES, block->bytes,
				block_length(ranged, number), failure);
	}
	if (r == 0)
		block->used = ++ranged->reads;
	return r;
}

static int read_blocks(struct ranged *ranged, uint64_t offset, uint8_t *buf,
		       size_t len, struct failure *failure)
{
	while (len > 0) {
		uint64_t number = offset / BLOCK_BYTES;
		size_t at = (size_t)(offset % BLOCK_BYTES);
		size_t n = MIN(len, BLOCK_BYTES - at);
		struct block *block = find_block(ranged, number);
		int r = fill_block(ranged, block, number, failure);

		if (r < 0)
			return r;
		memcpy(buf, block->bytes + at, n);
		buf += n;
		offset += n;
		len -= n;
	}
	return 0;
}

static int read_ranged(const struct reader *reader, uint64_t offset, void *buf,
		       size_t len, struct failure *failure)
{
	struct ranged *ranged = reader->context;

	return len < BLOCK_BYTES
		       ? read_blocks(ranged, offset, buf, len, failure)
		       : fetch_range(ranged, offset, buf, len, failure);
}

/* --- opening --- */

static int prepare(struct ranged *ranged, const char *url)
{
	CURL *curl = http_request(url);

	ranged->curl = curl;
	ranged->blocks[0].bytes = malloc(BLOCK_BYTES);
	if (!curl || !ranged->blocks[0].bytes)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, ranged->words);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, ranged);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, ranged);
	return 0;
}

static int open_first(struct ranged *ranged, const char *url,
		      struct failure *failure)
{
	struct block *block = &ranged->blocks[0];
	int r = prepare(ranged, url);

	if (r < 0)
		return failure_errno(failure, -r, "%s: cannot ask",
				     ranged->reader.name);
	r = fetch_range(ranged, 0, block->bytes, BLOCK_BYTES, failure);
	if (r == 0)
		block->used = ++ranged->reads;
	return r;
}

/* Of a response that has all of the file. */
static uint64_t whole_size(const struct ranged *ranged)
{
	curl_off_t length = -1;

	if (http_status(ranged->curl) == 200)
		curl_easy_getinfo(ranged->curl,
				  CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	return length > 0 ? (uint64_t)length : 0;
}

int ranged_open(const char *url, const char *name, struct ranged **ret_ranged,
		uint64_t *ret_size, struct failure *failure)
{
	struct ranged *ranged = NULL;
	int r = http_start(failure);

	if (r < 0)
		return r;
	ranged = calloc(1, sizeof(*ranged));
	if (!ranged)
		return failure_errno(failure, ENOMEM, "%s: cannot ask", name);
	ranged->reader = (struct reader){
		.name = name,
		.read = read_ranged,
		.fd = FD_NONE,
		.context = ranged,
	};
	r = open_first(ranged, url, failure);
	if (r == -EOPNOTSUPP)
		*ret_size = whole_size(ranged);
	if (r < 0) {
		ranged_close(ranged);
		return r;
	}
	*ret_size = ranged->reader.size;
	*ret_ranged = ranged;
	return 0;
}

struct ranged *ranged_close(struct ranged *ranged)
{
	if (ranged) {
		for (size_t i = 0; i < BLOCKS; i++)
			free(ranged->blocks[i].bytes);
		curl_easy_cleanup(ranged->curl);
		free(ranged);
	}
	return NULL;
}

const struct reader *ranged_reader(struct ranged *ranged)
{
	return &ranged->reader;
}
