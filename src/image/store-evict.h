/* SPDX-License-Identifier: MIT */
/* Who has to go when the store gets too big. Pure. */
#pragma once

#include "image/store.h"

/* What there is. */
struct store_contents {
	const struct store_image *images; /* most recently used first */
	size_t image_count;
	const struct store_layer *layers; /* by ID */
	size_t layer_count;
	const char (*held)[STORE_ID_MAX]; /* IDs of layers that must stay */
	size_t held_count;
};

/* What to do, one for each image and layer of the contents. */
struct store_plan {
	bool *image_goes;
	bool *layer_goes;
	uint64_t bytes; /* of the layers that go */
};

/* Fills *plan, whose arrays the caller brings, so that at least bytes come
 * free, or all that may. -ENOMEM. */
int store_evict(const struct store_contents *contents, uint64_t bytes,
		struct store_plan *plan) _must_check;

/* Fills *plan for one image that goes, whether it runs or not, and the layers
 * that no other image has. -ENOMEM. */
int store_evict_one(const struct store_contents *contents, size_t image,
		    struct store_plan *plan) _must_check;

/* The layer with this ID, NULL: none. */
const struct store_layer *
store_layer_by_id(const struct store_contents *contents, const char *id);
