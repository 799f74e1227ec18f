/* SPDX-License-Identifier: MIT */
/* Small files that stand beside an image: FILE.sha256, SHA256SUMS,
 * FILE.minisig; beside a file in its directory, beside a URL at its server. */
#pragma once

#include "base/failure.h"
#include "image/reference.h"

#define SIDECAR_NAME_MAX 256

enum sidecar_kind {
	SIDECAR_SHA256,	    /* FILE.sha256 */
	SIDECAR_SHA256SUMS, /* SHA256SUMS */
	SIDECAR_MINISIG,    /* FILE.minisig */
};

/* The file's own name: what is behind the last "/" of the path, decoded when
 * it is a URL's. Its query is no part of it. -ENODATA: it has none. */
int sidecar_file_name(const struct reference *reference,
		      char ret_name[static SIDECAR_NAME_MAX]) _must_check;

/* The sidecar's name, for a person, without directories. */
const char *sidecar_name(enum sidecar_kind kind, const char *file_name,
			 char buf[static SIDECAR_NAME_MAX + 16]);

/* Where it is: a path or a URL; a URL keeps its query. -ENAMETOOLONG. */
int sidecar_place(const struct reference *reference, enum sidecar_kind kind,
		  char *ret_place, size_t size) _must_check;

struct sidecar {
	enum sidecar_kind kind;
	/* What was found; len bytes and a NUL; NULL: it is not there. Freed
	 * with free(). */
	char *bytes;
	size_t len;
	/* 0, or why it could not be looked for: the server does not answer, the
	 * file cannot be read. */
	int err; /* negative errno */
	struct failure failure;
};

/*
 * Looks for several of one reference at the same time, a few seconds at most.
 * A server that answers with anything but 200, or with a web page, does not
 * have it; nor is it there when it is longer than any of its kind.
 */
void sidecars_look_for(const struct reference *reference,
		       struct sidecar *sidecars, size_t count);
