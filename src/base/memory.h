/* SPDX-License-Identifier: MIT */
/* The machine's memory, as /proc/meminfo tells it. Bytes; no allocation. */
#pragma once

#include "base/util.h"

struct memory {
	uint64_t total;
	uint64_t available; /* could be had without swapping */
};

/* Zeros when /proc is not there. */
struct memory memory_now(void);

/* The same from an open /proc/meminfo, for a process that has left /proc
 * behind. */
struct memory memory_from(int meminfo_fd);

/* What no image may take: the bootstrap's own share of this machine. */
uint64_t memory_reserve(void);
