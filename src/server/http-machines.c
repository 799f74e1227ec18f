/* SPDX-License-Identifier: MIT */
/*
 * /v1/machines. A stream of events sleeps until the timeline tells that its
 * machine has a new one. Whether there is one is looked up without the lock of
 * the followers, so each has a mark that is set with that lock held: when it
 * was set meanwhile, the follower looks again before it sleeps.
 *
 * Who may post: nothing here can know who a client is; whoever is on the
 * network could ask for a machine's script and so pass for it. So events are
 * taken for what they are, remarks about a machine that is known, from any
 * address but one that is another machine's at the moment. That keeps an image
 * that was cloned with its settings from writing into its original's story;
 * the bootstrap's lease may well differ from the firmware's, so an unknown
 * address is no reason to refuse.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/http-request.h"

#define HEARTBEAT_MS 15000
#define FOLLOW_BLOCK ((size_t)4096)

static const char unknown[] = "this machine was never seen";

struct http_follower {
	struct http_request *request;
	struct mac mac;
	uint64_t since;
	char *lines; /* being sent; NULL: none */
	size_t at;
	bool changed; /* under follow_lock, as is beat */
	bool beat;
	struct http_follower *next, *prev;
};

static enum MHD_Result answer_json(struct http_request *request, char *json)
{
	return http_text(request, "application/json", json,
			 json ? strlen(json) : 0);
}

static bool take_lines(struct http_follower *follower)
{
	struct timeline *timeline = follower->request->server->context.timeline;
	uint64_t last = follower->since;
	char *lines = timeline_events_lines(timeline, &follower->mac,
					    follower->since, &last);

	if (!lines || !lines[0]) {
		free(lines);
		return false;
	}
	follower->lines = lines;
	follower->at = 0;
	follower->since = last;
	return true;
}

/* Whether there is something to send now; else the connection sleeps.
 * -ECANCELED: the server ends. */
static int follow_wait(struct http_follower *follower)
{
	struct http_server *server = follower->request->server;
	int r = 0;

	pthread_mutex_lock(&server->follow_lock);
	if (follower->changed)
		r = 1;
	else if (follower->beat)
		follower->lines = strdup("\n");
	else if (!http_sleep(follower->request))
		r = -ECANCELED;
	follower->changed = follower->beat = false;
	follower->at = 0;
	pthread_mutex_unlock(&server->follow_lock);
	return r;
}

static ssize_t follow_read(void *context, _unused uint64_t position, char *buf,
			   size_t size)
{
	struct http_follower *follower = context;
	size_t len;
	int r = 1;

	/* Once it sleeps nothing more may be taken: it is not to be sent
	 * then. */
	while (r == 1 && !follower->lines && !take_lines(follower))
		r = follow_wait(follower);
	if (r < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!follower->lines)
		return 0;
	len = MIN(strlen(follower->lines + follower->at), size);
	memcpy(buf, follower->lines + follower->at, len);
	follower->at += len;
	if (follower->lines[follower->at] == '\0')
		free(TAKE_PTR(follower->lines));
	return (ssize_t)len;
}

static void follow_done(struct http_request *request, _unused bool whole)
{
	struct http_server *server = request->server;
	struct http_follower *follower = request->state;

	pthread_mutex_lock(&server->follow_lock);
	if (follower->prev)
		follower->prev->next = follower->next;
	else
		server->followers = follower->next;
	if (follower->next)
		follower->next->prev = follower->prev;
	server->follower_count--;
	pthread_mutex_unlock(&server->follow_lock);
	free(follower->lines);
	free(follower);
}

/* Enters it among the followers, unless there are too many. */
static bool follow_enter(struct http_server *server,
			 struct http_follower *follower)
{
	bool may;

	pthread_mutex_lock(&server->follow_lock);
	may = server->follower_count < HTTP_FOLLOWERS;
	if (may) {
		server->follower_count++;
		follower->next = server->followers;
		if (server->followers)
			server->followers->prev = follower;
		server->followers = follower;
	}
	pthread_mutex_unlock(&server->follow_lock);
	return may;
}

static enum MHD_Result follow(struct http_request *request,
			      const struct mac *mac, uint64_t since)
{
	struct http_follower *follower = calloc(1, sizeof(*follower));
	struct MHD_Response *response;

	if (!follower)
		return MHD_NO;
	follower->request = request;
	follower->mac = *mac;
	follower->since = since;
	if (!follow_enter(request->server, follower)) {
		free(follower);
		return http_line(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "%d clients follow events already",
				 HTTP_FOLLOWERS);
	}
	request->state = follower;
	request->done = follow_done;
	response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, FOLLOW_BLOCK, follow_read, follower, NULL);
	if (response)
		(void)MHD_add_response_header(response,
					      MHD_HTTP_HEADER_CONTENT_TYPE,
					      "application/x-ndjson");
	return http_queue(request, MHD_HTTP_OK, response);
}

