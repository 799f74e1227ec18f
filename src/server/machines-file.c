/* SPDX-License-Identifier: MIT */
/*
 * libinih calls on_key() with each key and hides the lines; the reader that
 * gives it the lines counts them. A section's plan is made when the next
 * section begins. Sections for one machine are sorted by address, patterns
 * stay in their order.
 */
#include "server/machines-file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ini.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "server/machines-section.h"
#include "server/policy-place.h"
#include "server/texts.h"

#define NAME_MAX_BYTES 64 /* more than libinih's names of sections */

enum section_kind {
	SECTION_MACHINE,
	SECTION_PATTERN,
	SECTION_DEFAULT,
};

struct section {
	enum section_kind kind;
	char name[NAME_MAX_BYTES]; /* in lower case, with ":" */
	struct mac mac;
	struct plan *plan;
	unsigned int line;
};

struct machines_file {
	struct section *sections;
	size_t count, room;
	size_t machines; /* the first are SECTION_MACHINE, sorted */
};

struct parser {
	const struct machines_context *context;
	struct machines_file *file;
	struct section_draft draft;
	char section[NAME_MAX_BYTES]; /* that draft is of */
	const char *rest;
	unsigned int line;	   /* that was read last */
	unsigned int heading;	   /* the last one with a [section] */
	unsigned int section_line; /* the heading that draft is of */
	struct failure *failure;
	int r;
};

static int wrong(struct parser *parser, unsigned int line, const char *why)
{
	parser->r = failure_set(parser->failure, EBADMSG, "%s:%u: %s",
				parser->context->name, line, why);
	return parser->r;
}

/* --- sections --- */

static bool is_pattern(const char *name)
{
	size_t len = strspn(name, "0123456789abcdef:*?");

	return !name[len] && strpbrk(name, "*?") && len < 3 * MAC_BYTES + 8;
}

static int name_section(struct parser *parser, const char *name,
			struct section *section)
{
	char why[160];

	for (size_t i = 0; i < sizeof(section->name); i++) {
		char c = name[i];

		section->name[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20
					  : c == '-'	       ? ':'
							       : c);
		if (!c)
			break;
	}
	section->name[sizeof(section->name) - 1] = '\0';
	section->kind = SECTION_MACHINE;
	if (mac_parse(section->name, &section->mac) == 0)
		return 0;
	section->kind = SECTION_PATTERN;
	if (is_pattern(section->name))
		return 0;
	section->kind = SECTION_DEFAULT;
	if (str_eq(section->name, "default"))
		return 0;
	snprintf(why, sizeof(why),
		 "[%.60s] is neither an address like 52:54:00:12:34:56, a "
		 "pattern like 52:54:00:* nor default",
		 name);
	return wrong(parser, parser->section_line, why);
}

static struct section *add_section(struct machines_file *file)
{
	struct section *sections = file->sections;

	if (file->count == file->room) {
		file->room = file->room ? 2 * file->room : 16;
		sections =
			reallocarray(sections, file->room, sizeof(*sections));
		if (!sections)
			return NULL;
		file->sections = sections;
	}
	return &file->sections[file->count];
}

/* The draft becomes a section. */
static int end_section(struct parser *parser)
{
	struct machines_file *file = parser->file;
	struct section section = { .line = parser->section_line };
	char origin[NAME_MAX + NAME_MAX_BYTES + 8];
	struct section *place;
	struct failure why;
	unsigned int line;
	int r;

	if (parser->section_line == 0)
		return 0;
	r = name_section(parser, parser->section, &section);
	if (r < 0)
		return r;
	if (file->count == MACHINES_SECTIONS_MAX)
		return wrong(parser, section.line, "too many sections");
	snprintf(origin, sizeof(origin), "%s [%s]", parser->context->name,
		 section.name);
	r = section_plan(&parser->draft, parser->context, origin, &section.plan,
			 &line, &why);
	section_clear(&parser->draft);
	if (r < 0)
		return wrong(parser, line ? line : section.line, why.text);
	place = add_section(file);
	if (!place) {
		plan_drop(section.plan);
		parser->r = failure_errno(parser->failure, ENOMEM, "%s",
					  parser->context->name);
		return parser->r;
	}
	*place = section;
	file->count++;
	return 0;
}

/* --- lines --- */

