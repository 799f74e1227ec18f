/* SPDX-License-Identifier: MIT */
/* Keys, out of the bytes that a terminal sends (ECMA-48 section 5.4; what VT100
 * to VT220, the Linux console and xterm send for cursor and editing keys). */
#pragma once

#include "base/util.h"

enum key {
	KEY_NONE,      /* nothing yet, or one that nobody needs */
	KEY_CHARACTER, /* keys->character: a byte that shows, also of UTF-8 */
	KEY_ENTER,
	KEY_BACKSPACE,
	KEY_CLEAR,  /* Ctrl+U */
	KEY_ESCAPE, /* alone */
	KEY_LEAVE,  /* Ctrl+C, Ctrl+D */
	KEY_REDRAW, /* Ctrl+L */
	KEY_UP,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
};

enum keys_state {
	KEYS_GROUND,
	KEYS_ESCAPE,   /* behind an Escape */
	KEYS_SEQUENCE, /* behind "Escape [" or "Escape O" */
	KEYS_FUNCTION, /* behind "Escape [ [", the Linux console's F1 to F5 */
};

/* Zeroed: ready. */
struct keys {
	enum keys_state state;
	unsigned int number; /* the sequence's first parameter */
	bool first;	     /* which is still being read */
	char character;
};

enum key keys_take(struct keys *keys, uint8_t byte);

/* Whether the next byte decides what the last ones were. */
static inline bool keys_are_open(const struct keys *keys)
{
	return keys->state != KEYS_GROUND;
}

/* It does not come: they were an Escape alone. */
enum key keys_end(struct keys *keys);