/* On the noting thread. */
static void changed(void *context, const struct mac *mac)
{
	struct http_server *server = context;

	pthread_mutex_lock(&server->follow_lock);
	for (struct http_follower *f = server->followers; f; f = f->next)
		if (mac_eq(&f->mac, mac)) {
			f->changed = true;
			http_wake(f->request);
		}
	pthread_mutex_unlock(&server->follow_lock);
}

/* A client that left is noticed when something is sent to it. */
static void beat(struct timer *timer)
{
	struct http_server *server =
		container_of(timer, struct http_server, heartbeat);

	pthread_mutex_lock(&server->follow_lock);
	for (struct http_follower *f = server->followers; f; f = f->next) {
		f->beat = true;
		http_wake(f->request);
	}
	pthread_mutex_unlock(&server->follow_lock);
	loop_timer(server->context.loop, timer, HEARTBEAT_MS);
}

void http_follow_start(struct http_server *server)
{
	timeline_listen(server->context.timeline, changed, server);
	server->heartbeat.expired = beat;
	loop_timer(server->context.loop, &server->heartbeat, HEARTBEAT_MS);
}

void http_follow_stop(struct http_server *server)
{
	timeline_listen(server->context.timeline, NULL, NULL);
	loop_timer_off(server->context.loop, &server->heartbeat);
}

static enum MHD_Result answer_events(struct http_request *request,
				     const struct mac *mac)
{
	struct timeline *timeline = request->server->context.timeline;
	const char *argument = http_argument(request, "since");
	const char *wanted = http_argument(request, "follow");
	uint64_t since = 0, last;
	char *json;

	if (argument && str_to_u64(argument, UINT64_MAX, &since) < 0)
		return http_line(request, MHD_HTTP_BAD_REQUEST,
				 "since is the number of an event");
	errno = 0;
	json = timeline_events_json(timeline, mac, since, &last);
	if (!json && errno == ENOENT)
		return http_line(request, MHD_HTTP_NOT_FOUND, unknown);
	if (!json || !wanted || str_eq(wanted, "0"))
		return answer_json(request, json);
	free(json);
	return follow(request, mac, since);
}

static enum MHD_Result take_event(struct http_request *request,
				  const struct mac *mac)
{
	struct timeline *timeline = request->server->context.timeline;
	struct mac owner;
	int r;

	if (timeline_find_address(timeline, request->address, &owner) == 0 &&
	    !mac_eq(&owner, mac))
		return http_line(request, MHD_HTTP_FORBIDDEN,
				 "this address is another machine's");
	r = timeline_post(timeline, mac, request->body, request->body_len);
	if (r == -ENOENT)
		return http_line(request, MHD_HTTP_NOT_FOUND, unknown);
	if (r == -EAGAIN)
		return http_line(request, MHD_HTTP_TOO_MANY_REQUESTS,
				 "this machine posts too many events");
	if (r < 0)
		return http_line(request, MHD_HTTP_BAD_REQUEST,
				 "this is not an event");
	if (request->address)
		timeline_address(timeline, mac, request->address);
	return http_queue(request, MHD_HTTP_NO_CONTENT,
			  MHD_create_response_from_buffer(
				  0, NULL, MHD_RESPMEM_PERSISTENT));
}

/* "machines/MAC/events" */
static bool parse_events(const char *path, struct mac *ret_mac)
{
	const char *rest = str_after(path, "machines/");
	char text[MAC_TEXT_MAX];

	if (!rest || strlen(rest) < MAC_TEXT_MAX - 1)
		return false;
	memcpy(text, rest, MAC_TEXT_MAX - 1);
	text[MAC_TEXT_MAX - 1] = '\0';
	return str_eq(rest + MAC_TEXT_MAX - 1, "/events") &&
	       mac_parse(text, ret_mac) == 0;
}

bool http_machines_takes(const char *url)
{
	const char *path = str_after(url, "/v1/");
	struct mac mac;

	return path && parse_events(path, &mac);
}

enum MHD_Result http_machines_answer(struct http_request *request,
				     const char *path)
{
	struct timeline *timeline = request->server->context.timeline;
	struct mac mac;

	if (str_eq(path, "machines"))
		return answer_json(request, timeline_machines_json(timeline));
	if (!parse_events(path, &mac))
		return http_line(request, MHD_HTTP_NOT_FOUND,
				 "there is machines, and machines/MAC/events");
	if (request->method == HTTP_POST)
		return take_event(request, &mac);
	return answer_events(request, &mac);
}
