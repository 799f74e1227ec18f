/* SPDX-License-Identifier: MIT */
/*
 * Every field of a record is a row of a table: its name, where it is in the
 * struct, how long it may be. Both directions walk the same rows. What a
 * parser checks a printer does not: it prints, and parses what it printed.
 */
#include "image/store-record.h"

#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}

#define _cleanup_json _cleanup(cleanup_json)

/* --- names --- */

static bool is_hex(const char *text, size_t digits)
{
	return strspn(text, "0123456789abcdef") == digits &&
	       text[digits] == '\0';
}

bool store_id_valid(const char *id)
{
	return is_hex(id, STORE_ID_DIGITS);
}

void store_id_of(const char *sha256, char ret_id[static STORE_ID_MAX])
{
	(void)str_copy(ret_id, STORE_ID_MAX, sha256);
}

int store_id_of_digest(const char *digest, char ret_id[static STORE_ID_MAX])
{
	const char *colon = strchr(digest, ':');

	store_id_of(colon ? colon + 1 : "", ret_id);
	return store_id_valid(ret_id) ? 0 : -EBADMSG;
}

/* --- bytes as characters --- */

static json_t *text_json(const char *bytes)
{
	size_t len = strlen(bytes), n = 0;
	_cleanup_free char *utf8 = malloc(2 * len + 1);

	if (!utf8)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c >= 0x80)
			utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	return json_stringn_nocheck(utf8, n);
}

/* jansson has seen to it that this is UTF-8 without a NUL. */
static int text_from(json_t *json, char *ret_bytes, size_t size)
{
	const char *at = json_string_value(json);
	size_t n = 0;

	if (!at || size == 0)
		return -EBADMSG;
	while (*at) {
		unsigned char c = (unsigned char)*at++;

		if (c > 0xc3 || n + 1 >= size)
			return -EBADMSG;
		if (c >= 0x80)
			c = (unsigned char)((c & 0x03) << 6 | (*at++ & 0x3f));
		ret_bytes[n++] = (char)c;
	}
	ret_bytes[n] = '\0';
	return 0;
}

/* --- fields --- */

struct text_field {
	const char *name;
	size_t offset, size;
};

struct number_field {
	const char *name;
	size_t offset; /* of 64 bits, never negative */
};

#define TEXT(object, member)                                         \
	{                                                            \
		.name = #member, .offset = offsetof(object, member), \
		.size = sizeof(((object *)NULL)->member)             \
	}
#define NUMBER(object, member)                                      \
	{                                                           \
		.name = #member, .offset = offsetof(object, member) \
	}

static const struct text_field image_texts[] = {
	TEXT(struct store_image, id),
	TEXT(struct store_image, reference),
	TEXT(struct store_image, sha256),
	TEXT(struct store_image, signer),
	TEXT(struct store_image, kind),
	TEXT(struct store_image, validators.etag),
	TEXT(struct store_image, validators.modified),
	TEXT(struct store_image, made.fstype),
	TEXT(struct store_image, made.start.directory),
	TEXT(struct store_image, made.start.user),
};
static const struct number_field image_numbers[] = {
	NUMBER(struct store_image, used_s),
	NUMBER(struct store_image, turn),
	NUMBER(struct store_image, bytes),
	NUMBER(struct store_image, made.offset),
	NUMBER(struct store_image, made.length),
};
static const struct text_field layer_texts[] = {
	TEXT(struct store_layer, id),
	TEXT(struct store_layer, digest),
};
static const struct number_field layer_numbers[] = {
	NUMBER(struct store_layer, bytes),
};

/* What records of one kind are made of. */
struct record {
	const struct text_field *texts;
	size_t text_count;
	const struct number_field *numbers;
	size_t number_count;
};

static const struct record image_record = {
	image_texts,
	ARRAY_SIZE(image_texts),
	image_numbers,
	ARRAY_SIZE(image_numbers),
};
static const struct record layer_record = {
	layer_texts,
	ARRAY_SIZE(layer_texts),
	layer_numbers,
	ARRAY_SIZE(layer_numbers),
};

