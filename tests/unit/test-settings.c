/* SPDX-License-Identifier: MIT */
/* What the kernel command line, and the words added to it, ask for. */
#include "bootstrap/settings.h"

#include "tap.h"

static const struct {
	const char *kernel, *more, *joined, *what;
} joins[] = {
	{ "console=ttyS0 quiet", "", "console=ttyS0 quiet", "nothing more" },
	{ "", "ip=dhcp", " ip=dhcp", "nothing of the kernel's" },
	{ "root=/dev/vda1 ro", "ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0",
	  "root=/dev/vda1 ro ip=192.0.2.7::192.0.2.1:255.255.255.0::eth0",
	  "both" },
	{ "ip=dhcp quiet nameserver=192.0.2.9 ip=eth1:dhcp x", "ip=off",
	  " quiet x ip=off", "another's network is left out" },
	{ "ip=dhcp quiet", "nameserver=192.0.2.9",
	  " quiet nameserver=192.0.2.9", "also by a name server" },
	{ "ip=dhcp quiet", "image_url=x", "ip=dhcp quiet image_url=x",
	  "and stays where none is added" },
	{ "skip=1 zip=2", "ip=off", "skip=1 zip=2 ip=off",
	  "words that end alike" },
	{ "a=\"b ip=dhcp c\" d", "ip=off", "a=\"b ip=dhcp c\" d ip=off",
	  "what is quoted is one word" },
	{ "a=\"b c", "ip=off", "a=\"b c\" ip=off", "a quote left open" },
	{ "a\tb\n", "c\nip=off", "a\tb c\nip=off", "white space of all kinds" },
};

static void test_join(void)
{
	char buf[SETTINGS_CMDLINE_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(joins); i++) {
		settings_join(joins[i].kernel, joins[i].more, buf, sizeof(buf));
		ok_str(buf, joins[i].joined, joins[i].what);
	}
	settings_join("abc", "def", buf, 6);
	ok_str(buf, "abc d", "what does not fit is cut");
}

static void test_read(void)
{
	static struct settings settings;
	char buf[SETTINGS_CMDLINE_MAX];

	settings_join("image_url=http://a/b on_reboot=x bootstrap_debug",
		      "image_url=http://c/d on_reboot=reboot", buf,
		      sizeof(buf));
	settings_read(&settings, buf);
	ok_str(settings.first.ref, "http://c/d", "the added words count");
	ok(settings.really_reboot, "also where they are known ones");
	ok(settings.debug && !settings.really_poweroff, "the others stay");
	ok_str(settings.cmdline, buf, "the whole is kept");
}

int main(void)
{
	test_join();
	test_read();
	return tap_done();
}
