/* SPDX-License-Identifier: MIT */
/*
 * Scripts: the request sleeps while the main loop asks the policy. What waits
 * is in server->texts, which is the main loop's; once it is made it belongs to
 * the request again.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/http-fields.h"
#include "server/http-request.h"
#include "wire/ipv4.h"

struct http_text {
	struct letter letter;
	struct http_server *server;
	struct http_request *request; /* gone when the server ends */
	struct text_request asked;
	struct http_text *next, *prev;

	/* Written before the request is woken. */
	bool made;
	int r;
	char *body;
	size_t len;
	struct failure failure;
};

static void list_remove(struct http_text *text)
{
	if (text->prev)
		text->prev->next = text->next;
	else
		text->server->texts = text->next;
	if (text->next)
		text->next->prev = text->prev;
}

/* What comes next is known now; of a text that could not be made, why. */
static void tell(const struct http_text *text)
{
	const struct serve_context *context = &text->server->context;
	const struct mac *mac = &text->asked.question.client.mac;

	if (text->r < 0)
		timeline_warn(context->timeline, mac, STAGE_LOADER, "%s",
			      text->failure.text);
	else
		texts_tell(&text->asked, context->timeline);
}

static void made(struct text_request *asked, int r, char *body, size_t len,
		 const struct failure *failure)
{
	struct http_text *text = container_of(asked, struct http_text, asked);

	list_remove(text);
	text->r = r;
	text->body = body;
	text->len = len;
	if (failure)
		text->failure = *failure;
	text->made = true;
	tell(text);
	http_wake(text->request);
}

/* On the main loop. */
static void ask(struct letter *letter)
{
	struct http_text *text = container_of(letter, struct http_text, letter);
	struct http_server *server = text->server;
	const struct serve_context *context = &server->context;
	const struct mac *mac;

	if (server->ending) {
		free(text);
		return;
	}
	mac = &text->request->mac;
	text->next = server->texts;
	text->prev = NULL;
	if (server->texts)
		server->texts->prev = text;
	server->texts = text;
	machines_script_asked(context->machines, mac);
	text->asked.question.client = machines_client(context->machines, mac);
	texts_ask(context->policy, &text->asked);
}

void http_texts_cancel(struct http_server *server)
{
	while (server->texts) {
		struct http_text *text = server->texts;

		server->texts = text->next;
		policy_cancel(server->context.policy, &text->asked.question);
		free(text);
	}
}

static void local_address(struct http_request *request, char *buf, size_t size)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof(address);
	char ip[IPV4_TEXT_MAX];

	if (info)
		(void)getsockname(info->connect_fd, (struct sockaddr *)&address,
				  &len);
	(void)snprintf(buf, size, "http://%s:%u",
		       ipv4_text(ntohl(address.sin_addr.s_addr), ip),
		       ntohs(address.sin_port));
}

/* The client reached us by the name it gave as Host, so it will again. */
static void set_base(struct http_request *request, struct script_base *base)
{
	const char *host = http_field(request, MHD_HTTP_HEADER_HOST);
	size_t room = sizeof(base->http) - strlen("http://");

	if (host && strlen(host) < room && http_host_is_plain(host))
		(void)snprintf(base->http, sizeof(base->http), "http://%s",
			       host);
	else
		local_address(request, base->http, sizeof(base->http));
}

static void done(struct http_request *request, _unused bool whole)
{
	struct http_text *text = request->state;

	/* Else the server ends, and frees it in ask() or when it cancels. */
	if (text->made) {
		free(text->body);
		free(text);
	}
}

static enum MHD_Result answer_made(struct http_request *request)
{
	static const char type[] = "text/plain; charset=utf-8";
	struct http_text *text = request->state;

	if (!text->made)
		return http_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "the server ends");
	if (text->r < 0)
		return http_line(request, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s",
				 text->failure.text);
	return http_text(request, type, TAKE_PTR(text->body), text->len);
}

static enum MHD_Result answer_start(struct http_request *request)
{
	const char *start = script_grub_start();

	return http_text(request, "text/plain; charset=utf-8", strdup(start),
			 strlen(start));
}

enum MHD_Result http_text_answer(struct http_request *request,
				 const struct name *name)
{
	struct http_text *text;

	if (name->kind == NAME_GRUB_START)
		return answer_start(request);
	text = calloc(1, sizeof(*text));
	if (!text)
		return MHD_NO;
	text->letter.open = ask;
	text->server = request->server;
	text->request = request;
	text->asked.kind = name->kind;
	text->asked.signer = request->server->context.names->signer;
	text->asked.made = made;
	set_base(request, &text->asked.base);
	if (!http_sleep(request)) {
		free(text);
		return http_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "the server ends");
	}
	request->state = text;
	request->answer = answer_made;
	request->done = done;
	timeline_note(request->server->context.timeline, &request->mac,
		      STAGE_LOADER, "%s asks what to boot",
		      name->kind == NAME_GRUB_SCRIPT ? "GRUB" : "iPXE");
	mailbox_post(&request->server->to_main, &text->letter);
	return MHD_YES;
}
