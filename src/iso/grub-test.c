/* SPDX-License-Identifier: MIT */
/*
 * test and [: or, and, not, brackets, and what compares or looks at files. As
 * with test(1), one word alone is true when it is not empty.
 */
#include "base/text.h"
#include "iso/grub-internal.h"

struct words {
	const struct grub *grub;
	const char *const *at;
	size_t left;
};

static bool test_or(struct words *words);

static bool is_next(const struct words *words, const char *word)
{
	return words->left > 0 && str_eq(words->at[0], word);
}

static void skip(struct words *words, size_t count)
{
	words->at += count;
	words->left -= count;
}

/* A number at the beginning, as GRUB takes it. */
static long long number(const char *text)
{
	return strtoll(text, NULL, 0);
}

/* What is behind the numbers at the ends of both. */
static int compare(const char *a, const char *b)
{
	long long x = number(a), y = number(b);

	return (x > y) - (x < y);
}

static bool equal(const char *a, const char *b)
{
	return str_eq(a, b);
}

static bool unequal(const char *a, const char *b)
{
	return !str_eq(a, b);
}

static bool before(const char *a, const char *b)
{
	return strcmp(a, b) < 0;
}

static bool not_after(const char *a, const char *b)
{
	return strcmp(a, b) <= 0;
}

static bool after(const char *a, const char *b)
{
	return strcmp(a, b) > 0;
}

static bool not_before(const char *a, const char *b)
{
	return strcmp(a, b) >= 0;
}

static bool eq(const char *a, const char *b)
{
	return compare(a, b) == 0;
}

static bool ne(const char *a, const char *b)
{
	return compare(a, b) != 0;
}

static bool lt(const char *a, const char *b)
{
	return compare(a, b) < 0;
}

static bool le(const char *a, const char *b)
{
	return compare(a, b) <= 0;
}

static bool gt(const char *a, const char *b)
{
	return compare(a, b) > 0;
}

static bool ge(const char *a, const char *b)
{
	return compare(a, b) >= 0;
}

static const struct {
	const char *word;
	bool (*holds)(const char *a, const char *b);
} comparisons[] = {
	{ "=", equal },	      { "==", equal }, { "!=", unequal },
	{ "<", before },      { ">", after },  { "<=", not_after },
	{ ">=", not_before }, { "-eq", eq },   { "-ne", ne },
	{ "-lt", lt },	      { "-le", le },   { "-gt", gt },
	{ "-ge", ge },
};

/* A op B, when that is what comes next. */
static bool take_comparison(struct words *words, bool *ret_holds)
{
	for (size_t i = 0; words->left >= 3 && i < ARRAY_SIZE(comparisons); i++)
		if (str_eq(words->at[1], comparisons[i].word)) {
			*ret_holds = comparisons[i].holds(words->at[0],
							  words->at[2]);
			skip(words, 3);
			return true;
		}
	return false;
}

/* -z TEXT, -f FILE and so on; a directory is not told from a file. */
static bool take_property(struct words *words, bool *ret_holds)
{
	const char *word = words->at[0], *of;

	if (words->left < 2 || word[0] != '-' || strlen(word) != 2)
		return false;
	of = words->at[1];
	switch (word[1]) {
	case 'd':
	case 'e':
	case 'f':
	case 's':
		*ret_holds = *of && grub_exists(words->grub, of);
		break;
	case 'n':
		*ret_holds = *of;
		break;
	case 'z':
		*ret_holds = !*of;
		break;
	default:
		return false;
	}
	skip(words, 2);
	return true;
}

static bool test_one(struct words *words)
{
	bool holds = false;

	if (words->left == 0 || take_comparison(words, &holds))
		return holds;
	if (is_next(words, "!")) {
		skip(words, 1);
		return !test_one(words);
	}
	if (is_next(words, "(")) {
		skip(words, 1);
		holds = test_or(words);
		if (is_next(words, ")"))
			skip(words, 1);
		return holds;
	}
	if (take_property(words, &holds))
		return holds;
	holds = *words->at[0];
	skip(words, 1);
	return holds;
}

static bool test_and(struct words *words)
{
	bool holds = test_one(words);

	while (is_next(words, "-a")) {
		skip(words, 1);
		holds &= test_one(words);
	}
	return holds;
}

static bool test_or(struct words *words)
{
	bool holds = test_and(words);

	while (is_next(words, "-o")) {
		skip(words, 1);
		holds |= test_and(words);
	}
	return holds;
}

enum grub_status grub_test(const struct grub *grub, const char *const *list,
			   size_t count)
{
	struct words words = { grub, list, count };

	return test_or(&words) ? GRUB_TRUE : GRUB_FALSE;
}
