/* SPDX-License-Identifier: MIT */
/*
 * What an ISO offers to boot, as its own boot loaders would show it: from the
 * configuration of GRUB (grub.cfg), of ISOLINUX and SYSLINUX, and from loader
 * entries (UAPI Boot Loader Specification).
 */
#pragma once

#include "iso/iso.h"

#define BOOT_ENTRIES_MAX 256
#define BOOT_INITRDS_MAX 16

struct boot_entry {
	char *title;  /* "Advanced options > Debian Live (fail-safe)" */
	char *kernel; /* path in the ISO, beginning with "/" */
	char *initrds[BOOT_INITRDS_MAX]; /* likewise */
	size_t initrd_count;
	char *cmdline;	   /* without initrd= and BOOT_IMAGE=; may be "" */
	const char *file;  /* which says so, for persons; in a menu, its own */
	bool other_system; /* no Linux kernel: chainload, memtest, … */
};

struct boot_menu {
	struct boot_entry *entries; /* in the loader's order, without doubles */
	size_t count;
	size_t chosen; /* the loader's default */
	char **files;  /* the entries' file names */
	size_t file_count;
};

/* What a parser of one configuration may ask: other files (source, INCLUDE,
 * configfile), and what exists (test -f). Paths are as in iso_find(). A pure
 * function of these, so that a test and a fuzzer can stand in for an ISO. */
struct boot_files {
	/* The whole file, NUL-terminated, freed by the caller; -ENOENT. */
	int (*read)(void *context, const char *path, char **ret_text,
		    size_t *ret_len);
	bool (*exists)(void *context, const char *path);
	/* Names in a directory ("*.conf" of loader entries). */
	int (*list)(void *context, const char *path,
		    int (*each)(const char *name, void *each_context),
		    void *each_context);
	/* Of the medium, which `search` may look for; NULL: not known, and
	 * then every one is its. uuid: "2023-12-10-10-20-30-00". */
	const char *label, *uuid;
	void *context;
};

/* Each adds what the configuration at path says to the menu; what it does not
 * understand is passed over. -ENOENT, -ENOMEM, -E2BIG: more than
 * BOOT_ENTRIES_MAX entries, or loops. */
int grub_menu(const struct boot_files *files, const char *path,
	      struct boot_menu *menu) _must_check;
int syslinux_menu(const struct boot_files *files, const char *path,
		  struct boot_menu *menu) _must_check;
int loader_entries_menu(const struct boot_files *files, const char *directory,
			struct boot_menu *menu) _must_check;

/*
 * For the parsers: takes the strings of *entry (allocated; title must be set)
 * over and leaves it empty, also on failure. initrd= is taken out of the
 * command line, and is the entry's initrds when it has none. One with the same
 * kernel, initrds and command line as another is dropped, as is one for another
 * system with the title of another. Returns the index of the entry, or of that
 * other. -E2BIG: too many, -ENOMEM.
 */
int boot_menu_add(struct boot_menu *menu, struct boot_entry *entry) _must_check;

/*
 * All that the ISO offers: the first configuration that has an entry for Linux,
 * GRUB's before SYSLINUX's before loader entries, since live media keep that
 * one complete. What names a kernel that the ISO lacks is left out. -ENODATA
 * with *failure: none that can be booted; the failure says which configurations
 * were found, if any.
 */
int boot_menu_read(const struct iso *iso, struct boot_menu *ret_menu,
		   struct failure *failure) _must_check;

/* The same for what is behind files; name begins the message. -ENOENT: there
 * is no configuration. */
int boot_menu_of_files(const struct boot_files *files, const char *name,
		       struct boot_menu *ret_menu, struct failure *failure)
	_must_check;

/* The entry whose title is this, or its last part, or the only one that
 * contains it, upper or lower case; or its number, from 1. -ENOENT, -ENOTUNIQ
 * with *failure, which names some. */
int boot_menu_find(const struct boot_menu *menu, const char *label,
		   size_t *ret_index, struct failure *failure) _must_check;

/*
 * The absolute path that path, as written in a configuration, means to one who
 * stands in directory: "\\" is "/", and ".", ".." and doubled "/" are resolved.
 * SYSLINUX writes "/" as "::", too. -ENAMETOOLONG.
 */
int boot_path_join(const char *directory, const char *path, char *buf,
		   size_t size) _must_check;
/* Whether a name matches a pattern of "*", "?" and other characters, upper or
 * lower case. */
bool boot_name_matches(const char *pattern, const char *name);
/* Adds a copy of an absolute path to the initrds; -ENOMEM, -E2BIG. */
int boot_entry_add_initrd(struct boot_entry *entry, const char *path)
	_must_check;
/* Adds those of a list, "A,B", relative to directory. */
int boot_entry_add_initrds(struct boot_entry *entry, const char *directory,
			   const char *list) _must_check;

void boot_entry_clear(struct boot_entry *entry);
void boot_menu_clear(struct boot_menu *menu);
#define _cleanup_boot_menu _cleanup(boot_menu_clear)
