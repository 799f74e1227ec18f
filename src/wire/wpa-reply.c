/* SPDX-License-Identifier: MIT */
#include "wire/wpa-reply.h"

#include <errno.h>

#include "wire/wpa-line.h"

/* Only letters, digits and what joins them are copied: states and key
 * managements are words. */
static void copy_word(struct view text, char word[static WPA_WORD_MAX])
{
	size_t len = 0;

	while (text.left > 0 && len < WPA_WORD_MAX - 1) {
		char c = (char)view_u8(&text);

		word[len++] = c > ' ' && c <= '~' ? c : '?';
	}
	word[len] = '\0';
}

int wpa_status_parse(struct view reply, struct wpa_status *ret_status)
{
	struct wpa_status status = { 0 };
	struct view line, value;
	int32_t number;

	while (wpa_line_next(&reply, &line)) {
		if (wpa_value(line, "wpa_state", &value))
			copy_word(value, status.state);
		else if (wpa_value(line, "key_mgmt", &value))
			copy_word(value, status.key_management);
		else if (wpa_value(line, "freq", &value) &&
			 wpa_number(value, &number) && number >= 0)
			status.frequency_mhz = (uint32_t)number;
		else if (wpa_value(line, "ssid", &value) &&
			 wpa_ssid_parse(value, &status.ssid) < 0)
			return -EBADMSG;
	}
	if (!*status.state)
		return -EBADMSG;
	*ret_status = status;
	return 0;
}

int wpa_network_next(struct view *reply, struct wpa_network *ret_network)
{
	struct wpa_network network = { 0 };
	struct view line, id, ssid;
	int32_t number;

	if (!wpa_line_next(reply, &line))
		return 0;
	id = wpa_field_next(&line, '\t');
	ssid = wpa_field_next(&line, '\t');
	if (!wpa_number(id, &number) || number < 0 ||
	    wpa_ssid_parse(ssid, &network.ssid) < 0)
		return -EBADMSG;
	network.id = (uint32_t)number;
	*ret_network = network;
	return 1;
}

int wpa_signal_parse(struct view reply, int32_t *ret_level_dbm)
{
	struct view line, value;

	while (wpa_line_next(&reply, &line))
		if (wpa_value(line, "RSSI", &value) &&
		    wpa_number(value, ret_level_dbm))
			return 0;
	return -ENODATA;
}

/* Passes over a name in quotes, in which those of its own are escaped. */
static void skip_quoted(struct view *text)
{
	while (text->left > 0) {
		uint8_t c = view_u8(text);

		if (c == '\\')
			view_skip(text, 1);
		else if (c == '"')
			return;
	}
}

/* Whether a word of its own, outside of quotes, is this one. */
static bool has_word(struct view text, const char *word)
{
	size_t len = strlen(word);

	while (text.left > 0) {
		bool same = view_starts(text, word, len) &&
			    (text.left == len || text.at[len] == ' ');

		if (same)
			return true;
		while (text.left > 0) {
			uint8_t c = view_u8(&text);

			if (c == ' ')
				break;
			if (c == '"')
				skip_quoted(&text);
		}
	}
	return false;
}

enum wpa_event wpa_event_parse(struct view message)
{
	static const struct {
		const char *name;
		enum wpa_event event;
	} events[] = {
		{ "CTRL-EVENT-CONNECTED", WPA_EVENT_CONNECTED },
		{ "CTRL-EVENT-SCAN-RESULTS", WPA_EVENT_SCANNED },
		{ "CTRL-EVENT-SCAN-FAILED", WPA_EVENT_SCAN_FAILED },
		{ "CTRL-EVENT-NETWORK-NOT-FOUND", WPA_EVENT_NOT_FOUND },
		{ "CTRL-EVENT-ASSOC-REJECT", WPA_EVENT_REJECTED },
		{ "CTRL-EVENT-AUTH-REJECT", WPA_EVENT_REJECTED },
		{ "CTRL-EVENT-SSID-TEMP-DISABLED", WPA_EVENT_FAILED },
	};
	struct view name;

	/* Its priority. */
	if (view_starts(message, "<", 1))
		(void)wpa_field_next(&message, '>');
	name = wpa_field_next(&message, ' ');
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (!wpa_equal(name, events[i].name))
			continue;
		if (events[i].event == WPA_EVENT_FAILED &&
		    has_word(message, "reason=WRONG_KEY"))
			return WPA_EVENT_WRONG_KEY;
		return events[i].event;
	}
	return WPA_EVENT_OTHER;
}
