/* SPDX-License-Identifier: MIT */
/*
 * Each machine for which an answer is awaited has a place in a table, with the
 * questions that want it: at most POLICY_ASKING of these have a request
 * running, the others wait in one of two queues, machines that asked before
 * first. A machine that asks again while it waits changes queues.
 *
 * When all places are taken, somebody is told at once that it is left alone:
 * who asks now for the first time, or else who waits longest of those. Its
 * next question finds it known.
 */
#include "server/policy-api.h"

#include <curl/curl.h>
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "server/api-answer.h"
#include "server/policy-kept.h"
#include "server/policy-place.h"
#include "server/upstream.h"
#include "wire/http-status.h"

#define URL_MAX	      2048
#define FIRST_BYTES   ((size_t)4096)
#define ASKED_MAX     (POLICY_ASKING + POLICY_WAITING)
#define CAP_ORIGIN    "API: more machines ask than it answers; the next time"
#define CLASS_ESCAPED (3 * CLIENT_CLASS_MAX)

enum place {
	PLACE_FIRST, /* waits, asked for the first time */
	PLACE_AGAIN, /* waits, asked before */
	PLACE_ASKING,
	PLACES,
};

struct asked {
	struct mac_entry entry;
	struct policy_api *api;
	struct client client;
	enum place place;
	bool stale; /* all was forgotten while it was asked for */
	struct asked *next, *prev; /* in its place, the oldest first */
	struct question *questions;
	struct transfer transfer;
	struct timer too_long; /* ends it outside of libcurl */
	char *body;
	size_t len, size;
};

struct policy_api {
	struct loop *loop;
	const struct serve_settings *settings;
	char prefix[URL_MAX]; /* with a "/" at its end */
	char base[URL_MAX];
	struct api_context context;
	struct upstream *upstream;
	struct kept_answers kept;
	struct mac_table asked;
	struct {
		struct asked *oldest, *newest;
		size_t count;
	} places[PLACES];
	struct plan *no_room;
};

/* --- places --- */

static void place_leave(struct asked *asked)
{
	struct policy_api *api = asked->api;

	if (asked->prev)
		asked->prev->next = asked->next;
	else
		api->places[asked->place].oldest = asked->next;
	if (asked->next)
		asked->next->prev = asked->prev;
	else
		api->places[asked->place].newest = asked->prev;
	asked->next = asked->prev = NULL;
	api->places[asked->place].count--;
}

static void place_enter(struct asked *asked, enum place place)
{
	struct policy_api *api = asked->api;

	asked->place = place;
	asked->prev = api->places[place].newest;
	if (asked->prev)
		asked->prev->next = asked;
	else
		api->places[place].oldest = asked;
	api->places[place].newest = asked;
	api->places[place].count++;
}

/* --- the answer --- */

static void ask_next(struct policy_api *api);

/* Gives the place back, then answers: an answer may lead to a question, or
 * cancel the other questions. */
static void finish(struct asked *asked, struct plan *plan)
{
	struct policy_api *api = asked->api;
	struct asked over = {
		.api = api,
		.place = PLACE_ASKING,
		.questions = asked->questions,
	};
	struct question *question;

	upstream_cancel(&asked->transfer);
	loop_timer_off(api->loop, &asked->too_long);
	free(asked->body);
	place_leave(asked);
	mac_table_remove(&api->asked, &asked->entry);
	for (question = over.questions; question; question = question->next)
		question->pending = &over;
	plan_hold(plan);
	while ((question = over.questions)) {
		policy_api_cancel(api, question);
		question->answered(question, plan);
	}
	plan_drop(plan);
}

static struct plan *refusal(struct policy_api *api, const char *why)
{
	char origin[sizeof(((struct failure *)NULL)->text) + 8];
	struct plan *plan;

	snprintf(origin, sizeof(origin), "API: %s", why);
	plan = plan_new(origin);
	return plan ? plan : plan_hold(api->no_room);
}

static void end(struct asked *asked, struct plan *plan, int64_t keep_ms)
{
	struct policy_api *api = asked->api;

	if (!asked->stale)
		kept_put(&api->kept, &asked->client, plan, asked->len, keep_ms);
	finish(asked, plan);
	plan_drop(plan);
	ask_next(api);
}

static struct plan *read_answer(struct asked *asked, long status)
{
	struct policy_api *api = asked->api;
	struct failure failure = { 0 };
	struct plan *plan = NULL;
	char words[64];

