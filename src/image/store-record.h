/* SPDX-License-Identifier: MIT */
/*
 * What the store writes down about images and layers, as JSON. Pure. A text in
 * a record is bytes, each one character up to U+00FF: a path or an ETag need
 * not be UTF-8.
 */
#pragma once

#include "image/store.h"

#define STORE_RECORD_MAX (128 * KIB)

/* STORE_ID_DIGITS lower case hexadecimal digits and nothing behind: no name of
 * the store leads anywhere else. */
bool store_id_valid(const char *id);
/* The ID that 64 hexadecimal digits begin with. */
void store_id_of(const char *sha256, char ret_id[static STORE_ID_MAX]);
/* The same of "sha256:HEX". -EBADMSG: there are not so many digits. */
int store_id_of_digest(const char *digest, char ret_id[static STORE_ID_MAX])
	_must_check;

/*
 * Everything but running, of which a record knows nothing; made is complete.
 * -EBADMSG: no record, or one that contradicts itself; *ret_image is untouched.
 */
int store_image_parse(const char *text, size_t len,
		      struct store_image *ret_image) _must_check;
int store_layer_parse(const char *text, size_t len,
		      struct store_layer *ret_layer) _must_check;

/* Allocated text that the functions above take. NULL: memory is out, or it has
 * what no record can. */
char *store_image_print(const struct store_image *image) _must_check;
char *store_layer_print(const struct store_layer *layer) _must_check;
