/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "base/text.h"
#include "server/options.h"
#include "tap.h"

#define ARGS_MAX 32

/* What a line of words, separated by single spaces, becomes. */
static int parse(const char *line, struct serve_options *ret_options,
		 struct failure *failure)
{
	static char copy[512];
	char *argv[ARGS_MAX + 1] = { 0 };
	char *rest = copy, *word;
	int argc = 0;

	(void)str_copy(copy, sizeof(copy), line);
	while (argc < ARGS_MAX && (word = strsep(&rest, " ")))
		argv[argc++] = word;
	return options_parse(argc, argv, ret_options, failure);
}

static const struct {
	const char *line;
	const char *words; /* of the failure */
} refused[] = {
	{ "serve --nonsense", "--nonsense is not an option" },
	{ "serve --kernel", "--kernel needs a value" },
	{ "serve a b", "\"b\" is too much" },
	{ "serve --kernel k --api http://h", "exclude each other" },
	{ "serve --api http://h --machines m", "exclude each other" },
	{ "serve --kernel k dir", "exclude each other" },
	{ "serve --initrd i", "--initrd needs --kernel" },
	{ "serve --cmdline c", "--cmdline needs --kernel" },
	{ "serve --message m dir", "--message needs --kernel" },
	{ "serve --http-port 0", "\"0\" is not a port" },
	{ "serve --http-port 65536", "is not a port" },
	{ "serve --http-port 80x", "is not a port" },
	{ "serve --listen fe80::1", "is not an IPv4 address" },
	{ "serve --listen 192.0.2.256", "is not an IPv4 address" },
	{ "serve --api-timeout 0", "is not a time" },
	{ "serve --api-timeout 5h", "is not a time" },
	{ "serve --api-timeout 6m", "is not a time" },
	{ "serve --api-timeout -1s", "is not a time" },
	{ "serve --dry-run 52:54:00", "is not a MAC address" },
};

static void test_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct serve_options options;
		struct failure failure = { 0 };

		ok_int(parse(refused[i].line, &options, &failure), -EINVAL,
		       refused[i].line);
		if (!ok(strstr(failure.text, refused[i].words), "says why"))
			printf("# %s\n", failure.text);
	}
}

static void test_modes(void)
{
	static const struct {
		const char *line;
		enum serve_mode mode;
		const char *dir;
	} rows[] = {
		{ "serve", SERVE_DIR, "out" },
		{ "serve here", SERVE_DIR, "here" },
		{ "serve --kernel k", SERVE_STATIC, NULL },
		{ "serve -kernel=k", SERVE_STATIC, NULL },
		{ "serve --api http://h:1/x", SERVE_API, NULL },
		{ "serve --api http://h:1/x here", SERVE_API, "here" },
		{ "serve here --machines m.ini", SERVE_MACHINES, "here" },
	};

	/* No out/ here. */
	if (chdir("/") < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct serve_options o;
		struct failure failure = { 0 };

		if (!ok_int(parse(rows[i].line, &o, &failure), 0, rows[i].line))
			continue;
		ok_int(o.settings.mode, rows[i].mode, "its mode");
		ok_str(o.settings.dir, rows[i].dir, "its directory");
		options_free(&o);
	}
}

static void test_all(void)
{
	struct serve_options o;
	struct failure failure = { 0 };
	const struct serve_settings *s = &o.settings;

	if (!ok_int(parse("serve --kernel k --initrd a,b --initrd c "
			  "--cmdline quiet --message hello --listen 192.0.2.1 "
			  "--interface eth0 --interface eth1 --http-port 8080",
			  &o, &failure),
		    0, "the static mode's options"))
		return;
	ok_int((int64_t)s->initrd_count, 2, "two initrds");
	ok_str(s->initrds[0], "a,b", "a comma is part of a name");
	ok_str(s->cmdline, "quiet", "the command line");
	ok_str(s->message, "hello", "the message");
	ok_int(s->listen, 0xc0000201, "the address");
	ok_int((int64_t)s->interface_count, 2, "two interfaces");
	ok_int(s->http_port, 8080, "HTTP's port");
	ok_int(s->dhcp_port, 67, "DHCP's port as ever");
	options_free(&o);
}

