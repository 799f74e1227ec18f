/* SPDX-License-Identifier: MIT */
/* Writes an OCI archive (image-layout.md in a tar) of one layer. */
#pragma once

#include "image/oci.h"

struct oci_write {
	int root_fd;   /* the root to write */
	const char *name; /* of the image, for messages */
	const char *tag; /* org.opencontainers.image.ref.name; "": none */
	const struct oci_config *config; /* of the image it came from; NULL */
	const char *architecture;	 /* "amd64" */
	int spool_fd; /* an empty file: the layer, whose digest comes first */
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
};

int oci_write(const struct oci_write *what, struct failure *failure)
	_must_check;
