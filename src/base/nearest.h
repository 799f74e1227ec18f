/* SPDX-License-Identifier: MIT */
/* What somebody meant who mistyped a word. */
#pragma once

#include "base/util.h"

/*
 * The one of count names that is the fewest edits (a letter inserted, left
 * out, replaced, or two neighbours swapped) away from word, the first of
 * equals; NULL when none is near enough to be meant. No allocation.
 */
const char *nearest_name(const char *word, const char *const *names,
			 size_t count);
