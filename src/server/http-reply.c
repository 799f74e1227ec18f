/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/http-request.h"

const char *http_field(struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
					   name);
}

const char *http_argument(struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection,
					   MHD_GET_ARGUMENT_KIND, name);
}

enum MHD_Result http_queue(struct http_request *request, unsigned int status,
			   struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	result = MHD_queue_response(request->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *text_response(const char *type, char *text,
					  size_t len)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(len, text,
						       MHD_RESPMEM_MUST_FREE)
		     : NULL;

	if (!response) {
		free(text);
		return NULL;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
				      type);
	return response;
}

/* What a client that cannot go on should know beside the line. */
static void add_hints(struct MHD_Response *response, unsigned int status)
{
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					      "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(response,
					      MHD_HTTP_HEADER_RETRY_AFTER, "5");
}

enum MHD_Result http_line(struct http_request *request, unsigned int status,
			  const char *format, ...)
{
	char line[512];
	struct text text = text_over(line, sizeof(line) - 1);
	struct MHD_Response *response;
	va_list args;
	size_t len;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(line);
	len = strlen(line);
	line[len++] = '\n';
	response = text_response("text/plain; charset=utf-8",
				 strndup(line, len), len);
	if (response)
		add_hints(response, status);
	return http_queue(request, status, response);
}

enum MHD_Result http_text(struct http_request *request, const char *type,
			  char *text, size_t len)
{
	struct MHD_Response *response = text_response(type, text, len);

	/* Made for one machine at one moment. */
	if (response)
		(void)MHD_add_response_header(
			response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return http_queue(request, MHD_HTTP_OK, response);
}
