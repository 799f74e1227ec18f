/* SPDX-License-Identifier: MIT */
/* A choice, made on a terminal: by number, arrows or search; or, where there is
 * none that can move its cursor, by a number that is typed behind a list. */
#pragma once

#include "base/failure.h"

struct menu_item {
	const char *text;   /* what is chosen */
	const char *detail; /* about it; NULL: nothing */
};

/* Its texts may come from anywhere: what a terminal would act upon is replaced.
 * Of a long one the end is cut. */
struct menu {
	const char *title; /* "What to boot" */
	const struct menu_item *items;
	size_t count;
	size_t chosen; /* the one that Enter alone takes */
};

/*
 * Shows it on standard output, reads standard input and waits; the terminal is
 * left as it was, and says what was chosen. -ECANCELED with *failure: the
 * person left (Esc, q, Ctrl+C, or the end of the input); -ENODATA: there is
 * nothing to choose from.
 */
int menu_choose(const struct menu *menu, size_t *ret_index,
		struct failure *failure) _must_check;
