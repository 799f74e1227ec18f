/* SPDX-License-Identifier: MIT */
/*
 * One wireless interface of the bootstrap, as wpa_supplicant has it: what is in
 * reach, joining, forgetting. All that waits ends with -ECANCELED when the
 * person interrupts it. Failures are one line in *failure.
 */
#pragma once

#include <net/if.h>

#include "base/failure.h"
#include "cli/interrupt.h"
#include "wire/wpa-join.h"
#include "wire/wpa-reply.h"

struct wifi {
	char interface[IF_NAMESIZE];
	int control;
	int events;
	struct interrupt *interrupt; /* borrowed */
};

/*
 * Opens the interface of this name, or the first one (NULL), and switches its
 * radio on where software had it off. wifi_close() also after a failure.
 */
int wifi_open(struct wifi *wifi, const char *interface,
	      struct interrupt *interrupt, struct failure *failure) _must_check;
void wifi_close(struct wifi *wifi);

/* Lets it listen on all channels, some seconds, for what is in reach. */
int wifi_scan(struct wifi *wifi, struct wpa_scan *ret_scan,
	      struct failure *failure) _must_check;

/*
 * Joins the network (wpa_join_plan() says how), which is remembered when that
 * succeeds; when it fails, all is as before. -EACCES: the passphrase is
 * another one. -EINVAL: it cannot be one.
 */
int wifi_join(struct wifi *wifi, const struct wpa_bss *bss, bool hidden,
	      const char *secret, struct failure *failure) _must_check;

/* Waits until the interface has an IPv4 address, which the network worker
 * sees to, and puts it into address as text. -ETIMEDOUT. */
#define WIFI_ADDRESS_MAX 20
int wifi_wait_address(struct wifi *wifi, char address[static WIFI_ADDRESS_MAX],
		      struct failure *failure) _must_check;

/* The one it has now; false: none. */
bool wifi_address(const struct wifi *wifi,
		  char address[static WIFI_ADDRESS_MAX]);

/* Leaves and forgets the network of this name, or all of them (NULL). Returns
 * how many that were. */
int wifi_forget(struct wifi *wifi, const struct wpa_ssid *ssid,
		struct failure *failure) _must_check;

/* level: in dBm, 0: not known. */
int wifi_status(struct wifi *wifi, struct wpa_status *ret_status,
		int32_t *ret_level_dbm, struct failure *failure) _must_check;

/* --- between the files of it --- */

/* The next thing that wpa_supplicant announces, an enum wpa_event, until
 * clock_ms() is until_ms: -ETIMEDOUT. -ECANCELED. */
int wifi_next_event(struct wifi *wifi, int64_t until_ms) _must_check;

/* Switches every radio on that software had switched off. -ERFKILL with
 * *failure: one is off by a switch or key. */
int wifi_switch_on(struct failure *failure) _must_check;
