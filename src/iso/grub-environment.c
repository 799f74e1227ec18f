/* SPDX-License-Identifier: MIT */
/*
 * Strings stay in the arena until the end, so a copy of the variables is an
 * array of pointers.
 */
#include <errno.h>

#include "base/text.h"
#include "iso/grub-internal.h"

#define SPARE_VARIABLES 16 /* a menu entry sets but a few */

static struct grub_variable *find(const struct grub *grub, const char *name)
{
	for (size_t i = 0; i < grub->scope.variable_count; i++)
		if (str_eq(grub->scope.variables[i].name, name))
			return &grub->scope.variables[i];
	return NULL;
}

const char *grub_get(const struct grub *grub, const char *name)
{
	const struct grub_variable *variable = find(grub, name);

	return variable && variable->value ? variable->value : "";
}

/* To a new array, which has room for so many; the old one stays as it is. */
static int move_variables(struct grub *grub, bool only_exported, size_t room)
{
	struct grub_scope *scope = &grub->scope;
	const struct grub_variable *old = scope->variables;
	size_t count = scope->variable_count;

	scope->variables = arena_alloc(grub->arena, room * sizeof(*old));
	if (!scope->variables)
		return -E2BIG;
	scope->variable_room = room;
	scope->variable_count = 0;
	for (size_t i = 0; i < count; i++)
		if (old[i].is_exported || !only_exported)
			scope->variables[scope->variable_count++] = old[i];
	return 0;
}

static int find_or_add(struct grub *grub, const char *name,
		       struct grub_variable **ret)
{
	struct grub_scope *scope = &grub->scope;
	size_t count = scope->variable_count;

	*ret = find(grub, name);
	if (*ret)
		return 0;
	if (count == GRUB_VARIABLES_MAX ||
	    (count == scope->variable_room &&
	     move_variables(grub, false, count * 2) < 0))
		return -E2BIG;
	name = grub_string(grub->arena, name, strlen(name));
	if (!name)
		return -E2BIG;
	*ret = &scope->variables[scope->variable_count++];
	**ret = (struct grub_variable){ .name = name };
	return 0;
}

int grub_set(struct grub *grub, const char *name, const char *value)
{
	struct grub_variable *variable;
	int r;

	if (value) {
		value = grub_string(grub->arena, value, strlen(value));
		if (!value)
			return -E2BIG;
	}
	r = find_or_add(grub, name, &variable);
	if (r == 0)
		variable->value = value;
	return r;
}

int grub_export(struct grub *grub, const char *name)
{
	struct grub_variable *variable;
	int r = find_or_add(grub, name, &variable);

	if (r == 0)
		variable->is_exported = true;
	return r;
}

int grub_open_scope(struct grub *grub, bool only_exported)
{
	return move_variables(grub, only_exported,
			      grub->scope.variable_count + SPARE_VARIABLES);
}

/* --- words --- */

struct expansion {
	struct grub *grub;
	struct text text; /* the argument that is being put together */
	bool has_begun;	  /* it is one, even if it is empty */
	bool is_pattern;  /* it has a "*" or "?" without quotes */
	const char **list;
	size_t count;
	bool is_full;
};

static int add_argument(const char *text, void *context)
{
	struct expansion *to = context;
	const char *copy = grub_string(to->grub->arena, text, strlen(text));

	if (!copy || to->count == GRUB_ARGUMENTS_MAX)
		return -E2BIG;
	to->list[to->count++] = copy;
	return 0;
}

static int add_paths(struct expansion *to)
{
	char pattern[PATH_MAX];

	if (!str_copy(pattern, sizeof(pattern), to->text.buf))
		return 0;
	return grub_glob(to->grub, pattern, add_argument, to);
}

/* A pattern that nothing matches stays as it is. */
static void end_argument(struct expansion *to)
{
	size_t before = to->count;
	int r = 0;

	if (!to->has_begun || to->is_full)
		return;
	if (to->is_pattern && strchr("/(", *to->text.buf))
		r = add_paths(to);
	if (r == 0 && to->count == before)
		r = add_argument(to->text.buf, to);
	to->is_full = r < 0 || to->text.cut;
	to->text = text_over(to->grub->scratch, sizeof(to->grub->scratch));
	to->has_begun = to->is_pattern = false;
}

static void add_whole(struct expansion *to, const char *value)
{
	text_put(&to->text, value);
	to->has_begun = true;
}

/* Of a variable without quotes, white space makes several arguments. */
static void add_split(struct expansion *to, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, " \t\n");

		to->is_pattern |= strcspn(value, "*?") < len;
		if (len > 0) {
			text_add(&to->text, "%.*s", (int)len, value);
			to->has_begun = true;
		}
		value += len;
		if (*value)
			end_argument(to);
		value += strspn(value, " \t\n");
	}
}

static void add_value(struct expansion *to, const char *value, bool is_quoted)
{
	if (is_quoted)
		add_whole(to, value);
	else
		add_split(to, value);
}

/* $@: each argument is one again. $*: they are one when quoted. */
static void add_all(struct expansion *to, const struct grub_piece *piece)
{
	const struct grub_arguments *all = &to->grub->arguments;
	bool is_one = piece->is_quoted && *piece->text == '*';

	for (size_t i = 1; i < all->count; i++) {
		if (i > 1 && is_one)
			add_whole(to, " ");
		else if (i > 1)
			end_argument(to);
		add_value(to, all->list[i], piece->is_quoted);
	}
}

static void add_piece(struct expansion *to, const struct grub_piece *piece)
{
	const struct grub_arguments *arguments = &to->grub->arguments;
	const char *name = piece->text, *value = "";
	uint64_t number;
	char digits[24];

	if (!piece->is_variable) {
		to->is_pattern |=
			!piece->is_quoted && strpbrk(piece->text, "*?");
		add_whole(to, piece->text);
		return;
	}
	if (str_eq(name, "@") || str_eq(name, "*")) {
		add_all(to, piece);
		return;
	}
	if (str_eq(name, "?") || str_eq(name, "#")) {
		size_t count = arguments->count > 0 ? arguments->count - 1 : 0;

		snprintf(digits, sizeof(digits), "%zu",
			 *name == '?' ? (size_t)to->grub->status : count);
		value = digits;
	} else if (str_to_u64(name, GRUB_ARGUMENTS_MAX, &number) == 0) {
		if (number < arguments->count)
			value = arguments->list[number];
	} else {
		value = grub_get(to->grub, name);
	}
	add_value(to, value, piece->is_quoted);
}

int grub_expand(struct grub *grub, const struct grub_word *words,
		const char **list, size_t *ret_count)
{
	struct expansion to = {
		.grub = grub,
		.text = text_over(grub->scratch, sizeof(grub->scratch)),
		.list = list,
	};

	for (; words && !to.is_full; words = words->next) {
		for (const struct grub_piece *piece = words->pieces; piece;
		     piece = piece->next)
			add_piece(&to, piece);
		end_argument(&to);
	}
	*ret_count = to.count;
	return to.is_full ? -E2BIG : 0;
}
