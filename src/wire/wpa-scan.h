/* SPDX-License-Identifier: MIT */
/*
 * What wpa_supplicant answers about the access points in reach, and the list
 * of networks that a person chooses from. Each access point says what it is,
 * so all of this is hostile.
 */
#pragma once

#include "wire/wpa-ssid.h"

/* How a network is joined. */
enum wpa_security {
	WPA_OPEN,
	WPA_OWE,     /* encrypted, but anybody may join (RFC 8110) */
	WPA_PSK,     /* a passphrase: WPA2-PSK, or WPA-PSK of old */
	WPA_PSK_SAE, /* a passphrase: either of PSK and SAE */
	WPA_SAE,     /* a passphrase: WPA3 only */
	WPA_EAP,     /* certificates or an account, alone */
	WPA_WEP,     /* broken in 2001 */
};

/* One access point. */
struct wpa_bss {
	uint32_t id; /* wpa_supplicant's */
	uint32_t frequency_mhz;
	int32_t level_dbm;
	enum wpa_security security;
	struct wpa_ssid ssid;
};

/* Asks for those with at least this id, as many as one reply holds: id, frequency,
 * level, flags, SSID, and a line behind each. */
#define WPA_BSS_REQUEST "BSS RANGE=%u- MASK=0x21885"

/*
 * Takes the next access point from the reply to WPA_BSS_REQUEST. 1: *ret_bss
 * is one, 0: there are no more, -EBADMSG: it is malformed and was passed
 * over.
 */
int wpa_bss_next(struct view *reply, struct wpa_bss *ret_bss) _must_check;

/* Whether people who join it are asked for a passphrase. */
bool wpa_needs_secret(enum wpa_security security);

/* "WPA2", "open", … */
const char *wpa_security_name(enum wpa_security security);

#define WPA_SCAN_MAX 128

/* Networks, the strongest first, each once however many access points it
 * has. */
struct wpa_scan {
	size_t count;
	struct wpa_bss networks[WPA_SCAN_MAX];
};

/* Adds an access point to its network. Of more than WPA_SCAN_MAX networks the
 * weakest are left out, and those that hide their name are, too. */
void wpa_scan_add(struct wpa_scan *scan, const struct wpa_bss *bss);

/* The strongest of this name that a passphrase protects, otherwise the
 * strongest: who opens a network of another's name must not be taken for it.
 * NULL: there is none. */
const struct wpa_bss *wpa_scan_find(const struct wpa_scan *scan,
				    const struct wpa_ssid *ssid);
