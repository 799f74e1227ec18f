/* SPDX-License-Identifier: MIT */
/* One line of the journal as text. Pure. */
#pragma once

#include "server/journal.h"

#define JOURNAL_TEXT_MAX    400
#define JOURNAL_SUBJECT_MAX 16

struct journal_entry {
	int64_t utc_ms;
	enum journal_level level;
	bool has_mac; /* mac and stage; else subject */
	struct mac mac;
	enum stage stage;
	char subject[JOURNAL_SUBJECT_MAX];
	char text[JOURNAL_TEXT_MAX]; /* printable */
};

struct journal_style {
	bool json;
	bool colour;
	bool system; /* <level> and no time, for the system's journal */
};

/* JSON writes a byte in at most six. */
#define JOURNAL_LINE_MAX (6 * (JOURNAL_TEXT_MAX + JOURNAL_SUBJECT_MAX) + 256)

/* With the line end; returns its length. */
size_t journal_format(const struct journal_entry *entry,
		      const struct journal_style *style,
		      char buf[static JOURNAL_LINE_MAX]);

/* "info", "warning", "error". */
const char *journal_level_name(enum journal_level level);
