/* SPDX-License-Identifier: MIT */
#include "wire/wpa-scan.h"

#include <errno.h>

#include "wire/wpa-line.h"

/* Key managements that a group of flags can name, as bits. */
enum key_management {
	KEY_PSK = 1 << 0,
	KEY_SAE = 1 << 1,
	KEY_OWE = 1 << 2,
	KEY_OTHER = 1 << 3,
};

static unsigned int key_word(struct view word)
{
	static const struct {
		const char *word;
		enum key_management key;
	} words[] = {
		{ "PSK", KEY_PSK },
		{ "SAE", KEY_SAE },
		{ "OWE", KEY_OWE },
		{ "EAP", KEY_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (wpa_equal(word, words[i].word))
			return words[i].key;
	return 0;
}

/* Of one group without its brackets, such as "WPA2-PSK+FT/SAE-CCMP": what can
 * be between the protocol and the ciphers is joined by "+" and "/". */
static unsigned int group_keys(struct view group)
{
	unsigned int keys = 0;
	size_t start = 0;

	if (!view_starts(group, "WPA", 3) && !view_starts(group, "RSN", 3))
		return 0;
	for (size_t i = 0; i <= group.left; i++) {
		if (i < group.left && !strchr("-+/", group.at[i]))
			continue;
		keys |= key_word(view_over(group.at + start, i - start));
		start = i + 1;
	}
	return keys ? keys : KEY_OTHER;
}

static enum wpa_security parse_flags(struct view flags)
{
	unsigned int keys = 0;
	bool wep = false;

	while (flags.left > 0) {
		struct view group = wpa_field_next(&flags, ']');

		if (!view_starts(group, "[", 1))
			continue;
		view_skip(&group, 1);
		wep |= wpa_equal(group, "WEP");
		keys |= group_keys(group);
	}
	if (keys & KEY_SAE)
		return keys & KEY_PSK ? WPA_PSK_SAE : WPA_SAE;
	if (keys & KEY_PSK)
		return WPA_PSK;
	if (keys & KEY_OWE)
		return WPA_OWE;
	if (keys)
		return WPA_EAP;
	return wep ? WPA_WEP : WPA_OPEN;
}

/* Takes the lines of one access point, which "====" ends, or "####" behind the
 * last. */
static bool take_block(struct view *reply, struct wpa_bss *bss, bool *ret_sound)
{
	struct view line, value;
	bool has_id = false, has_ssid = false, any = false;
	int32_t number;

	while (wpa_line_next(reply, &line)) {
		if (wpa_equal(line, "====") || wpa_equal(line, "####"))
			break;
		any = true;
		if (wpa_value(line, "id", &value) &&
		    wpa_number(value, &number) && number >= 0) {
			bss->id = (uint32_t)number;
			has_id = true;
		} else if (wpa_value(line, "freq", &value) &&
			   wpa_number(value, &number) && number >= 0) {
			bss->frequency_mhz = (uint32_t)number;
		} else if (wpa_value(line, "level", &value) &&
			   wpa_number(value, &number)) {
			bss->level_dbm = number;
		} else if (wpa_value(line, "flags", &value)) {
			bss->security = parse_flags(value);
		} else if (wpa_value(line, "ssid", &value)) {
			has_ssid = wpa_ssid_parse(value, &bss->ssid) == 0;
		}
	}
	*ret_sound = has_id && has_ssid;
	return any;
}

int wpa_bss_next(struct view *reply, struct wpa_bss *ret_bss)
{
	struct wpa_bss bss = { 0 };
	bool sound;

	if (!take_block(reply, &bss, &sound))
		return 0;
	if (!sound)
		return -EBADMSG;
	*ret_bss = bss;
	return 1;
}

bool wpa_needs_secret(enum wpa_security security)
{
	return security == WPA_PSK || security == WPA_PSK_SAE ||
	       security == WPA_SAE;
}

const char *wpa_security_name(enum wpa_security security)
{
	static const char *const names[] = {
		[WPA_OPEN] = "open", [WPA_OWE] = "open, encrypted",
		[WPA_PSK] = "WPA2",  [WPA_PSK_SAE] = "WPA2/WPA3",
		[WPA_SAE] = "WPA3",  [WPA_EAP] = "enterprise",
		[WPA_WEP] = "WEP",
	};

	return names[security];
}

static bool same_network(const struct wpa_bss *a, const struct wpa_bss *b)
{
	return a->security == b->security && wpa_ssid_equal(&a->ssid, &b->ssid);
}

static void drop(struct wpa_scan *scan, size_t at)
{
	scan->count--;
	memmove(&scan->networks[at], &scan->networks[at + 1],
		(scan->count - at) * sizeof(scan->networks[0]));
}

void wpa_scan_add(struct wpa_scan *scan, const struct wpa_bss *bss)
{
	size_t at = 0;

	if (wpa_ssid_is_hidden(&bss->ssid))
		return;
	for (size_t i = 0; i < scan->count; i++) {
		if (!same_network(&scan->networks[i], bss))
			continue;
		if (scan->networks[i].level_dbm >= bss->level_dbm)
			return;
		drop(scan, i);
		break;
	}
	while (at < scan->count &&
	       scan->networks[at].level_dbm >= bss->level_dbm)
		at++;
	if (at == WPA_SCAN_MAX)
		return;
	if (scan->count == WPA_SCAN_MAX)
		scan->count--;
	memmove(&scan->networks[at + 1], &scan->networks[at],
		(scan->count - at) * sizeof(scan->networks[0]));
	scan->networks[at] = *bss;
	scan->count++;
}

const struct wpa_bss *wpa_scan_find(const struct wpa_scan *scan,
				    const struct wpa_ssid *ssid)
{
	const struct wpa_bss *first = NULL;

	for (size_t i = 0; i < scan->count; i++) {
		const struct wpa_bss *bss = &scan->networks[i];

		if (!wpa_ssid_equal(&bss->ssid, ssid))
			continue;
		if (wpa_needs_secret(bss->security))
			return bss;
		first = first ? first : bss;
	}
	return first;
}
