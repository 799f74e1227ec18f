/* SPDX-License-Identifier: MIT */
/* What the parts of the GRUB interpreter share; grub.c tells how they work
 * together. */
#pragma once

#include "iso/boot-menu.h"
#include "iso/grub-script.h"

#define GRUB_ARGUMENTS_MAX 256
#define GRUB_VARIABLES_MAX 512
#define GRUB_STEPS_MAX	   20000 /* commands of all files */
#define GRUB_DEPTH_MAX	   96	 /* of lists within lists, at run time */
#define GRUB_FILES_MAX	   12	 /* that source one another */

/* How GRUB calls the drive that it was started from: the ISO. */
#define GRUB_DRIVE "cd0"

enum grub_status {
	GRUB_TRUE,
	GRUB_FALSE,
};

struct grub_variable {
	const char *name;
	const char *value; /* NULL: unset again */
	bool is_exported;
};

struct grub_arguments {
	size_t count; /* the command itself is the first */
	const char **list;
};

struct grub_function {
	struct grub_function *next;
	const char *name;
	const struct grub_node *body;
};

/* A drive that `loopback` made: of a file in the ISO, so not the ISO. */
struct grub_loop {
	struct grub_loop *next;
	const char *name;
};

/* What a submenu or a chosen entry changes for itself alone. */
struct grub_scope {
	struct grub_variable *variables;
	size_t variable_count, variable_room;
	struct grub_function *functions;
	struct grub_loop *loops;
};

/* A menuentry or submenu. */
struct grub_item {
	struct grub_item *next;
	const char *title, *id, *file;
	const struct grub_node *body;
	struct grub_arguments arguments; /* $1, … of its body */
	bool is_submenu;
};

/* One menu: those of a file, or of a submenu. */
struct grub_level {
	struct grub_item *first, **end;
};

/* A file that was parsed, for whoever sources it again. */
struct grub_file {
	struct grub_file *next;
	const char *path;
	struct grub_node *nodes;
	bool is_open;
};

enum grub_leave {
	GRUB_STAY,
	GRUB_BREAK,
	GRUB_CONTINUE,
	GRUB_RETURN,
};

struct grub {
	const struct boot_files *files;
	struct boot_menu *menu;
	struct arena *arena;
	struct grub_file *parsed;
	struct grub_scope scope;
	struct grub_level *level;
	struct boot_entry *loading;	 /* by linux and initrd */
	struct grub_arguments arguments; /* $0, $1, … */
	const char *file;		 /* that runs */
	const char *prefix;		 /* of titles: "Advanced > ", or "" */
	unsigned steps, depth, open_files;
	enum grub_status status;
	enum grub_leave leave;
	uint64_t leave_count; /* loops that break and continue leave */
	bool is_default_path; /* its menus decide which entry is chosen */
	bool has_chosen;
	bool has_menu;	    /* the entry that runs leads to another menu */
	char scratch[8192]; /* a word while it is expanded */
};

/* --- grub-environment.c --- */

/* The value, "" when it has none. */
const char *grub_get(const struct grub *grub, const char *name);
/* NULL: unset. -E2BIG: too many. Copies both. */
int grub_set(struct grub *grub, const char *name, const char *value)
	_must_check;
int grub_export(struct grub *grub, const char *name) _must_check;
/* From now on changes are made to a copy, of all variables or of those that are
 * exported; who calls it puts its own copy of the scope back in the end. */
int grub_open_scope(struct grub *grub, bool only_exported) _must_check;
/* The words after replacing variables, into list of GRUB_ARGUMENTS_MAX. */
int grub_expand(struct grub *grub, const struct grub_word *words,
		const char **list, size_t *ret_count) _must_check;

/* --- grub-glob.c --- */

/* Hands each path that a pattern with "*" and "?" matches to each(), which
 * ends it with what is not 0; that or 0 is returned, or a negative errno. */
int grub_glob(struct grub *grub, const char *pattern,
	      int (*each)(const char *path, void *context), void *context)
	_must_check;

/* --- grub-run.c: what a command says is in status --- */

int grub_run(struct grub *grub, const struct grub_node *list) _must_check;

/* A file between opening and closing it: while it runs, and while the menu that
 * it made is shown. */
struct grub_open_file {
	struct grub_file *file; /* NULL: not there, or open already */
	const char *outer;	/* that ran before */
};

int grub_open_file(struct grub *grub, const char *path,
		   struct grub_open_file *ret) _must_check;
/* In the current scope. status stays as it is when there is none. */
int grub_run_file(struct grub *grub, const struct grub_open_file *file)
	_must_check;
void grub_close_file(struct grub *grub, struct grub_open_file *file);

/* --- grub-commands.c --- */

/* Runs a command by its name; body is of menuentry and submenu. */
int grub_command(struct grub *grub, const struct grub_arguments *arguments,
		 const struct grub_node *body) _must_check;

/* --- grub-files.c: search, probe, and where the things are --- */

/*
 * The path in the ISO that "(cd0)/path", "($root)/path" or "/path" means.
 * -ENXIO: it is on another drive. -ENAMETOOLONG.
 */
int grub_path(const struct grub *grub, const char *text, char *buf, size_t size)
	_must_check;
bool grub_exists(const struct grub *grub, const char *text);
int grub_search(struct grub *grub, const struct grub_arguments *arguments)
	_must_check;
int grub_probe(struct grub *grub, const struct grub_arguments *arguments)
	_must_check;

/* --- grub-test.c --- */

/* test, without its name and without "]". */
enum grub_status grub_test(const struct grub *grub, const char *const *words,
			   size_t count);

/* --- grub-load.c: what an entry loads --- */

int grub_linux(struct grub *grub, const struct grub_arguments *arguments)
	_must_check;
int grub_initrd(struct grub *grub, const struct grub_arguments *arguments)
	_must_check;

/* --- grub.c --- */

int grub_add_item(struct grub *grub, const struct grub_arguments *arguments,
		  const struct grub_node *body, bool is_submenu) _must_check;
/* Another configuration with a menu of its own. */
int grub_configfile(struct grub *grub, const char *path) _must_check;
