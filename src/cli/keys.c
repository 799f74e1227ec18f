/* SPDX-License-Identifier: MIT */
#include "cli/keys.h"

#define CONTROL(letter) ((letter) - '@')
#define ESCAPE		0x1b
#define DELETE		0x7f

static enum key ground(struct keys *keys, uint8_t byte)
{
	switch (byte) {
	case ESCAPE:
		keys->state = KEYS_ESCAPE;
		return KEY_NONE;
	case '\r':
	case '\n':
		return KEY_ENTER;
	case '\b':
	case DELETE:
		return KEY_BACKSPACE;
	case CONTROL('C'):
	case CONTROL('D'):
		return KEY_LEAVE;
	case CONTROL('L'):
		return KEY_REDRAW;
	case CONTROL('N'):
		return KEY_DOWN;
	case CONTROL('P'):
		return KEY_UP;
	case CONTROL('U'):
		return KEY_CLEAR;
	}
	if (byte < ' ')
		return KEY_NONE;
	keys->character = (char)byte;
	return KEY_CHARACTER;
}

/* "Escape [ 5 ~" */
static enum key by_number(unsigned int number)
{
	switch (number) {
	case 1: /* VT220's Find, which Linux has for Home */
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 5:
		return KEY_PAGE_UP;
	case 6:
		return KEY_PAGE_DOWN;
	}
	return KEY_NONE;
}

/* "Escape [ A", and "Escape O A" in application mode; with modifiers "Escape [
 * 1 ; 5 A", which mean the same here. */
static enum key by_letter(uint8_t letter)
{
	switch (letter) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'F':
		return KEY_END;
	case 'H':
		return KEY_HOME;
	}
	return KEY_NONE;
}

static enum key sequence(struct keys *keys, uint8_t byte)
{
	/* Parameters and intermediate bytes. */
	if (byte >= ' ' && byte < '@') {
		if (byte < '0' || byte > '9')
			keys->first = false;
		else if (keys->first && keys->number < 1000)
			keys->number = keys->number * 10 + (byte - '0');
		return KEY_NONE;
	}
	keys->state = KEYS_GROUND;
	if (byte == '[')
		keys->state = KEYS_FUNCTION;
	return byte == '~' ? by_number(keys->number) : by_letter(byte);
}

enum key keys_take(struct keys *keys, uint8_t byte)
{
	switch (keys->state) {
	case KEYS_GROUND:
		return ground(keys, byte);
	case KEYS_ESCAPE:
		if (byte == '[' || byte == 'O') {
			*keys = (struct keys){ .state = KEYS_SEQUENCE,
					       .first = true };
			return KEY_NONE;
		}
		/* Twice: whoever typed it wants to leave. */
		keys->state = KEYS_GROUND;
		return byte == ESCAPE ? KEY_ESCAPE : ground(keys, byte);
	case KEYS_SEQUENCE:
		return sequence(keys, byte);
	case KEYS_FUNCTION:
		keys->state = KEYS_GROUND;
		break;
	}
	return KEY_NONE;
}

enum key keys_end(struct keys *keys)
{
	bool alone = keys->state == KEYS_ESCAPE;

	keys->state = KEYS_GROUND;
	return alone ? KEY_ESCAPE : KEY_NONE;
}