/* libinih's handler: 0 is an error. Once there was one, nothing is done. */
static int on_key(void *context, const char *section, const char *name,
		  const char *value)
{
	struct parser *parser = context;
	struct failure why;

	if (parser->r < 0)
		return 0;
	if (!section[0]) {
		wrong(parser, parser->line, "a key before the first section");
		return 0;
	}
	if (parser->heading != parser->section_line) {
		if (end_section(parser) < 0)
			return 0;
		(void)str_copy(parser->section, sizeof(parser->section),
			       section);
		parser->section_line = parser->heading;
	}
	if (section_set(&parser->draft, name, value ? value : "", parser->line,
			&why) < 0)
		wrong(parser, parser->line, why.text);
	return parser->r == 0;
}

/* libinih does not tell of sections in which there is no key. */
static void note_heading(struct parser *parser)
{
	if (parser->heading != parser->section_line)
		wrong(parser, parser->heading, "a section without keys");
	parser->heading = parser->line;
}

/* libinih's reader, like fgets(3). */
static char *next_line(char *buf, int size, void *context)
{
	struct parser *parser = context;
	size_t len = strcspn(parser->rest, "\n");

	if (!*parser->rest || parser->r < 0)
		return NULL;
	parser->line++;
	if (len + 2 > (size_t)size) {
		wrong(parser, parser->line, "the line is too long");
		return NULL;
	}
	len += parser->rest[len] == '\n';
	memcpy(buf, parser->rest, len);
	buf[len] = '\0';
	parser->rest += len;
	if (buf[strspn(buf, " \t")] == '[')
		note_heading(parser);
	return buf;
}

/* ini_parse_stream() has its reader's stream and its handler's context. */
static int read_lines(struct parser *parser)
{
	int line;

	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_max_line = MACHINES_LINE_MAX;
	line = ini_parse_stream(next_line, parser, on_key, parser);
	if (parser->r == 0 && line > 0)
		wrong(parser, (unsigned int)line,
		      "neither [section], key = value nor # comment");
	if (parser->r == 0 && line < 0)
		parser->r = failure_errno(parser->failure, ENOMEM, "%s",
					  parser->context->name);
	if (parser->r == 0 && parser->heading != parser->section_line)
		wrong(parser, parser->heading, "a section without keys");
	return parser->r < 0 ? parser->r : end_section(parser);
}

/* --- the file --- */

static int compare(const void *a, const void *b)
{
	const struct section *one = a, *other = b;

	if (one->kind != other->kind)
		return one->kind < other->kind ? -1 : 1;
	if (one->kind == SECTION_MACHINE) {
		int order = memcmp(&one->mac, &other->mac, sizeof(one->mac));

		if (order != 0)
			return order;
	}
	return one->line < other->line ? -1 : one->line > other->line;
}

static int twice(struct parser *parser, const struct section *a,
		 const struct section *b)
{
	char why[128];

	snprintf(why, sizeof(why), "[%s] begins in line %u already", a->name,
		 a->line);
	return wrong(parser, b->line, why);
}

static int check_patterns(struct parser *parser)
{
	const struct machines_file *file = parser->file;
	const struct section *s = file->sections;

	for (size_t i = file->machines; i < file->count; i++) {
		if (i - file->machines > MACHINES_PATTERNS_MAX)
			return wrong(parser, s[i].line, "too many patterns");
		for (size_t j = file->machines; j < i; j++)
			if (str_eq(s[i].name, s[j].name))
				return twice(parser, &s[j], &s[i]);
	}
	return 0;
}

static int sort(struct parser *parser)
{
	struct machines_file *file = parser->file;
	struct section *s = file->sections;

	if (file->count > 0)
		qsort(s, file->count, sizeof(*s), compare);
	while (file->machines < file->count &&
	       s[file->machines].kind == SECTION_MACHINE)
		file->machines++;
	for (size_t i = 1; i < file->machines; i++)
		if (mac_eq(&s[i - 1].mac, &s[i].mac))
			return twice(parser, &s[i - 1], &s[i]);
	return check_patterns(parser);
}

int machines_file_parse(const struct machines_context *context,
			const char *text, size_t len,
			struct machines_file **ret_file,
			struct failure *failure)
{
	struct parser parser = {
		.context = context,
		.file = calloc(1, sizeof(struct machines_file)),
		.rest = text,
		.failure = failure,
	};
	int r;

