/* SPDX-License-Identifier: MIT */
/*
 * From a reference to layers. Whoever holds the blobs, each document is checked
 * here against the descriptor that led to it, so that all of an image follows
 * from the digest of its first document. The layers are checked while they are
 * fetched.
 */
#include "image/blobs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

/* An index in an index in an index; more was never seen. */
#define INDEX_DEPTH 3

int blobs_open(const struct reference *reference, struct blobs **ret_blobs,
	       struct failure *failure)
{
	switch (reference->kind) {
	case REFERENCE_DOCKER:
		return registry_open(reference, ret_blobs, failure);
	case REFERENCE_OCI:
		return layout_open(reference, ret_blobs, failure);
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
		return archive_blobs_open(reference, ret_blobs, failure);
	case REFERENCE_HTTP:
	case REFERENCE_FILE:
	case REFERENCE_STDIN:
		break;
	}
	return failure_set(failure, EINVAL, "%s: has no layers",
			   reference->name);
}

struct blobs *blobs_close(struct blobs *blobs)
{
	if (blobs)
		blobs->operations->close(blobs);
	return NULL;
}

int blobs_check(const struct oci_descriptor *descriptor,
		const struct blobs_document *document, const char *name,
		struct failure *failure)
{
	char wanted[DIGEST_TEXT_MAX];
	struct digest digest;

	digest_text(&descriptor->digest, wanted);
	if (document->len != descriptor->size)
		return failure_set(failure, EBADMSG,
				   "%s: %s has %zu bytes instead of %ju", name,
				   wanted, document->len,
				   (uintmax_t)descriptor->size);
	if (digest_of(descriptor->digest.algorithm,
		      view_over(document->bytes, document->len), &digest) < 0)
		return failure_errno(failure, ENOMEM, "%s", name);
	if (!digest_equal(&digest, &descriptor->digest))
		return failure_set(failure, EBADMSG,
				   "%s: %s was changed: its content has "
				   "another digest",
				   name, wanted);
	return 0;
}

static void document_free(struct blobs_document *document)
{
	free(document->bytes);
	document->bytes = NULL;
}

static struct view document_view(const struct blobs_document *document)
{
	return view_over(document->bytes, document->len);
}

/* One of struct blobs_operations. */
typedef int fetch_document(struct blobs *blobs,
			   const struct oci_descriptor *entry,
			   struct blobs_document *ret, struct failure *failure);

/* Replaces *document by the one that the descriptor is of. */
static int follow(struct blobs *blobs, fetch_document *fetch,
		  const struct oci_descriptor *descriptor,
		  struct blobs_document *document, struct failure *failure)
{
	struct blobs_document next = { 0 };
	int r;

	if (descriptor->size > OCI_DOCUMENT_MAX)
		return failure_set(failure, EBADMSG,
				   "%s: a %s of %ju bytes is too large",
				   blobs->reference->name, descriptor->type,
				   (uintmax_t)descriptor->size);
	r = fetch(blobs, descriptor, &next, failure);
	if (r < 0)
		return r;
	r = blobs_check(descriptor, &next, blobs->reference->name, failure);
	if (r < 0) {
		document_free(&next);
		return r;
	}
	document_free(document);
	*document = next;
	return 0;
}

static int check_wanted(const struct blobs *blobs, const char *wanted_sha256,
			const struct blobs_document *document,
			struct failure *failure)
{
	const struct view bytes = document_view(document);
	char is[DIGEST_TEXT_MAX];
	struct digest digest;

	if (!wanted_sha256 || !wanted_sha256[0])
		return 0;
	/* Not document->digest, which may be of another algorithm. */
	if (digest_of(DIGEST_SHA256, bytes, &digest) < 0)
		return failure_errno(failure, ENOMEM, "%s",
				     blobs->reference->name);
	if (str_eq(digest_hex(&digest, is), wanted_sha256))
		return 0;
	return failure_set(failure, EKEYREJECTED,
			   "%s: the image's sha256 is %s, wanted is %s",
			   blobs->reference->name, is, wanted_sha256);
}

/* From the first document to the manifest. */
static int find_manifest(struct blobs *blobs, struct blobs_document *document,
			 struct failure *failure)
{
	const char *name = blobs->reference->name;
	struct oci_platform here;
	int r = 0;

	oci_platform_here(&here);
	for (int depth = 0; r >= 0; depth++) {
		struct oci_descriptor entry;

		if (!oci_is_index(document_view(document), document->type))
			return 0;
		if (depth == INDEX_DEPTH)
			return failure_set(failure, EBADMSG,
					   "%s: an index in an index, more "
					   "than %d deep",
					   name, INDEX_DEPTH);
		r = oci_parse_index(document_view(document), NULL, &here, name,
				    &entry, failure);
		if (r >= 0)
			r = follow(blobs, blobs->operations->manifest, &entry,
				   document, failure);
	}
	return r;
}

static int read_config(struct blobs *blobs, struct blobs_document *document,
		       struct oci_image *image, struct failure *failure)
{
	const char *name = blobs->reference->name;
	int r = follow(blobs, blobs->operations->document,
		       &image->layers.config, document, failure);

	if (r >= 0)
		r = oci_parse_config(document_view(document), name,
				     &image->config, failure);
	if (r < 0)
		return r;
	if (image->config.diff_id_count == image->layers.layer_count)
		return 0;
	return failure_set(failure, EBADMSG,
			   "%s: its manifest lists %zu layers, its config %zu",
			   name, image->layers.layer_count,
			   image->config.diff_id_count);
}

int oci_image_resolve(struct blobs *blobs, const char *wanted_sha256,
		      struct oci_image *ret_image, struct failure *failure)
{
	_cleanup(document_free) struct blobs_document document = { 0 };
	int r = blobs->operations->manifest(blobs, NULL, &document, failure);

	if (r >= 0)
		r = check_wanted(blobs, wanted_sha256, &document, failure);
	if (r >= 0)
		r = find_manifest(blobs, &document, failure);
	if (r < 0)
		return r;
	ret_image->manifest = document.digest;
	r = oci_parse_manifest(document_view(&document), blobs->reference->name,
			       &ret_image->layers, failure);
	if (r < 0)
		return r;
	return read_config(blobs, &document, ret_image, failure);
}
