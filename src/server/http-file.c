/* SPDX-License-Identifier: MIT */
/*
 * Files, by their size. Large ones leave libmicrohttpd (http-send.c); those
 * between go out by its sendfile(2). Each answer has a descriptor of its own,
 * so it goes on when the file is replaced; when the file is cut short its
 * connection ends (there is no other way to tell the client after
 * Content-Length was sent).
 *
 * Small ones are read into memory, which sends head and body in one system
 * call, and their response is kept for KEEP_MS: a hundred machines that start
 * together ask for the same small files. It is by name, so a token is checked
 * when a response is made and not again. What that saves is in bench/http.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "server/http-fields.h"
#include "server/http-request.h"

#define SMALL	 ((uint64_t)64 * 1024)
#define LARGE	 ((uint64_t)512 * 1024)
#define KEEP_MS	 1000
#define PLACES	 64u
#define NAME_LEN 512

struct small_file {
	char url[NAME_LEN]; /* "": none */
	int64_t until_ms;
	uint64_t size;
	enum name_role role;
	bool has_mac;
	struct mac mac;
	struct MHD_Response *response;
};

struct http_files {
	pthread_mutex_t lock;
	struct small_file places[PLACES];
};

int http_files_new(struct http_files **ret_files)
{
	struct http_files *files = calloc(1, sizeof(*files));

	if (!files)
		return -ENOMEM;
	pthread_mutex_init(&files->lock, NULL);
	*ret_files = files;
	return 0;
}

static void forget(struct small_file *place)
{
	if (place->response)
		MHD_destroy_response(place->response);
	place->response = NULL;
	place->url[0] = '\0';
}

struct http_files *http_files_free(struct http_files *files)
{
	if (!files)
		return NULL;
	for (size_t i = 0; i < PLACES; i++)
		forget(&files->places[i]);
	pthread_mutex_destroy(&files->lock);
	free(files);
	return NULL;
}

/* One place for each name; FNV-1a, as who fills a place gains nothing. */
static struct small_file *place_of(struct http_files *files, const char *url)
{
	uint32_t hash = 2166136261u;

	for (; *url; url++)
		hash = (hash ^ (uint8_t)*url) * 16777619u;
	return &files->places[hash % PLACES];
}

static bool has_conditions(struct http_request *request)
{
	return http_field(request, MHD_HTTP_HEADER_RANGE) ||
	       http_field(request, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
}

/* Queues the kept response, under the lock: there is no other way to hold it.
 */
static bool queue_kept(struct http_request *request, struct name *ret_name,
		       enum MHD_Result *ret_result)
{
	struct http_files *files = request->server->files;
	struct small_file *place = place_of(files, request->url);
	bool found;

	pthread_mutex_lock(&files->lock);
	found = place->response && str_eq(place->url, request->url) &&
		clock_ms() < place->until_ms;
	if (found) {
		ret_name->role = place->role;
		ret_name->has_mac = place->has_mac;
		ret_name->mac = place->mac;
		request->size = place->size;
		*ret_result = MHD_queue_response(request->connection,
						 MHD_HTTP_OK, place->response);
	}
	pthread_mutex_unlock(&files->lock);
	return found;
}

bool http_file_again(struct http_request *request, enum MHD_Result *ret_result)
{
	struct name name;

	if (has_conditions(request) || !queue_kept(request, &name, ret_result))
		return false;
	http_note_name(request, &name);
	request->done = http_note_done;
	http_note_begun(request);
	return true;
}

/* Keeps a response: takes over the caller's hold of it. */
static void keep(struct http_request *request, struct MHD_Response *response)
{
	struct http_files *files = request->server->files;
	struct small_file *place = place_of(files, request->url);

	if (strlen(request->url) >= NAME_LEN) {
		MHD_destroy_response(response);
		return;
	}
	pthread_mutex_lock(&files->lock);
	forget(place);
	(void)str_copy(place->url, NAME_LEN, request->url);
	place->until_ms = clock_ms() + KEEP_MS;
	place->size = request->size;
	place->role = request->role;
	place->has_mac = request->has_mac;
	place->mac = request->mac;
	place->response = response;
	pthread_mutex_unlock(&files->lock);
}

struct file {
	int fd; /* taken by the response that sends it */
	uint64_t size;
	char modified[HTTP_DATE_MAX];
};

static void add_fields(struct http_request *request,
		       struct MHD_Response *response, const struct file *file)
{
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      http_content_type(request->label));
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_LAST_MODIFIED,
				      file->modified);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES,
				      "bytes");
}

