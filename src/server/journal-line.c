/* SPDX-License-Identifier: MIT */
/*
 * For people a line has four columns: time, machine, stage, what happened. A
 * line of the server itself has its subject in place of the machine and no
 * stage:
 *
 *   12:03:04 52:54:00:12:34:56 loader     fetched undionly.kpxe (65 kB)
 *   12:03:05 tftp              4 malformed packets dropped: …
 */
#include "server/journal-line.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "server/utc.h"

#define PLAIN "\033[0m"
#define DIM   "\033[2m"
#define BOLD  "\033[1m"

/* How a level looks; syslog's number for it (sd-daemon(3)). */
static const struct level_row {
	const char *name;
	const char *colour;
	unsigned int syslog;
} levels[] = {
	[JOURNAL_INFO] = { "info", "", 6 },
	[JOURNAL_WARNING] = { "warning", "\033[33m", 4 },
	[JOURNAL_ERROR] = { "error", "\033[31m", 3 },
};

/* From the cold beginning of a boot to the warm end. */
static const char *const stage_colours[STAGES] = {
	[STAGE_DHCP] = "\033[34m",     [STAGE_LOADER] = "\033[36m",
	[STAGE_KERNEL] = "\033[36m",   [STAGE_BOOTSTRAP] = "\033[32m",
	[STAGE_IMAGE] = "\033[32m",    [STAGE_TARGET] = "\033[1;32m",
	[STAGE_RETURN] = "\033[1;35m",
};

const char *journal_level_name(enum journal_level level)
{
	return levels[level].name;
}

static void add_json_string(struct text *text, const char *s)
{
	text_add(text, "\"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(text, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			text_add(text, "\\u%04x", (unsigned int)*s);
		else
			text_add(text, "%c", *s);
	text_add(text, "\"");
}

static void add_json(struct text *text, const struct journal_entry *entry)
{
	char mac[MAC_TEXT_MAX], utc[UTC_TEXT_MAX];

	text_add(text, "{\"time\":\"%s\",\"level\":\"%s\",",
		 utc_text(entry->utc_ms, utc), levels[entry->level].name);
	if (entry->has_mac) {
		text_add(text, "\"mac\":\"%s\",\"stage\":\"%s\",\"text\":",
			 mac_text(&entry->mac, mac), stage_name(entry->stage));
	} else {
		text_add(text, "\"subject\":");
		add_json_string(text, entry->subject);
		text_add(text, ",\"text\":");
	}
	add_json_string(text, entry->text);
	text_add(text, "}");
}

static void add_time(struct text *text, const struct journal_entry *entry,
		     const struct journal_style *style)
{
	time_t seconds = (time_t)(entry->utc_ms / MS_PER_S);
	char clock[16];
	struct tm tm;

	if (style->system) {
		text_add(text, "<%u>", levels[entry->level].syslog);
		return;
	}
	localtime_r(&seconds, &tm);
	(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	text_add(text, style->colour ? DIM "%s" PLAIN " " : "%s ", clock);
}

static void add_columns(struct text *text, const struct journal_entry *entry,
			const struct journal_style *style)
{
	const char *level = levels[entry->level].colour;
	char mac[MAC_TEXT_MAX];

	add_time(text, entry, style);
	if (entry->has_mac)
		(void)mac_text(&entry->mac, mac);
	if (!style->colour) {
		text_add(text, "%-17s ", entry->has_mac ? mac : entry->subject);
		if (entry->has_mac)
			text_add(text, "%-10s ", stage_name(entry->stage));
		text_add(text, "%s", entry->text);
		return;
	}
	if (entry->has_mac)
		text_add(text, "%s %s%-10s" PLAIN " ", mac,
			 stage_colours[entry->stage], stage_name(entry->stage));
	else
		text_add(text, BOLD "%-17s" PLAIN " ", entry->subject);
	text_add(text, "%s%s%s", level, entry->text, *level ? PLAIN : "");
}

size_t journal_format(const struct journal_entry *entry,
		      const struct journal_style *style,
		      char buf[static JOURNAL_LINE_MAX])
{
	/* Room is kept for the line end. */
	struct text text = text_over(buf, JOURNAL_LINE_MAX - 1);

	if (style->json)
		add_json(&text, entry);
	else
		add_columns(&text, entry, style);
	buf[text.len] = '\n';
	buf[text.len + 1] = '\0';
	return text.len + 1;
}
