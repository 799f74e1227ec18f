/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/text.h"
#include "tap.h"
#include "wire/wpa-join.h"
#include "wire/wpa-reply.h"

static struct view view_text(const char *text)
{
	return view_over(text, strlen(text));
}

static void check_ssid(const char *text, const char *bytes, size_t len,
		       const char *shown)
{
	char buf[WPA_SSID_TEXT_MAX], hex[WPA_SSID_HEX_MAX];
	struct wpa_ssid ssid, again;

	ok_int(wpa_ssid_parse(view_text(text), &ssid), 0, text);
	ok(ssid.len == len && memcmp(ssid.bytes, bytes, len) == 0,
	   "has its bytes");
	ok_str(wpa_ssid_text(&ssid, buf), shown, "is shown");
	ok(wpa_ssid_parse(view_text(buf), &again) == 0 &&
		   wpa_ssid_equal(&ssid, &again),
	   "what is shown can be typed");
	ok(strlen(wpa_ssid_hex(&ssid, hex)) == 2 * len, "has its digits");
}

static void test_ssid(void)
{
	static const char *const bad[] = {
		"\\",
		"\\x",
		"\\x4",
		"\\xg0",
		"\\x0g",
		"\\0",
		"\\q",
		"123456789012345678901234567890123",
		"\\x0012345678901234567890123456789012",
	};
	struct wpa_ssid ssid;
	char hex[WPA_SSID_HEX_MAX];

	check_ssid("home", "home", 4, "home");
	check_ssid("", "", 0, "");
	check_ssid("a b\\\"c\\\\", "a b\"c\\", 6, "a b\"c\\\\");
	check_ssid("\\e[2J\\n\\r\\t", "\033[2J\n\r\t", 7,
		   "\\x1b[2J\\x0a\\x0d\\x09");
	check_ssid("caf\\xc3\\xa9", "caf\xc3\xa9", 5, "caf\xc3\xa9");
	check_ssid("caf\xc3\xa9", "caf\xc3\xa9", 5, "caf\xc3\xa9");
	check_ssid("caf\\xe9", "caf\xe9", 4, "caf\\xe9");
	check_ssid("\\x00a\\x00", "\0a\0", 3, "\\x00a\\x00");
	check_ssid("\\xc2\\x9b1m",
		   "\xc2\x9b"
		   "1m",
		   4, "\\xc2\\x9b1m");
	check_ssid("\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff",
		   "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		   "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
		   "\xff\xff\xff\xff",
		   32,
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		   "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok_int(wpa_ssid_parse(view_text(bad[i]), &ssid), -EBADMSG,
		       bad[i]);
	ok(wpa_ssid_parse(view_text("stub"), &ssid) == 0, "stub");
	ok_str(wpa_ssid_hex(&ssid, hex), "73747562", "stub in digits");
	ok(!wpa_ssid_is_hidden(&ssid), "stub is not hidden");
	ok(wpa_ssid_parse(view_text("\\x00\\x00"), &ssid) == 0 &&
		   wpa_ssid_is_hidden(&ssid),
	   "zeros are");
}

