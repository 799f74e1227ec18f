/* SPDX-License-Identifier: MIT */
/* Who goes, as a table. An image is a letter of the layers that it has, the
 * most recently used first, '*' behind one that runs; a layer is a capital
 * letter of so many bytes: A has 1, B has 2, C has 4, … */
#include "image/store-evict.h"

#include <stdlib.h>

#include "base/text.h"
#include "tap.h"

#define IMAGES 8
#define LAYERS 6

static const struct {
	const char *images; /* by blanks */
	const char *held;
	uint64_t bytes;
	const char *want_images; /* their numbers, from 0, that go */
	const char *want_layers;
	uint64_t want_bytes;
} cases[] = {
	{ "A B C D E F", "", 0, "", "", 0 },
	{ "A B C D E F", "", 1, "5", "F", 32 },
	{ "A B C D E F", "", 33, "45", "EF", 48 },
	{ "F E D C B A", "", 3, "45", "AB", 3 },
	/* Never what runs. */
	{ "A B C D E F*", "", 1, "4", "E", 16 },
	{ "A*", "", 99, "", "BCDEF", 62 },
	{ "ABCDEF*", "", 99, "", "", 0 },
	/* What no image has goes first, and only as far as needed. */
	{ "BCDEF", "", 1, "", "A", 1 },
	{ "CDEF", "", 1, "", "A", 1 },
	{ "CDEF", "", 2, "", "AB", 3 },
	/* Held ones stay, and do not count. */
	{ "A B C D E F", "F", 1, "4", "E", 16 },
	{ "", "ABCDEF", 99, "", "", 0 },
	{ "CDEF", "A", 1, "", "B", 2 },
	{ "A BCDE EF", "F", 1, "12", "BCDE", 30 },
	/* Shared ones go with the last that needs them. */
	{ "ABCDE ABCDF", "", 1, "1", "F", 32 },
	{ "ABCDE ABCDF", "", 33, "01", "ABCDEF", 63 },
	{ "ABCDEF ABCDE", "", 1, "01", "ABCDEF", 63 },
	/* A record that costs nothing stays. */
	{ "ABCDEF* ABC", "", 1, "", "", 0 },
	{ "ABCD* AB EF", "", 99, "2", "EF", 48 },
	{ "A AB B CDEF", "", 99, "0123", "ABCDEF", 63 },
	/* The same layer twice in one image. */
	{ "ABCDE FF", "", 1, "1", "F", 32 },
};

struct scene {
	struct store_image images[IMAGES];
	struct store_layer layers[LAYERS];
	char held[LAYERS][STORE_ID_MAX];
	struct store_contents contents;
};

static void set_id(char id[static STORE_ID_MAX], char letter)
{
	snprintf(id, STORE_ID_MAX, "%015d%c", 0, letter - 'A' + 'a');
}

static void add_images(struct scene *scene, const char *images)
{
	struct store_image *image = scene->images;

	for (; *images; images++) {
		if (*images == ' ')
			image++;
		else if (*images == '*')
			image->running = true;
		else
			set_id(image->made.layers[image->made.layer_count++].id,
			       *images);
		scene->contents.image_count =
			(size_t)(image - scene->images) + 1;
	}
}

static struct scene *scene_new(const char *images, const char *held)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	if (!scene)
		abort();
	for (int i = 0; i < LAYERS; i++) {
		set_id(scene->layers[i].id, (char)('A' + i));
		scene->layers[i].bytes = 1u << i;
	}
	scene->contents = (struct store_contents){
		.images = scene->images,
		.layers = scene->layers,
		.layer_count = LAYERS,
		.held = (const char(*)[STORE_ID_MAX])scene->held,
	};
	add_images(scene, images);
	for (; *held; held++)
		set_id(scene->held[scene->contents.held_count++], *held);
	return scene;
}

static void spell(const bool *goes, size_t count, char first, char *ret_text)
{
	for (size_t i = 0; i < count; i++)
		if (goes[i])
			*ret_text++ = (char)(first + (char)i);
	*ret_text = '\0';
}

static void check_plan(const struct scene *scene, const struct store_plan *plan,
		       const char *images, const char *layers, uint64_t bytes)
{
	char text[IMAGES + LAYERS + 1];

	spell(plan->image_goes, scene->contents.image_count, '0', text);
	ok_str(text, images, "  images");
	spell(plan->layer_goes, LAYERS, 'A', text);
	ok_str(text, layers, "  layers");
	ok_int((int64_t)plan->bytes, (int64_t)bytes, "  bytes");
}

int main(void)
{
	bool images[IMAGES], layers[LAYERS];
	struct store_plan plan = { images, layers, 0 };
	struct scene *scene;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scene = scene_new(cases[i].images, cases[i].held);
		ok(store_evict(&scene->contents, cases[i].bytes, &plan) == 0,
		   cases[i].images);
		check_plan(scene, &plan, cases[i].want_images,
			   cases[i].want_layers, cases[i].want_bytes);
		free(scene);
	}
	scene = scene_new("AB BC CD", "D");
	ok_int(store_evict_one(&scene->contents, 1, &plan), 0, "one image");
	check_plan(scene, &plan, "1", "", 0);
	ok_int(store_evict_one(&scene->contents, 0, &plan), 0, "the first");
	check_plan(scene, &plan, "0", "A", 1);
	free(scene);
	return tap_done();
}
