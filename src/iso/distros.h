/* SPDX-License-Identifier: MIT */
/*
 * The table of distributions: data/distros.ini, which explains its own form;
 * the one in the program, or the one that `boomerang distros update` put in
 * its place.
 */
#pragma once

#include "base/failure.h"
#include "image/trust.h"
#include "iso/medium.h"
#include "wire/control.h"

#define DISTRO_MIRRORS_MAX 16
#define DISTROS_SIZE_MAX   (1 * MIB) /* bytes of a table */

struct distro {
	char *name;    /* "debian": what is typed */
	char *title;   /* "Debian 12 live, Xfce" */
	char *version; /* replaces {version} in all that follows */
	char *urls[DISTRO_MIRRORS_MAX]; /* of the ISO; the first is preferred */
	size_t url_count;
	/* A SHA256SUMS or .sha256, which distro_url() finds; NULL: none. */
	char *checksums;
	char *sha256; /* of the ISO itself; NULL: not said */
	/* An OpenPGP signature, which distro_url() finds, of the checksums or
	 * (signs_iso) of the ISO; "" when the checksums are a clear-signed
	 * message; NULL: none. */
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

/* Where the file is that a row calls so: at that URL, or of that name beside
 * the ISO at iso_url, which is one of its URLs. -ENOBUFS. */
int distro_url(const char *iso_url, const char *file, char *buf, size_t size)
	_must_check;

/* The sha256 of the ISO at iso_url in the text of its checksums: the line that
 * names it, or the only one of a file that has but one. -ENODATA, -EBADMSG, as
 * checksum_list_find(). */
int distro_checksum(const char *iso_url, const char *text, size_t len,
		    char ret_sha256[static SHA256_HEX_MAX]) _must_check;

/* Fetches a table, checks it as verify.h says, parses it and puts it in the
 * place of DISTROS_PATH, whole or not at all. ret_count: how many it lists. */
int distros_update(const char *url, const struct trust *trust,
		   size_t *ret_count, struct failure *failure) _must_check;

void distros_clear(struct distros *distros);
#define _cleanup_distros _cleanup(distros_clear)
