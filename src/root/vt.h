/* SPDX-License-Identifier: MIT */
/* The virtual terminals (console_ioctl(4)), when what ran on them is dead. */
#pragma once

#include "base/util.h"

#define VT_LISTED 16 /* as many as VT_GETSTATE tells of, from 1 on */

struct vt_modes {
	int32_t display;   /* KD_TEXT … */
	int32_t keyboard;  /* K_UNICODE … */
	int32_t switching; /* VT_AUTO … */
};

struct vt_state {
	uint32_t active;
	struct vt_modes modes[VT_LISTED]; /* zeros: not allocated */
};

/* -ENODEV: this machine has no virtual terminals. */
int vt_state(struct vt_state *ret_state) _must_check;

/*
 * Brings the terminals back from whatever held them: text mode, keyboard on,
 * free switching, VT 1 in front and clear, unused ones freed. Waits a bounded
 * time for the switch. 0, -ETIMEDOUT when VT 1 did not come to the front,
 * -ENODEV as above, or another negative errno.
 */
int vt_reset(void) _must_check;
