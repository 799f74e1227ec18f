/* SPDX-License-Identifier: MIT */
/* Why a machine usually stops where it stopped. Pure. */
#pragma once

#include "server/timeline.h"

struct hint_facts {
	enum expectation expectation;
	uint16_t arch; /* enum client_arch */
	bool ipxe;     /* what asked by DHCP last was iPXE */
};

/*
 * One sentence on where it stopped and what usually causes it, when it has
 * been silent for longer than that step may take; NULL: it has not, or
 * nothing more is expected. The sentence is static.
 */
const char *hint_stalled(const struct hint_facts *facts, int64_t silent_ms);
