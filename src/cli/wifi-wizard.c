/* SPDX-License-Identifier: MIT */
#include "cli/wifi-wizard.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/menu.h"
#include "cli/secret.h"
#include "cli/wifi-band.h"

#define TRIES_MAX  3
#define DETAIL_MAX 64

/* Behind the networks. */
enum more { MORE_AGAIN, MORE_HIDDEN, MORE_COUNT };

int wifi_connect(struct wifi *wifi, const struct wpa_bss *bss, bool hidden,
		 const char *secret, struct failure *failure)
{
	char name[WPA_SSID_TEXT_MAX], address[WIFI_ADDRESS_MAX];
	int r;

	wpa_ssid_text(&bss->ssid, name);
	printf("%s: joining %s\n", wifi->interface, name);
	fflush(stdout);
	r = wifi_join(wifi, bss, hidden, secret, failure);
	if (r < 0)
		return r;
	printf("%s: joined %s, waiting for an address\n", wifi->interface,
	       name);
	fflush(stdout);
	r = wifi_wait_address(wifi, address, failure);
	if (r == 0)
		printf("%s: connected to %s as %s\n", wifi->interface, name,
		       address);
	return r;
}

static int ask_and_connect(struct wifi *wifi, struct wpa_bss *bss, bool hidden,
			   struct failure *failure)
{
	char secret[WPA_SECRET_MAX] = "";
	int r = -EACCES;

	for (int i = 0; i < TRIES_MAX && (r == -EACCES || r == -EINVAL); i++) {
		if (i > 0)
			printf("%s\n", failure->text);
		r = 0;
		if (wpa_needs_secret(bss->security))
			r = secret_ask(hidden ? "Passphrase (none: open): "
					      : "Passphrase: ",
				       wifi->interrupt, secret, sizeof(secret),
				       failure);
		if (r == 0 && hidden && !*secret)
			bss->security = WPA_OPEN;
		if (r == 0)
			r = wifi_connect(wifi, bss, hidden, secret, failure);
		if (!wpa_needs_secret(bss->security))
			break;
	}
	explicit_bzero(secret, sizeof(secret));
	return r;
}

static int connect_hidden(struct wifi *wifi, struct failure *failure)
{
	struct wpa_bss bss = { .security = WPA_PSK_SAE };
	char word[WPA_SSID_TEXT_MAX];
	int r;

	printf("Name of the network: ");
	fflush(stdout);
	r = secret_line(wifi->interrupt, word, sizeof(word), failure);
	if (r == 0 &&
	    (wpa_ssid_parse(view_over(word, strlen(word)), &bss.ssid) < 0 ||
	     bss.ssid.len == 0))
		r = failure_set(failure, EINVAL,
				"that is no name of a network");
	return r < 0 ? r : ask_and_connect(wifi, &bss, true, failure);
}

/* Their texts, for a menu that only borrows them. */
struct rows {
	struct menu_item items[WPA_SCAN_MAX + MORE_COUNT];
	char names[WPA_SCAN_MAX][WPA_SSID_TEXT_MAX];
	char details[WPA_SCAN_MAX][DETAIL_MAX];
};

static void fill_rows(struct rows *rows, const struct wpa_scan *scan)
{
	static const char *const more[MORE_COUNT] = {
		[MORE_AGAIN] = "(look again)",
		[MORE_HIDDEN] = "(one that hides its name)",
	};

	for (size_t i = 0; i < scan->count; i++) {
		const struct wpa_bss *bss = &scan->networks[i];
		struct text text =
			text_over(rows->details[i], sizeof(rows->details[i]));

		text_add(&text, "%d dBm  %s  %s", bss->level_dbm,
			 wifi_band(bss->frequency_mhz),
			 wpa_security_name(bss->security));
		rows->items[i] = (struct menu_item){
			.text = wpa_ssid_text(&bss->ssid, rows->names[i]),
			.detail = rows->details[i],
		};
	}
	for (size_t i = 0; i < MORE_COUNT; i++)
		rows->items[scan->count + i] =
			(struct menu_item){ .text = more[i] };
}

static int choose(const struct wpa_scan *scan, size_t *ret_index,
		  struct failure *failure)
{
	static struct rows rows;
	const struct menu menu = {
		.title = "Wi-Fi networks",
		.items = rows.items,
		.count = scan->count + MORE_COUNT,
	};

	fill_rows(&rows, scan);
	return menu_choose(&menu, ret_index, failure);
}

int wifi_wizard(struct wifi *wifi, struct failure *failure)
{
	static struct wpa_scan scan;
	size_t chosen;
	int r;

	do {
		printf("%s: looking for networks\n", wifi->interface);
		fflush(stdout);
		r = wifi_scan(wifi, &scan, failure);
		if (r == 0)
			r = choose(&scan, &chosen, failure);
	} while (r == 0 && chosen == scan.count + MORE_AGAIN);
	if (r < 0)
		return r;
	if (chosen == scan.count + MORE_HIDDEN)
		return connect_hidden(wifi, failure);
	return ask_and_connect(wifi, &scan.networks[chosen], false, failure);
}
