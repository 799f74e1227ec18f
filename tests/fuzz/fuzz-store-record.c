/* SPDX-License-Identifier: MIT */
/* Records of the store: what is read names nothing outside of it, and is the
 * same when it was written down and read again. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/store-record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_image(const struct store_image *image)
{
	static struct store_image again;
	_cleanup_free char *text = store_image_print(image);

	if (!text || store_image_parse(text, strlen(text), &again) < 0 ||
	    memcmp(image, &again, sizeof(again)) != 0)
		abort();
	if (!store_id_valid(image->id) || image->made.layer_count == 0 ||
	    image->made.layer_count > IMAGE_LAYERS_MAX)
		abort();
	for (size_t i = 0; i < image->made.layer_count; i++)
		if (!store_id_valid(image->made.layers[i].id))
			abort();
}

static void check_layer(const struct store_layer *layer)
{
	_cleanup_free char *text = store_layer_print(layer);
	struct store_layer again;

	if (!text || store_layer_parse(text, strlen(text), &again) < 0 ||
	    strcmp(layer->digest, again.digest) != 0)
		abort();
	if (!store_id_valid(layer->id))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct store_image image;
	struct store_layer layer;

	if (store_image_parse((const char *)data, size, &image) == 0)
		check_image(&image);
	if (store_layer_parse((const char *)data, size, &layer) == 0)
		check_layer(&layer);
	return 0;
}
