/* SPDX-License-Identifier: MIT */
/* What reading a configuration of SYSLINUX leaves for making entries of it. */
#pragma once

#include "base/arena.h"
#include "iso/boot-menu.h"

enum syslinux_kind {
	SYSLINUX_NONE,	 /* says nothing to start */
	SYSLINUX_KERNEL, /* its name tells what it is */
	SYSLINUX_LINUX,
	SYSLINUX_CONFIG, /* another configuration */
	SYSLINUX_OTHER,
};

struct syslinux_submenu {
	struct syslinux_submenu *parent;
	const char *name, *title, *label; /* title, label: NULL: none */
};

struct syslinux_label {
	struct syslinux_label *next;
	const struct syslinux_submenu *submenu; /* NULL: the first menu */
	const char *name;
	const char *title;		      /* MENU LABEL; NULL: none */
	const char *kernel, *append, *initrd; /* NULL: none */
	enum syslinux_kind kind;
	bool is_default, is_hidden, is_disabled;
};

/* One configuration, with what it includes. */
struct syslinux {
	const struct boot_files *files;
	const char *directory; /* that relative paths begin at */
	struct arena *arena;   /* of all that is here */
	struct syslinux_label *labels, **labels_end;
	struct syslinux_label *label;	  /* that is spoken of; NULL: all */
	struct syslinux_submenu *submenu; /* likewise */
	unsigned label_count, submenu_depth;
	unsigned *file_count; /* read so far, for all configurations */
	const char *append;   /* of all labels */
	const char *default_name;
	bool in_text;
	bool has_file;
};

/* Reads the file at path; of is empty but for files, directory, arena and
 * file_count. */
int syslinux_read(struct syslinux *of, const char *path) _must_check;

/* Whether a module is called with the name of a configuration. */
bool syslinux_is_menu(const char *module);
