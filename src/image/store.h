/* SPDX-License-Identifier: MIT */
/*
 * The store: images kept in the bootstrap's memory, by digest, so that a second
 * load fetches nothing and two images share their layers. Its directory is
 * described in wire/control.h. One process at a time changes it (a lock); a
 * crash leaves nothing but rubbish in new/, which the next one removes.
 *
 * What PID 1 does without the lock: it writes "running" and makes and fills
 * directories of keep/.
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
	/* Of the blob or stream and what was made of it: "sha256:…" */
	char digest[DIGEST_TEXT_MAX];
	enum image_layout layout;
	uint64_t bytes; /* of memory, about */
};

/* images/ID.json. ID is the beginning of the manifest's or stream's sha256. */
struct store_image {
	char id[STORE_ID_MAX];
	/* As it was asked for last, without a user name and password. */
	char reference[CONTROL_REF_MAX];
	char sha256[SHA256_HEX_MAX]; /* of the manifest or stream */
	char signer[MINISIGN_ID_TEXT_MAX];
	char kind[24];			   /* for a person: "tar.gz", "oci" */
	struct http_validators validators; /* of a stream */
	struct image_made made;		   /* its layers, lowest first */
	int64_t used_s; /* seconds since 1970, for a person */
	uint64_t turn;	/* the highest was used last, whatever the clock says */
	uint64_t bytes; /* of its layers, shared ones too */
	bool running;	/* filled in when read */
};

/* Opens it, makes what is missing in it, the directory itself too, and takes
 * the lock, waiting a second for it; -EBUSY. Removes what a crash left. */
int store_open(const char *dir, struct store **ret_store,
	       struct failure *failure) _must_check;
/* To look only, with nothing but store_list*() and store_size(), also while
 * another process changes it. -ENOENT: there is none. */
int store_open_to_read(const char *dir, struct store **ret_store,
		       struct failure *failure) _must_check;
struct store *store_close(struct store *store); /* NULL is fine; NULL */
/* Its directory; borrowed. */
int store_fd(const struct store *store);

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
/* Writes the record of an image whose layers are all in the store. Of image
 * this is filled in: id and made.id from sha256, made.magic, used_s, turn,
 * bytes. -EEXIST: another image, that runs, has this ID. */
int store_put(struct store *store, struct store_image *image,
	      struct failure *failure) _must_check;

/* --- layers --- */

/* -ENODATA. */
int store_find_layer(struct store *store, const struct digest *digest,
		     struct store_layer *ret_layer) _must_check;
/* An empty directory in new/; its number names it. Returns its descriptor. */
int store_stage(struct store *store, unsigned int *ret_number,
		struct failure *failure) _must_check;
/* It becomes a layer, known by layer->digest; layer->id is filled in. It holds
 * "tree" or "image", as layer->layout says. One that is there already wins:
 * *layer is then that one. In the end number is no longer staged, also when
 * this fails. -EEXIST: a layer of another digest has this ID. */
int store_commit(struct store *store, unsigned int number,
		 struct store_layer *layer, struct failure *failure)
	_must_check;
/* Removes a directory of new/. */
void store_abandon(struct store *store, unsigned int number);

/* --- room --- */

/* Layers that must stay, also without an image: those of this load, until the
 * store is closed. */
int store_hold(struct store *store, const char *layer_id) _must_check;
/* Frees layers that no image has, then images that do not run and whose layers
 * are not held, least recently used first, until so many bytes came free or
 * none is left. Returns how many came free. */
uint64_t store_give(struct store *store, uint64_t bytes);
/* Down to the bound. */
void store_trim(struct store *store);
/* The bound from now on, as store_parse_size() takes it. -EINVAL. */
int store_set_bound(struct store *store, const char *size) _must_check;

struct store_size {
	uint64_t layers;  /* bytes of all layers, each counted once */
	uint64_t running; /* of these, what runs takes: not in the bound */
	uint64_t bound;	  /* store_set_bound(), STORE_SIZE_FILE, or half of the
			   memory */
};
int store_size(struct store *store, struct store_size *ret_size) _must_check;

/* "1500000", "512M", "2G" (K, M, G, T: powers of 1024), "50%" of memory;
 * bytes. -EINVAL: none of these, or more than 100%. */
int store_parse_size(const char *text, uint64_t memory, uint64_t *ret_bytes)
	_must_check;

/* --- kept changes --- */

struct store_kept {
	char name[CONTROL_KEEP_MAX];
	char image[STORE_ID_MAX]; /* to which they belong; "": not said */
	uint64_t bytes;
	bool running;
};
/* By name; freed with free(). */
int store_list_kept(struct store *store, struct store_kept **ret_kept,
		    size_t *ret_count) _must_check;

/* --- dropping --- */

/* An image by its ID (or the beginning of one, four digits at least) or its
 * reference, or changes by their name. Layers that no other image has go with
 * the image; *ret_bytes is what was freed. -ENODATA, -EBUSY: it runs,
 * -ENOTUNIQ: it may be several. */
int store_drop(struct store *store, const char *which, uint64_t *ret_bytes,
	       struct failure *failure) _must_check;
/* Everything that does not run, except changes. Returns the bytes freed. */
uint64_t store_drop_all(struct store *store);