/* The command lines of Pixiecore's manual. */
static void test_pixiecore(void)
{
	struct serve_options o;
	struct failure failure = { 0 };
	const struct serve_settings *s = &o.settings;

	if (ok_int(parse("serve -kernel vmlinuz64 -initrd "
			 "rootfs.gz,core.gz,modules64.gz --cmdline "
			 "coreos.autologin -debug",
			 &o, &failure),
		   0, "static mode")) {
		ok_int((int64_t)s->initrd_count, 3, "three initrds");
		ok_str(s->initrds[2], "modules64.gz", "in order");
		ok(s->debug, "-debug");
		options_free(&o);
	}
	if (ok_int(parse("serve -api=http://h/ -api-timeout 500ms "
			 "-listen-addr 192.0.2.1 -port-dhcp 1067 -port-pxe "
			 "14011 -port-tftp 1069 -port-http 70",
			 &o, &failure),
		   0, "API mode")) {
		ok_int(s->api_timeout_ms, 500, "its time");
		ok_int(s->dhcp_port, 1067, "DHCP's port");
		ok_int(s->pxe_port, 14011, "PXE's port");
		ok_int(s->tftp_port, 1069, "TFTP's port");
		ok_int(s->http_port, 70, "HTTP's port");
		options_free(&o);
	}
	ok_int(parse("serve -debug=true", &o, &failure), 0, "Go's -debug=true");
	ok(o.settings.debug, "is -debug");
	options_free(&o);
	ok_int(parse("serve -initrd a,,b -kernel k", &o, &failure), 0,
	       "an empty piece");
	ok_int((int64_t)s->initrd_count, 2, "is left out");
	options_free(&o);
}

/* Go's forms. */
static void test_times(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* 0: refused */
	} rows[] = {
		{ "7", 7000 },	    { "500ms", 500 },
		{ "1m30s", 90000 }, { "1.5s", 1500 },
		{ "0.25s", 250 },   { "1s1.9999ms", 1001 },
		{ "5m", 300000 },   { "5m1ms", 0 },
		{ "0s", 0 },	    { "", 0 },
		{ "s", 0 },	    { "1m30", 0 },
		{ "1.5", 0 },	    { "1d", 0 },

		{ "-1s", 0 },	    { "1mss", 0 },
		{ "1..5s", 0 },	    { "99999999999999999999s", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct serve_options o = { 0 };
		struct failure failure = { 0 };
		char line[80];

		snprintf(line, sizeof(line),
			 "serve -api http://h/ -api-timeout=%s", rows[i].text);
		if (parse(line, &o, &failure) < 0)
			ok(rows[i].ms == 0 && strstr(failure.text, "a time"),
			   rows[i].text);
		else
			ok_int(o.settings.api_timeout_ms, rows[i].ms,
			       rows[i].text);
		options_free(&o);
	}
}

static void test_dry_run(void)
{
	struct serve_options o;
	struct failure failure = { 0 };
	char mac[MAC_TEXT_MAX];

	ok_int(parse("serve --dry-run 52-54-00-AB-CD-EF", &o, &failure), 0,
	       "--dry-run");
	ok(o.dry_run, "is asked for");
	ok_str(mac_text(&o.dry_run_mac, mac), "52:54:00:ab:cd:ef", "of this");
	options_free(&o);
	ok_int(parse("serve --help a b", &o, &failure), 0, "--help");
	ok(o.help, "is all that counts");
	options_free(&o);
}

int main(void)
{
	test_refused();
	test_modes();
	test_all();
	test_pixiecore();
	test_times();
	test_dry_run();
	return tap_done();
}
