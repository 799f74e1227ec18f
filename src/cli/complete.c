/* SPDX-License-Identifier: MIT */
#include "cli/complete.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

#define BLANKS " \t"

/* Too many, or memory out: fewer are offered. */
static void offer(struct completion *completion, char *word)
{
	if (!word)
		return;
	if (completion->count == COMPLETE_MAX)
		free(word);
	else
		completion->word[completion->count++] = word;
}

static void offer_names(struct completion *completion, const char *typed,
			const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_after(names[i], typed))
			offer(completion, strdup(names[i]));
}

static bool is_directory(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* Names that the prompt takes as they are, without quotes. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || strchr("'\"\\", *name))
			return false;
	return true;
}

static void offer_files(struct completion *completion, const char *typed)
{
	const char *slash = strrchr(typed, '/');
	const char *prefix = slash ? slash + 1 : typed;
	int length = (int)(prefix - typed);
	_cleanup_free char *directory = strndup(typed, (size_t)length);
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;

	if (!directory)
		return;
	dir = opendir(*directory ? directory : ".");
	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		bool hidden = name[0] == '.' && prefix[0] != '.';
		char *word;

		if (hidden || !str_after(name, prefix) || !is_plain(name))
			continue;
		if (asprintf(&word, "%s%s%s", directory, name,
			     is_directory(dirfd(dir), name) ? "/" : "") >= 0)
			offer(completion, word);
	}
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void finish(struct completion *completion)
{
	char **word = completion->word;
	size_t common;

	if (completion->count == 0)
		return;
	qsort(word, completion->count, sizeof(*word), compare_words);
	/* Sorted, what the first and the last share is shared by all. */
	for (common = 0; word[0][common]; common++)
		if (word[0][common] != word[completion->count - 1][common])
			break;
	completion->common = common;
}

/* What may follow the words that a line begins with. */
static const struct rule {
	const char *begin[2];
	const char *names[4]; /* options, verbs */
	bool asked;	      /* names and files only once one is begun */
	bool images, files;
} rules[] = {
	{ { "load" },
	  { "--init", "--keep", "--require-signature", "--sha256" },
	  .asked = true,
	  .images = true,
	  .files = true },
	{ { "images", "drop" }, { "--all" }, .images = true },
	{ { "images" }, { "--cache-size", "--json", "drop" } },
	{ { "status" }, { "--json" } },
	{ { "distros" }, { "--json", "list", "update" } },
};

/* Those of load whose value is nothing that is known here. */
static const char *const valued[] = { "--init", "--keep", "--sha256" };

/* The word at *line, which is moved behind it, is this one. */
static bool take_word(const char **line, const char *end, const char *word)
{
	const char *start = *line + strspn(*line, BLANKS);
	size_t len = strcspn(start, BLANKS);

	*line = start + len;
	return *line < end && strlen(word) == len &&
	       strncmp(start, word, len) == 0;
}

static const struct rule *rule_for(const char *line, const char *typed)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		const char *at = line;

		if (take_word(&at, typed, rule->begin[0]) &&
		    (!rule->begin[1] || take_word(&at, typed, rule->begin[1])))
			return rule;
	}
	return NULL;
}

static bool is_value(const char *line, const char *typed)
{
	const char *end = typed, *start;

	while (end > line && strchr(BLANKS, end[-1]))
		end--;
	for (start = end; start > line && !strchr(BLANKS, start[-1]);)
		start--;
	for (size_t i = 0; i < ARRAY_SIZE(valued); i++)
		if (take_word(&(const char *){ start }, typed, valued[i]))
			return true;
	return false;
}

static void offer_by_rule(struct completion *completion,
			  const struct rule *rule, const char *typed,
			  const struct complete_source *source)
{
	size_t count = 0;

	while (count < ARRAY_SIZE(rule->names) && rule->names[count])
		count++;
	if (rule->images)
		offer_names(completion, typed, source->images,
			    source->image_count);
	if (rule->asked && !*typed)
		return;
	offer_names(completion, typed, rule->names, count);
	if (rule->files)
		offer_files(completion, typed);
}

void complete_line(const char *line, const struct complete_source *source,
		   struct completion *ret_completion)
{
	struct completion completion = { 0 };
	const char *first = line + strspn(line, BLANKS);
	const char *typed = line + strlen(line);
	const struct rule *rule;

	while (typed > line && !strchr(BLANKS, typed[-1]))
		typed--;
	completion.typed = strlen(typed);
	rule = rule_for(line, typed);
	if (typed == first)
		offer_names(&completion, typed, source->commands,
			    source->command_count);
	else if (rule && !is_value(line, typed))
		offer_by_rule(&completion, rule, typed, source);
	finish(&completion);
	*ret_completion = completion;
}

void completion_done(struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		free(completion->word[i]);
	completion->count = 0;
}
