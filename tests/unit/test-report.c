/* SPDX-License-Identifier: MIT */
/* What PID 1 tells of a load, and what it makes public of a reference. */
#include "bootstrap/report.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "bootstrap/settings.h"
#include "tap.h"

static const struct {
	const char *ref, *public;
} refs[] = {
	{ "http://192.0.2.1/debian.squashfs",
	  "http://192.0.2.1/debian.squashfs" },
	{ "https://user:word@host/a@b", "https://host/a@b" },
	{ "https://a@b@host/x", "https://host/x" },
	{ "http://host/x?sig=secret#frag", "http://host/x…" },
	{ "http://host?u@v", "http://host…" },
	{ "http://u:p@host", "http://host" },
	{ "docker://debian:12", "docker://debian:12" },
	{ "/images/x.tar", "/images/x.tar" },
	{ "oci:dir\x1b[2J", "oci:dir?[2J" },
	{ "", "" },
};

static void references(void)
{
	char buf[REPORT_REF_MAX], longer[CONTROL_REF_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(refs); i++)
		ok_str(report_ref(refs[i].ref, buf), refs[i].public,
		       refs[i].public);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "http://h/", 9);
	memcpy(longer + sizeof(longer) - 5, ".img", 4);
	(void)report_ref(longer, buf);
	ok(strncmp(buf, "http://h/x", 10) == 0 && strstr(buf, "x…x") &&
		   strcmp(buf + strlen(buf) - 4, ".img") == 0,
	   "a long one keeps its beginning and its end");
	ok(strlen(buf) < REPORT_REF_MAX, "and fits");
}

static bool due(struct report_pace *pace, uint64_t fetched, uint64_t total,
		int64_t now_ms)
{
	const struct progress progress = { .fetched = fetched,
					   .fetch_total = total };

	return report_is_due(pace, &progress, now_ms);
}

static void pace(void)
{
	struct report_pace pace = { .told_ms = 1000 };
	unsigned int told = 0;

	ok(!due(&pace, 50, 1000, 2000), "nothing new yet");
	ok(due(&pace, 60, 1000, 3000), "two seconds later");
	ok(!due(&pace, 90, 1000, 3500), "not again at once");
	ok(due(&pace, 100, 1000, 3600), "but at the next tenth");
	ok(!due(&pace, 200, 1000, 3700), "unless that comes too fast");
	ok(due(&pace, 200, 1000, 3850), "then a little later");
	ok(!due(&pace, 5000, 0, 4000), "of unknown size");
	ok(due(&pace, 5000, 0, 5850), "only the time counts");
	ok(due(&pace, 5000, 1000, 9000), "more than all is all");
	pace = (struct report_pace){ 0 };
	for (int64_t now = 0; now <= 60000; now += 10)
		told += due(&pace, (uint64_t)now, 60000, now);
	ok(told >= 30 && told <= 40, "a minute's load is told in few words");
}

static const struct {
	const char *cmdline, *server, *mac;
} lines[] = {
	{ "quiet", "", NULL },
	{ "boomerang_server=http://192.0.2.1:80 quiet", "http://192.0.2.1:80",
	  NULL },
	{ "boomerang_server=https://h", "https://h", NULL },
	{ "boomerang_server=ftp://h", "", NULL },
	{ "boomerang_server=", "", NULL },
	{ "boomerang_server", "", NULL },
	{ "BOOTIF=01-52-54-00-12-34-56", "", "52:54:00:12:34:56" },
	{ "BOOTIF=01-52-54-00-AB-34-56", "", "52:54:00:ab:34:56" },
	{ "BOOTIF=52-54-00-12-34-56", "", NULL },
	{ "BOOTIF=01-52-54-00-12-34", "", NULL },
	{ "BOOTIF=20-52-54-00-12-34-56", "", NULL },
};

static void settings(void)
{
	static struct settings settings;
	char mac[MAC_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		settings_read(&settings, lines[i].cmdline);
		ok_str(settings.server, lines[i].server, lines[i].cmdline);
		ok_str(settings.has_boot_mac ? mac_text(&settings.boot_mac, mac)
					     : NULL,
		       lines[i].mac, lines[i].cmdline);
	}
}

/* Nothing of it may do anything, or look at what is not there. */
static void switched_off(void)
{
	struct report report = { 0 };
	struct status status = { 0 };
	struct progress progress = { 0 };
	const uint8_t mac[6] = { 1 };

	report_network(&report, mac, true);
	report_loading(&report, "x");
	report_progress(&report, "x", &progress);
	report_entered(&report, 1, "/sbin/init");
	report_failed(&report, false, "x");
	report_returned(&report, &status);
	ok(!report.on && !report.announced, "without a server nothing is told");
}

/* The next record at the other end; its text, "none" when there is none. */
static const char *next(int fd, struct server_report *record)
{
	if (recv(fd, record, sizeof(*record), MSG_DONTWAIT) !=
		    (ssize_t)sizeof(*record) ||
	    record->magic != CONTROL_MAGIC)
		return "none";
	return record->text;
}

static void records(void)
{
	static struct status status = { .return_ms = 603,
					.return_reason = "hotkey",
					.leaks = { .count = 2, .undone = 1 } };
	const struct progress half = { .fetched = 50, .fetch_total = 100 };
	const uint8_t mac[6] = { 1, 2, 3, 4, 5, 6 }, other[6] = { 7 };
	struct report report = { .on = true, .service.worker.running = true };
	struct server_report record;
	unsigned int came = 0;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	report.service.worker.link.fd = ends[0];
	report_network(&report, mac, true);
	ok(strncmp(next(ends[1], &record), "prompt after ", 13) == 0 &&
		   record.stage == REPORT_BOOTSTRAP &&
		   record.next == REPORT_NEXT_IMAGE &&
		   memcmp(record.mac, mac, sizeof(mac)) == 0,
	   "the bootstrap announces itself");
	report_network(&report, other, true);
	ok_str(next(ends[1], &record), "none", "once");
	report_loading(&report, "http://u:p@h/x");
	ok_str(next(ends[1], &record), "loading http://h/x", "a load");
	report_progress(&report, "http://h/x", &half);
	ok_str(next(ends[1], &record), "none", "is not told of at once");
	report.pace.told_ms = 0;
	report_progress(&report, "http://h/x", &half);
	ok_str(next(ends[1], &record), "loading http://h/x 50 %", "but soon");
	ok(record.next == REPORT_NEXT_PROGRESS &&
		   memcmp(record.mac, mac, sizeof(mac)) == 0,
	   "with what is next, by the first address");
	report_entered(&report, 3149, "/sbin/init");
	ok_str(next(ends[1], &record), "loaded in 3.1 s", "its end");
	ok_str(next(ends[1], &record), "runs /sbin/init", "the target");
	report_returned(&report, &status);
	ok_str(next(ends[1], &record),
	       "back after 0.60 s by hotkey; 2 leaks, 1 undone", "the return");
	ok_int(record.level, REPORT_WARNING, "which left something");
	report_failed(&report, false, "no such image");
	ok_str(next(ends[1], &record), "failed: no such image", "a failure");
	for (int i = 0; i < 100000; i++)
		report_loading(&report, "x");
	while (!str_eq(next(ends[1], &record), "none"))
		came++;
	ok(came > 10 && came < 100000,
	   "who does not listen holds up nobody, and what he misses is gone");
	close(ends[1]);
	report_loading(&report, "x");
	ok(true, "who is gone neither");
	close(ends[0]);
}

int main(void)
{
	references();
	pace();
	settings();
	switched_off();
	records();
	return tap_done();
}
