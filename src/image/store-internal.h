/* SPDX-License-Identifier: MIT */
/* What the store's parts share. */
#pragma once

#include "image/store-evict.h"

#define STORE_PATH_MAX 128 /* of names below the store's directory */

struct store {
	int dir_fd;
	int lock_fd;
	bool writes;
	struct store_image *images; /* most recently used first */
	size_t image_count;
	char (*held)[STORE_ID_MAX];
	size_t held_count;
	unsigned int number; /* the last one given in new/ */
};

/* --- store.c --- */

/* What PID 1 has written down. */
struct running {
	char id[STORE_ID_MAX];	     /* of the image, valid or not */
	char keep[CONTROL_KEEP_MAX]; /* the name of its changes, "": not kept */
};

/* Whether something runs, and what. */
bool store_running(const struct store *store, struct running *ret_running);
/* Brings "running" of all images up to date. False: something runs that is
 * none of them, so that it is not known which layers it needs. */
bool store_mark_running(struct store *store);

/* Writes a file of the store, path relative to it, all at once or not at
 * all. */
int store_write(struct store *store, const char *path, const char *text)
	_must_check;
/* Takes path out of the store at once and then removes it. */
int store_remove(struct store *store, const char *path);

/* The image is no longer listed; its record is removed. */
void store_forget(struct store *store, size_t image);

/* --- store-layers.c --- */

/* The layer with this ID, if it is whole. -ENODATA. */
int store_read_layer(const struct store *store, const char *id,
		     struct store_layer *ret_layer) _must_check;
/* All layers, sorted by ID, to be freed; those that are damaged are removed. */
int store_read_layers(struct store *store, struct store_layer **ret_layers,
		      size_t *ret_count) _must_check;
/* Removes the layer. */
void store_remove_layer(struct store *store, const char *id);

/* --- store-room.c --- */

/* Removes one image, which does not run, and the layers that only it needs. */
int store_remove_image(struct store *store, size_t image, uint64_t *ret_bytes)
	_must_check;

/* --- store-kept.c --- */

int store_remove_kept(struct store *store, const struct store_kept *kept)
	_must_check;
