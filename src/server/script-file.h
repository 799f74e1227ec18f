/* SPDX-License-Identifier: MIT */
/* What scripts for every loader are made of. */
#pragma once

#include "base/text.h"
#include "server/texts.h"

/* Longer than any kernel takes; with the URLs of files in it. */
#define SCRIPT_CMDLINE_MAX 16384

struct script {
	struct text out;
	const struct plan *plan;
	const struct client *client;
	const struct signer *signer;
	const struct script_base *base;
	int r; /* the first error */
};

/* An empty script over buf. */
struct script script_begin(const struct plan *plan, const struct client *client,
			   const struct signer *signer,
			   const struct script_base *base, char *buf,
			   size_t size);
/* Its length, or its first error; -ENOBUFS: it did not fit. */
int script_end(const struct script *script, size_t *ret_len) _must_check;

#define SCRIPT_NAME_MAX 64

/* The last part of a place, of letters, digits and "._-" only; for people. */
const char *script_file_name(const char *place,
			     char buf[static SCRIPT_NAME_MAX]);

/* "file/TOKEN/NAME" */
#define SCRIPT_PATH_MAX (SIGNER_TOKEN_MAX + SCRIPT_NAME_MAX + 8)
int script_file_path(const struct script *script, const char *place,
		     char buf[static SCRIPT_PATH_MAX]) _must_check;

/*
 * The command line with the URLs of its files, and of this server and the
 * machine's address (BOOTIF=) when the kernel is our bootstrap.
 */
int script_cmdline(const struct script *script,
		   char buf[static SCRIPT_CMDLINE_MAX]) _must_check;

/* Calls line for each line of text, made printable; at most 32 of them. */
void script_each_line(const char *text, void *to,
		      void (*line)(void *to, const char *text));