	if (status != 200) {
		snprintf(words, sizeof(words), "%ld %s", status,
			 http_status_words(status));
		str_trim_end(words);
		return refusal(api, words);
	}
	if (api_answer_parse(&api->context, asked->body ? asked->body : "",
			     asked->len, &plan, &failure) < 0)
		return refusal(api, failure.text);
	return plan;
}

static void on_done(struct transfer *transfer, int r, long status,
		    const struct failure *failure)
{
	struct asked *asked = container_of(transfer, struct asked, transfer);

	if (r < 0)
		end(asked, refusal(asked->api, failure->text),
		    POLICY_KEEP_FAILED_MS);
	else
		end(asked, read_answer(asked, status), POLICY_KEEP_MS);
}

static void on_too_long(struct timer *timer)
{
	struct asked *asked = container_of(timer, struct asked, too_long);

	end(asked, refusal(asked->api, "an answer of more than 256 KiB"),
	    POLICY_KEEP_MS);
}

static bool on_body(struct transfer *transfer, const void *bytes, size_t len)
{
	struct asked *asked = container_of(transfer, struct asked, transfer);
	size_t size = MAX(asked->size, FIRST_BYTES);
	char *body = NULL;

	while (size < asked->len + len)
		size *= 2;
	if (asked->len + len <= API_ANSWER_MAX)
		body = realloc(asked->body, size);
	if (!body) {
		upstream_cancel(transfer);
		loop_timer(asked->api->loop, &asked->too_long, 0);
		return true;
	}
	asked->body = body;
	asked->size = size;
	memcpy(body + asked->len, bytes, len);
	asked->len += len;
	return true;
}

/* --- the request --- */

static void add_parameter(struct text *url, bool *first, const char *name,
			  const char *value)
{
	bool known = value[0] && !str_eq(value, "unknown");
	char *escaped = known ? curl_easy_escape(NULL, value, 0) : NULL;

	if (escaped) {
		text_add(url, "%c%s=%s", *first ? '?' : '&', name, escaped);
		*first = false;
	}
	curl_free(escaped);
}

static void write_url(const struct policy_api *api, const struct client *client,
		      char *buf, size_t size)
{
	char mac[MAC_TEXT_MAX], uuid[CLIENT_UUID_TEXT_MAX];
	struct text url = text_over(buf, size);
	bool first = true;

	text_add(&url, "%sv1/boot/%s", api->prefix,
		 mac_text(&client->mac, mac));
	add_parameter(&url, &first, "arch", client_arch_name(client->arch));
	add_parameter(&url, &first, "firmware",
		      client_firmware_name(client->arch));
	add_parameter(&url, &first, "uuid", client_uuid_text(client, uuid));
	add_parameter(&url, &first, "class", client->class);
}

static int start(struct asked *asked, struct failure *failure)
{
	struct policy_api *api = asked->api;
	char url[URL_MAX + CLASS_ESCAPED + 256];

	write_url(api, &asked->client, url, sizeof(url));
	asked->transfer = (struct transfer){
		.url = url,
		.timeout_ms = api->settings->api_timeout_ms,
		.body = on_body,
		.done = on_done,
	};
	place_leave(asked);
	place_enter(asked, PLACE_ASKING);
	return upstream_start(api->upstream, &asked->transfer, failure);
}

/* Starts as many as may run, those first that asked before. */
static void ask_next(struct policy_api *api)
{
	struct failure failure;

	while (api->places[PLACE_ASKING].count < POLICY_ASKING) {
		struct asked *asked = api->places[PLACE_AGAIN].oldest;
		struct plan *plan;

		if (!asked)
			asked = api->places[PLACE_FIRST].oldest;
		if (!asked)
			return;
		if (start(asked, &failure) == 0)
			continue;
		plan = refusal(api, failure.text);
		finish(asked, plan);
		plan_drop(plan);
	}
}

/* --- questions --- */

static void join(struct asked *asked, struct question *question)
{
	question->pending = asked;
	question->prev = NULL;
	question->next = asked->questions;
	if (question->next)
		question->next->prev = question;
	asked->questions = question;
}

/* A place for one more, if need be that of a machine that asks for the first
 * time. */
static bool make_room(struct policy_api *api, bool first)
{
	struct asked *oldest = api->places[PLACE_FIRST].oldest;

	if (api->asked.count < ASKED_MAX)
		return true;
	if (first || !oldest)
		return false;
	finish(oldest, api->no_room);
	return api->asked.count < ASKED_MAX;
}

