/* SPDX-License-Identifier: MIT */
/*
 * Reading hostile JSON documents, one field at a time. Every complaint is one
 * line that names the image, the document and the field:
 * "host/a:1: manifest: layers[3].size is negative".
 */
#pragma once

#include <jansson.h>

#include "base/failure.h"
#include "wire/view.h"

/* Values in one document; each takes memory of its own. */
#define OCI_VALUES_MAX 65536

struct oci_json {
	const char *name; /* of the image */
	const char *what; /* "manifest" */
	struct failure *failure;
	json_t *root;
};

#define OCI_PATH_MAX 80

/* A value and where it was found. value is NULL when it is not there; null
 * counts as not there, because Go writes it for empty lists. */
struct oci_node {
	const struct oci_json *document;
	json_t *value;
	char path[OCI_PATH_MAX]; /* "layers[3].size", cut */
};

/* What the field may be, besides of the right type. */
enum oci_need {
	OCI_OPTIONAL, /* absent: "" or nothing */
	OCI_REQUIRED,
};

/*
 * Parses a whole document, whose root is of this type. -EBADMSG for what is
 * not JSON (RFC 8259), names a key twice or has more than OCI_VALUES_MAX
 * values; jansson bounds the depth. name, what and failure are borrowed.
 */
int oci_json_open(struct oci_json *document, struct view json, json_type type)
	_must_check;
void oci_json_close(struct oci_json *document);

#define _cleanup_oci_json _cleanup(oci_json_close)

struct oci_node oci_root(const struct oci_json *document);
/* object: an object or nothing. */
struct oci_node oci_member(const struct oci_node *object, const char *key);
struct oci_node oci_element(const struct oci_node *array, size_t index);

/* "NAME: WHAT: PATH …"; returns -EBADMSG. */
int oci_refuse(const struct oci_node *node, const char *format, ...)
	_printf(2, 3);

int oci_read_text(const struct oci_node *node, enum oci_need need, char *buf,
		  size_t size) _must_check;
/* 0 .. max. */
int oci_read_number(const struct oci_node *node, uint64_t max,
		    uint64_t *ret_number) _must_check;
/* That it is an object, or an array with at most max elements. */
int oci_read_object(const struct oci_node *node, enum oci_need need)
	_must_check;
int oci_read_array(const struct oci_node *node, enum oci_need need, size_t max,
		   size_t *ret_count) _must_check;
