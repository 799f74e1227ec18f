/* SPDX-License-Identifier: MIT */
/* Between the parsers of OCI's documents. */
#pragma once

#include "image/oci-json.h"
#include "image/oci.h"

/* descriptor.md: mediaType, digest and size, each required. */
int oci_read_descriptor(const struct oci_node *node,
			struct oci_descriptor *ret_descriptor) _must_check;

/* Whether a media type is that of an index, a manifest. */
bool oci_type_is_index(const char *type);
bool oci_type_is_manifest(const char *type);
