/* SPDX-License-Identifier: MIT */
/* wpa_supplicant's replies are lines, most of them NAME=VALUE. */
#pragma once

#include "wire/view.h"

/* Takes a line, without its end; false: none is left. */
bool wpa_line_next(struct view *text, struct view *ret_line);

/* Takes a field up to the next separator, or all that is left. */
struct view wpa_field_next(struct view *line, char separator);

/* If line is NAME=VALUE of this name: the value. */
bool wpa_value(struct view line, const char *name, struct view *ret_value);

bool wpa_equal(struct view text, const char *word);

/* The whole of it as a decimal number, which may be negative. */
bool wpa_number(struct view text, int32_t *ret_number);
