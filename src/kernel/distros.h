/* SPDX-License-Identifier: MIT */
/*
 * The table of distributions: data/distros.ini, which explains its own form;
 * the one in the program, or the one that `boomerang distros update` put in
 * its place.
 */
#pragma once

#include "base/failure.h"
#include "kernel/medium.h"

#define DISTRO_MIRRORS_MAX 16

struct distro {
	char *name;    /* "debian": what is typed */
	char *title;   /* "Debian 12 live, Xfce" */
	char *version; /* replaces {version} in all that follows */
	char *urls[DISTRO_MIRRORS_MAX]; /* of the ISO; the first is preferred */
	size_t url_count;
	char *checksums; /* URL of a SHA256SUMS, or of a .sha256; NULL: none */
	char *sha256;	 /* of the ISO itself; NULL: not said */
	/* URL of an OpenPGP signature, of the checksums or (signs_iso) of the
	 * ISO; "" when the checksums are a clear-signed message; NULL: none. */
	char *signature;
	bool signs_iso;
	uint8_t *keys; /* OpenPGP certificates, binary; NULL: none */
	size_t keys_len;
	char *fingerprints; /* of who may sign, in words; NULL: any of keys */
	enum medium medium; /* MEDIUM_UNKNOWN: recognised by content */
	char *entry;	    /* preferred in its menu; NULL: its own default */
	char *append;	    /* more words for its kernel; NULL: none */
};

struct distros {
	struct distro *list;
	size_t count;
	char *date; /* of the table, "2026-11-21" */
};

/* Parses a table. Strict: what is wrong is said with its line. name begins the
 * messages. */
int distros_parse(const char *text, size_t len, const char *name,
		  struct distros *ret_distros, struct failure *failure)
	_must_check;

/* The table in use: DISTROS_PATH, or the program's own. */
#define DISTROS_PATH "/etc/boomerang/distros.ini"
int distros_load(struct distros *ret_distros, struct failure *failure)
	_must_check;

/* By its name; -ENOENT with a failure that names the nearest. */
int distros_find(const struct distros *distros, const char *name,
		 const struct distro **ret_distro, struct failure *failure)
	_must_check;

/* Fetches a table, parses it and puts it in the place of DISTROS_PATH, whole
 * or not at all. ret_count: how many it lists. */
int distros_update(const char *url, size_t *ret_count, struct failure *failure)
	_must_check;

void distros_clear(struct distros *distros);
#define _cleanup_distros _cleanup(distros_clear)
