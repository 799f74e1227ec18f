/* SPDX-License-Identifier: MIT */
/* What the operator and the rest of the server learn of a request. */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/http-request.h"

static const enum stage stages[] = {
	[ROLE_OTHER] = STAGE_LOADER,
	[ROLE_LOADER] = STAGE_LOADER,
	[ROLE_SCRIPT] = STAGE_LOADER,
	[ROLE_KERNEL] = STAGE_KERNEL,
};

/* Tells the main loop that a loader was fetched. */
struct fetched {
	struct letter letter;
	struct machines *machines;
	struct mac mac;
};

static void fetched_open(struct letter *letter)
{
	struct fetched *fetched = container_of(letter, struct fetched, letter);

	machines_loader_fetched(fetched->machines, &fetched->mac);
	free(fetched);
}

static void tell_fetched(struct http_request *request)
{
	struct http_server *server = request->server;
	struct fetched *fetched = malloc(sizeof(*fetched));

	if (!fetched)
		return;
	*fetched = (struct fetched){
		.letter = { .open = fetched_open },
		.machines = server->context.machines,
		.mac = request->mac,
	};
	mailbox_post(&server->to_main, &fetched->letter);
}

void http_note_name(struct http_request *request, const struct name *name)
{
	const char *slash = strrchr(request->url, '/');

	request->role = name->role;
	request->has_mac = name->has_mac;
	request->mac = name->mac;
	(void)str_copy(request->label, sizeof(request->label),
		       slash ? slash + 1 : request->url);
	if (request->has_mac && request->address)
		timeline_address(request->server->context.timeline,
				 &request->mac, request->address);
}

static bool is_noted(const struct http_request *request)
{
	return request->has_mac && request->method == HTTP_GET &&
	       (request->role == ROLE_LOADER || request->role == ROLE_KERNEL);
}

void http_note_begun(struct http_request *request)
{
	if (!is_noted(request))
		return;
	request->noted = true;
	request->begun_ms = clock_ms();
	timeline_note(request->server->context.timeline, &request->mac,
		      stages[request->role], "fetching %s by HTTP",
		      request->label);
}

void http_note_failed(struct http_request *request, const char *why)
{
	if (request->has_mac && request->role == ROLE_KERNEL)
		timeline_warn(request->server->context.timeline, &request->mac,
			      STAGE_KERNEL, "%s by HTTP: %s", request->label,
			      why);
}

static void note_broken(const struct http_request *request)
{
	struct timeline *timeline = request->server->context.timeline;
	uint64_t size = MAX(request->size, 1);

	if (request->why)
		timeline_warn(
			timeline, &request->mac, stages[request->role],
			"%s by HTTP ended at %u %%: %s", request->label,
			(unsigned int)((size - request->left) * 100 / size),
			request->why);
	else
		timeline_warn(timeline, &request->mac, stages[request->role],
			      "%s by HTTP ended before all was sent",
			      request->label);
}

void http_note_done(struct http_request *request, bool whole)
{
	struct timeline *timeline = request->server->context.timeline;
	int64_t took_ms = clock_ms() - request->begun_ms;
	char size[SIZE_TEXT_MAX];

	if (!request->noted)
		return;
	if (!whole) {
		note_broken(request);
		return;
	}
	timeline_note(timeline, &request->mac, stages[request->role],
		      "fetched %s (%s in %.1f s) by HTTP", request->label,
		      size_text(request->size, size), (double)took_ms / 1000);
	if (request->role == ROLE_LOADER)
		tell_fetched(request);
}