static int read_fields(json_t *json, const struct record *record, void *object)
{
	for (size_t i = 0; i < record->text_count; i++) {
		const struct text_field *field = &record->texts[i];
		int r = text_from(json_object_get(json, field->name),
				  (char *)object + field->offset, field->size);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < record->number_count; i++) {
		const struct number_field *field = &record->numbers[i];
		json_t *number = json_object_get(json, field->name);
		int64_t value = json_integer_value(number);

		if (!json_is_integer(number) || value < 0)
			return -EBADMSG;
		memcpy((char *)object + field->offset, &value, sizeof(value));
	}
	return 0;
}

static int write_fields(json_t *json, const struct record *record,
			const void *object)
{
	for (size_t i = 0; i < record->text_count; i++) {
		const struct text_field *field = &record->texts[i];
		json_t *text = text_json((const char *)object + field->offset);

		if (json_object_set_new(json, field->name, text) < 0)
			return -ENOMEM;
	}
	for (size_t i = 0; i < record->number_count; i++) {
		const struct number_field *field = &record->numbers[i];
		int64_t value;

		memcpy(&value, (const char *)object + field->offset,
		       sizeof(value));
		if (json_object_set_new(json, field->name,
					json_integer(value)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- layout --- */

static const char *const layouts[] = {
	[IMAGE_LAYOUT_NONE] = "none",
	[IMAGE_LAYOUT_TREE] = "tree",
	[IMAGE_LAYOUT_FILE] = "file",
};

static int write_layout(json_t *json, uint32_t layout)
{
	if (layout >= ARRAY_SIZE(layouts))
		return -EINVAL;
	return json_object_set_new(json, "layout",
				   json_string(layouts[layout])) < 0
		       ? -ENOMEM
		       : 0;
}

static int read_layout(json_t *json, enum image_layout *ret_layout)
{
	const char *name = json_string_value(json_object_get(json, "layout"));

	if (name && str_eq(name, layouts[IMAGE_LAYOUT_TREE]))
		*ret_layout = IMAGE_LAYOUT_TREE;
	else if (name && str_eq(name, layouts[IMAGE_LAYOUT_FILE]))
		*ret_layout = IMAGE_LAYOUT_FILE;
	else
		return -EBADMSG;
	return 0;
}

/* --- lists --- */

/* Strings one behind the other, as struct image_start has them. */
static int write_strings(json_t *json, const char *name, const char *strings,
			 size_t len)
{
	json_t *list = json_array();

	if (json_object_set_new(json, name, list) < 0)
		return -ENOMEM;
	if (len > 0 && strings[len - 1] != '\0')
		return -EINVAL;
	for (size_t at = 0; at < len; at += strlen(strings + at) + 1)
		if (json_array_append_new(list, text_json(strings + at)) < 0)
			return -ENOMEM;
	return 0;
}

static int read_strings(json_t *json, const char *name, char *ret_strings,
			size_t size, uint32_t *ret_len)
{
	json_t *list = json_object_get(json, name), *item;
	size_t len = 0, i;

	if (!json_is_array(list))
		return -EBADMSG;
	json_array_foreach(list, i, item)
	{
		int r = text_from(item, ret_strings + len, size - len);

		if (r < 0)
			return r;
		len += strlen(ret_strings + len) + 1;
	}
	*ret_len = (uint32_t)len;
	return 0;
}

static int write_layers(json_t *json, const struct image_made *made)
{
	json_t *list = json_array();

	if (json_object_set_new(json, "layers", list) < 0)
		return -ENOMEM;
	if (made->layer_count > IMAGE_LAYERS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < made->layer_count; i++)
		if (json_array_append_new(list, text_json(made->layers[i].id)) <
		    0)
			return -ENOMEM;
	return 0;
}

static int read_layers(json_t *json, struct image_made *made)
{
	json_t *list = json_object_get(json, "layers"), *item;
	size_t i;

	if (json_array_size(list) == 0 ||
	    json_array_size(list) > IMAGE_LAYERS_MAX)
		return -EBADMSG;
	json_array_foreach(list, i, item)
	{
		char *id = made->layers[i].id;

		if (text_from(item, id, STORE_ID_MAX) < 0 ||
		    !store_id_valid(id))
			return -EBADMSG;
	}
	made->layer_count = (uint32_t)json_array_size(list);
	return 0;
}

/* --- images --- */

static bool image_consistent(const struct store_image *image)
{
	char id[STORE_ID_MAX];

	store_id_of(image->sha256, id);
	return is_hex(image->sha256, SHA256_HEX_MAX - 1) &&
	       str_eq(image->id, id) &&
	       (image->made.layout == IMAGE_LAYOUT_TREE ||
		image->made.layer_count == 1);
}

static int read_image(json_t *json, struct store_image *image)
{
	struct image_start *start = &image->made.start;
	enum image_layout layout;
	int r = read_fields(json, &image_record, image);

	if (r == 0)
		r = read_layout(json, &layout);
	if (r == 0)
		r = read_layers(json, &image->made);
	if (r == 0)
		r = read_strings(json, "args", start->args, sizeof(start->args),
				 &start->args_len);
	if (r == 0)
		r = read_strings(json, "env", start->env, sizeof(start->env),
				 &start->env_len);
	if (r < 0)
		return r;
	image->made.magic = CONTROL_MAGIC;
	image->made.layout = layout;
	(void)str_copy(image->made.id, sizeof(image->made.id), image->id);
	return image_consistent(image) ? 0 : -EBADMSG;
}

int store_image_parse(const char *text, size_t len,
		      struct store_image *ret_image)
{
	_cleanup_json json_t *json =
		json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	_cleanup_free struct store_image *image = calloc(1, sizeof(*image));
	int r;

	if (!json || !image)
		return -EBADMSG;
	r = read_image(json, image);
	if (r == 0)
		*ret_image = *image;
	return r;
}

static int write_image(json_t *json, const struct store_image *image)
{
	const struct image_start *start = &image->made.start;
	int r = write_fields(json, &image_record, image);

	if (start->args_len > sizeof(start->args) ||
	    start->env_len > sizeof(start->env))
		return -EINVAL;
	if (r == 0)
		r = write_layout(json, image->made.layout);
	if (r == 0)
		r = write_layers(json, &image->made);
	if (r == 0)
		r = write_strings(json, "args", start->args, start->args_len);
	if (r == 0)
		r = write_strings(json, "env", start->env, start->env_len);
	return r;
}

char *store_image_print(const struct store_image *image)
{
	_cleanup_json json_t *json = json_object();
	_cleanup_free struct store_image *again = malloc(sizeof(*again));
	_cleanup_free char *text = NULL;

	if (!json || !again || write_image(json, image) < 0)
		return NULL;
	text = json_dumps(json, JSON_COMPACT);
	if (!text || store_image_parse(text, strlen(text), again) < 0)
		return NULL;
	return TAKE_PTR(text);
}

/* --- layers --- */

int store_layer_parse(const char *text, size_t len,
		      struct store_layer *ret_layer)
{
	_cleanup_json json_t *json =
		json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct store_layer layer = { 0 };
	char id[STORE_ID_MAX];
	int r = json ? read_fields(json, &layer_record, &layer) : -EBADMSG;

	if (r == 0)
		r = read_layout(json, &layer.layout);
	if (r < 0)
		return r;
	if (store_id_of_digest(layer.digest, id) < 0 || !str_eq(layer.id, id))
		return -EBADMSG;
	*ret_layer = layer;
	return 0;
}

char *store_layer_print(const struct store_layer *layer)
{
	_cleanup_json json_t *json = json_object();
	struct store_layer again;
	_cleanup_free char *text = NULL;

	if (!json || write_fields(json, &layer_record, layer) < 0 ||
	    write_layout(json, layer->layout) < 0)
		return NULL;
	text = json_dumps(json, JSON_COMPACT);
	if (!text || store_layer_parse(text, strlen(text), &again) < 0)
		return NULL;
	return TAKE_PTR(text);
}
