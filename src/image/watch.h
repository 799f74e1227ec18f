/* SPDX-License-Identifier: MIT */
/* The unpacker's eye on the room that is left. */
#pragma once

#include <stdatomic.h>

#include "image/room.h"

struct watch {
	const struct room *room;
	/* Raised while waiting for the parent to make room; NULL: it cannot. */
	_Atomic uint32_t *starved;
	uint64_t unwatched; /* bytes since the room was looked at */
};

/* So many bytes more were taken. Looks at the room now and then; -ENOSPC when
 * it is used up, and nobody has made more for some seconds. */
int watch_take(struct watch *watch, uint64_t bytes) _must_check;

/* The file system has said ENOSPC: waits for room, at most some seconds.
 * Whether there is some. */
bool watch_wait(struct watch *watch);
