/* SPDX-License-Identifier: MIT */
/*
 * GRUB's script language, as far as live media speak it (GNU GRUB manual,
 * "Writing full configuration files directly"): text into words, words into
 * a tree of commands. All of a tree is in one arena, which is its owner and
 * its bound.
 */
#pragma once

#include "base/arena.h"

#define GRUB_NESTING_MAX 48 /* of if, while, { */

/* A word is made of pieces: a"b $c"d has three. */
struct grub_piece {
	struct grub_piece *next;
	const char *text; /* as it is, or the name of a variable */
	bool is_variable;
	bool is_quoted; /* its value stays one word, also when empty */
};

struct grub_word {
	struct grub_word *next;
	struct grub_piece *pieces;
};

enum grub_node_kind {
	GRUB_COMMAND,  /* words, and body: of menuentry and submenu */
	GRUB_IF,       /* condition, body, otherwise (also an elif) */
	GRUB_WHILE,    /* condition, body */
	GRUB_UNTIL,    /* likewise */
	GRUB_FOR,      /* words: the variable and its values; body */
	GRUB_FUNCTION, /* words: its name; body */
};

struct grub_node {
	struct grub_node *next;
	enum grub_node_kind kind;
	struct grub_word *words;
	struct grub_node *condition, *body, *otherwise;
};

enum grub_token_kind {
	GRUB_END,
	GRUB_SEPARATOR, /* line end or ";" */
	GRUB_OPEN,
	GRUB_CLOSE,
	GRUB_WORD,
};

struct grub_token {
	enum grub_token_kind kind;
	struct grub_word *word;
	/* Of a word of one piece without quotes and variables: that; it may be
	 * a reserved word. Otherwise "". */
	const char *plain;
};

struct grub_lexer {
	const char *at;
	struct arena *arena;
};

/* The next token; -E2BIG: the arena is full. */
int grub_next_token(struct grub_lexer *lexer, struct grub_token *ret)
	_must_check;

/*
 * The commands of a text, NUL-terminated. What is no command is passed over, as
 * GRUB goes on with the next line. ret_nodes may be NULL afterwards: it says
 * nothing. -E2BIG: nested too deeply, or the arena is full.
 */
int grub_parse(struct arena *arena, const char *text,
	       struct grub_node **ret_nodes) _must_check;

/* Room in the arena for a string of len bytes, and a copy; NULL when full. */
char *grub_string(struct arena *arena, const char *bytes, size_t len);
