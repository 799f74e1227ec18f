/* SPDX-License-Identifier: MIT */
/*
 * Live media find themselves by `search` and have few paths without a drive;
 * whatever drive they name, it is the ISO, as that is all we have. Only what
 * `loopback` made, and the memory disk that GRUB brings along, are others.
 */
#include <errno.h>
#include <strings.h>

#include "base/text.h"
#include "iso/grub-internal.h"

static bool is_other_drive(const struct grub *grub, const char *name,
			   size_t len)
{
	static const char *const others[] = { "memdisk", "proc", "crypto0" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strlen(others[i]) == len &&
		    strncmp(name, others[i], len) == 0)
			return true;
	for (const struct grub_loop *loop = grub->scope.loops; loop;
	     loop = loop->next)
		if (strlen(loop->name) == len &&
		    strncmp(name, loop->name, len) == 0)
			return true;
	return false;
}

int grub_path(const struct grub *grub, const char *text, char *buf, size_t size)
{
	const char *drive, *path = text;
	size_t len;

	if (*text == '(') {
		drive = text + 1;
		len = strcspn(drive, ")");
		path = drive + len + (drive[len] == ')');
	} else {
		drive = grub_get(grub, "root");
		drive += *drive == '(';
		len = strcspn(drive, ")");
	}
	if (is_other_drive(grub, drive, len))
		return -ENXIO;
	return boot_path_join("/", path, buf, size);
}

bool grub_exists(const struct grub *grub, const char *text)
{
	char path[PATH_MAX];

	return grub_path(grub, text, path, sizeof(path)) == 0 &&
	       grub->files->exists(grub->files->context, path);
}

/* --- search and probe --- */

enum sought {
	SOUGHT_FILE,
	SOUGHT_LABEL,
	SOUGHT_UUID,
	SOUGHT_FS,
	SOUGHT_NOTHING,
};

struct options {
	enum sought sought;
	bool sets;
	const char *variable; /* NULL: not said */
	const char *names[2]; /* the first words that are no options */
};

static bool is_word_of(const char *word, const char *list)
{
	size_t len = strlen(word);

	for (; *list; list += strspn(list, " ")) {
		size_t n = strcspn(list, " ");

		if (n == len && strncmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

/* --set=NAME, or --set, which probe takes the next word for. */
static bool take_set(struct options *options, const char *word)
{
	const char *name = str_after(word, "--set=");

	if (!name && !is_word_of(word, "--set -s"))
		return false;
	options->sets = true;
	options->variable = name;
	return true;
}

static void take_name(struct options *options, const char *word)
{
	if (!options->names[0])
		options->names[0] = word;
	else if (!options->names[1])
		options->names[1] = word;
}

static struct options read_options(const struct grub_arguments *arguments)
{
	static const struct {
		const char *words;
		enum sought sought;
	} kinds[] = {
		{ "-f --file", SOUGHT_FILE },
		{ "-l --label --fs-label", SOUGHT_LABEL },
		{ "-u --fs-uuid", SOUGHT_UUID },
		{ "--fs", SOUGHT_FS },
	};
	struct options options = { .sought = SOUGHT_NOTHING };

	for (size_t i = 1; i < arguments->count; i++) {
		const char *word = arguments->list[i];

		if (*word != '-') {
			take_name(&options, word);
			continue;
		}
		if (is_word_of(word, "-h --hint"))
			i++; /* a drive to begin with */
		if (take_set(&options, word))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
			if (is_word_of(word, kinds[k].words))
				options.sought = kinds[k].sought;
	}
	return options;
}

/* What is not known may be it. */
static bool may_be(const char *known, const char *name)
{
	return !known || strcasecmp(known, name) == 0;
}

static bool is_found(const struct grub *grub, enum sought sought,
		     const char *name)
{
	switch (sought) {
	case SOUGHT_FILE:
		return grub->files->exists(grub->files->context, name);
	case SOUGHT_LABEL:
		return may_be(grub->files->label, name);
	case SOUGHT_UUID:
		return may_be(grub->files->uuid, name);
	case SOUGHT_FS:
	case SOUGHT_NOTHING:
		break;
	}
	return false;
}

/* search.file NAME VARIABLE, and so on. */
static void take_short_form(const char *command, struct options *options)
{
	static const struct {
		const char *command;
		enum sought sought;
	} forms[] = {
		{ "search.file", SOUGHT_FILE },
		{ "search.fs_label", SOUGHT_LABEL },
		{ "search.fs_uuid", SOUGHT_UUID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (str_eq(command, forms[i].command)) {
			options->sought = forms[i].sought;
			options->sets = options->names[1];
			options->variable = options->names[1];
		}
}

int grub_search(struct grub *grub, const struct grub_arguments *arguments)
{
	struct options options = read_options(arguments);

	take_short_form(arguments->list[0], &options);
	if (options.sought == SOUGHT_NOTHING)
		options.sought = SOUGHT_LABEL;
	grub->status = GRUB_FALSE;
	if (!options.names[0] ||
	    !is_found(grub, options.sought, options.names[0]))
		return 0;
	grub->status = GRUB_TRUE;
	if (!options.sets)
		return 0;
	return grub_set(grub, options.variable ? options.variable : "root",
			GRUB_DRIVE);
}

int grub_probe(struct grub *grub, const struct grub_arguments *arguments)
{
	struct options options = read_options(arguments);
	const char *value = NULL;

	switch (options.sought) {
	case SOUGHT_LABEL:
		value = grub->files->label;
		break;
	case SOUGHT_UUID:
		value = grub->files->uuid;
		break;
	case SOUGHT_FS:
		value = "iso9660";
		break;
	case SOUGHT_FILE:
	case SOUGHT_NOTHING:
		break;
	}
	/* probe --set VARIABLE DRIVE */
	if (options.sets && !options.variable)
		options.variable = options.names[0];
	grub->status = value ? GRUB_TRUE : GRUB_FALSE;
	if (!value || !options.variable)
		return 0;
	return grub_set(grub, options.variable, value);
}
