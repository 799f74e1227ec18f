/* SPDX-License-Identifier: MIT */
/* What the bootstrap takes to join wireless networks. */
#pragma once

#include "initramfs/manifest.h"

/* Where the kernel looks for firmware, in the system and in the bootstrap. */
#define WIFI_FIRMWARE_DIR "/lib/firmware"

struct wifi_firmware {
	size_t named; /* files that the chosen drivers may ask for */
	size_t found;
};

/*
 * Adds wpa_supplicant with its libraries, the modules of the list wired
 * (see modules_add()) and of modules_wifi (in one set, as they have one index), what there is below the
 * directory firmware of what these ask for (the countries' rules of radio are
 * among it, where wireless-regdb is installed). It may be compressed: NAME.xz,
 * NAME.zst. modules: the kernel's directory lib/modules/RELEASE; firmware NULL:
 * the system's WIFI_FIRMWARE_DIR, which may be missing.
 */
void wifi_add(struct manifest *m, const char *modules, const char *wired,
	      const char *firmware, struct wifi_firmware *ret_firmware);
