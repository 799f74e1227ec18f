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

void complete_line(const char *line, const struct complete_source *source,
		   struct completion *ret_completion)
{
	static const char *const load_options[] = { "--init" };
	static const char *const status_options[] = { "--json" };
	struct completion completion = { 0 };
	const char *first = line + strspn(line, BLANKS);
	size_t first_len = strcspn(first, BLANKS);
	const char *typed = line + strlen(line);

	while (typed > line && !strchr(BLANKS, typed[-1]))
		typed--;
	completion.typed = strlen(typed);
	if (typed == first) {
		offer_names(&completion, typed, source->commands,
			    source->command_count);
	} else if (first_len == 4 && str_after(first, "load")) {
		offer_names(&completion, typed, source->images,
			    source->image_count);
		if (*typed)
			offer_names(&completion, typed, load_options,
				    ARRAY_SIZE(load_options));
		if (*typed)
			offer_files(&completion, typed);
	} else if (first_len == 6 && str_after(first, "status")) {
		offer_names(&completion, typed, status_options,
			    ARRAY_SIZE(status_options));
	}
	finish(&completion);
	*ret_completion = completion;
}

void completion_done(struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		free(completion->word[i]);
	completion->count = 0;
}
