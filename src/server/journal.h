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
/* Kinds of malformed packets that are counted apart; further ones share the
 * last place. */
#define JOURNAL_MALFORMED 32
/* How often each of them is told. */
#define JOURNAL_MALFORMED_MS 10000

enum journal_level {
	JOURNAL_INFO,
	JOURNAL_WARNING,
	JOURNAL_ERROR,
};

/*
 * fd: where lines go (colour when it is a terminal and NO_COLOR is unset; when
 * it is the stream of the system's journal, as JOURNAL_STREAM says, lines get
 * a <level> and no time: the journal has its own). It stays the caller's.
 * The thread blocks all signals.
 */
int journal_new(int fd, bool json, struct journal **ret_journal) _must_check;
/* Writes what is queued (waiting at most a second) and ends. Nobody else may
 * use it any more. */
struct journal *journal_free(struct journal *journal);

/* A line of the server itself, not of a machine. subject: "dhcp", "http", … */
void journal_line(struct journal *journal, enum journal_level level,
		  const char *subject, const char *format, ...) _printf(4, 5);

/* A line of a machine. */
void journal_event(struct journal *journal, enum journal_level level,
		   const struct mac *mac, enum stage stage, const char *text);

/*
 * Malformed packets: counted by subject ("dhcp", "tftp", …) and reason; the
 * first is told, the others by their number, at most once in
 * JOURNAL_MALFORMED_MS: "dhcp: 512 malformed packets dropped: no magic cookie,
 * last from 192.0.2.9". from: host order. Costs less than writing a line.
 */
void journal_malformed(struct journal *journal, const char *subject,
		       const char *reason, uint32_t from);

/* Tells the numbers that are due although nothing more came. For
 * timeline_check(). now_ms: clock_ms(). */
void journal_tick(struct journal *journal, int64_t now_ms);
