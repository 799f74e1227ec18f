/* SPDX-License-Identifier: MIT */
#include "cli/images-text.h"

#include <inttypes.h>

#include "base/text.h"
#include "image/reference.h"

#define MINUTE 60
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

const char *ago_text(int64_t seconds, char buf[static AGO_TEXT_MAX])
{
	if (seconds < MINUTE)
		snprintf(buf, AGO_TEXT_MAX, "just now");
	else if (seconds < 2 * HOUR)
		snprintf(buf, AGO_TEXT_MAX, "%" PRId64 " min ago",
			 seconds / MINUTE);
	else if (seconds < 2 * DAY)
		snprintf(buf, AGO_TEXT_MAX, "%" PRId64 " h ago",
			 seconds / HOUR);
	else
		snprintf(buf, AGO_TEXT_MAX, "%" PRId64 " days ago",
			 seconds / DAY);
	return buf;
}

const char *images_reference(const char *reference,
			     char buf[static CONTROL_REF_MAX])
{
	(void)reference_without_user(reference, buf);
	str_make_printable(buf);
	return buf;
}

/* --- for a person --- */

static void print_image(FILE *out, const struct images_view *view,
			const struct store_image *image)
{
	char size[SIZE_TEXT_MAX], ago[AGO_TEXT_MAX], name[CONTROL_REF_MAX];

	fprintf(out, "%-*s  %-7s  %-11s  %-8s  %s", STORE_ID_DIGITS, image->id,
		size_text(image->bytes, size),
		ago_text(view->now_s - image->used_s, ago), image->kind,
		images_reference(image->reference, name));
	if (image->signer[0])
		fprintf(out, ", signed by %s", image->signer);
	fprintf(out, "%s\n", image->running ? ", running" : "");
}

static void print_kept(FILE *out, const struct store_kept *kept)
{
	char size[SIZE_TEXT_MAX];

	fprintf(out, "%-*s  %-7s  of %s%s\n", STORE_ID_DIGITS, kept->name,
		size_text(kept->bytes, size),
		kept->image[0] ? kept->image : "an unknown image",
		kept->running ? ", running" : "");
}

void images_print(FILE *out, const struct images_view *view)
{
	char used[SIZE_TEXT_MAX], bound[SIZE_TEXT_MAX];

	if (view->image_count > 0)
		fprintf(out, "%-*s  %-7s  %-11s  %-8s  %s\n", STORE_ID_DIGITS,
			"ID", "SIZE", "USED", "KIND", "REFERENCE");
	else
		fprintf(out, "no images are kept\n");
	for (size_t i = 0; i < view->image_count; i++)
		print_image(out, view, &view->images[i]);
	if (view->kept_count > 0)
		fprintf(out, "%s%-*s  %-7s  %s\n", "\n", STORE_ID_DIGITS,
			"CHANGES", "SIZE", "IMAGE");
	for (size_t i = 0; i < view->kept_count; i++)
		print_kept(out, &view->kept[i]);
	if (view->image_count > 0)
		fprintf(out,
			"\n%s in all, at most %s are kept when not running\n",
			size_text(view->size.layers, used),
			size_text(view->size.bound, bound));
}

/* --- for a program --- */

/* What came from elsewhere may be no UTF-8. */
static json_t *json_printable(const char *text)
{
	char copy[CONTROL_REF_MAX];

	(void)str_copy(copy, sizeof(copy), text);
	str_make_printable(copy);
	return json_string(copy);
}

/* null when there is none. */
static json_t *json_optional(const char *text)
{
	return *text ? json_printable(text) : json_null();
}

static json_t *layers_json(const struct image_made *made)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < made->layer_count; i++)
		(void)json_array_append_new(list,
					    json_string(made->layers[i].id));
	return list;
}

static json_t *image_json(const struct store_image *image)
{
	char reference[CONTROL_REF_MAX];

	return json_pack(
		"{so so so so so sI sI sb so}", "id", json_printable(image->id),
		"reference",
		json_string(images_reference(image->reference, reference)),
		"kind", json_printable(image->kind), "sha256",
		json_printable(image->sha256), "signer",
		json_optional(image->signer), "bytes", (json_int_t)image->bytes,
		"used", (json_int_t)image->used_s, "running", image->running,
		"layers", layers_json(&image->made));
}

static json_t *kept_json(const struct store_kept *kept)
{
	return json_pack("{so so sI sb}", "name", json_printable(kept->name),
			 "image", json_optional(kept->image), "bytes",
			 (json_int_t)kept->bytes, "running", kept->running);
}

json_t *images_json(const struct images_view *view)
{
	json_t *images = json_array(), *kept = json_array();

	for (size_t i = 0; i < view->image_count; i++)
		if (json_array_append_new(images,
					  image_json(&view->images[i])) < 0)
			goto fail;
	for (size_t i = 0; i < view->kept_count; i++)
		if (json_array_append_new(kept, kept_json(&view->kept[i])) < 0)
			goto fail;
	return json_pack("{so so sI sI}", "images", images, "kept", kept,
			 "bytes", (json_int_t)view->size.layers, "bound",
			 (json_int_t)view->size.bound);
fail:
	json_decref(images);
	json_decref(kept);
	return NULL;
}
