/* SPDX-License-Identifier: MIT */
/*
 * wpa_supplicant makes the key of a passphrase itself, for either of PSK and
 * SAE. A passphrase of PSK is printable ASCII, which a quoted value holds as it
 * is: the last quote of the line ends it. A password of SAE may be any bytes
 * and goes in as digits.
 *
 * Management frames are protected where the access point can (ieee80211w=1),
 * which SAE takes for granted (=2).
 */
#include "wire/wpa-join.h"

#include <errno.h>

#include "base/text.h"

#define PSK_DIGITS 64

static const struct {
	const char *key_management; /* NULL: not supported */
	const char *protection;	    /* of management frames; NULL: none */
} ways[] = {
	[WPA_OPEN] = { "NONE", NULL },
	[WPA_OWE] = { "OWE", "2" },
	[WPA_PSK] = { "WPA-PSK WPA-PSK-SHA256", "1" },
	[WPA_PSK_SAE] = { "WPA-PSK WPA-PSK-SHA256 SAE", "1" },
	[WPA_SAE] = { "SAE", "2" },
	[WPA_EAP] = { NULL, NULL },
	[WPA_WEP] = { NULL, NULL },
};

static void add(struct wpa_join *join, const char *name, const char *value)
{
	struct wpa_setting *setting = &join->settings[join->count++];

	setting->name = name;
	(void)str_copy(setting->value, sizeof(setting->value), value);
}

static bool is_key(const char *secret)
{
	return strlen(secret) == PSK_DIGITS &&
	       strspn(secret, "0123456789abcdefABCDEF") == PSK_DIGITS;
}

static bool is_passphrase(const char *secret)
{
	size_t len = strlen(secret);

	for (const char *p = secret; *p; p++)
		if (*p < ' ' || *p > '~')
			return false;
	return len >= WPA_PASSPHRASE_MIN && len <= WPA_PASSPHRASE_MAX;
}

static int add_password(struct wpa_join *join, const char *secret,
			struct failure *failure)
{
	char digits[2 * WPA_SAE_MAX + 1];
	struct text text = text_over(digits, sizeof(digits));

	for (const char *p = secret; *p; p++)
		text_add(&text, "%02x", (unsigned char)*p);
	if (!text.cut && text.len > 0)
		add(join, "sae_password", digits);
	explicit_bzero(digits, sizeof(digits));
	if (!text.cut && text.len > 0)
		return 0;
	return failure_set(failure, EINVAL,
			   "a password of WPA3 has 1 to %d bytes here",
			   WPA_SAE_MAX);
}

static int add_secret(struct wpa_join *join, enum wpa_security security,
		      const char *secret, struct failure *failure)
{
	char quoted[WPA_PASSPHRASE_MAX + 3];
	struct text text = text_over(quoted, sizeof(quoted));

	if (security == WPA_SAE)
		return add_password(join, secret, failure);
	if (is_key(secret)) {
		add(join, "psk", secret);
		return 0;
	}
	if (!is_passphrase(secret))
		return failure_set(failure, EINVAL,
				   "a passphrase of WPA2 has %d to %d "
				   "characters of ASCII",
				   WPA_PASSPHRASE_MIN, WPA_PASSPHRASE_MAX);
	text_add(&text, "\"%s\"", secret);
	add(join, "psk", quoted);
	explicit_bzero(quoted, sizeof(quoted));
	return 0;
}

int wpa_join_plan(const struct wpa_bss *bss, bool hidden, const char *secret,
		  struct wpa_join *ret_join, struct failure *failure)
{
	char digits[WPA_SSID_HEX_MAX];
	enum wpa_security security = bss->security;

	*ret_join = (struct wpa_join){ 0 };
	/* A key is made of a passphrase for PSK; SAE cannot use it. */
	if (security == WPA_PSK_SAE && is_key(secret))
		security = WPA_PSK;
	if (!ways[security].key_management)
		return failure_set(failure, EINVAL,
				   "networks with %s are not supported here, "
				   "only those that are open or have a "
				   "passphrase (WPA2, WPA3)",
				   security == WPA_WEP ? "WEP"
						       : "accounts (WPA-EAP)");
	if (bss->ssid.len == 0)
		return failure_set(failure, EINVAL,
				   "the name of a network is not empty");
	add(ret_join, "ssid", wpa_ssid_hex(&bss->ssid, digits));
	add(ret_join, "key_mgmt", ways[security].key_management);
	if (ways[security].protection)
		add(ret_join, "ieee80211w", ways[security].protection);
	if (hidden)
		add(ret_join, "scan_ssid", "1");
	if (!wpa_needs_secret(security))
		return 0;
	return add_secret(ret_join, security, secret, failure);
}
