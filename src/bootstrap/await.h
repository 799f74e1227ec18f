/* SPDX-License-Identifier: MIT */
/* What a load needs of the network before it is worth to begin. */
#pragma once

#include "base/util.h"

/*
 * The families (enum network_family, or-ed) of which one has to be up for an
 * image reference: one for an address, any for a name. 0: none, it is on this
 * machine.
 */
uint32_t await_families(const char *ref);
