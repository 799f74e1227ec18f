/* SPDX-License-Identifier: MIT */
/*
 * boomerang report URL: posts what PID 1 says on descriptor 3 (struct
 * server_report, wire/control.h) to the boot server, as doc/timeline.md says.
 *
 * One post at a time, in order. While a target runs, the network is the
 * target's: what cannot be posted then waits, in a bounded queue, and PID 1
 * never waits for any of it. Ends when PID 1 does.
 */
#include <curl/curl.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/report-queue.h"

#define LINK_FD		   3
#define CONNECT_TIMEOUT_MS 4000L
#define TIMEOUT_MS	   8000L

struct reporter {
	const char *server;
	CURL *curl;
	struct curl_slist *headers;
	struct report_queue queue;
	bool failing; /* and it was said */
};

/* The answer's body is of no interest. */
static size_t swallow(char *bytes _unused, size_t size, size_t count,
		      void *context _unused)
{
	return size * count;
}

static int set_up(struct reporter *reporter)
{
	CURL *curl;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return -ENOMEM;
	reporter->curl = curl = curl_easy_init();
	reporter->headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	if (!curl || !reporter->headers)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, reporter->headers);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
	return 0;
}

/* Once for each time that it begins. */
static void say_trouble(struct reporter *reporter, CURLcode code, long status)
{
	bool failing = code != CURLE_OK || status >= 300;

	if (failing && !reporter->failing && code != CURLE_OK)
		log_warning("the boot server %s cannot be told: %s",
			    reporter->server, curl_easy_strerror(code));
	else if (failing && !reporter->failing)
		log_warning("the boot server %s does not take what it is "
			    "told: status %ld",
			    reporter->server, status);
	reporter->failing = failing;
}

/* Waits for the server, at most TIMEOUT_MS. */
static void post(struct reporter *reporter, const struct server_report *report)
{
	_cleanup_free char *body = report_body(report, clock_ms());
	char url[REPORT_URL_MAX];
	long status = 0;
	CURLcode code;

	if (!body ||
	    report_url(reporter->server, &reporter->queue.mac, url) < 0) {
		report_queue_answered(&reporter->queue, 400);
		return;
	}
	curl_easy_setopt(reporter->curl, CURLOPT_URL, url);
	curl_easy_setopt(reporter->curl, CURLOPT_POSTFIELDS, body);
	code = curl_easy_perform(reporter->curl);
	if (code == CURLE_OK)
		curl_easy_getinfo(reporter->curl, CURLINFO_RESPONSE_CODE,
				  &status);
	say_trouble(reporter, code, status);
	report_queue_answered(&reporter->queue, status);
}

/* All that is there. False: PID 1 is gone. */
static bool take_all(struct reporter *reporter)
{
	struct server_report record;
	ssize_t n;

	while ((n = recv(LINK_FD, &record, sizeof(record),
			 MSG_DONTWAIT | MSG_TRUNC)) > 0)
		if (report_queue_take(&reporter->queue, &record, (size_t)n) < 0)
			log_error("a record that is none came from process 1");
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Waits until there is something to do. False: there never will be. */
static bool wait_for_work(struct reporter *reporter)
{
	const struct report_queue *queue = &reporter->queue;
	struct pollfd link = { .fd = LINK_FD, .events = POLLIN };

	(void)poll(&link, 1,
		   report_queue_head(queue) ? (int)queue->wait_ms : -1);
	return take_all(reporter);
}

int cmd_report(int argc, char **argv)
{
	static struct reporter reporter;

	if (argc != 2)
		return command_misuse("report", "wants a URL");
	if (fcntl(LINK_FD, F_GETFD) < 0)
		return command_misuse("report", "needs a descriptor %d",
				      LINK_FD);
	reporter.server = argv[1];
	if (set_up(&reporter) < 0) {
		log_error("cannot report: no memory");
		return STATUS_FAILED;
	}
	while (wait_for_work(&reporter)) {
		const struct server_report *head =
			report_queue_head(&reporter.queue);

		if (head)
			post(&reporter, head);
	}
	curl_slist_free_all(reporter.headers);
	curl_easy_cleanup(reporter.curl);
	return STATUS_OK;
}
