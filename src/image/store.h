/* SPDX-License-Identifier: MIT */
/*
 * The store: images kept in the bootstrap's memory, by digest, so that a second
 * load fetches nothing and two images share their layers. Its directory is
 * described in wire/control.h. One process at a time changes it (a lock); a
 * crash leaves nothing but rubbish in new/, which the next one removes.
 */
#pragma once

#include "base/failure.h"
#include "image/digest.h"
#include "image/http.h"
#include "image/kind.h"
#include "image/room.h"
#include "image/verify.h"

#define STORE_SIZE_FILE "/etc/boomerang/cache-size" /* boomerang build */

struct store;

struct store_layer {
	char id[STORE_ID_MAX];
	char digest[DIGEST_TEXT_MAX]; /* of the blob or stream: "sha256:…" */
	enum image_layout layout;
	uint64_t bytes; /* of memory, about */
};

/* images/ID.json. ID is the beginning of the manifest's or stream's sha256. */
struct store_image {
	char id[STORE_ID_MAX];
	char reference[CONTROL_REF_MAX]; /* as it was asked for, last */
	char sha256[SHA256_HEX_MAX];	 /* of the manifest or stream */
	char signer[MINISIGN_ID_TEXT_MAX];
	char kind[24];			 /* for a person: "tar.gz", "oci" */
	struct http_validators validators; /* of a stream */
	struct image_made made;		 /* its layers, lowest first */
	int64_t used_s;			 /* seconds since 1970 */
	uint64_t bytes; /* of its layers, shared ones too */
	bool running;	/* filled in when read */
};

/* Opens it, makes what is missing in it and takes the lock, waiting a second
 * for it; -EBUSY. */
int store_open(const char *dir, struct store **ret_store,
	       struct failure *failure) _must_check;
struct store *store_close(struct store *store); /* NULL is fine; NULL */

/* --- images --- */

/* Every image, most recently used first; freed with free(). Damaged records
 * are rubbish and removed. */
int store_list(struct store *store, struct store_image **ret_images,
	       size_t *ret_count) _must_check;
/* The newest for this reference; its layers are all there. -ENODATA. */
int store_find_reference(struct store *store, const char *reference,
			 struct store_image *ret_image) _must_check;
/* The one whose stream or manifest has this sha256. -ENODATA. */
int store_find_sha256(struct store *store, const char *sha256,
		      struct store_image *ret_image) _must_check;
/* Writes the record; used_s is set to now. */
int store_put(struct store *store, struct store_image *image,
	      struct failure *failure) _must_check;
/* By ID (or its beginning) or reference. -ENODATA, -EBUSY: it runs. Layers
 * that no other image has go with it; *ret_bytes is what was freed. */
int store_drop(struct store *store, const char *which, uint64_t *ret_bytes,
	       struct failure *failure) _must_check;

/* --- layers --- */

/* -ENODATA. */
int store_find_layer(struct store *store, const struct digest *digest,
		     struct store_layer *ret_layer) _must_check;
/* An empty directory in new/; its number names it. Returns its descriptor. */
int store_stage(struct store *store, unsigned int *ret_number,
		struct failure *failure) _must_check;
/* It becomes a layer, known by layer->digest; layer->id is filled in. One that
 * is there already wins. */
int store_commit(struct store *store, unsigned int number,
		 struct store_layer *layer, struct failure *failure)
	_must_check;
/* Removes a directory of new/. */
void store_abandon(struct store *store, unsigned int number);

/* --- room --- */

/* Frees images that do not run and are not in use by this load (keep: IDs of
 * layers), least recently used first, until so many bytes came free or none is
 * left. Returns how many. */
uint64_t store_give(struct store *store, uint64_t bytes);
/* Layers that must stay, also without an image: those of this load. */
int store_hold(struct store *store, const char *layer_id) _must_check;
/* Down to the bound: STORE_SIZE_FILE, or half of the memory. */
void store_trim(struct store *store);
/* "512M", "2G", "50%" of memory; bytes. -EINVAL. */
int store_parse_size(const char *text, uint64_t memory, uint64_t *ret_bytes)
	_must_check;

/* --- kept changes --- */

struct store_kept {
	char name[CONTROL_KEEP_MAX];
	char image[STORE_ID_MAX]; /* to which they belong */
	uint64_t bytes;
	bool running;
};
int store_list_kept(struct store *store, struct store_kept **ret_kept,
		    size_t *ret_count) _must_check;
