/* SPDX-License-Identifier: MIT */
/* Everything that parses what wpa_supplicant says, on the same bytes. */
#include <stdlib.h>

#include "base/text.h"
#include "wire/wpa-join.h"
#include "wire/wpa-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

/* Whatever a name is, its text is harmless and means the same. */
static void check_ssid(const struct wpa_ssid *ssid)
{
	char text[WPA_SSID_TEXT_MAX], hex[WPA_SSID_HEX_MAX];
	struct wpa_ssid again;

	require(ssid->len <= WPA_SSID_MAX);
	wpa_ssid_text(ssid, text);
	require(str_is_printable(text));
	require(wpa_ssid_parse(view_over(text, strlen(text)), &again) == 0);
	require(wpa_ssid_equal(ssid, &again));
	require(strlen(wpa_ssid_hex(ssid, hex)) == 2u * ssid->len);
}

static void check_join(const struct wpa_bss *bss, const char *secret)
{
	struct wpa_join join;

	if (wpa_join_plan(bss, false, secret, &join, NULL) < 0)
		return;
	for (size_t i = 0; i < join.count; i++)
		require(str_is_printable(join.settings[i].value));
}

static void parse_scan(struct view reply, const char *secret)
{
	static struct wpa_scan scan;
	struct wpa_bss bss;
	int r;

	scan.count = 0;
	while ((r = wpa_bss_next(&reply, &bss)) != 0) {
		if (r < 0)
			continue;
		check_ssid(&bss.ssid);
		wpa_scan_add(&scan, &bss);
		check_join(&bss, secret);
	}
	require(scan.count <= WPA_SCAN_MAX);
	for (size_t i = 1; i < scan.count; i++)
		require(scan.networks[i - 1].level_dbm >=
			scan.networks[i].level_dbm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = view_over(data, size), rest = input;
	struct wpa_network network;
	struct wpa_status status;
	struct wpa_ssid ssid;
	char secret[WPA_SECRET_MAX + 8] = "";
	int32_t level;
	int r;

	if (size > 0)
		memcpy(secret, data, MIN(size, sizeof(secret) - 1));
	parse_scan(input, secret);
	if (wpa_ssid_parse(input, &ssid) == 0)
		check_ssid(&ssid);
	if (wpa_status_parse(input, &status) == 0)
		require(str_is_printable(status.state) &&
			str_is_printable(status.key_management));
	while ((r = wpa_network_next(&rest, &network)) != 0)
		if (r > 0)
			check_ssid(&network.ssid);
	(void)!wpa_signal_parse(input, &level);
	(void)wpa_event_parse(input);
	return 0;
}
