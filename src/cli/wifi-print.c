/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/text.h"
#include "cli/wifi-band.h"
#include "cli/wifi-wizard.h"

const char *wifi_band(uint32_t frequency_mhz)
{
	if (frequency_mhz < 1000)
		return "";
	if (frequency_mhz < 3000)
		return "2.4 GHz";
	return frequency_mhz < 5925 ? "5 GHz" : "6 GHz";
}

void wifi_print_scan(const struct wpa_scan *scan,
		     const struct wpa_status *status)
{
	char name[WPA_SSID_TEXT_MAX];

	if (scan->count == 0) {
		printf("no network in reach\n");
		return;
	}
	/* The name last: how wide it is only the terminal knows. */
	printf("  %-8s  %-7s  %-15s  %s\n", "SIGNAL", "BAND", "SECURITY",
	       "NETWORK");
	for (size_t i = 0; i < scan->count; i++) {
		const struct wpa_bss *bss = &scan->networks[i];
		bool joined = str_eq(status->state, "COMPLETED") &&
			      wpa_ssid_equal(&status->ssid, &bss->ssid);

		printf("%c %4d dBm  %-7s  %-15s  %s\n", joined ? '*' : ' ',
		       bss->level_dbm, wifi_band(bss->frequency_mhz),
		       wpa_security_name(bss->security),
		       wpa_ssid_text(&bss->ssid, name));
	}
}

void wifi_print_status(const struct wifi *wifi, const struct wpa_status *status,
		       int32_t level_dbm)
{
	char name[WPA_SSID_TEXT_MAX], address[WIFI_ADDRESS_MAX];

	printf("interface  %s\n", wifi->interface);
	if (!str_eq(status->state, "COMPLETED")) {
		printf("network    none (%s)\n", status->state);
		return;
	}
	printf("network    %s\n", wpa_ssid_text(&status->ssid, name));
	printf("security   %s\n", status->key_management);
	printf("band       %s (%u MHz)\n", wifi_band(status->frequency_mhz),
	       status->frequency_mhz);
	if (level_dbm != 0)
		printf("signal     %d dBm\n", level_dbm);
	printf("address    %s\n",
	       wifi_address(wifi, address) ? address : "none yet");
}
