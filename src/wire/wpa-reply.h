/* SPDX-License-Identifier: MIT */
/*
 * What else wpa_supplicant answers and announces. Names of networks in it are
 * hostile, and so a line is taken apart by its form and never searched for
 * words.
 */
#pragma once

#include "wire/wpa-ssid.h"

#define WPA_WORD_MAX 32

/* Of STATUS. What it does not say is "" or 0. */
struct wpa_status {
	char state[WPA_WORD_MAX]; /* "COMPLETED", "SCANNING", … */
	char key_management[WPA_WORD_MAX];
	struct wpa_ssid ssid;
	uint32_t frequency_mhz;
};

/* -EBADMSG: no status. */
int wpa_status_parse(struct view reply, struct wpa_status *ret_status)
	_must_check;

/* One network that is configured, of LIST_NETWORKS. */
struct wpa_network {
	uint32_t id;
	struct wpa_ssid ssid;
};

/* Takes the next one; pass over the first line, which is a heading. 1: is one,
 * 0: there are no more, -EBADMSG: it is malformed and was passed over. */
int wpa_network_next(struct view *reply, struct wpa_network *ret_network)
	_must_check;

/* The number that SIGNAL_POLL gives as RSSI, in dBm. -ENODATA. */
int wpa_signal_parse(struct view reply, int32_t *ret_level_dbm) _must_check;

enum wpa_event {
	WPA_EVENT_OTHER,
	WPA_EVENT_CONNECTED,
	WPA_EVENT_SCANNED,     /* results are there */
	WPA_EVENT_SCAN_FAILED, /* the radio is busy, or off */
	WPA_EVENT_NOT_FOUND,   /* no access point of the network in reach */
	WPA_EVENT_WRONG_KEY,   /* the passphrase is another one */
	WPA_EVENT_REJECTED,    /* by the access point */
	WPA_EVENT_FAILED,      /* for now, for another reason */
};

/* From one unsolicited message, "<3>CTRL-EVENT-…". */
enum wpa_event wpa_event_parse(struct view message);
