/* SPDX-License-Identifier: MIT */
/* Wi-Fi for a person: what is printed, and the way through it without a word
 * of command. */
#pragma once

#include "cli/wifi.h"

/* A row for each network; the one that it is in is marked. */
void wifi_print_scan(const struct wpa_scan *scan,
		     const struct wpa_status *status);

void wifi_print_status(const struct wifi *wifi, const struct wpa_status *status,
		       int32_t level_dbm);

/* wifi_join() and an address, saying on standard output how far it is. */
int wifi_connect(struct wifi *wifi, const struct wpa_bss *bss, bool hidden,
		 const char *secret, struct failure *failure) _must_check;

/* Shows what is in reach, asks which and for its passphrase, and joins it. A
 * passphrase that is wrong is asked for again. */
int wifi_wizard(struct wifi *wifi, struct failure *failure) _must_check;
