/* SPDX-License-Identifier: MIT */
/*
 * The settings by which wpa_supplicant joins a network (wpa_supplicant.conf(5),
 * NETWORK BLOCKS). Every text from outside goes in as hexadecimal digits or
 * was looked at before, so that none can end its setting and begin another.
 */
#pragma once

#include "base/failure.h"
#include "wire/wpa-scan.h"

/* Of PSK: IEEE 802.11-2020, J.4.1. SAE has no bound; this is ours. */
#define WPA_PASSPHRASE_MIN 8
#define WPA_PASSPHRASE_MAX 63
#define WPA_SAE_MAX	   127
#define WPA_SECRET_MAX	   (WPA_SAE_MAX + 1)

#define WPA_SETTINGS_MAX 6

struct wpa_setting {
	const char *name;
	char value[2 * WPA_SAE_MAX + 1]; /* may be a secret */
};

struct wpa_join {
	size_t count;
	struct wpa_setting settings[WPA_SETTINGS_MAX];
};

/*
 * How to join. bss: as it was seen; with hidden, security and ssid alone
 * count. secret: the passphrase, or the 64 hexadecimal digits that PSK makes
 * of one; "" where none is needed. -EINVAL with *failure: such a network cannot
 * be joined, or the secret cannot be one of it. *ret_join is to be wiped.
 */
int wpa_join_plan(const struct wpa_bss *bss, bool hidden, const char *secret,
		  struct wpa_join *ret_join, struct failure *failure)
	_must_check;
