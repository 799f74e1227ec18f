/* SPDX-License-Identifier: MIT */
/*
 * libinih calls on_pair() with each key and hides the lines; the reader that
 * gives it the lines counts them, and sees the sections begin, since libinih
 * tells neither of one without keys nor of one that begins twice.
 */
#include "iso/sections.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>

#include "base/cleanup.h"
#include "base/text.h"

struct parser {
	struct sections sections;
	const char *rest;
	unsigned int line; /* that was read last */
	struct failure *failure;
	int r;
};

int section_wrong(const struct sections *sections, unsigned int line,
		  struct failure *failure, const char *format, ...)
{
	char why[256];
	struct text text = text_over(why, sizeof(why));
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	return failure_set(failure, EBADMSG, "%s:%u: %s", sections->file, line,
			   why);
}

static int no_memory(struct parser *parser)
{
	parser->r = failure_errno(parser->failure, ENOMEM, "%s",
				  parser->sections.file);
	return parser->r;
}

/* Room for one more element of size bytes behind the count that there are. */
static void *grow(void *list, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return list;
	grown = reallocarray(list, *room ? 2 * *room : 8, size);
	if (grown)
		*room = *room ? 2 * *room : 8;
	return grown;
}

/* --- sections --- */

static int add_section(struct parser *parser, const char *name)
{
	struct sections *all = &parser->sections;
	struct section *list;

	if (all->count == SECTIONS_MAX)
		return section_wrong(all, parser->line, parser->failure,
				     "too many sections");
	list = grow(all->list, all->count, &all->room, sizeof(*list));
	if (!list)
		return no_memory(parser);
	all->list = list;
	list[all->count] =
		(struct section){ .name = strdup(name), .line = parser->line };
	if (!list[all->count].name)
		return no_memory(parser);
	all->count++;
	return 0;
}

/* heading begins behind "[". */
static int begin_section(struct parser *parser, const char *heading)
{
	const struct sections *all = &parser->sections;
	char name[SECTION_NAME_MAX];
	size_t len = strcspn(heading, "]");

	if (heading[len] != ']' || len == 0)
		return section_wrong(all, parser->line, parser->failure,
				     "a heading is a [name]");
	if (heading[len + 1 + strspn(heading + len + 1, " \t\r\n")])
		return section_wrong(all, parser->line, parser->failure,
				     "something stands behind the heading");
	if (len >= sizeof(name))
		return section_wrong(all, parser->line, parser->failure,
				     "the name is too long");
	memcpy(name, heading, len);
	name[len] = '\0';
	if (sections_find(all, name))
		return section_wrong(all, parser->line, parser->failure,
				     "[%s] begins in line %u already", name,
				     sections_find(all, name)->line);
	return add_section(parser, name);
}

/* --- lines --- */

static int add_pair(struct parser *parser, struct section *section,
		    const char *key, const char *value)
{
	struct section_pair *pairs = grow(section->pairs, section->count,
					  &section->room, sizeof(*pairs));
	struct section_pair pair = { .line = parser->line };

	if (!pairs)
		return no_memory(parser);
	section->pairs = pairs;
	pair.key = strdup(key);
	pair.value = strdup(value);
	pairs[section->count++] = pair; /* to be cleared, whole or not */
	return pair.key && pair.value ? 0 : no_memory(parser);
}

/* libinih's handler: 0 is an error. */
static int on_pair(void *context, const char *section _unused, const char *key,
		   const char *value)
{
	struct parser *parser = context;
	struct sections *all = &parser->sections;

	if (parser->r < 0)
		return 0;
	if (all->count == 0)
		parser->r = section_wrong(all, parser->line, parser->failure,
					  "a key before the first section");
	else if (!value || !*value)
		parser->r = section_wrong(all, parser->line, parser->failure,
					  "%s has no value", key);
	else if (!str_is_printable(value))
		parser->r = section_wrong(all, parser->line, parser->failure,
					  "%s is no plain text", key);
	else
		parser->r = add_pair(parser, &all->list[all->count - 1], key,
				     value);
	return parser->r == 0;
}

/* libinih's reader, like fgets(3). */
static char *next_line(char *buf, int size, void *context)
{
	struct parser *parser = context;
	size_t len = strcspn(parser->rest, "\n");
	const char *start;

	if (!*parser->rest || parser->r < 0)
		return NULL;
	parser->line++;
	if (len + 2 > (size_t)size) {
		parser->r =
			section_wrong(&parser->sections, parser->line,
				      parser->failure, "the line is too long");
		return NULL;
	}
	len += parser->rest[len] == '\n';
	memcpy(buf, parser->rest, len);
	buf[len] = '\0';
	parser->rest += len;
	start = buf + strspn(buf, " \t");
	if (*start == '[')
		parser->r = begin_section(parser, start + 1);
	return parser->r < 0 ? NULL : buf;
}

static int read_lines(struct parser *parser)
{
	const struct sections *all = &parser->sections;
	int line;

	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_max_line = SECTION_LINE_MAX;
	/* The reader's stream and the handler's context. */
	line = ini_parse_stream(next_line, parser, on_pair, parser);
	if (parser->r < 0)
		return parser->r;
	if (line < 0)
		return no_memory(parser);
	if (line > 0)
		return section_wrong(all, (unsigned int)line, parser->failure,
				     "neither [section], key = value nor # "
				     "comment");
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].count == 0)
			return section_wrong(all, all->list[i].line,
					     parser->failure,
					     "[%s] has no keys",
					     all->list[i].name);
	return 0;
}

int sections_parse(const char *text, size_t len, const char *file,
		   struct sections *ret_sections, struct failure *failure)
{
	struct parser parser = {
		.sections = { .file = file },
		/* What editors of Windows put before a text. */
		.rest = str_after(text, "\xef\xbb\xbf") ? text + 3 : text,
		.failure = failure,
	};
	int r;

	if (strlen(text) != len)
		return failure_set(failure, EBADMSG,
				   "%s: has a NUL, so it is no text", file);
	r = read_lines(&parser);
	if (r < 0)
		sections_clear(&parser.sections);
	else
		*ret_sections = parser.sections;
	return r;
}

/* --- what was read --- */

const struct section *sections_find(const struct sections *sections,
				    const char *name)
{
	for (size_t i = 0; i < sections->count; i++)
		if (str_eq(sections->list[i].name, name))
			return &sections->list[i];
	return NULL;
}

const struct section_pair *section_get(const struct section *section,
				       const char *key)
{
	for (size_t i = 0; i < section->count; i++)
		if (str_eq(section->pairs[i].key, key))
			return &section->pairs[i];
	return NULL;
}

void sections_clear(struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++) {
		struct section *section = &sections->list[i];

		for (size_t j = 0; j < section->count; j++) {
			free(section->pairs[j].key);
			free(section->pairs[j].value);
		}
		free(section->pairs);
		free(section->name);
	}
	free(sections->list);
	*sections = (struct sections){ 0 };
}
