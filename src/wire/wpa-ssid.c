/* SPDX-License-Identifier: MIT */
#include "wire/wpa-ssid.h"

#include <errno.h>

#include "base/text.h"

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* What stands behind a backslash; negative: nothing that is one. */
static int parse_escape(struct view *text)
{
	uint8_t c = view_u8(text);
	int high, low;

	switch (c) {
	case '\\':
	case '"':
		return c;
	case 'e':
		return '\033';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'x':
		high = hex_digit(view_u8(text));
		low = hex_digit(view_u8(text));
		return high < 0 || low < 0 ? -1 : high << 4 | low;
	}
	return -1;
}

int wpa_ssid_parse(struct view text, struct wpa_ssid *ret_ssid)
{
	struct wpa_ssid ssid = { 0 };

	while (text.left > 0) {
		int c = view_u8(&text);

		if (c == '\\')
			c = parse_escape(&text);
		if (c < 0 || text.bad || ssid.len == WPA_SSID_MAX)
			return -EBADMSG;
		ssid.bytes[ssid.len++] = (uint8_t)c;
	}
	if (text.bad)
		return -EBADMSG;
	*ret_ssid = ssid;
	return 0;
}

/* Whether a terminal shows all of it as one would expect. */
static bool is_plain(const struct wpa_ssid *ssid)
{
	char name[WPA_SSID_MAX + 1] = "";

	memcpy(name, ssid->bytes, ssid->len);
	return strlen(name) == ssid->len && str_is_printable(name);
}

const char *wpa_ssid_text(const struct wpa_ssid *ssid,
			  char buf[static WPA_SSID_TEXT_MAX])
{
	struct text text = text_over(buf, WPA_SSID_TEXT_MAX);
	bool plain = is_plain(ssid);

	for (size_t i = 0; i < ssid->len; i++) {
		uint8_t c = ssid->bytes[i];

		if (c == '\\')
			text_put(&text, "\\\\");
		else if (plain || (c >= ' ' && c <= '~'))
			text_add(&text, "%c", c);
		else
			text_add(&text, "\\x%02x", c);
	}
	return buf;
}

const char *wpa_ssid_hex(const struct wpa_ssid *ssid,
			 char buf[static WPA_SSID_HEX_MAX])
{
	struct text text = text_over(buf, WPA_SSID_HEX_MAX);

	for (size_t i = 0; i < ssid->len; i++)
		text_add(&text, "%02x", ssid->bytes[i]);
	return buf;
}

bool wpa_ssid_equal(const struct wpa_ssid *a, const struct wpa_ssid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool wpa_ssid_is_hidden(const struct wpa_ssid *ssid)
{
	for (size_t i = 0; i < ssid->len; i++)
		if (ssid->bytes[i] != 0)
			return false;
	return true;
}
