/* SPDX-License-Identifier: MIT */
/*
 * Lines typed on standard input, with editing, history and completion where
 * it is a terminal. Between two reads the terminal is in its usual mode.
 */
#pragma once

#include "cli/complete.h"

struct editor;

/*
 * An editor that shows prompt and asks complete_from() for what Tab may
 * complete; both are kept, not copied. One at a time. NULL when memory is
 * out.
 */
struct editor *
editor_new(const char *prompt,
	   void (*complete_from)(struct complete_source *ret_source))
	_must_check;
struct editor *editor_free(struct editor *editor);

/* From now on Ctrl+D on an empty line is the end of the input. */
void editor_end_by_key(struct editor *editor);

/*
 * The next line, valid until the next call. Empty too after Ctrl+C, which
 * drops what was typed, and Ctrl+D. NULL when standard input is gone, or at
 * its end.
 */
const char *editor_read(struct editor *editor) _must_check;

/* Puts a line into the history; blank ones and repetitions are not kept. */
void editor_remember(struct editor *editor, const char *line);
