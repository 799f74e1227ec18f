/* SPDX-License-Identifier: MIT */
/*
 * Names of wireless networks. A name is up to 32 bytes of anything (IEEE
 * 802.11-2020, 9.4.2.2), chosen by whoever has a radio; wpa_supplicant writes
 * it down with escapes, and so do we.
 */
#pragma once

#include "wire/view.h"

#define WPA_SSID_MAX	  32
#define WPA_SSID_TEXT_MAX (4 * WPA_SSID_MAX + 1)
#define WPA_SSID_HEX_MAX  (2 * WPA_SSID_MAX + 1)

struct wpa_ssid {
	uint8_t len;
	uint8_t bytes[WPA_SSID_MAX]; /* zeros behind len */
};

/*
 * From its text, as wpa_supplicant's replies have it or as a person typed it:
 * \\ \" \e \n \r \t \xNN are escapes, all else is meant as it is. -EBADMSG:
 * another escape, or more than 32 bytes.
 */
int wpa_ssid_parse(struct view text, struct wpa_ssid *ret_ssid) _must_check;

/*
 * For people, and for wpa_ssid_parse(): UTF-8 that a terminal shows as it is,
 * otherwise ASCII with escapes. Nothing in it can steer a terminal. Writes
 * into buf and returns it.
 */
const char *wpa_ssid_text(const struct wpa_ssid *ssid,
			  char buf[static WPA_SSID_TEXT_MAX]);

/* Hexadecimal digits, the one form of it that is safe in a request. Writes
 * into buf and returns it. */
const char *wpa_ssid_hex(const struct wpa_ssid *ssid,
			 char buf[static WPA_SSID_HEX_MAX]);

bool wpa_ssid_equal(const struct wpa_ssid *a, const struct wpa_ssid *b);

/* Whether it is the one of a network that does not tell its name: empty, or as
 * many zeros as the name has letters. */
bool wpa_ssid_is_hidden(const struct wpa_ssid *ssid);
