/* SPDX-License-Identifier: MIT */
/*
 * How the initrd of a live system finds the medium that it came from, and what
 * its kernel must be told so that it finds the one that is held in memory.
 */
#pragma once

#include "iso/boot-menu.h"

enum medium {
	MEDIUM_UNKNOWN,
	MEDIUM_LIVE_BOOT, /* Debian, Kali: live/filesystem.squashfs */
	MEDIUM_CASPER,	  /* Ubuntu, Mint */
	MEDIUM_DRACUT,	  /* dmsquash-live: Fedora, CentOS, openSUSE's kiwi */
	MEDIUM_ARCHISO,	  /* Arch; Manjaro's miso is its child */
	MEDIUM_TINYCORE,  /* all of it is in the initrd */
	MEDIUM_ANACONDA,  /* installers of Fedora and its family */
	MEDIUM_YAST,	  /* installers of SUSE */
	MEDIUM_ALPINE,
	MEDIUM_NIXOS,
	MEDIUM_INITRD, /* needs no medium: Debian's netboot installer */
};

/* "live-boot", "dracut", …: as in the table of distributions. */
const char *medium_name(enum medium medium);
/* Its inverse; -EINVAL. */
int medium_parse(const char *name, enum medium *ret_medium) _must_check;

/* Whether it is worth anything without its medium: all of a TinyCore, and of
 * MEDIUM_INITRD, is in the initrd. */
bool medium_is_needed(enum medium medium);

/* Recognises it by the entry's command line, else as what the table says it is,
 * else (MEDIUM_UNKNOWN) by what the ISO contains: one ISO may have entries for
 * several. -ENOTSUP with *failure: an entry for which there is no way, or a
 * layout that nobody here knows; what was found is named. */
int medium_recognise(const struct iso *iso, const struct boot_entry *entry,
		     enum medium table, enum medium *ret_medium,
		     struct failure *failure) _must_check;

/* Where the ISO is for the live system. */
enum medium_place {
	MEDIUM_ON_PMEM,	  /* it is the block device /dev/pmemN */
	MEDIUM_IN_INITRD, /* it is the file path of the initramfs */
};

struct medium_place_at {
	enum medium_place place;
	const char *path;  /* of the device or the file */
	const char *label; /* of the ISO */
};

/*
 * Whether such a medium can be found there by an entry with this command line:
 * 0, or -ENOTSUP with *failure.
 */
int medium_check(enum medium medium, enum medium_place place,
		 const char *cmdline, struct failure *failure) _must_check;

/*
 * The command line for the live system into buf: the entry's, with the words
 * about the medium (root=, live-media=, iso-scan/filename=, …) replaced where
 * they name another place, and those added that this medium needs. -ENOBUFS.
 */
int medium_cmdline(enum medium medium, const struct medium_place_at *at,
		   const char *cmdline, char *buf, size_t size) _must_check;
