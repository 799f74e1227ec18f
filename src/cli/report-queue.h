/* SPDX-License-Identifier: MIT */
/*
 * What waits to be posted to the boot server, and how long to wait after a
 * post. Pure.
 */
#pragma once

#include "wire/control.h"
#include "wire/mac.h"

#define REPORT_QUEUE 64

struct report_queue {
	struct server_report list[REPORT_QUEUE]; /* a ring */
	size_t first, count;
	bool has_mac;
	struct mac mac;
	int64_t wait_ms; /* before the next try, 0: at once */
};

/* A record as it came. -EBADMSG: not one. Progress that was not posted yet
 * gives way to newer progress; when the queue is full, the oldest goes. */
int report_queue_take(struct report_queue *queue, const void *bytes, size_t len)
	_must_check;

/* The next to post; NULL: none, or the machine's address is not known. */
const struct server_report *report_queue_head(const struct report_queue *queue);

/*
 * The server's answer to it: its HTTP status, 0: there was none. Whoever will
 * not take it ever, does not get it again; otherwise it stays, and wait_ms is
 * set, longer each time.
 */
void report_queue_answered(struct report_queue *queue, long status);

/* The body that is posted, malloc()ed; NULL: no memory. */
char *report_body(const struct server_report *report, int64_t now_ms);

#define REPORT_URL_MAX 512
/* "URL/v1/machines/MAC/events"; -ENOBUFS. Slashes at the end of url are
 * fine. */
int report_url(const char *url, const struct mac *mac,
	       char ret_url[static REPORT_URL_MAX]) _must_check;
