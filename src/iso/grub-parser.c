/* SPDX-License-Identifier: MIT */
/*
 * A list of commands ends at a reserved word that the construct around it waits
 * for, or one further out: so a forgotten "fi" in a function does not make the
 * rest of the file part of it.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "iso/grub-script.h"

enum reserved {
	NOT_RESERVED = 0,
	WORD_IF = 1 << 0,
	WORD_THEN = 1 << 1,
	WORD_ELIF = 1 << 2,
	WORD_ELSE = 1 << 3,
	WORD_FI = 1 << 4,
	WORD_FOR = 1 << 5,
	WORD_WHILE = 1 << 6,
	WORD_UNTIL = 1 << 7,
	WORD_DO = 1 << 8,
	WORD_DONE = 1 << 9,
	WORD_FUNCTION = 1 << 10,
	WORD_CLOSE = 1 << 11, /* "}" */
};

struct parser {
	struct grub_lexer lexer;
	struct grub_token token; /* the next one */
	unsigned depth;
};

static enum reserved reserved_of(const struct grub_token *token)
{
	static const struct {
		const char *text;
		enum reserved word;
	} words[] = {
		{ "if", WORD_IF },
		{ "then", WORD_THEN },
		{ "elif", WORD_ELIF },
		{ "else", WORD_ELSE },
		{ "fi", WORD_FI },
		{ "for", WORD_FOR },
		{ "while", WORD_WHILE },
		{ "until", WORD_UNTIL },
		{ "do", WORD_DO },
		{ "done", WORD_DONE },
		{ "function", WORD_FUNCTION },
	};

	if (token->kind == GRUB_CLOSE)
		return WORD_CLOSE;
	for (size_t i = 0; token->kind == GRUB_WORD && i < ARRAY_SIZE(words);
	     i++)
		if (str_eq(token->plain, words[i].text))
			return words[i].word;
	return NOT_RESERVED;
}

static int next(struct parser *parser)
{
	return grub_next_token(&parser->lexer, &parser->token);
}

/* Takes the next token when it is this one. */
static int take(struct parser *parser, enum reserved word)
{
	return reserved_of(&parser->token) == word ? next(parser) : 0;
}

static int parse_list(struct parser *parser, unsigned ends,
		      struct grub_node **ret_list);

/* Words up to what ends a command. */
static int parse_words(struct parser *parser, struct grub_word **end)
{
	while (parser->token.kind == GRUB_WORD) {
		int r;

		*end = parser->token.word;
		end = &(*end)->next;
		r = next(parser);
		if (r < 0)
			return r;
	}
	return 0;
}

/* { … } when it is there. */
static int parse_block(struct parser *parser, unsigned ends,
		       struct grub_node **ret_body)
{
	int r;

	if (parser->token.kind != GRUB_OPEN)
		return 0;
	r = next(parser);
	if (r == 0)
		r = parse_list(parser, ends | WORD_CLOSE, ret_body);
	return r < 0 ? r : take(parser, WORD_CLOSE);
}

static int parse_command(struct parser *parser, unsigned ends,
			 struct grub_node *node)
{
	int r = parse_words(parser, &node->words);

	node->kind = GRUB_COMMAND;
	return r < 0 ? r : parse_block(parser, ends, &node->body);
}

/* At "if" or "elif". */
static int parse_if(struct parser *parser, unsigned outer,
		    struct grub_node *node)
{
	const unsigned ends = outer | WORD_ELIF | WORD_ELSE | WORD_FI;
	int r = next(parser);

	node->kind = GRUB_IF;
	if (r == 0)
		r = parse_list(parser, ends | WORD_THEN, &node->condition);
	if (r == 0)
		r = take(parser, WORD_THEN);
	if (r == 0)
		r = parse_list(parser, ends, &node->body);
	return r;
}

static int parse_ifs(struct parser *parser, unsigned outer,
		     struct grub_node *node)
{
	int r = parse_if(parser, outer, node);

