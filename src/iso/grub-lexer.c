/* SPDX-License-Identifier: MIT */
/*
 * Words end at white space and at the characters { } | & ; as GRUB's own lexer
 * has it. Quotes: 'as it is'; "with $variables, and a backslash before $ \ and
 * a double quote"; outside of both a backslash takes the next character as it
 * is, and joins lines.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "iso/grub-script.h"

char *grub_string(struct arena *arena, const char *bytes, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	return copy && len > 0 ? memcpy(copy, bytes, len) : copy;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_word(char c)
{
	return c == '\0' || c == '\n' || is_blank(c) || strchr("{}|&;", c);
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* A word while it is read. */
struct reading {
	struct grub_lexer *lexer;
	struct grub_word *word;
	struct grub_piece **end;
};

static int add_piece(struct reading *reading, const char *text, size_t len,
		     bool is_variable, bool is_quoted)
{
	struct arena *arena = reading->lexer->arena;
	struct grub_piece *piece = arena_alloc(arena, sizeof(*piece));

	if (!piece)
		return -E2BIG;
	piece->text = grub_string(arena, text, len);
	if (!piece->text)
		return -E2BIG;
	piece->is_variable = is_variable;
	piece->is_quoted = is_quoted;
	*reading->end = piece;
	reading->end = &piece->next;
	return 0;
}

/* Whether a "$" begins a variable here: its name, and where it ends. */
static bool is_variable(const char *at, const char **ret_name, size_t *ret_len,
			const char **ret_behind)
{
	bool braces = at[1] == '{';
	const char *name = at + (braces ? 2 : 1);
	size_t len = 0;

	if (*name && strchr("?@*#", *name))
		len = 1;
	else if (isdigit((unsigned char)*name) && !braces)
		len = 1;
	else
		while (is_name(name[len]))
			len++;
	if (len == 0 || (braces && name[len] != '}'))
		return false;
	*ret_name = name;
	*ret_len = len;
	*ret_behind = name + len + braces;
	return true;
}

/* At a "$". */
static int read_variable(struct reading *reading, bool is_quoted)
{
	const char **at = &reading->lexer->at, *name, *behind;
	size_t len;

	if (!is_variable(*at, &name, &len, &behind)) {
		/* $"text" is text for translation. */
		if (!is_quoted && (*at)[1] == '"') {
			(*at)++;
			return 0;
		}
		return add_piece(reading, (*at)++, 1, false, is_quoted);
	}
	*at = behind;
	return add_piece(reading, name, len, true, is_quoted);
}

static int read_single_quoted(struct reading *reading)
{
	const char *from = ++reading->lexer->at;
	size_t len = strcspn(from, "'");

	reading->lexer->at = from + len + (from[len] == '\'');
	return add_piece(reading, from, len, false, true);
}

/* Text up to one of the characters in end, with backslashes taken as those
 * before one of special; NULL: before any character. */
static int read_text(struct reading *reading, bool (*ends)(char c),
		     const char *special, bool is_quoted)
{
	const char **at = &reading->lexer->at, *from = *at;
	struct grub_piece *piece;
	size_t len = 0;
	char *text;
	int r;

	while (!ends(**at))
		*at += **at == '\\' && (*at)[1] ? 2 : 1;
	r = add_piece(reading, from, (size_t)(*at - from), false, is_quoted);
	if (r < 0)
		return r;
	piece = container_of(reading->end, struct grub_piece, next);
	text = (char *)piece->text;
	for (const char *c = from; c < *at; c++) {
		if (*c == '\\' && c + 1 < *at &&
		    (!special || strchr(special, c[1])) && *++c == '\n')
			continue; /* joins lines */
		text[len++] = *c;
	}
	text[len] = '\0';
	return 0;
}

static bool ends_double_quoted(char c)
{
	return c == '\0' || c == '"' || c == '$';
}

static bool ends_text(char c)
{
	return ends_word(c) || c == '\'' || c == '"' || c == '$';
}

static int read_double_quoted(struct reading *reading)
{
	const char **at = &reading->lexer->at;
	/* An empty one is a word, too. */
	int r = add_piece(reading, "", 0, false, true);

	for (++*at; r == 0 && **at && **at != '"';)
		r = **at == '$' ? read_variable(reading, true)
				: read_text(reading, ends_double_quoted,
					    "$\"\\\n", true);
	if (**at == '"')
		++*at;
	return r;
}

static int read_word(struct grub_lexer *lexer, struct grub_token *ret)
{
	struct reading reading = { .lexer = lexer };
	const struct grub_piece *first;
	int r = 0;

	reading.word = arena_alloc(lexer->arena, sizeof(*reading.word));
	if (!reading.word)
		return -E2BIG;
	reading.end = &reading.word->pieces;
	while (r == 0 && !ends_word(*lexer->at))
		switch (*lexer->at) {
		case '\'':
			r = read_single_quoted(&reading);
			break;
		case '"':
			r = read_double_quoted(&reading);
			break;
		case '$':
			r = read_variable(&reading, false);
			break;
		default:
			r = read_text(&reading, ends_text, NULL, false);
		}
	if (r < 0)
		return r;
	first = reading.word->pieces;
	*ret = (struct grub_token){
		.kind = GRUB_WORD,
		.word = reading.word,
		.plain = first && !first->next && !first->is_quoted &&
					 !first->is_variable
				 ? first->text
				 : "",
	};
	return 0;
}

static void skip_blanks(struct grub_lexer *lexer)
{
	while (true) {
		if (is_blank(*lexer->at))
			lexer->at++;
		else if (lexer->at[0] == '\\' && lexer->at[1] == '\n')
			lexer->at += 2;
		else if (*lexer->at == '#')
			lexer->at += strcspn(lexer->at, "\n");
		else
			return;
	}
}

int grub_next_token(struct grub_lexer *lexer, struct grub_token *ret)
{
	static const struct {
		const char *text;
		enum grub_token_kind kind;
	} marks[] = {
		{ "\n", GRUB_SEPARATOR }, { ";", GRUB_SEPARATOR },
		{ "{", GRUB_OPEN },	  { "}", GRUB_CLOSE },
		{ "&", GRUB_SEPARATOR },  { "|", GRUB_SEPARATOR },
	};

	skip_blanks(lexer);
	*ret = (struct grub_token){ .kind = GRUB_END, .plain = "" };
	if (!*lexer->at)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		size_t len = strlen(marks[i].text);

		if (strncmp(lexer->at, marks[i].text, len) == 0) {
			lexer->at += len;
			ret->kind = marks[i].kind;
			return 0;
		}
	}
	return read_word(lexer, ret);
}
