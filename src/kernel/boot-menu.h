/* SPDX-License-Identifier: MIT */
/*
 * What an ISO offers to boot, as its own boot loaders would show it: from the
 * configuration of GRUB (grub.cfg), of ISOLINUX and SYSLINUX, and from loader
 * entries (UAPI Boot Loader Specification).
 */
#pragma once

#include "kernel/iso.h"

#define BOOT_ENTRIES_MAX 256
#define BOOT_INITRDS_MAX 16

struct boot_entry {
	char *title;  /* "Advanced options > Debian Live (fail-safe)" */
	char *kernel; /* path in the ISO, beginning with "/" */
	char *initrds[BOOT_INITRDS_MAX]; /* likewise */
	size_t initrd_count;
	char *cmdline;	   /* without initrd= and BOOT_IMAGE=; may be "" */
	const char *file;  /* which says so, for persons; the menu owns it */
	bool other_system; /* no Linux kernel: chainload, memtest, … */
};

struct boot_menu {
	struct boot_entry *entries; /* in the loader's order, without doubles */
	size_t count;
	size_t chosen; /* the loader's default */
	char *files;   /* owner of the entries' file names */
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
	const char *label; /* of the medium, which `search` may look for */
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

/* For the parsers: takes the strings of *entry (allocated) over and leaves it
 * empty, also on failure; one with the same kernel, initrds and command line
 * as another is dropped. */
int boot_menu_add(struct boot_menu *menu, struct boot_entry *entry) _must_check;

/*
 * All that the ISO offers: the first configuration that has an entry for Linux,
 * GRUB's before SYSLINUX's before loader entries, since live media keep that
 * one complete. -ENODATA with *failure: none that can be booted; the failure
 * says which configurations were found, if any.
 */
int boot_menu_read(const struct iso *iso, struct boot_menu *ret_menu,
		   struct failure *failure) _must_check;

/* The entry whose title is this, or its last part, or the only one that
 * contains it, upper or lower case; or its number, from 1. -ENOENT, -ENOTUNIQ
 * with *failure, which names some. */
int boot_menu_find(const struct boot_menu *menu, const char *label,
		   size_t *ret_index, struct failure *failure) _must_check;

void boot_entry_clear(struct boot_entry *entry);
void boot_menu_clear(struct boot_menu *menu);
#define _cleanup_boot_menu _cleanup(boot_menu_clear)
