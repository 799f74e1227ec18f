/* SPDX-License-Identifier: MIT */
#include <fcntl.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/store-internal.h"

#define DEFAULT_SHARE 2	      /* of the memory: one part in so many */
#define BOUND	      "bound" /* in the store: said since it was built */

/* --- sizes --- */

int store_parse_size(const char *text, uint64_t memory, uint64_t *ret_bytes)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{ "", 1 },    { "K", KIB },	   { "M", MIB },
		{ "G", GIB }, { "T", 1024 * GIB },
	};
	size_t len = strspn(text, "0123456789");
	char digits[24];
	uint64_t value;

	if (len >= sizeof(digits))
		return -EINVAL;
	(void)str_copy(digits, len + 1, text);
	if (str_to_u64(digits, INT64_MAX, &value) < 0)
		return -EINVAL;
	if (str_eq(text + len, "%") && value <= 100) {
		*ret_bytes = memory / 100 * value;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (str_eq(text + len, units[i].unit) &&
		    value <= INT64_MAX / units[i].bytes) {
			*ret_bytes = value * units[i].bytes;
			return 0;
		}
	return -EINVAL;
}

/* The bound that a file says, unless it is not there. */
static bool read_bound(int dir_fd, const char *path, uint64_t *ret_bytes)
{
	char text[32];

	return file_read_line(dir_fd, path, text, sizeof(text)) > 0 &&
	       store_parse_size(text, memory_now().total, ret_bytes) == 0;
}

static uint64_t bound(const struct store *store)
{
	uint64_t bytes;

	if (read_bound(store->dir_fd, BOUND, &bytes) ||
	    read_bound(AT_FDCWD, STORE_SIZE_FILE, &bytes))
		return bytes;
	return memory_now().total / DEFAULT_SHARE;
}

int store_set_bound(struct store *store, const char *size)
{
	uint64_t bytes;
	int r = store_parse_size(size, memory_now().total, &bytes);

	return r < 0 ? r : store_write(store, BOUND, size);
}

/* --- what there is --- */

struct inventory {
	struct store_contents contents;
	struct store_layer *layers;
	struct store_plan plan;
};

static void inventory_free(struct inventory *inventory)
{
	free(inventory->layers);
	free(inventory->plan.image_goes);
	free(inventory->plan.layer_goes);
}

#define _cleanup_inventory _cleanup(inventory_free)

/* *inventory is empty or the result of an earlier call. */
static int take_inventory(struct store *store, struct inventory *inventory)
{
	size_t layer_count;
	int r;

	inventory_free(inventory);
	*inventory = (struct inventory){ 0 };
	r = store_read_layers(store, &inventory->layers, &layer_count);
	if (r < 0)
		return r;
	inventory->contents = (struct store_contents){
		.images = store->images,
		.image_count = store->image_count,
		.layers = inventory->layers,
		.layer_count = layer_count,
		.held = (const char(*)[STORE_ID_MAX])store->held,
		.held_count = store->held_count,
	};
	inventory->plan.image_goes =
		calloc(store->image_count + 1, sizeof(bool));
	inventory->plan.layer_goes = calloc(layer_count + 1, sizeof(bool));
	if (!inventory->plan.image_goes || !inventory->plan.layer_goes)
		return -ENOMEM;
	return 0;
}

/* Images first: a layer that is left over is found again, an image that lacks
 * one is not. */
static uint64_t carry_out(struct store *store,
			  const struct inventory *inventory)
{
	for (size_t i = store->image_count; i-- > 0;)
		if (inventory->plan.image_goes[i])
			store_forget(store, i);
	for (size_t i = 0; i < inventory->contents.layer_count; i++)
		if (inventory->plan.layer_goes[i])
			store_remove_layer(store, inventory->layers[i].id);
	return inventory->plan.bytes;
}

int store_remove_image(struct store *store, size_t image, uint64_t *ret_bytes)
{
	_cleanup_inventory struct inventory inventory = { 0 };
	int r = take_inventory(store, &inventory);

	if (r == 0)
		r = store_evict_one(&inventory.contents, image,
				    &inventory.plan);
	if (r == 0)
		*ret_bytes = carry_out(store, &inventory);
	return r;
}

static uint64_t bytes_running(const struct inventory *inventory)
{
	const struct store_contents *contents = &inventory->contents;
	uint64_t bytes = 0;

	for (size_t i = 0; i < contents->image_count; i++) {
		const struct store_image *image = &contents->images[i];

		for (size_t j = 0;
		     image->running && j < image->made.layer_count; j++) {
			const struct store_layer *layer = store_layer_by_id(
				contents, image->made.layers[j].id);

			bytes += layer ? layer->bytes : 0;
		}
	}
	return bytes;
}

static struct store_size size_of(const struct store *store,
				 const struct inventory *inventory)
{
	struct store_size size = {
		.running = bytes_running(inventory),
		.bound = bound(store),
	};

	for (size_t i = 0; i < inventory->contents.layer_count; i++)
		size.layers += inventory->layers[i].bytes;
	return size;
}

int store_size(struct store *store, struct store_size *ret_size)
{
	_cleanup_inventory struct inventory inventory = { 0 };
	int r;

	(void)store_mark_running(store);
	r = take_inventory(store, &inventory);
	/* Before the first load there are no directories. */
	if (r < 0 && r != -ENOENT)
		return r;
	*ret_size = size_of(store, &inventory);
	return 0;
}

/* --- making room --- */

static uint64_t give(struct store *store, struct inventory *inventory,
		     uint64_t bytes)
{
	if (bytes == 0 ||
	    store_evict(&inventory->contents, bytes, &inventory->plan) < 0)
		return 0;
	return carry_out(store, inventory);
}

uint64_t store_give(struct store *store, uint64_t bytes)
{
	_cleanup_inventory struct inventory inventory = { 0 };

	if (!store_mark_running(store) || take_inventory(store, &inventory) < 0)
		return 0;
	return give(store, &inventory, bytes);
}

void store_trim(struct store *store)
{
	_cleanup_inventory struct inventory inventory = { 0 };
	struct store_size size;
	uint64_t kept;

	if (!store_mark_running(store) || take_inventory(store, &inventory) < 0)
		return;
	size = size_of(store, &inventory);
	kept = size.layers - MIN(size.running, size.layers);
	if (kept > size.bound)
		(void)give(store, &inventory, kept - size.bound);
}

uint64_t store_drop_all(struct store *store)
{
	return store_give(store, UINT64_MAX);
}
