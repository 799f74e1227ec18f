/* SPDX-License-Identifier: MIT */
/*
 * What the operator sees: one line an event, in colour on a terminal, or one
 * JSON object a line. Written by a thread of its own from a bounded queue
 * (JOURNAL_LINES), so that a stopped terminal stops nothing: what does not fit
 * is counted, and the count told when there is room again. From any thread.
 */
#pragma once

#include "server/timeline.h"

#define JOURNAL_LINES 1024

enum journal_level {
	JOURNAL_INFO,
	JOURNAL_WARNING,
	JOURNAL_ERROR,
};

/* fd: where lines go (colour when it is a terminal and NO_COLOR is unset). */
int journal_new(int fd, bool json, struct journal **ret_journal) _must_check;
/* Writes what is queued (waiting at most a second) and ends. */
struct journal *journal_free(struct journal *journal);

/* A line of the server itself, not of a machine. subject: "dhcp", "http", … */
void journal_line(struct journal *journal, enum journal_level level,
		  const char *subject, const char *format, ...) _printf(4, 5);

/* A line of a machine. */
void journal_event(struct journal *journal, enum journal_level level,
		   const struct mac *mac, enum stage stage, const char *text);

/*
 * Malformed packets: counted by subject ("dhcp", "tftp", …) and reason, told
 * at most once in 10 s each: "dhcp: 512 malformed packets dropped, last: no
 * magic cookie, from 192.0.2.9".
 */
void journal_malformed(struct journal *journal, const char *subject,
		       const char *reason, uint32_t from);