	if (!parser.file)
		return failure_errno(failure, ENOMEM, "%s", context->name);
	/* Editors of Windows put this before a text; libinih passes over it,
	 * but next_line() would not see the first heading. */
	if (str_after(text, "\xef\xbb\xbf"))
		parser.rest += 3;
	if (strlen(text) != len)
		r = failure_set(failure, EBADMSG,
				"%s: has a NUL, so it is no "
				"text",
				context->name);
	else
		r = read_lines(&parser);
	section_clear(&parser.draft);
	if (r == 0)
		r = sort(&parser);
	if (r < 0)
		machines_file_free(parser.file);
	else
		*ret_file = parser.file;
	return r;
}

struct machines_file *machines_file_free(struct machines_file *file)
{
	if (!file)
		return NULL;
	for (size_t i = 0; i < file->count; i++)
		plan_drop(file->sections[i].plan);
	free(file->sections);
	free(file);
	return NULL;
}

static int compare_mac(const void *key, const void *element)
{
	const struct section *section = element;

	return memcmp(key, &section->mac, sizeof(section->mac));
}

struct plan *machines_file_find(const struct machines_file *file,
				const struct mac *mac)
{
	const struct section *section = NULL;
	char text[MAC_TEXT_MAX];

	if (file->machines > 0)
		section = bsearch(mac, file->sections, file->machines,
				  sizeof(*section), compare_mac);
	if (section)
		return section->plan;
	mac_text(mac, text);
	for (size_t i = file->machines; i < file->count; i++) {
		section = &file->sections[i];
		if (section->kind == SECTION_DEFAULT ||
		    fnmatch(section->name, text, 0) == 0)
			return section->plan;
	}
	return NULL;
}

/* --- what it names --- */

static int read_script(struct plan *plan, struct failure *failure)
{
	_cleanup_free char *text = malloc(SCRIPT_MAX);
	ssize_t len;

	if (!text)
		return failure_errno(failure, ENOMEM, "%s", plan->script);
	len = file_read(AT_FDCWD, plan->script, text, SCRIPT_MAX);
	if (len < 0)
		return failure_errno(failure, (int)-len, "%s", plan->script);
	if (!str_after(text, "#!ipxe") || strlen(text) != (size_t)len)
		return failure_set(failure, EBADMSG,
				   "%s: not an iPXE script, which begins with "
				   "#!ipxe",
				   plan->script);
	free(plan->script);
	plan->script = TAKE_PTR(text);
	return 0;
}

/* The scripts, whose paths the plans have until then. */
static int read_scripts(const struct machines_context *context,
			struct machines_file *file, struct failure *failure)
{
	struct failure why;
	int r = 0;

	for (size_t i = 0; i < file->count && r == 0; i++) {
		struct section *section = &file->sections[i];

		if (section->plan->kind != PLAN_SCRIPT)
			continue;
		r = place_check(section->plan->script, &why);
		if (r == 0)
			r = read_script(section->plan, &why);
		if (r < 0)
			return failure_set(failure, -r, "%s:%u: [%s]: %s",
					   context->name, section->line,
					   section->name, why.text);
	}
	return r;
}

int machines_file_check(const struct machines_context *context,
			const struct machines_file *file,
			struct failure *failure)
{
	struct failure why;

	for (size_t i = 0; i < file->count; i++) {
		const struct section *section = &file->sections[i];
		int r = place_check_all(section->plan, &why);

		if (r < 0)
			return failure_set(failure, -r, "%s:%u: [%s]: %s",
					   context->name, section->line,
					   section->name, why.text);
	}
	return 0;
}

int machines_file_load(const struct machines_context *context, int dir_fd,
		       struct machines_file **ret_file, struct failure *failure)
{
	_cleanup_free char *text = malloc(MACHINES_FILE_MAX);
	struct machines_file *file = NULL;
	ssize_t len;
	int r;

	if (!text)
		return failure_errno(failure, ENOMEM, "%s", context->name);
	len = file_read(dir_fd, context->name, text, MACHINES_FILE_MAX);
	if (len < 0)
		return failure_errno(failure, (int)-len, "%s", context->name);
	r = machines_file_parse(context, text, (size_t)len, &file, failure);
	if (r == 0)
		r = read_scripts(context, file, failure);
	if (r == 0)
		r = machines_file_check(context, file, failure);
	if (r < 0)
		machines_file_free(file);
	else
		*ret_file = file;
	return r;
}
