/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "image/oci-internal.h"

/* More than any disk that an image is unpacked to, and few enough that the sum
 * of all layers is no overflow. */
#define BLOB_MAX (1024 * 1024 * GIB)

int oci_read_descriptor(const struct oci_node *node,
			struct oci_descriptor *ret_descriptor)
{
	struct oci_node type = oci_member(node, "mediaType");
	struct oci_node digest = oci_member(node, "digest");
	struct oci_node size = oci_member(node, "size");
	char text[DIGEST_TEXT_MAX];
	int r;

	if ((r = oci_read_object(node, OCI_REQUIRED)) < 0 ||
	    (r = oci_read_text(&type, OCI_REQUIRED, ret_descriptor->type,
			       sizeof(ret_descriptor->type))) < 0 ||
	    (r = oci_read_number(&size, BLOB_MAX, &ret_descriptor->size)) < 0 ||
	    (r = oci_read_text(&digest, OCI_REQUIRED, text, sizeof(text))) < 0)
		return r;
	if (digest_parse(text, &ret_descriptor->digest) < 0)
		return oci_refuse(&digest, "is not a sha256 or sha512 digest");
	return 0;
}

bool oci_type_is_index(const char *type)
{
	return str_eq(type, "application/vnd.oci.image.index.v1+json") ||
	       str_eq(type, "application/vnd.docker.distribution."
			    "manifest.list.v2+json");
}

bool oci_type_is_manifest(const char *type)
{
	return str_eq(type, "application/vnd.oci.image.manifest.v1+json") ||
	       str_eq(type, "application/vnd.docker.distribution."
			    "manifest.v2+json");
}
