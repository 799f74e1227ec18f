/* SPDX-License-Identifier: MIT */
/* Lines as they come out at the other end of a pipe or of a terminal. */
#include "server/journal.h"

#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "server/journal-line.h"
#include "tap.h"

static const struct mac mac = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };

static struct journal *make(int fd, bool json)
{
	struct journal *journal = NULL;

	if (journal_new(fd, json, &journal) < 0)
		abort();
	return journal;
}

/* All that comes until it is quiet for wait_ms. */
static const char *read_some(int fd, int wait_ms)
{
	static char buf[1 << 20];
	struct pollfd in = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(buf) - 1 && poll(&in, 1, wait_ms) > 0) {
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return buf;
}

static struct journal_entry entry_of(const char *text)
{
	struct journal_entry entry = { .has_mac = true,
				       .mac = mac,
				       .utc_ms = 1772600767089,
				       .stage = STAGE_LOADER };

	(void)snprintf(entry.text, sizeof(entry.text), "%s", text);
	return entry;
}

static void lines(void)
{
	struct journal_entry entry = entry_of("fetched \"x\\y\" é");
	struct journal_style style = { 0 };
	char line[JOURNAL_LINE_MAX];
	size_t len = journal_format(&entry, &style, line);

	ok_str(line,
	       "05:06:07 52:54:00:12:34:56 loader     fetched \"x\\y\" é\n",
	       "a machine's line");
	ok_int((int64_t)len, (int64_t)strlen(line), "its length");
	style.system = true;
	(void)journal_format(&entry, &style, line);
	ok_str(line, "<6>52:54:00:12:34:56 loader     fetched \"x\\y\" é\n",
	       "for the system's journal");
	style = (struct journal_style){ .colour = true };
	entry.level = JOURNAL_ERROR;
	(void)journal_format(&entry, &style, line);
	ok_str(line,
	       "\033[2m05:06:07\033[0m 52:54:00:12:34:56 \033[36mloader    "
	       "\033[0m \033[31mfetched \"x\\y\" é\033[0m\n",
	       "in colour");
	style = (struct journal_style){ .json = true };
	(void)journal_format(&entry, &style, line);
	ok_str(line,
	       "{\"time\":\"2026-03-04T05:06:07.089Z\",\"level\":\"error\","
	       "\"mac\":\"52:54:00:12:34:56\",\"stage\":\"loader\","
	       "\"text\":\"fetched \\\"x\\\\y\\\" é\"}\n",
	       "as JSON");
	entry.has_mac = false;
	(void)snprintf(entry.subject, sizeof(entry.subject), "tftp");
	(void)journal_format(&entry, &style, line);
	ok(strstr(line, "\"subject\":\"tftp\",\"text\""),
	   "the server's own, as JSON");
	style.json = false;
	(void)journal_format(&entry, &style, line);
	ok_str(line, "05:06:07 tftp              fetched \"x\\y\" é\n",
	       "and for people");
}

static void longest(void)
{
	struct journal_entry entry = entry_of("");
	struct journal_style style = { .json = true };
	char line[JOURNAL_LINE_MAX];
	json_t *root;

	memset(entry.text, 1, sizeof(entry.text) - 1);
	entry.text[sizeof(entry.text) - 1] = '\0';
	(void)journal_format(&entry, &style, line);
	root = json_loads(line, 0, NULL);
	ok(root, "the longest line is whole JSON");
	json_decref(root);
}

static void through_pipe(void)
{
	int ends[2];
	struct journal *journal;
	const char *all;

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	journal = make(ends[1], false);
	journal_line(journal, JOURNAL_INFO, "http", "listens on %d", 80);
	journal_event(journal, JOURNAL_INFO, &mac, STAGE_DHCP,
		      "evil \x1b]0;x\x07\xc2\x9b\n");
	journal_free(journal);
	close(ends[1]);
	all = read_some(ends[0], 1000);
	ok(strstr(all, " http              listens on 80\n"),
	   "what is queued is written before the end");
	ok(strstr(all, " dhcp       evil ?]0;x????\n"),
	   "hostile bytes cannot reach the terminal");
	ok(!strstr(all, "\033["), "no colour in a pipe");
	close(ends[0]);
}

