/* SPDX-License-Identifier: MIT */
#include "bootstrap/report.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#define PACE_MS	      2000
#define PACE_LEAST_MS 250
#define TENTHS	      10

/* --- pure --- */

bool report_is_due(struct report_pace *pace, const struct progress *progress,
		   int64_t now_ms)
{
	uint64_t total = progress->fetch_total;
	uint64_t tenth =
		total ? MIN(progress->fetched, total) * TENTHS / total : 0;
	int64_t since_ms = now_ms - pace->told_ms;

	if (since_ms < PACE_LEAST_MS ||
	    (since_ms < PACE_MS && tenth == pace->told_tenth))
		return false;
	*pace = (struct report_pace){ .told_ms = now_ms, .told_tenth = tenth };
	return true;
}

/* "https://user:word@host/path?query" without the user's part and what is
 * behind "?". */
static void add_public(struct text *text, const char *ref)
{
	const char *host = strstr(ref, "://");
	const char *at;
	int len;

	if (!host) {
		text_add(text, "%s", ref);
		return;
	}
	host += strlen("://");
	text_add(text, "%.*s", (int)(host - ref), ref);
	at = memrchr(host, '@', strcspn(host, "/?#"));
	if (at)
		host = at + 1;
	len = (int)strcspn(host, "?#");
	text_add(text, "%.*s%s", len, host, host[len] ? "…" : "");
}

const char *report_ref(const char *ref, char buf[static REPORT_REF_MAX])
{
	static const char dots[] = "…";
	char whole[CONTROL_REF_MAX];
	struct text text = text_over(whole, sizeof(whole));
	size_t half = (REPORT_REF_MAX - sizeof(dots)) / 2;

	add_public(&text, ref);
	if (text.len < REPORT_REF_MAX) {
		memcpy(buf, whole, text.len + 1);
	} else {
		struct text cut = text_over(buf, REPORT_REF_MAX);

		text_add(&cut, "%.*s%s%s", (int)half, whole, dots,
			 whole + text.len - half);
	}
	/* Halves of characters, too. */
	str_make_printable(buf);
	return buf;
}

/* --- the process that posts --- */

static int run(void *argument, int link)
{
	const struct report *report = argument;
	const char *argv[] = { "/usr/bin/boomerang", "report", report->url,
			       NULL };
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	/* The console may be a target's while it runs. */
	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(null_fd, STDOUT_FILENO);
	(void)dup2(kmsg_fd, STDERR_FILENO);
	/* The program wants it as descriptor 3, which it is. */
	(void)fcntl(link, F_SETFD, 0);
	execv(argv[0], (char *const *)argv);
	return 127;
}

void report_start(struct report *report, struct loop *loop, const char *url)
{
	report->on = true;
	report->url = url;
	report->service = (struct service){ .name = "report",
					    .body = run,
					    .argument = report };
	service_start(&report->service, loop);
}

/* --- PID 1's end --- */

static void send_record(struct report *report, enum report_stage stage,
			enum report_level level, enum report_next next,
			const char *format, ...) _printf(5, 6);

static void send_record(struct report *report, enum report_stage stage,
			enum report_level level, enum report_next next,
			const char *format, ...)
{
	struct server_report record = {
		.magic = CONTROL_MAGIC,
		.stage = stage,
		.level = level,
		.next = next,
		.at_ms = clock_ms(),
	};
	struct text text = text_over(record.text, sizeof(record.text));
	const struct worker *worker = &report->service.worker;
	va_list args;

	if (!report->on || !worker->running)
		return;
	memcpy(record.mac, report->mac, sizeof(record.mac));
	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	(void)!send(worker->link.fd, &record, sizeof(record),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

void report_network(struct report *report, const uint8_t mac[static 6],
		    bool awaits)
{
	char free_text[SIZE_TEXT_MAX];
	int64_t up_ms = clock_ms();

	if (!report->on || report->announced)
		return;
	memcpy(report->mac, mac, 6);
	report->announced = true;
	send_record(report, REPORT_BOOTSTRAP, REPORT_INFO,
		    awaits ? REPORT_NEXT_IMAGE : REPORT_NEXT_NOTHING,
		    "prompt after %u.%u s, %s free",
		    (unsigned int)(up_ms / 1000),
		    (unsigned int)(up_ms % 1000 / 100),
		    size_text(memory_now().available, free_text));
}

void report_loading(struct report *report, const char *ref)
{
	char public[REPORT_REF_MAX];

	report->pace = (struct report_pace){ .told_ms = clock_ms() };
	send_record(report, REPORT_IMAGE, REPORT_INFO, REPORT_NEXT_PROGRESS,
		    "loading %s", report_ref(ref, public));
}

void report_progress(struct report *report, const char *ref,
		     const struct progress *progress)
{
	char public[REPORT_REF_MAX], size[SIZE_TEXT_MAX];
	uint64_t total = progress->fetch_total;

	if (!report->on || !report_is_due(&report->pace, progress, clock_ms()))
		return;
	(void)report_ref(ref, public);
	if (total)
		send_record(report, REPORT_IMAGE, REPORT_INFO,
			    REPORT_NEXT_PROGRESS, "loading %s %u %%", public,
			    (unsigned int)(MIN(progress->fetched, total) * 100 /
					   total));
	else
		send_record(report, REPORT_IMAGE, REPORT_INFO,
			    REPORT_NEXT_PROGRESS, "loading %s, %s so far",
			    public, size_text(progress->fetched, size));
}

void report_entered(struct report *report, uint64_t took_ms, const char *init)
{
	send_record(report, REPORT_IMAGE, REPORT_INFO, REPORT_NEXT_TARGET,
		    "loaded in %u.%u s", (unsigned int)(took_ms / 1000),
		    (unsigned int)(took_ms % 1000 / 100));
	send_record(report, REPORT_TARGET, REPORT_INFO, REPORT_NEXT_NOTHING,
		    "runs %s", init);
}

void report_failed(struct report *report, bool cancelled, const char *why)
{
	send_record(report, REPORT_IMAGE,
		    cancelled ? REPORT_WARNING : REPORT_ERROR,
		    REPORT_NEXT_NOTHING, "%s%s",
		    cancelled ? "" : "failed: ", why);
}

void report_returned(struct report *report, const struct status *status)
{
	const struct leaks *leaks = &status->leaks;
	bool good = status->failure.err == 0 && leaks->undone == leaks->count;

	send_record(report, REPORT_RETURN, good ? REPORT_INFO : REPORT_WARNING,
		    REPORT_NEXT_NOTHING,
		    "back after %u.%02u s by %s; %u leak%s, %u undone%s%s",
		    (unsigned int)(status->return_ms / 1000),
		    (unsigned int)(status->return_ms % 1000 / 10),
		    status->return_reason, leaks->count,
		    leaks->count == 1 ? "" : "s", leaks->undone,
		    status->failure.err ? "; " : "",
		    status->failure.err ? status->failure.text : "");
}
