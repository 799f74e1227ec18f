/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/grub-internal.h"

/* Whether a loop goes on after its body ran. */
static bool goes_on(struct grub *grub)
{
	bool is_next = grub->leave == GRUB_CONTINUE;

	if (grub->leave == GRUB_STAY)
		return true;
	if (grub->leave == GRUB_RETURN)
		return false;
	if (--grub->leave_count > 0)
		return false; /* an outer loop is meant */
	grub->leave = GRUB_STAY;
	return is_next;
}

static int run_if(struct grub *grub, const struct grub_node *node)
{
	while (true) {
		const struct grub_node *other = node->otherwise;
		int r = grub_run(grub, node->condition);

		if (r < 0 || grub->leave != GRUB_STAY)
			return r;
		if (grub->status == GRUB_TRUE)
			return grub_run(grub, node->body);
		grub->status = GRUB_TRUE;
		/* A chain of elif takes no depth. */
		if (!other || other->kind != GRUB_IF || other->next)
			return grub_run(grub, other);
		node = other;
	}
}

static int run_while(struct grub *grub, const struct grub_node *node)
{
	enum grub_status wanted =
		node->kind == GRUB_WHILE ? GRUB_TRUE : GRUB_FALSE;

	while (true) {
		int r;

		if (++grub->steps > GRUB_STEPS_MAX)
			return -E2BIG;
		r = grub_run(grub, node->condition);
		if (r < 0 || grub->leave != GRUB_STAY)
			return r;
		if (grub->status != wanted)
			break;
		r = grub_run(grub, node->body);
		if (r < 0)
			return r;
		if (!goes_on(grub))
			break;
	}
	grub->status = GRUB_TRUE;
	return 0;
}

static int run_for(struct grub *grub, const struct grub_node *node)
{
	const char *list[GRUB_ARGUMENTS_MAX];
	size_t count;
	int r = grub_expand(grub, node->words, list, &count);

	if (r < 0)
		return r;
	/* for NAME in VALUE... */
	if (count < 2 || !str_eq(list[1], "in")) {
		grub->status = GRUB_FALSE;
		return 0;
	}
	for (size_t i = 2; i < count; i++) {
		r = grub_set(grub, list[0], list[i]);
		if (r == 0)
			r = grub_run(grub, node->body);
		if (r < 0)
			return r;
		if (!goes_on(grub))
			break;
	}
	return 0;
}

static int define_function(struct grub *grub, const struct grub_node *node)
{
	const char *list[GRUB_ARGUMENTS_MAX];
	struct grub_function *function;
	size_t count;
	int r = grub_expand(grub, node->words, list, &count);

	if (r < 0 || count == 0)
		return r;
	function = arena_alloc(grub->arena, sizeof(*function));
	if (!function)
		return -E2BIG;
	function->name = list[0];
	function->body = node->body;
	function->next = grub->scope.functions;
	grub->scope.functions = function;
	return 0;
}

static const struct grub_function *find_function(const struct grub *grub,
						 const char *name)
{
	const struct grub_function *function = grub->scope.functions;

	while (function && !str_eq(function->name, name))
		function = function->next;
	return function;
}

static int call_function(struct grub *grub,
			 const struct grub_function *function,
			 const struct grub_arguments *arguments)
{
	struct grub_arguments saved = grub->arguments;
	int r;

	grub->arguments = *arguments;
	r = grub_run(grub, function->body);
	grub->arguments = saved;
	if (grub->leave == GRUB_RETURN)
		grub->leave = GRUB_STAY;
	return r;
}

/* NAME=VALUE alone is an assignment. */
static bool is_assignment(const char *word)
{
	size_t len = strcspn(word, "=");

	return word[len] == '=' && len > 0 &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

static int run_command(struct grub *grub, const struct grub_node *node)
{
	const char *list[GRUB_ARGUMENTS_MAX], *set[] = { "set", NULL };
	struct grub_arguments arguments = { .list = list };
	const struct grub_function *function;
	int r = grub_expand(grub, node->words, list, &arguments.count);

	if (r < 0)
		return r;
	if (arguments.count == 0) /* a block, or variables without a value */
		return node->body ? grub_run(grub, node->body) : 0;
	function = find_function(grub, list[0]);
	if (function)
		return call_function(grub, function, &arguments);
	if (arguments.count == 1 && is_assignment(list[0])) {
		set[1] = list[0];
		arguments = (struct grub_arguments){ 2, set };
	}
	return grub_command(grub, &arguments, node->body);
}

static int run_node(struct grub *grub, const struct grub_node *node)
{
	switch (node->kind) {
	case GRUB_COMMAND:
		return run_command(grub, node);
	case GRUB_IF:
		return run_if(grub, node);
	case GRUB_WHILE:
	case GRUB_UNTIL:
		return run_while(grub, node);
	case GRUB_FOR:
		return run_for(grub, node);
	case GRUB_FUNCTION:
		return define_function(grub, node);
	}
	return 0;
}

int grub_run(struct grub *grub, const struct grub_node *list)
{
	int r = 0;

	if (++grub->depth > GRUB_DEPTH_MAX)
		return -E2BIG;
	for (; list && r == 0 && grub->leave == GRUB_STAY; list = list->next) {
		if (++grub->steps > GRUB_STEPS_MAX)
			return -E2BIG;
		r = run_node(grub, list);
	}
	grub->depth--;
	return r;
}

/* --- files --- */

/* The file at path, parsed; NULL when there is none. */
static int load(struct grub *grub, const char *path, struct grub_file **ret)
{
	_cleanup_free char *text = NULL;
	struct grub_file *file;
	size_t len;
	int r;

	for (file = grub->parsed; file; file = file->next)
		if (str_eq(file->path, path)) {
			*ret = file;
			return 0;
		}
	*ret = NULL;
	r = grub->files->read(grub->files->context, path, &text, &len);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	file = arena_alloc(grub->arena, sizeof(*file));
	if (!file)
		return -E2BIG;
	file->path = grub_string(grub->arena, path, strlen(path));
	if (!file->path)
		return -E2BIG;
	r = grub_parse(grub->arena, text, &file->nodes);
	if (r < 0)
		return r;
	file->next = grub->parsed;
	grub->parsed = *ret = file;
	return 0;
}

int grub_open_file(struct grub *grub, const char *path,
		   struct grub_open_file *ret)
{
	struct grub_file *file;
	int r = load(grub, path, &file);

	if (r < 0)
		return r;
	*ret = (struct grub_open_file){ .outer = grub->file };
	grub->status = file ? GRUB_TRUE : GRUB_FALSE;
	if (!file)
		return 0;
	/* "Back to the main menu" reads what is shown already. */
	if (file->is_open) {
		grub->has_menu = true;
		return 0;
	}
	if (++grub->open_files > GRUB_FILES_MAX)
		return -E2BIG;
	file->is_open = true;
	grub->file = file->path;
	ret->file = file;
	return 0;
}

int grub_run_file(struct grub *grub, const struct grub_open_file *file)
{
	int r;

	if (!file->file)
		return 0;
	r = grub_run(grub, file->file->nodes);
	if (grub->leave == GRUB_RETURN)
		grub->leave = GRUB_STAY;
	return r;
}

void grub_close_file(struct grub *grub, struct grub_open_file *file)
{
	if (!file->file)
		return;
	grub->file = file->outer;
	file->file->is_open = false;
	grub->open_files--;
}
