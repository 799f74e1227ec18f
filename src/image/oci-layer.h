/* SPDX-License-Identifier: MIT */
/* A tar on its way to becoming a layer: compressed, with both its digests. */
#pragma once

#include "base/failure.h"
#include "image/digest.h"

struct oci_layer;

/* A layer that goes to fd, an empty file; NULL when memory is out. */
struct oci_layer *oci_layer_new(int fd) _must_check;
struct oci_layer *oci_layer_free(struct oci_layer *layer); /* NULL fine; NULL */

/* The next bytes of the tar. A negative errno: they could not be written. */
int oci_layer_add(struct oci_layer *layer, const void *bytes, size_t len)
	_must_check;

struct oci_layer_made {
	struct digest diff_id; /* of the tar */
	struct digest digest;  /* of the file */
	uint64_t size;	       /* of the file */
};

/* Nothing follows. */
int oci_layer_finish(struct oci_layer *layer, struct oci_layer_made *ret_made)
	_must_check;
