/* SPDX-License-Identifier: MIT */
/*
 * From a reference to a root: what a command asks for. A reference is a stream
 * (stream.h) or a set of layers (blobs.h); either goes into a directory or
 * into the store.
 */
#pragma once

#include "image/oci.h"
#include "image/store.h"
#include "image/stream.h"

struct image_request {
	const char *reference;
	const char *sha256;	   /* it must have; NULL or "": not said */
	const struct trust *trust; /* NULL: signatures are not looked at */
	enum unpack_depth depth;   /* image_unpack() only */
	/* Told about four times a second how far it is. A negative errno
	 * cancels. */
	int (*progress)(void *context, const struct progress *progress);
	void *context;
};

/* What is known of an image once it was read. */
struct image_facts {
	struct reference reference;
	enum image_kind kind;	 /* of a stream; KIND_UNKNOWN: it has layers */
	enum image_kind content; /* what it is when it came compressed */
	enum image_layout layout;
	struct verify_verdict verdict; /* of layers: sha256 is the manifest's */
	size_t layer_count;
	bool has_config;
	struct oci_config config; /* when has_config */
	struct progress progress; /* the final figures */
	uint64_t lost_attributes, lost_owners, lost_devices;
};

/*
 * Makes the image's root in dir, an existing directory: DIR/tree, all layers
 * applied, or DIR/image, a file to be mounted. On failure what it made is
 * removed. Root is needed for owners and devices only (lost_*).
 */
int image_unpack(const struct image_request *request, const char *dir,
		 struct image_facts *ret_facts, struct failure *failure)
	_must_check;

/*
 * Brings the image into the store, or finds it there: unchanged, as a
 * conditional request, a digest or the registry says. What is least recently
 * used makes room. Of a file, ret_made->fstype is left empty: root/disk.h finds
 * the file system in it. Needs root.
 */
int image_load(const struct image_request *request, struct store *store,
	       struct image_made *ret_made, struct progress *ret_progress,
	       struct failure *failure) _must_check;
