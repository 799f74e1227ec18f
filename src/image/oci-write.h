/* SPDX-License-Identifier: MIT */
/* Writes an OCI archive (image-spec image-layout.md, in a tar) of one layer. */
#pragma once

#include "image/oci.h"
#include "image/pack.h"

struct oci_write {
	int root_fd;	  /* the root to write */
	const char *name; /* of the image, for messages */
	const char *tag;  /* org.opencontainers.image.ref.name; "": none */
	const struct oci_config *config; /* of the image it came from; NULL */
	const char *architecture;	 /* "amd64" */
	/* When it was made, seconds since 1970, if config does not say. */
	int64_t created_s;
	int spool_fd; /* an empty file: the layer, whose digest comes first */
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
};

/*
 * The same root, config and architecture give the same bytes. *ret_result may
 * be NULL.
 */
int oci_write(const struct oci_write *what, struct pack_result *ret_result,
	      struct failure *failure) _must_check;
