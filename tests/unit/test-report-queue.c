/* SPDX-License-Identifier: MIT */
#include "cli/report-queue.h"

#include <errno.h>
#include <stdlib.h>

#include "tap.h"

static const uint8_t address[8] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static struct server_report report_of(enum report_stage stage,
				      enum report_next next, const char *text)
{
	struct server_report report = { .magic = CONTROL_MAGIC,
					.stage = stage,
					.next = next,
					.at_ms = 1000 };

	memcpy(report.mac, address, sizeof(address));
	(void)snprintf(report.text, sizeof(report.text), "%s", text);
	return report;
}

static void take(struct report_queue *queue, enum report_stage stage,
		 enum report_next next, const char *text)
{
	const struct server_report report = report_of(stage, next, text);

	(void)!report_queue_take(queue, &report, sizeof(report));
}

static const char *head(const struct report_queue *queue)
{
	const struct server_report *report = report_queue_head(queue);

	return report ? report->text : NULL;
}

static void order(void)
{
	static struct report_queue queue;

	ok_str(head(&queue), NULL, "an empty queue has no head");
	take(&queue, REPORT_BOOTSTRAP, REPORT_NEXT_NOTHING, "prompt");
	take(&queue, REPORT_IMAGE, REPORT_NEXT_PROGRESS, "1 %");
	take(&queue, REPORT_IMAGE, REPORT_NEXT_PROGRESS, "2 %");
	take(&queue, REPORT_IMAGE, REPORT_NEXT_TARGET, "loaded");
	ok_int((int64_t)queue.count, 3, "progress gives way to progress");
	ok_str(head(&queue), "prompt", "the oldest is the first");
	report_queue_answered(&queue, 204);
	ok_str(head(&queue), "2 %", "then the newest progress");
	report_queue_answered(&queue, 200);
	ok_str(head(&queue), "loaded", "then what came behind it");
	report_queue_answered(&queue, 204);
	ok_str(head(&queue), NULL, "until all is posted");
	report_queue_answered(&queue, 204);
	ok_int((int64_t)queue.count, 0, "an answer to nothing is harmless");
}

static void answers(void)
{
	static const struct {
		long status;
		bool again;
	} rows[] = {
		{ 0, true },	{ 200, false }, { 204, false }, { 301, false },
		{ 400, false }, { 404, false }, { 408, true },	{ 413, false },
		{ 429, true },	{ 500, true },	{ 503, true },
	};
	char what[64];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static struct report_queue queue;

		queue = (struct report_queue){ 0 };
		take(&queue, REPORT_IMAGE, REPORT_NEXT_TARGET, "x");
		report_queue_answered(&queue, rows[i].status);
		(void)snprintf(what, sizeof(what), "status %ld",
			       rows[i].status);
		ok(queue.count == rows[i].again &&
			   (queue.wait_ms > 0) == rows[i].again,
		   what);
	}
}

static void waiting(void)
{
	static struct report_queue queue;
	int64_t all_ms = 0;

	take(&queue, REPORT_RETURN, REPORT_NEXT_NOTHING, "back");
	for (int i = 0; i < 20; i++) {
		report_queue_answered(&queue, 0);
		all_ms += queue.wait_ms;
	}
	ok(all_ms > 120000 && queue.wait_ms <= 15000,
	   "the wait grows, to a bound");
	take(&queue, REPORT_BOOTSTRAP, REPORT_NEXT_NOTHING, "");
	ok_int(queue.wait_ms, 0, "something new: at once");
	ok_int((int64_t)queue.count, 1, "a record without text is no event");
}

static void bounds(void)
{
	static struct report_queue queue;
	char text[16];

	for (int i = 0; i < 10 * REPORT_QUEUE; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		take(&queue, REPORT_RETURN, REPORT_NEXT_NOTHING, text);
	}
	ok_int((int64_t)queue.count, REPORT_QUEUE, "the queue is bounded");
	ok_str(head(&queue), "576", "the oldest went");
}

static void no_address(void)
{
	static struct report_queue queue;
	struct server_report report =
		report_of(REPORT_IMAGE, REPORT_NEXT_TARGET, "x");

	memset(report.mac, 0, sizeof(report.mac));
	(void)!report_queue_take(&queue, &report, sizeof(report));
	ok_str(head(&queue), NULL, "without an address it waits");
	take(&queue, REPORT_BOOTSTRAP, REPORT_NEXT_NOTHING, "");
	ok_str(head(&queue), "x", "until there is one");
}

static void hostile(void)
{
	static struct report_queue queue;
	const struct server_report good =
		report_of(REPORT_IMAGE, REPORT_NEXT_TARGET, "x");
	struct server_report bad = good;

	ok_int(report_queue_take(&queue, &good, sizeof(good) - 1), -EBADMSG,
	       "short");
	bad.magic++;
	ok_int(report_queue_take(&queue, &bad, sizeof(bad)), -EBADMSG,
	       "another magic");
	bad = good;
	bad.stage = REPORT_STAGES;
	ok_int(report_queue_take(&queue, &bad, sizeof(bad)), -EBADMSG,
	       "another stage");
	bad = good;
	bad.level = REPORT_LEVELS;
	ok_int(report_queue_take(&queue, &bad, sizeof(bad)), -EBADMSG,
	       "another level");
	bad = good;
	bad.next = REPORT_NEXTS;
	ok_int(report_queue_take(&queue, &bad, sizeof(bad)), -EBADMSG,
	       "another expectation");
	bad = good;
	memset(bad.text, 0xff, sizeof(bad.text));
	ok_int(report_queue_take(&queue, &bad, sizeof(bad)), 0,
	       "no end, no text");
	ok_int((int64_t)strlen(head(&queue)), REPORT_TEXT_MAX - 1, "is cut");
}

static void body(void)
{
	struct server_report report = report_of(
		REPORT_IMAGE, REPORT_NEXT_PROGRESS, "loading \"x\" 42 %");
	const struct mac mac = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };
	char url[REPORT_URL_MAX], *text = report_body(&report, 3500);

	ok_str(text,
	       "{\"stage\":\"image\",\"text\":\"loading \\\"x\\\" 42 %\","
	       "\"level\":\"info\",\"next\":\"progress\",\"age_ms\":2500}",
	       "the body");
	free(text);
	ok_int(report_url("http://192.0.2.1:80//", &mac, url), 0, "a URL");
	ok_str(url, "http://192.0.2.1:80/v1/machines/52:54:00:12:34:56/events",
	       "is the machine's");
}

int main(void)
{
	order();
	answers();
	waiting();
	bounds();
	no_address();
	hostile();
	body();
	return tap_done();
}
