/* SPDX-License-Identifier: MIT */
#include "server/plan-text.h"

#include "base/text.h"

#define LINE_MAX_BYTES 4096

struct lines {
	void (*line)(void *to, const char *text);
	void *to;
};

static void add(const struct lines *lines, const char *what, const char *value)
{
	char buf[LINE_MAX_BYTES];
	struct text text = text_over(buf, sizeof(buf));

	if (!value)
		return;
	text_add(&text, "  %-8s %s", what, value);
	str_make_printable(buf);
	lines->line(lines->to, buf);
}

static void add_cmdline(const struct lines *lines, const struct plan *plan)
{
	char buf[LINE_MAX_BYTES];
	struct text text = text_over(buf, sizeof(buf));

	for (size_t i = 0; i < plan->cmdline_count; i++) {
		const struct plan_piece *piece = &plan->cmdline[i];

		text_add(&text, piece->is_file ? "{{ URL \"%s\" }}" : "%s",
			 piece->text);
	}
	if (text.len > 0)
		add(lines, "cmdline", buf);
}

static const char *what_it_does(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_IGNORE:
		return "is left alone";
	case PLAN_LOCAL:
		return "is told to boot from its disk";
	case PLAN_LINUX:
		return "boots Linux";
	case PLAN_SCRIPT:
		return "gets an iPXE script";
	}
	return "";
}

void plan_describe(const struct plan *plan,
		   void (*line)(void *to, const char *text), void *to)
{
	const struct lines lines = { line, to };
	char buf[LINE_MAX_BYTES];
	struct text text = text_over(buf, sizeof(buf));

	text_add(&text, "%s: %s", what_it_does(plan->kind), plan->origin);
	str_make_printable(buf);
	line(to, buf);
	add(&lines, "loader", plan->loader);
	add(&lines, "kernel", plan->kernel);
	for (size_t i = 0; i < plan->initrd_count; i++)
		add(&lines, "initrd", plan->initrds[i]);
	add_cmdline(&lines, plan);
	add(&lines, "message", plan->message);
	add(&lines, "script", plan->script);
}
