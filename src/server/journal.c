/* SPDX-License-Identifier: MIT */
/*
 * Who has something to say makes the entry on its own stack, and under the
 * lock only copies it into the queue. The writer copies entries out in
 * batches and makes lines of them without the lock, so a terminal that was
 * stopped with ^S holds nobody up: the queue fills, what comes then is
 * counted, and the count is told as soon as the writer moves again.
 *
 * Malformed packets may come as fast as the wire carries them. They are
 * counted in a small table by what is wrong with them; a line is made of a
 * count only when it is due.
 */
#include "server/journal.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/journal-line.h"
#include "server/utc.h"
#include "wire/ipv4.h"

#define BATCH	   32
#define END_WAIT_S 1

/* One kind of malformed packet. */
struct malformed {
	char subject[JOURNAL_SUBJECT_MAX]; /* "": unused */
	char reason[64];
	uint32_t count; /* since it was told */
	uint32_t from;	/* the last of them */
	int64_t told_ms;
};

struct journal {
	int fd;
	struct journal_style style;
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop;
	struct journal_entry queue[JOURNAL_LINES];
	size_t first, count;
	uint64_t dropped; /* since it was told */
	struct malformed malformed[JOURNAL_MALFORMED];
	/* The writer's own: too much for the stack of a thread. */
	struct journal_entry batch[BATCH];
};

static void put(struct journal *journal, const struct journal_entry *entry)
{
	pthread_mutex_lock(&journal->lock);
	if (journal->count == JOURNAL_LINES) {
		journal->dropped++;
	} else {
		size_t at = (journal->first + journal->count) % JOURNAL_LINES;

		journal->queue[at] = *entry;
		if (journal->count++ == 0)
			pthread_cond_signal(&journal->changed);
	}
	pthread_mutex_unlock(&journal->lock);
}

/* Waits for something to write. Returns how much there is of it in batch, 0:
 * it is the end. */
static size_t take(struct journal *journal, uint64_t *ret_dropped)
{
	size_t n;

	pthread_mutex_lock(&journal->lock);
	while (journal->count == 0 && !journal->stop)
		pthread_cond_wait(&journal->changed, &journal->lock);
	n = MIN(journal->count, (size_t)BATCH);
	for (size_t i = 0; i < n; i++)
		journal->batch[i] =
			journal->queue[(journal->first + i) % JOURNAL_LINES];
	journal->first = (journal->first + n) % JOURNAL_LINES;
	journal->count -= n;
	/* Told behind the lines that were queued before it. */
	*ret_dropped = journal->count == 0 ? journal->dropped : 0;
	journal->dropped -= *ret_dropped;
	pthread_mutex_unlock(&journal->lock);
	return n;
}

static void write_out(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd out = { .fd = fd, .events = POLLOUT };

			(void)poll(&out, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		/* Nobody is left who could be told. */
		if (n < 0)
			return;
		buf += n;
		len -= (size_t)n;
	}
}

static void write_line(struct journal *journal,
		       const struct journal_entry *entry)
{
	char line[JOURNAL_LINE_MAX];

	write_out(journal->fd, line,
		  journal_format(entry, &journal->style, line));
}

static void tell_dropped(struct journal *journal, uint64_t dropped)
{
	struct journal_entry entry = {
		.utc_ms = utc_now_ms(),
		.level = JOURNAL_WARNING,
		.subject = "journal",
	};

	if (dropped == 0)
		return;
	(void)snprintf(entry.text, sizeof(entry.text),
		       "%" PRIu64 " line%s dropped: they came faster than they "
		       "could be written",
		       dropped, dropped == 1 ? "" : "s");
	write_line(journal, &entry);
}

static void *run_writer(void *argument)
{
	struct journal *journal = argument;
	uint64_t dropped;
	size_t n;

	while ((n = take(journal, &dropped)) > 0) {
		for (size_t i = 0; i < n; i++)
			write_line(journal, &journal->batch[i]);
		tell_dropped(journal, dropped);
	}
	return NULL;
}

/* JOURNAL_STREAM names the device and inode that the journal reads from
 * (systemd.exec(5)); a descriptor that was redirected since is another. */
static bool is_system_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	return str_eq(stream, mine);
}

static struct journal_style style_for(int fd, bool json)
{
	const char *no_color = getenv("NO_COLOR");

	return (struct journal_style){
		.json = json,
		.colour = isatty(fd) && !(no_color && *no_color),
		.system = is_system_journal(fd),
	};
}

