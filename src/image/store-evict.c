/* SPDX-License-Identifier: MIT */
/*
 * A layer goes when nothing needs it any more: no image that stays, no load.
 * So layers that no image has go first, for nothing, and then one image after
 * another, the least recently used first, each with the layers that it was the
 * last to need. An image that went although all of its layers stay, because
 * others share them, comes back: its record costs nothing.
 */
#include "image/store-evict.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

struct eviction {
	const struct store_contents *contents;
	struct store_plan *plan;
	unsigned int *needs; /* of each layer: how many need it */
};

static int compare_id(const void *id, const void *layer)
{
	return strcmp(id, ((const struct store_layer *)layer)->id);
}

const struct store_layer *
store_layer_by_id(const struct store_contents *contents, const char *id)
{
	if (contents->layer_count == 0)
		return NULL;
	return bsearch(id, contents->layers, contents->layer_count,
		       sizeof(*contents->layers), compare_id);
}

/* *ret_index is the layer's; false: there is none with this ID. */
static bool index_of(const struct store_contents *contents, const char *id,
		     size_t *ret_index)
{
	const struct store_layer *layer = store_layer_by_id(contents, id);

	if (layer)
		*ret_index = (size_t)(layer - contents->layers);
	return layer;
}

static void count_needs(const struct eviction *eviction)
{
	const struct store_contents *contents = eviction->contents;
	size_t layer;

	for (size_t i = 0; i < contents->held_count; i++)
		if (index_of(contents, contents->held[i], &layer))
			eviction->needs[layer]++;
	for (size_t i = 0; i < contents->image_count; i++) {
		const struct image_made *made = &contents->images[i].made;

		for (size_t j = 0; j < made->layer_count; j++)
			if (index_of(contents, made->layers[j].id, &layer))
				eviction->needs[layer]++;
	}
}

static void layer_goes(const struct eviction *eviction, size_t layer)
{
	eviction->plan->layer_goes[layer] = true;
	eviction->plan->bytes += eviction->contents->layers[layer].bytes;
}

static void image_goes(const struct eviction *eviction, size_t image)
{
	const struct image_made *made = &eviction->contents->images[image].made;
	size_t layer;

	eviction->plan->image_goes[image] = true;
	for (size_t i = 0; i < made->layer_count; i++)
		if (index_of(eviction->contents, made->layers[i].id, &layer) &&
		    --eviction->needs[layer] == 0)
			layer_goes(eviction, layer);
}

static bool keeps_its_layers(const struct eviction *eviction, size_t image)
{
	const struct image_made *made = &eviction->contents->images[image].made;
	size_t layer;

	for (size_t i = 0; i < made->layer_count; i++)
		if (!index_of(eviction->contents, made->layers[i].id, &layer) ||
		    eviction->plan->layer_goes[layer])
			return false;
	return true;
}

static void clear(const struct store_contents *contents,
		  struct store_plan *plan)
{
	memset(plan->image_goes, 0,
	       contents->image_count * sizeof(*plan->image_goes));
	memset(plan->layer_goes, 0,
	       contents->layer_count * sizeof(*plan->layer_goes));
	plan->bytes = 0;
}

/* A plan in which all stays. -ENOMEM; end() frees it. */
static int begin(struct eviction *eviction)
{
	eviction->needs = calloc(eviction->contents->layer_count + 1,
				 sizeof(*eviction->needs));
	if (!eviction->needs)
		return -ENOMEM;
	clear(eviction->contents, eviction->plan);
	count_needs(eviction);
	return 0;
}

static void end(struct eviction *eviction)
{
	free(eviction->needs);
}

int store_evict(const struct store_contents *contents, uint64_t bytes,
		struct store_plan *plan)
{
	struct eviction eviction = { .contents = contents, .plan = plan };
	int r = begin(&eviction);

	if (r < 0)
		return r;
	for (size_t i = 0; i < contents->layer_count; i++)
		if (eviction.needs[i] == 0 && plan->bytes < bytes)
			layer_goes(&eviction, i);
	for (size_t i = contents->image_count; i-- > 0;)
		if (!contents->images[i].running && plan->bytes < bytes)
			image_goes(&eviction, i);
	for (size_t i = 0; i < contents->image_count; i++)
		if (plan->image_goes[i] && keeps_its_layers(&eviction, i))
			plan->image_goes[i] = false;
	end(&eviction);
	return 0;
}

int store_evict_one(const struct store_contents *contents, size_t image,
		    struct store_plan *plan)
{
	struct eviction eviction = { .contents = contents, .plan = plan };
	int r = begin(&eviction);

	if (r < 0)
		return r;
	image_goes(&eviction, image);
	end(&eviction);
	return 0;
}
