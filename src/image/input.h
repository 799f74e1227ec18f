/* SPDX-License-Identifier: MIT */
/* Where a reader gets its bytes from. */
#pragma once

#include "wire/view.h"

struct input {
	/* 1 with the next bytes, which stay until the next call; 0 at the
	 * end; a negative errno. */
	int (*next)(void *context, struct view *ret_bytes);
	void *context;
};