static void begin(struct policy_api *api, struct question *question, bool first)
{
	struct asked *asked;

	if (!make_room(api, first)) {
		question->answered(question, api->no_room);
		return;
	}
	asked = mac_table_touch(&api->asked, &question->client.mac,
				&(bool){ 0 });
	asked->api = api;
	asked->client = question->client;
	asked->too_long.expired = on_too_long;
	join(asked, question);
	place_enter(asked, first ? PLACE_FIRST : PLACE_AGAIN);
	ask_next(api);
}

void policy_api_ask(struct policy_api *api, struct question *question)
{
	struct plan *plan;
	struct asked *asked;
	bool first;

	question->pending = NULL;
	plan = kept_ask(&api->kept, &question->client, &first);
	if (plan) {
		plan_hold(plan);
		question->answered(question, plan);
		plan_drop(plan);
		return;
	}
	asked = mac_table_find(&api->asked, &question->client.mac);
	if (!asked) {
		begin(api, question, first);
		return;
	}
	join(asked, question);
	if (asked->place == PLACE_FIRST) {
		place_leave(asked);
		place_enter(asked, PLACE_AGAIN);
	}
}

/* A request that runs goes on: the machine will ask again. */
void policy_api_cancel(struct policy_api *api, struct question *question)
{
	struct asked *asked = question->pending;

	if (!asked)
		return;
	question->pending = NULL;
	if (question->prev)
		question->prev->next = question->next;
	else
		asked->questions = question->next;
	if (question->next)
		question->next->prev = question->prev;
	question->next = question->prev = NULL;
	if (!asked->questions && asked->place != PLACE_ASKING)
		finish(asked, api->no_room);
}

void policy_api_forget(struct policy_api *api)
{
	struct asked *asked = NULL;

	kept_forget(&api->kept);
	while ((asked = mac_table_next(&api->asked, asked)))
		asked->stale = asked->place == PLACE_ASKING;
}

/* --- the whole --- */

static int set_prefix(struct policy_api *api, struct failure *failure)
{
	const char *url = api->settings->api;
	struct text prefix = text_over(api->prefix, sizeof(api->prefix));
	struct text base = text_over(api->base, sizeof(api->base));
	_cleanup_free char *place = NULL;
	struct failure why;

	if (!place_is_url(url))
		return failure_set(failure, EINVAL,
				   "--api %s: not an http or https URL", url);
	if (strpbrk(url, "?#"))
		return failure_set(failure, EINVAL,
				   "--api %s: a prefix has no \"?\" or \"#\"",
				   url);
	if (place_resolve(&(struct place_base){ 0 }, url, &place, &why) < 0)
		return failure_set(failure, EINVAL, "--api: %s", why.text);
	text_add(&prefix, "%s%s", place,
		 place[strlen(place) - 1] == '/' ? "" : "/");
	text_add(&base, "%sv1", api->prefix);
	api->context.base_url = api->base;
	return base.cut ? failure_set(failure, EINVAL, "--api: too long") : 0;
}

static int prepare(struct policy_api *api, struct failure *failure)
{
	int r = set_prefix(api, failure);

	if (r < 0)
		return r;
	api->no_room = plan_new(CAP_ORIGIN);
	r = api->no_room ? 0 : -ENOMEM;
	if (r == 0)
		r = kept_init(&api->kept);
	if (r == 0)
		r = mac_table_init(&api->asked, ASKED_MAX,
				   sizeof(struct asked));
	if (r < 0)
		return failure_errno(failure, -r, "the API's machines");
	return upstream_new(api->loop, &api->upstream, failure);
}

int policy_api_new(struct loop *loop, const struct serve_settings *settings,
		   const struct bootstrap *bootstrap,
		   struct policy_api **ret_api, struct failure *failure)
{
	struct policy_api *api = calloc(1, sizeof(*api));
	int r;

	if (!api)
		return failure_errno(failure, ENOMEM, "the API's machines");
	api->loop = loop;
	api->settings = settings;
	api->context.bootstrap = bootstrap;
	r = prepare(api, failure);
	if (r < 0)
		policy_api_free(api);
	else
		*ret_api = api;
	return r;
}

struct policy_api *policy_api_free(struct policy_api *api)
{
	struct asked *asked = NULL;

	if (!api)
		return NULL;
	while (api->asked.entries &&
	       (asked = mac_table_next(&api->asked, asked))) {
		for (struct question *q = asked->questions; q; q = q->next)
			q->pending = NULL;
		upstream_cancel(&asked->transfer);
		loop_timer_off(api->loop, &asked->too_long);
		free(asked->body);
	}
	mac_table_done(&api->asked);
	kept_done(&api->kept);
	upstream_free(api->upstream);
	plan_drop(api->no_room);
	free(api);
	return NULL;
}