	while (r == 0 && reserved_of(&parser->token) == WORD_ELIF) {
		struct grub_node *elif =
			arena_alloc(parser->lexer.arena, sizeof(*elif));

		if (!elif)
			return -E2BIG;
		node->otherwise = elif;
		node = elif;
		r = parse_if(parser, outer, node);
	}
	if (r == 0 && reserved_of(&parser->token) == WORD_ELSE) {
		r = next(parser);
		if (r == 0)
			r = parse_list(parser, outer | WORD_FI,
				       &node->otherwise);
	}
	return r < 0 ? r : take(parser, WORD_FI);
}

/* do … done */
static int parse_loop_body(struct parser *parser, unsigned ends,
			   struct grub_node *node)
{
	int r = take(parser, WORD_DO);

	if (r == 0)
		r = parse_list(parser, ends | WORD_DONE, &node->body);
	return r < 0 ? r : take(parser, WORD_DONE);
}

static int parse_while(struct parser *parser, unsigned ends,
		       struct grub_node *node)
{
	int r;

	node->kind = reserved_of(&parser->token) == WORD_WHILE ? GRUB_WHILE
							       : GRUB_UNTIL;
	r = next(parser);
	if (r == 0)
		r = parse_list(parser, ends | WORD_DO | WORD_DONE,
			       &node->condition);
	return r < 0 ? r : parse_loop_body(parser, ends, node);
}

static int skip_separators(struct parser *parser)
{
	int r = 0;

	while (r == 0 && parser->token.kind == GRUB_SEPARATOR)
		r = next(parser);
	return r;
}

static int parse_for(struct parser *parser, unsigned ends,
		     struct grub_node *node)
{
	int r = next(parser);

	node->kind = GRUB_FOR;
	if (r == 0)
		r = parse_words(parser, &node->words);
	if (r == 0)
		r = skip_separators(parser);
	return r < 0 ? r : parse_loop_body(parser, ends, node);
}

static int parse_function(struct parser *parser, unsigned ends,
			  struct grub_node *node)
{
	int r = next(parser);

	node->kind = GRUB_FUNCTION;
	if (r == 0)
		r = parse_words(parser, &node->words);
	if (r == 0)
		r = skip_separators(parser);
	return r < 0 ? r : parse_block(parser, ends, &node->body);
}

static int parse_node(struct parser *parser, unsigned ends,
		      struct grub_node *node)
{
	int r;

	if (++parser->depth > GRUB_NESTING_MAX)
		return -E2BIG;
	switch ((unsigned)reserved_of(&parser->token)) {
	case WORD_IF:
		r = parse_ifs(parser, ends, node);
		break;
	case WORD_WHILE:
	case WORD_UNTIL:
		r = parse_while(parser, ends, node);
		break;
	case WORD_FOR:
		r = parse_for(parser, ends, node);
		break;
	case WORD_FUNCTION:
		r = parse_function(parser, ends, node);
		break;
	default:
		r = parse_command(parser, ends, node);
	}
	parser->depth--;
	return r;
}

/* What stands between commands, or begins none. */
static bool is_between(const struct parser *parser)
{
	const unsigned begin =
		WORD_IF | WORD_FOR | WORD_WHILE | WORD_UNTIL | WORD_FUNCTION;
	unsigned word = reserved_of(&parser->token);

	return parser->token.kind == GRUB_SEPARATOR ||
	       (word && !(word & begin));
}

/* Commands up to one of the reserved words in ends, which stays. */
static int parse_list(struct parser *parser, unsigned ends,
		      struct grub_node **ret_list)
{
	struct grub_node *node = NULL, **end = ret_list;
	int r = 0;

	while (r == 0 && parser->token.kind != GRUB_END &&
	       !(reserved_of(&parser->token) & ends)) {
		if (is_between(parser)) {
			r = next(parser);
			continue;
		}
		node = arena_alloc(parser->lexer.arena, sizeof(*node));
		if (!node)
			return -E2BIG;
		*end = node;
		end = &node->next;
		r = parse_node(parser, ends, node);
	}
	return r;
}

int grub_parse(struct arena *arena, const char *text,
	       struct grub_node **ret_nodes)
{
	struct parser parser = { .lexer = { .at = text, .arena = arena } };
	struct grub_node *nodes = NULL;
	int r = next(&parser);

	if (r == 0)
		r = parse_list(&parser, NOT_RESERVED, &nodes);
	if (r == 0)
		*ret_nodes = nodes;
	return r;
}
