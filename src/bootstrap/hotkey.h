/* SPDX-License-Identifier: MIT */
/*
 * Ctrl+Alt+F12 on any keyboard, also on one that is plugged in later, read
 * beside whatever else reads it (no grab): it works while the target holds
 * the screen in graphics mode with the console's keyboard switched off. Only
 * a program that grabs the device (EVIOCGRAB) hides it.
 */
#pragma once

#include "loop/loop.h"

#define HOTKEY_KEYBOARDS 32
#define HOTKEY_DIR	 "/dev/input"

struct hotkey;

struct keyboard {
	struct hotkey *hotkey;
	struct source source;
	char name[32]; /* "event3"; "": a free place */
	uint32_t held; /* of our keys, a bit each */
};

struct hotkey {
	void (*pressed)(struct hotkey *hotkey); /* set by the owner */
	struct loop *loop;
	struct source watch; /* inotify on HOTKEY_DIR */
	struct keyboard keyboards[HOTKEY_KEYBOARDS];
};

/* Begins to watch; returns 0 or a negative errno, after which the hotkey does
 * not work and the rest does. */
int hotkey_start(struct hotkey *hotkey, struct loop *loop) _must_check;
