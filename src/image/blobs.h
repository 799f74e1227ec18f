/* SPDX-License-Identifier: MIT */
/*
 * Where manifests and blobs are: a registry, a layout's directory, an archive.
 * One open set of blobs serves one image.
 */
#pragma once

#include "image/fetch.h"
#include "image/oci.h"
#include "image/reference.h"

struct blobs;

/* A small document whose digest was checked. Freed with free(bytes). */
struct blobs_document {
	char type[OCI_TYPE_MAX]; /* as the registry or descriptor says */
	struct digest digest;
	char *bytes; /* len of them and a NUL */
	size_t len;
};

struct blobs_operations {
	/* The manifest or index that the reference names (digest NULL), or
	 * another manifest by its digest. */
	int (*manifest)(struct blobs *blobs, const struct oci_descriptor *entry,
			struct blobs_document *ret, struct failure *failure);
	/* A small blob: the config. */
	int (*document)(struct blobs *blobs, const struct oci_descriptor *blob,
			struct blobs_document *ret, struct failure *failure);
	/* How to fetch a large one. *ret borrows from blobs; several may be
	 * fetched at once, by processes forked after this. */
	int (*source)(struct blobs *blobs, const struct oci_descriptor *blob,
		      struct fetch_source *ret, struct failure *failure);
	void (*close)(struct blobs *blobs);
};

/* The first member of every kind of blobs. */
struct blobs {
	const struct blobs_operations *operations;
	const struct reference *reference; /* borrowed */
};

/* By the reference's kind. */
int blobs_open(const struct reference *reference, struct blobs **ret_blobs,
	       struct failure *failure) _must_check;
struct blobs *blobs_close(struct blobs *blobs); /* NULL is fine; NULL */

/* registry.c (OCI distribution-spec 1.1, Docker's token authentication) */
int registry_open(const struct reference *reference, struct blobs **ret_blobs,
		  struct failure *failure) _must_check;
/* layout.c (image-spec image-layout.md): a directory */
int layout_open(const struct reference *reference, struct blobs **ret_blobs,
		struct failure *failure) _must_check;
/* archive-blobs.c: oci-archive and docker-archive, a tar */
int archive_blobs_open(const struct reference *reference,
		       struct blobs **ret_blobs, struct failure *failure)
	_must_check;

/* For the above: that a document is what its descriptor says, of this length
 * and digest. -EBADMSG. */
int blobs_check(const struct oci_descriptor *descriptor,
		const struct blobs_document *document, const char *name,
		struct failure *failure) _must_check;

/*
 * From the reference to layers: index, manifest and config, each checked
 * against its digest; of an index in an index too, three deep at most.
 * wanted_sha256: of the first document, "": any; -EKEYREJECTED. An image whose
 * config is for another machine is returned as any other.
 */
struct oci_image {
	struct digest manifest; /* of the platform's manifest */
	struct oci_manifest layers;
	struct oci_config config;
};
int oci_image_resolve(struct blobs *blobs, const char *wanted_sha256,
		      struct oci_image *ret_image, struct failure *failure)
	_must_check;