static void on_terminal(void)
{
	int outer, inner;
	struct journal *journal;

	if (openpty(&outer, &inner, NULL, NULL, NULL) < 0) {
		ok(true, "no terminal to be had # SKIP");
		return;
	}
	unsetenv("NO_COLOR");
	journal = make(inner, false);
	journal_event(journal, JOURNAL_INFO, &mac, STAGE_DHCP, "offered");
	journal_free(journal);
	ok(strstr(read_some(outer, 100), "\033[34mdhcp"),
	   "colour on a terminal");
	setenv("NO_COLOR", "1", 1);
	journal = make(inner, false);
	journal_event(journal, JOURNAL_INFO, &mac, STAGE_DHCP, "offered");
	journal_free(journal);
	ok(!strchr(read_some(outer, 100), '\033'), "unless NO_COLOR is set");
	close(outer);
	close(inner);
}

static void stopped_reader(void)
{
	const unsigned int many = 20 * JOURNAL_LINES;
	int ends[2];
	struct journal *journal;
	int64_t began;
	const char *said;
	unsigned int lines = 0, dropped = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	journal = make(ends[1], false);
	began = clock_ms();
	for (unsigned int i = 0; i < many; i++)
		journal_line(journal, JOURNAL_INFO, "x", "line %u", i);
	ok(clock_ms() - began < 1000, "a reader that stopped stops nobody");
	said = read_some(ends[0], 200);
	for (const char *at = said; (at = strstr(at, " line ")); at++)
		lines++;
	for (const char *at = said; (at = strstr(at, " journal ")); at++) {
		unsigned int some = 0;

		(void)sscanf(at, " journal %u line", &some);
		dropped += some;
	}
	ok(lines >= JOURNAL_LINES && lines < many,
	   "what the queue holds is written");
	ok_int(lines + dropped, many, "the rest is counted, and told");
	for (unsigned int i = 0; i < many; i++)
		journal_line(journal, JOURNAL_INFO, "x", "line %u", i);
	began = clock_ms();
	journal_free(journal);
	ok(clock_ms() - began < 3000, "and does not stop the end");
	close(ends[0]);
	close(ends[1]);
}

static void malformed(void)
{
	int ends[2];
	struct journal *journal;
	int64_t now = clock_ms();
	const char *said;
	char reason[32];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	journal = make(ends[1], false);
	for (uint32_t i = 0; i < 1000; i++)
		journal_malformed(journal, "dhcp", "no magic cookie",
				  0xc0000200 + (i & 7));
	journal_malformed(journal, "tftp", "no mode", 0xc0000201);
	said = read_some(ends[0], 200);
	ok(strstr(said, "dhcp              1 malformed packet dropped: no "
			"magic cookie, from 192.0.2.0\n"),
	   "the first is told at once");
	ok(strstr(said, "tftp              1 malformed"), "of each kind");
	ok(!strstr(said, "999"), "the others not yet");
	journal_tick(journal, now + JOURNAL_MALFORMED_MS / 2);
	ok_str(read_some(ends[0], 200), "", "nothing before it is due");
	journal_tick(journal, now + 2 * JOURNAL_MALFORMED_MS);
	said = read_some(ends[0], 200);
	ok(strstr(said, "999 malformed packets dropped: no magic cookie, last "
			"from 192.0.2.7\n"),
	   "their number, when it is quiet, too");
	ok(!strstr(said, "tftp"), "nothing of who had no more");
	for (unsigned int i = 0; i < 1000; i++) {
		(void)snprintf(reason, sizeof(reason), "reason %u", i);
		journal_malformed(journal, "dhcp", reason, 1);
	}
	said = read_some(ends[0], 200);
	ok(strstr(said, "of many other kinds") && !strstr(said, "reason 100"),
	   "kinds are bounded");
	journal_free(journal);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	lines();
	longest();
	through_pipe();
	on_terminal();
	stopped_reader();
	malformed();
	return tap_done();
}