static void test_security(void)
{
	static const struct {
		const char *flags;
		enum wpa_security security;
	} rows[] = {
		{ "[ESS]", WPA_OPEN },
		{ "", WPA_OPEN },
		{ "[WEP][ESS]", WPA_WEP },
		{ "[WPA2-PSK-CCMP][ESS]", WPA_PSK },
		{ "[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", WPA_PSK },
		{ "[WPA2-PSK-SHA256-CCMP][ESS]", WPA_PSK },
		{ "[WPA2-FT/PSK-CCMP][ESS]", WPA_PSK },
		{ "[WPA2-PSK+SAE-CCMP][ESS]", WPA_PSK_SAE },
		{ "[WPA2-PSK-CCMP][RSN-SAE-CCMP][ESS]", WPA_PSK_SAE },
		{ "[WPA2-SAE-CCMP][SAE-H2E][ESS]", WPA_SAE },
		{ "[WPA2-SAE+FT/SAE-CCMP][ESS]", WPA_SAE },
		{ "[WPA2-OWE-CCMP][ESS]", WPA_OWE },
		{ "[OWE-TRANS-OPEN][ESS]", WPA_OPEN },
		{ "[WPA2-EAP-CCMP][ESS]", WPA_EAP },
		{ "[WPA2-EAP-SUITE-B-192-GCMP-256][ESS]", WPA_EAP },
		{ "[WPA2-CCMP][ESS]", WPA_EAP },
		{ "[WPA2-PSKX-CCMP]", WPA_EAP },
		{ "[WPA2-PSK", WPA_PSK },
		{ "PSK]WEP", WPA_OPEN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char reply[256];
		struct text text = text_over(reply, sizeof(reply));
		struct wpa_bss bss;
		struct view view;

		text_add(&text, "id=1\nflags=%s\nssid=x\n====\n",
			 rows[i].flags);
		view = view_text(reply);
		ok_int(wpa_bss_next(&view, &bss), 1, rows[i].flags);
		ok_str(wpa_security_name(bss.security),
		       wpa_security_name(rows[i].security), "its security");
	}
}

static void test_bss(void)
{
	static const char reply[] = "id=3\nfreq=2412\nlevel=-30\n"
				    "flags=[WPA2-PSK-CCMP][ESS]\n"
				    "ssid=one\\nid=9\n====\n"
				    "id=4\nfreq=5180\nlevel=-71\n"
				    "flags=[ESS]\nssid=\\xzz\n====\n"
				    "id=5\nfreq=99999999999\nlevel=x\n"
				    "flags=[ESS]\nssid=\n####\n";
	struct view view = view_text(reply);
	struct wpa_bss bss;

	ok_int(wpa_bss_next(&view, &bss), 1, "an access point");
	ok_int(bss.id, 3, "its id is not what its name says");
	ok_int(bss.frequency_mhz, 2412, "its frequency");
	ok_int(bss.level_dbm, -30, "its level");
	ok(bss.ssid.len == 8 && memcmp(bss.ssid.bytes, "one\nid=9", 8) == 0,
	   "its name");
	ok_int(wpa_bss_next(&view, &bss), -EBADMSG, "one with no name");
	ok_int(wpa_bss_next(&view, &bss), 1, "one behind it");
	ok_int(bss.frequency_mhz, 0, "no frequency when it is no number");
	ok_int(wpa_bss_next(&view, &bss), 0, "no more");
	view = view_over(reply, 0);
	ok_int(wpa_bss_next(&view, &bss), 0, "an empty reply");
	view = view_text("FAIL\n");
	ok_int(wpa_bss_next(&view, &bss), -EBADMSG, "no reply at all");
}

static void add(struct wpa_scan *scan, const char *name, int level,
		enum wpa_security security)
{
	struct wpa_bss bss = { .level_dbm = level, .security = security };

	if (wpa_ssid_parse(view_text(name), &bss.ssid) == 0)
		wpa_scan_add(scan, &bss);
}

static void test_scan(void)
{
	static struct wpa_scan scan;
	struct wpa_ssid ssid;
	char name[16];

	add(&scan, "b", -60, WPA_PSK);
	add(&scan, "a", -50, WPA_PSK);
	add(&scan, "b", -40, WPA_PSK);
	add(&scan, "b", -70, WPA_PSK);
	add(&scan, "b", -80, WPA_OPEN);
	add(&scan, "", -10, WPA_PSK);
	add(&scan, "\\x00\\x00", -10, WPA_PSK);
	ok_int((int64_t)scan.count, 3, "networks, each once");
	ok_int(scan.networks[0].level_dbm, -40, "the strongest first");
	ok_int(scan.networks[1].level_dbm, -50, "then the next");
	ok_int(scan.networks[2].security, WPA_OPEN,
	       "an open one of the same name is another");
	ok(wpa_ssid_parse(view_text("b"), &ssid) == 0 &&
		   wpa_scan_find(&scan, &ssid) == &scan.networks[0],
	   "found by name: the strongest");
	add(&scan, "b", -5, WPA_OPEN);
	ok(scan.networks[0].level_dbm == -5 &&
		   wpa_scan_find(&scan, &ssid)->level_dbm == -40,
	   "an open one of the same name is not preferred");
	ok(wpa_ssid_parse(view_text("none"), &ssid) == 0 &&
		   !wpa_scan_find(&scan, &ssid),
	   "one that is not there is not found");
	for (int i = 0; i < 200; i++) {
		struct text text = text_over(name, sizeof(name));

		text_add(&text, "n%d", i);
		add(&scan, name, -100 + i % 50, WPA_OPEN);
	}
	ok_int((int64_t)scan.count, WPA_SCAN_MAX, "no more than fit");
	ok_int(scan.networks[0].level_dbm, -5, "the strongest stay");
	add(&scan, "loud", -1, WPA_OPEN);
	ok_int(scan.networks[0].level_dbm, -1, "a stronger one gets in");
	ok_int((int64_t)scan.count, WPA_SCAN_MAX, "the weakest goes");
}

static void test_replies(void)
{
	static const char networks[] = "0\thome\tany\t[CURRENT]\n"
				       "x\tbad\tany\t\n"
				       "7\ta\\tb\tany\t[DISABLED]";
	struct view view = view_text(networks);
	struct wpa_network network;
	struct wpa_status status;
	int32_t level;

	ok_int(wpa_status_parse(view_text("bssid=02:00:00:00:01:00\n"
					  "freq=2412\nssid=a\\nwpa_state=X\n"
					  "key_mgmt=WPA2-PSK\n"
					  "wpa_state=COMPLETED\n"),
				&status),
	       0, "a status");
	ok_str(status.state, "COMPLETED", "its state");
	ok_str(status.key_management, "WPA2-PSK", "its key management");
	ok_int(status.ssid.len, 13, "its network");
	ok_int(wpa_status_parse(view_text("FAIL\n"), &status), -EBADMSG,
	       "no status");
	ok_int(wpa_status_parse(view_text("wpa_state=A\nssid=\\x\n"), &status),
	       -EBADMSG, "a status with a name that is none");
	ok_int(wpa_status_parse(view_text(
					"wpa_state=0123456789012345678901234567"
					"8901234567890123456789\n"),
				&status),
	       0, "a long word");
	ok_int((int64_t)strlen(status.state), WPA_WORD_MAX - 1, "is cut");
	ok_int(wpa_network_next(&view, &network), 1, "a network");
	ok_int(network.id, 0, "its id");
	ok_int(wpa_network_next(&view, &network), -EBADMSG, "none");
	ok_int(wpa_network_next(&view, &network), 1, "another");
	ok(network.id == 7 && network.ssid.len == 3, "with a tab in its name");
	ok_int(wpa_network_next(&view, &network), 0, "no more");
	ok_int(wpa_signal_parse(view_text("RSSI=-57\nLINKSPEED=1\n"), &level),
	       0, "a signal");
	ok_int(level, -57, "its level");
	ok_int(wpa_signal_parse(view_text("FAIL\n"), &level), -ENODATA, "none");
}

static void test_events(void)
{
	static const struct {
		const char *text;
		enum wpa_event event;
	} rows[] = {
		{ "<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:01:00 "
		  "completed [id=0 id_str=]",
		  WPA_EVENT_CONNECTED },
		{ "<3>CTRL-EVENT-SCAN-RESULTS ", WPA_EVENT_SCANNED },
		{ "<3>CTRL-EVENT-SCAN-FAILED ret=-16 retry=1",
		  WPA_EVENT_SCAN_FAILED },
		{ "<3>CTRL-EVENT-NETWORK-NOT-FOUND ", WPA_EVENT_NOT_FOUND },
		{ "<3>CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 "
		  "status_code=1",
		  WPA_EVENT_REJECTED },
		{ "<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"a\" "
		  "auth_failures=1 duration=10 reason=WRONG_KEY",
		  WPA_EVENT_WRONG_KEY },
		{ "<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 "
		  "ssid=\"a reason=WRONG_KEY \\\" reason=WRONG_KEY b\" "
		  "auth_failures=1 duration=10 reason=CONN_FAILED",
		  WPA_EVENT_FAILED },
		{ "CTRL-EVENT-CONNECTEDX", WPA_EVENT_OTHER },
		{ "<3>Trying to associate with SSID 'CTRL-EVENT-CONNECTED'",
		  WPA_EVENT_OTHER },
		{ "<3", WPA_EVENT_OTHER },
		{ "", WPA_EVENT_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ok_int(wpa_event_parse(view_text(rows[i].text)), rows[i].event,
		       rows[i].text);
}

static const char *setting(const struct wpa_join *join, const char *name)
{
	for (size_t i = 0; i < join->count; i++)
		if (str_eq(join->settings[i].name, name))
			return join->settings[i].value;
	return NULL;
}

static void test_join(void)
{
	static const char key[] = "e270ba95a72c6d922e902f65dfa23315"
				  "f7ba43b69debc75167254acd778f2fe9";
	struct wpa_bss bss = { .security = WPA_PSK,
			       .ssid = { 4, { 's', 't', 'u', 'b' } } };
	struct failure failure;
	struct wpa_join join;
	char longest[WPA_SECRET_MAX + 1];

	ok_int(wpa_join_plan(&bss, false, "a\"b c\\d$", &join, &failure), 0,
	       "WPA2");
	ok_str(setting(&join, "ssid"), "73747562", "its name in digits");
	ok_str(setting(&join, "psk"), "\"a\"b c\\d$\"", "its passphrase");
	ok_str(setting(&join, "scan_ssid"), NULL, "it is not hidden");
	ok_int(wpa_join_plan(&bss, true, key, &join, &failure), 0, "a key");
	ok_str(setting(&join, "psk"), key, "as it is");
	ok_str(setting(&join, "scan_ssid"), "1", "it is hidden");
	ok_int(wpa_join_plan(&bss, false, "1234567", &join, &failure), -EINVAL,
	       "too short");
	ok(!strstr(failure.text, "1234567"), "is not repeated");
	ok_int(wpa_join_plan(&bss, false, "1234567\n", &join, &failure),
	       -EINVAL, "a line end");
	ok_int(wpa_join_plan(&bss, false, "1234567\xc3\xa9", &join, &failure),
	       -EINVAL, "not ASCII");
	memset(longest, 'a', sizeof(longest));
	longest[64] = '\0';
	ok_int(wpa_join_plan(&bss, false, longest, &join, &failure), 0,
	       "64 digits are a key");
	longest[0] = 'x';
	ok_int(wpa_join_plan(&bss, false, longest, &join, &failure), -EINVAL,
	       "64 letters are nothing");
	bss.security = WPA_PSK_SAE;
	ok_int(wpa_join_plan(&bss, false, key, &join, &failure), 0,
	       "a key where both would do");
	ok_str(setting(&join, "key_mgmt"), "WPA-PSK WPA-PSK-SHA256",
	       "is not for SAE");
	ok_int(wpa_join_plan(&bss, false, "passphrase", &join, &failure), 0,
	       "a passphrase where both would do");
	ok_str(setting(&join, "key_mgmt"), "WPA-PSK WPA-PSK-SHA256 SAE",
	       "is for both");
	bss.security = WPA_SAE;
	ok_int(wpa_join_plan(&bss, false, "\"\n\xc3", &join, &failure), 0,
	       "WPA3");
	ok_str(setting(&join, "sae_password"), "220ac3", "in digits");
	ok_str(setting(&join, "ieee80211w"), "2", "frames are protected");
	memset(longest, 'a', sizeof(longest));
	longest[WPA_SAE_MAX] = '\0';
	ok_int(wpa_join_plan(&bss, false, longest, &join, &failure), 0,
	       "the longest");
	ok_int((int64_t)strlen(setting(&join, "sae_password")), 2 * WPA_SAE_MAX,
	       "all of it");
	longest[WPA_SAE_MAX] = 'a';
	longest[WPA_SAE_MAX + 1] = '\0';
	ok_int(wpa_join_plan(&bss, false, longest, &join, &failure), -EINVAL,
	       "one longer");
	ok_int(wpa_join_plan(&bss, false, "", &join, &failure), -EINVAL,
	       "none");
	bss.security = WPA_OPEN;
	ok_int(wpa_join_plan(&bss, false, "", &join, &failure), 0, "open");
	ok_str(setting(&join, "key_mgmt"), "NONE", "no key");
	bss.security = WPA_EAP;
	ok_int(wpa_join_plan(&bss, false, "12345678", &join, &failure), -EINVAL,
	       "an account");
	bss = (struct wpa_bss){ .security = WPA_OPEN };
	ok_int(wpa_join_plan(&bss, false, "", &join, &failure), -EINVAL,
	       "no name");
}

int main(void)
{
	test_ssid();
	test_security();
	test_bss();
	test_scan();
	test_replies();
	test_events();
	test_join();
	return tap_done();
}