/* Whether the client has it already. */
static bool is_unchanged(struct http_request *request, int64_t modified)
{
	const char *field =
		http_field(request, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
	int64_t since;

	/* A tag takes precedence, and is none of ours (RFC 9110 section
	 * 13.1.3). */
	return field && !http_field(request, MHD_HTTP_HEADER_IF_NONE_MATCH) &&
	       http_date_parse(field, &since) == 0 && modified <= since;
}

/* A range that is asked for on condition of a state that the file is no more
 * in, or that we cannot tell (an ETag), is not asked for; nor is one of a HEAD
 * (RFC 9110 section 14.2). */
static const char *range_field(struct http_request *request,
			       const struct file *file)
{
	const char *condition = http_field(request, MHD_HTTP_HEADER_IF_RANGE);

	if (request->method != HTTP_GET ||
	    (condition && !str_eq(condition, file->modified)))
		return NULL;
	return http_field(request, MHD_HTTP_HEADER_RANGE);
}

static enum MHD_Result send_nothing(struct http_request *request,
				    unsigned int status,
				    const struct file *file)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		0, NULL, MHD_RESPMEM_PERSISTENT);
	char text[48];

	if (response)
		add_fields(request, response, file);
	snprintf(text, sizeof(text), "bytes */%" PRIu64, file->size);
	if (response && status == MHD_HTTP_RANGE_NOT_SATISFIABLE)
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	return http_queue(request, status, response);
}

/* By libmicrohttpd, or as a large one. */
static enum MHD_Result send_range(struct http_request *request,
				  struct file *file,
				  const struct http_range *range, bool is_part)
{
	const struct http_answer answer = {
		.type = http_content_type(request->label),
		.modified = file->modified,
		.is_part = is_part,
		.range = *range,
		.size = file->size,
	};
	uint64_t length = range->last - range->first + 1;
	struct MHD_Response *response;
	char text[80];

	if (length >= LARGE && request->method == HTTP_GET)
		return http_send(request, &file->fd, &answer);
	response = MHD_create_response_from_fd_at_offset64(length, file->fd,
							   range->first);
	if (!response)
		return MHD_NO;
	file->fd = FD_NONE;
	add_fields(request, response, file);
	snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
		 range->first, range->last, file->size);
	if (is_part)
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	return http_queue(request,
			  is_part ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK,
			  response);
}

static enum MHD_Result refuse(struct http_request *request, int err)
{
	http_note_failed(request, strerror(err));
	if (err == ENOENT || err == ENOTDIR || err == ELOOP ||
	    err == ENAMETOOLONG)
		return http_line(request, MHD_HTTP_NOT_FOUND,
				 "there is no such file here");
	return http_line(request,
			 err == EACCES || err == EPERM
				 ? MHD_HTTP_FORBIDDEN
				 : MHD_HTTP_INTERNAL_SERVER_ERROR,
			 "%s cannot be read: %s", request->label,
			 strerror(err));
}

static enum MHD_Result send_small(struct http_request *request,
				  const struct file *file)
{
	char *bytes = malloc(MAX(file->size, 1));
	struct MHD_Response *response;
	enum MHD_Result result;
	ssize_t len;

	len = bytes ? fd_read_full(file->fd, bytes, file->size) : -ENOMEM;
	if (len < 0) {
		free(bytes);
		return refuse(request, (int)-len);
	}
	/* A file that was cut short meanwhile is as long as it is. */
	request->size = (uint64_t)len;
	response = MHD_create_response_from_buffer((size_t)len, bytes,
						   MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(bytes);
		return MHD_NO;
	}
	add_fields(request, response, file);
	result = MHD_queue_response(request->connection, MHD_HTTP_OK, response);
	keep(request, response);
	return result;
}

static enum MHD_Result send_whole(struct http_request *request,
				  struct file *file)
{
	const struct http_range whole = { .last = file->size - 1 };

	request->size = file->size;
	request->done = http_note_done;
	http_note_begun(request);
	if (file->size <= SMALL)
		return send_small(request, file);
	return send_range(request, file, &whole, false);
}

enum MHD_Result http_file_answer(struct http_request *request,
				 const struct name *name)
{
	struct http_range range;
	struct file file;
	int64_t modified;
	_cleanup_fd int fd = names_open(name, &file.size, &modified);
	enum MHD_Result result = MHD_NO;

	if (fd < 0)
		return refuse(request, -fd);
	file.fd = fd;
	http_date_text(modified, file.modified);
	if (is_unchanged(request, modified))
		return send_nothing(request, MHD_HTTP_NOT_MODIFIED, &file);
	switch (http_range_parse(range_field(request, &file), file.size,
				 &range)) {
	case HTTP_RANGE_WHOLE:
		result = send_whole(request, &file);
		break;
	case HTTP_RANGE_PART:
		result = send_range(request, &file, &range, true);
		break;
	case HTTP_RANGE_OUTSIDE:
		result = send_nothing(request, MHD_HTTP_RANGE_NOT_SATISFIABLE,
				      &file);
		break;
	}
	fd = file.fd;
	return result;
}