/* Signals are the main thread's. */
static int start_writer(struct journal *journal)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&journal->writer, NULL, run_writer, journal);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int journal_new(int fd, bool json, struct journal **ret_journal)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int r;

	if (!journal)
		return -ENOMEM;
	journal->fd = fd;
	journal->style = style_for(fd, json);
	pthread_mutex_init(&journal->lock, NULL);
	pthread_cond_init(&journal->changed, NULL);
	r = start_writer(journal);
	if (r < 0) {
		free(journal);
		return r;
	}
	*ret_journal = journal;
	return 0;
}

struct journal *journal_free(struct journal *journal)
{
	struct timespec limit;

	if (!journal)
		return NULL;
	pthread_mutex_lock(&journal->lock);
	journal->stop = true;
	pthread_cond_signal(&journal->changed);
	pthread_mutex_unlock(&journal->lock);
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += END_WAIT_S;
	if (pthread_timedjoin_np(journal->writer, NULL, &limit) != 0) {
		/* In write(2), without the lock. */
		pthread_cancel(journal->writer);
		pthread_join(journal->writer, NULL);
	}
	pthread_cond_destroy(&journal->changed);
	pthread_mutex_destroy(&journal->lock);
	free(journal);
	return NULL;
}

static struct journal_entry entry_of(enum journal_level level,
				     const char *subject)
{
	struct journal_entry entry = {
		.utc_ms = utc_now_ms(),
		.level = level,
	};

	(void)str_copy(entry.subject, sizeof(entry.subject), subject);
	return entry;
}

void journal_line(struct journal *journal, enum journal_level level,
		  const char *subject, const char *format, ...)
{
	struct journal_entry entry = entry_of(level, subject);
	struct text text = text_over(entry.text, sizeof(entry.text));
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(entry.text);
	put(journal, &entry);
}

void journal_event(struct journal *journal, enum journal_level level,
		   const struct mac *mac, enum stage stage, const char *text)
{
	struct journal_entry entry = entry_of(level, "");

	entry.has_mac = true;
	entry.mac = *mac;
	entry.stage = stage;
	(void)str_copy(entry.text, sizeof(entry.text), text);
	str_make_printable(entry.text);
	put(journal, &entry);
}

/* The row of this kind, or a new one; with the lock held. */
static struct malformed *find_malformed(struct journal *journal,
					const char *subject, const char *reason)
{
	struct malformed *row = journal->malformed;
	struct malformed *last = &row[JOURNAL_MALFORMED - 1];

	for (; row->subject[0]; row++) {
		if (row == last)
			return row;
		if (strncmp(row->subject, subject, sizeof(row->subject) - 1) ==
			    0 &&
		    strncmp(row->reason, reason, sizeof(row->reason) - 1) == 0)
			return row;
	}
	(void)str_copy(row->subject, sizeof(row->subject),
		       row == last ? "network" : subject);
	(void)str_copy(row->reason, sizeof(row->reason),
		       row == last ? "of many other kinds" : reason);
	row->told_ms = INT64_MIN / 2;
	return row;
}

/* Whether the row is to be told now; *ret_due is then what. */
static bool is_due(struct malformed *row, int64_t now_ms,
		   struct malformed *ret_due)
{
	if (row->count == 0 || now_ms - row->told_ms < JOURNAL_MALFORMED_MS)
		return false;
	*ret_due = *row;
	row->count = 0;
	row->told_ms = now_ms;
	return true;
}

static void tell_malformed(struct journal *journal, const struct malformed *due)
{
	char from[IPV4_TEXT_MAX];

	journal_line(journal, JOURNAL_WARNING, due->subject,
		     "%u malformed packet%s dropped: %s, %sfrom %s", due->count,
		     due->count == 1 ? "" : "s", due->reason,
		     due->count == 1 ? "" : "last ",
		     ipv4_text(due->from, from));
}

void journal_malformed(struct journal *journal, const char *subject,
		       const char *reason, uint32_t from)
{
	int64_t now_ms = clock_ms();
	struct malformed *row, due;
	bool tell;

	pthread_mutex_lock(&journal->lock);
	row = find_malformed(journal, subject, reason);
	row->count++;
	row->from = from;
	tell = is_due(row, now_ms, &due);
	pthread_mutex_unlock(&journal->lock);
	if (tell)
		tell_malformed(journal, &due);
}

void journal_tick(struct journal *journal, int64_t now_ms)
{
	for (size_t i = 0; i < JOURNAL_MALFORMED; i++) {
		struct malformed due;
		bool tell;

		pthread_mutex_lock(&journal->lock);
		tell = is_due(&journal->malformed[i], now_ms, &due);
		pthread_mutex_unlock(&journal->lock);
		if (tell)
			tell_malformed(journal, &due);
	}
}
