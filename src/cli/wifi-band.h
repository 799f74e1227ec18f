/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/util.h"

/* "2.4 GHz", "5 GHz", "6 GHz", or "" for no frequency of Wi-Fi. */
const char *wifi_band(uint32_t frequency_mhz);
