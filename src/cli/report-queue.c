/* SPDX-License-Identifier: MIT */
#include "cli/report-queue.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"

#define WAIT_FIRST_MS 500
#define WAIT_MOST_MS  15000

/* Their names in doc/timeline.md. */
static const char *const stages[REPORT_STAGES] = {
	[REPORT_BOOTSTRAP] = "bootstrap",
	[REPORT_IMAGE] = "image",
	[REPORT_TARGET] = "target",
	[REPORT_RETURN] = "return",
};
static const char *const levels[REPORT_LEVELS] = {
	[REPORT_INFO] = "info",
	[REPORT_WARNING] = "warning",
	[REPORT_ERROR] = "error",
};
static const char *const nexts[REPORT_NEXTS] = {
	[REPORT_NEXT_NOTHING] = "nothing",
	[REPORT_NEXT_IMAGE] = "image",
	[REPORT_NEXT_PROGRESS] = "progress",
	[REPORT_NEXT_TARGET] = "target",
};

static struct server_report *at(struct report_queue *queue, size_t number)
{
	return &queue->list[(queue->first + number) % REPORT_QUEUE];
}

static void remove_first(struct report_queue *queue)
{
	queue->first = (queue->first + 1) % REPORT_QUEUE;
	queue->count--;
}

static void take_mac(struct report_queue *queue,
		     const struct server_report *report)
{
	static const struct mac none;
	struct mac mac;

	memcpy(mac.bytes, report->mac, sizeof(mac.bytes));
	if (mac_eq(&mac, &none))
		return;
	queue->mac = mac;
	queue->has_mac = true;
}

static bool is_progress(const struct server_report *report)
{
	return report->stage == REPORT_IMAGE &&
	       report->next == REPORT_NEXT_PROGRESS;
}

int report_queue_take(struct report_queue *queue, const void *bytes, size_t len)
{
	struct server_report report;

	if (len != sizeof(report))
		return -EBADMSG;
	memcpy(&report, bytes, len);
	report.text[sizeof(report.text) - 1] = '\0';
	if (report.magic != CONTROL_MAGIC || report.stage >= REPORT_STAGES ||
	    report.level >= REPORT_LEVELS || report.next >= REPORT_NEXTS)
		return -EBADMSG;
	str_make_printable(report.text);
	take_mac(queue, &report);
	/* Somebody wants to know something new: look at once whether the
	 * server can be reached again. */
	queue->wait_ms = 0;
	if (!*report.text)
		return 0;
	if (queue->count > 0 && is_progress(&report) &&
	    is_progress(at(queue, queue->count - 1)))
		queue->count--;
	else if (queue->count == REPORT_QUEUE)
		remove_first(queue);
	*at(queue, queue->count++) = report;
	return 0;
}

const struct server_report *report_queue_head(const struct report_queue *queue)
{
	return queue->count > 0 && queue->has_mac ? &queue->list[queue->first]
						  : NULL;
}

/* No answer, too many requests, or a server that has a trouble of its own. */
static bool is_worth_another(long status)
{
	return status == 0 || status == 408 || status == 429 || status >= 500;
}

void report_queue_answered(struct report_queue *queue, long status)
{
	if (is_worth_another(status)) {
		queue->wait_ms = queue->wait_ms ? MIN(2 * queue->wait_ms,
						      (int64_t)WAIT_MOST_MS)
						: WAIT_FIRST_MS;
		return;
	}
	queue->wait_ms = 0;
	if (queue->count > 0)
		remove_first(queue);
}

char *report_body(const struct server_report *report, int64_t now_ms)
{
	json_t *root =
		json_pack("{s:s, s:s, s:s, s:s, s:I}", "stage",
			  stages[report->stage], "text", report->text, "level",
			  levels[report->level], "next", nexts[report->next],
			  "age_ms",
			  (json_int_t)MAX(now_ms - report->at_ms, (int64_t)0));
	char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;

	json_decref(root);
	return text;
}

int report_url(const char *url, const struct mac *mac,
	       char ret_url[static REPORT_URL_MAX])
{
	struct text text = text_over(ret_url, REPORT_URL_MAX);
	size_t len = strlen(url);
	char address[MAC_TEXT_MAX];

	while (len > 0 && url[len - 1] == '/')
		len--;
	text_add(&text, "%.*s/v1/machines/%s/events", (int)len, url,
		 mac_text(mac, address));
	return text.cut ? -ENOBUFS : 0;
}
