/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "wire/cmdline.h"

/* isspace() would ask the locale. */
static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct cmdline cmdline_over(const char *text)
{
	return (struct cmdline){ .rest = view_over(text, strlen(text)) };
}

/* The bytes up to the next white space outside of quotes. */
static struct view take_word(struct view *rest)
{
	bool quoted = false;
	size_t len;

	while (rest->left > 0 && is_space(*rest->at))
		view_skip(rest, 1);
	for (len = 0; len < rest->left; len++) {
		if (rest->at[len] == '"')
			quoted = !quoted;
		else if (is_space(rest->at[len]) && !quoted)
			break;
	}
	return view_sub(rest, len);
}

static bool take_quote(struct view *v)
{
	bool quoted = view_starts(*v, "\"", 1);

	if (quoted)
		view_skip(v, 1);
	return quoted;
}

bool cmdline_next(struct cmdline *cmdline, struct cmdline_word *ret_word)
{
	struct view word = take_word(&cmdline->rest);
	struct view *last = &ret_word->key;
	const uint8_t *equals;
	bool quoted;

	if (word.left == 0)
		return false;
	quoted = take_quote(&word);
	*ret_word = (struct cmdline_word){ .key = word };
	/* A word that begins with "=" has it in its key. */
	equals = word.left > 0 ? memchr(word.at + 1, '=', word.left - 1) : NULL;
	if (equals) {
		ret_word->has_value = true;
		ret_word->key = view_sub(&word, (size_t)(equals - word.at));
		view_skip(&word, 1);
		quoted |= take_quote(&word);
		ret_word->value = word;
		last = &ret_word->value;
	}
	if (quoted && last->left > 0 && last->at[last->left - 1] == '"')
		last->left--;
	return true;
}

static char fold(char c)
{
	return c == '-' ? '_' : c;
}

bool cmdline_is(const struct cmdline_word *word, const char *key)
{
	if (strlen(key) != word->key.left)
		return false;
	for (size_t i = 0; i < word->key.left; i++)
		if (fold((char)word->key.at[i]) != fold(key[i]))
			return false;
	return true;
}

bool cmdline_has(const char *text, const char *key)
{
	struct cmdline cmdline = cmdline_over(text);
	struct cmdline_word word;

	while (cmdline_next(&cmdline, &word))
		if (cmdline_is(&word, key))
			return true;
	return false;
}

static int find(const char *text, const char *key, bool first, char *buf,
		size_t size)
{
	struct cmdline cmdline = cmdline_over(text);
	struct view found = { .bad = true };
	struct cmdline_word word;

	while (cmdline_next(&cmdline, &word)) {
		if (!word.has_value || !cmdline_is(&word, key))
			continue;
		found = word.value;
		if (first)
			break;
	}
	if (found.bad)
		return -ENODATA;
	if (found.left >= size)
		return -ENOBUFS;
	memcpy(buf, found.at, found.left);
	buf[found.left] = '\0';
	return (int)found.left;
}

int cmdline_first(const char *text, const char *key, char *buf, size_t size)
{
	return find(text, key, true, buf, size);
}

int cmdline_last(const char *text, const char *key, char *buf, size_t size)
{
	return find(text, key, false, buf, size);
}

static int read_word(const struct cmdline_word *word,
		     const struct cmdline_key *keys, size_t count,
		     void *context, struct failure *failure)
{
	char value[CMDLINE_VALUE_MAX];

	for (size_t i = 0; i < count; i++) {
		struct view v = word->value;
		size_t len = v.left;

		if (!cmdline_is(word, keys[i].key))
			continue;
		if (len >= sizeof(value))
			return failure_set(failure, EINVAL, "%s=: too long",
					   keys[i].key);
		view_copy(&v, value, len);
		value[len] = '\0';
		return keys[i].take(context, value, failure);
	}
	return 0;
}

int cmdline_read(const char *text, const struct cmdline_key *keys, size_t count,
		 void *context, struct failure *failure)
{
	struct cmdline cmdline = cmdline_over(text);
	struct failure found = { 0 };
	struct cmdline_word word;
	int r = 0;

	while (cmdline_next(&cmdline, &word)) {
		struct failure other;

		if (read_word(&word, keys, count, context,
			      r < 0 ? &other : &found) < 0)
			r = -found.err;
	}
	if (r < 0 && failure)
		*failure = found;
	return r;
}
