/* SPDX-License-Identifier: MIT */
#include "kernel/words.h"

#include <errno.h>

#include "base/text.h"
#include "wire/boot-plan.h"
#include "wire/cmdline.h"

/* One word as it stands in the text, quotes and all. */
struct raw_word {
	struct cmdline_word word;
	const char *text;
	int len;
};

static bool next_raw(struct cmdline *cmdline, struct raw_word *ret)
{
	const uint8_t *from = cmdline->rest.at;

	if (!cmdline_next(cmdline, &ret->word))
		return false;
	/* White space, as is before words only. */
	while (*from == ' ' || (*from >= '\t' && *from <= '\r'))
		from++;
	ret->text = (const char *)from;
	ret->len = (int)(cmdline->rest.at - from);
	return true;
}

static void add_raw(struct text *text, const struct raw_word *raw)
{
	text_add(text, "%s%.*s", text->len > 0 ? " " : "", raw->len, raw->text);
}

static void add_word(struct text *text, const char *word)
{
	if (word && *word)
		text_add(text, "%s%s", text->len > 0 ? " " : "", word);
}

static bool is_end(const struct raw_word *raw)
{
	return raw->len == 2 && raw->text[0] == '-' && raw->text[1] == '-';
}

static bool is_one_of(const struct cmdline_word *word, const char *const *keys,
		      size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (cmdline_is(word, keys[i]))
			return true;
	return false;
}

static bool has_value(const struct cmdline_word *word, const char *value)
{
	return word->value.left == strlen(value) &&
	       memcmp(word->value.at, value, word->value.left) == 0;
}

static int check_room(const struct text *text, size_t size,
		      struct failure *failure)
{
	if (!text->cut)
		return 0;
	return failure_set(failure, ENOBUFS,
			   "the kernel command line would have more than %zu "
			   "bytes, which is the most: shorten what is appended",
			   size - 1);
}

bool words_our_range(const char *cmdline, struct pmem_range *ret_range)
{
	char ours[64], word[sizeof("memmap=") + sizeof(ours)];
	struct text text = text_over(word, sizeof(word));

	if (cmdline_last(cmdline, WORDS_PMEM, ours, sizeof(ours)) < 0)
		return false;
	text_add(&text, "memmap=%s", ours);
	return pmem_words(word, ret_range, 1) == 1;
}

int words_for_bootstrap(const char *cmdline, const struct pmem_range *range,
			char *buf, size_t size, struct failure *failure)
{
	static const char *const of_this_boot[] = {
		"image_url",  "image_sha256", "image_init", "image_keep",
		"BOOT_IMAGE", "initrd",	      "rdinit",	    "crashkernel",
	};
	struct text text = text_over(buf, size);
	struct cmdline words = cmdline_over(cmdline);
	char ours[64], word[64];
	struct raw_word raw;

	if (cmdline_last(cmdline, WORDS_PMEM, ours, sizeof(ours)) < 0)
		ours[0] = '\0';
	buf[0] = '\0';
	while (next_raw(&words, &raw)) {
		if (is_one_of(&raw.word, of_this_boot,
			      ARRAY_SIZE(of_this_boot)))
			continue;
		if (range && *ours &&
		    (cmdline_is(&raw.word, WORDS_PMEM) ||
		     (cmdline_is(&raw.word, "memmap") &&
		      has_value(&raw.word, ours))))
			continue;
		add_raw(&text, &raw);
	}
	if (range) {
		if (pmem_word(range, word, sizeof(word)) < 0)
			return failure_set(failure, ENOBUFS,
					   "the memory has too large numbers");
		add_word(&text, word);
		add_word(&text, WORDS_PMEM "=");
		text_add(&text, "%s", strchr(word, '=') + 1);
	}
	return check_room(&text, size, failure);
}

int words_of_machine(const char *cmdline, char *buf, size_t size,
		     struct failure *failure)
{
	static const char *const keys[] = { "console", "memmap", WORDS_PMEM };
	struct text text = text_over(buf, size);
	struct cmdline words = cmdline_over(cmdline);
	struct raw_word raw;

	buf[0] = '\0';
	while (next_raw(&words, &raw))
		if (is_one_of(&raw.word, keys, ARRAY_SIZE(keys)))
			add_raw(&text, &raw);
	return check_room(&text, size, failure);
}

/* The words of own that the live system's kernel needs, too. */
static void add_from_own(struct text *text, const char *own, bool has_console)
{
	struct cmdline words = cmdline_over(own);
	char console[64];
	struct raw_word raw;

	if (cmdline_last(own, "console", console, sizeof(console)) < 0)
		has_console = true;
	while (next_raw(&words, &raw))
		if (cmdline_is(&raw.word, "memmap") ||
		    (cmdline_is(&raw.word, "console") && !has_console &&
		     (has_value(&raw.word, console) ||
		      has_value(&raw.word, "tty0"))))
			add_raw(text, &raw);
}

int words_for_live(const char *live, const char *const *more, size_t count,
		   const char *own, char *buf, size_t size,
		   struct failure *failure)
{
	bool has_console = cmdline_has(live, "console");
	struct text text = text_over(buf, size);
	struct cmdline words = cmdline_over(live);
	struct raw_word raw;
	bool ends = false;

	buf[0] = '\0';
	while (!ends && next_raw(&words, &raw)) {
		ends = is_end(&raw);
		if (!ends)
			add_raw(&text, &raw);
	}
	for (size_t i = 0; i < count; i++) {
		has_console |= more[i] && cmdline_has(more[i], "console");
		add_word(&text, more[i]);
	}
	add_from_own(&text, own, has_console);
	if (ends) {
		add_word(&text, "--");
		while (next_raw(&words, &raw))
			add_raw(&text, &raw);
	}
	return check_room(&text, size, failure);
}
