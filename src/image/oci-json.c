/* SPDX-License-Identifier: MIT */
#include "image/oci-json.h"

#include <errno.h>
#include <stdio.h>

#include "base/text.h"

/*
 * jansson spends up to 200 bytes on a value as short as "{}", so that what
 * fits into OCI_DOCUMENT_MAX could take hundreds of megabytes: values are
 * counted before it sees them. Each but the first follows one of these.
 */
static size_t count_values(struct view json)
{
	size_t values = 1;
	bool quoted = false;

	for (size_t i = 0; i < json.left; i++) {
		uint8_t c = json.at[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == ',' || c == '[' || c == '{'))
			values++;
	}
	return values;
}

int oci_json_open(struct oci_json *document, struct view json, json_type type)
{
	json_error_t error;

	document->root = NULL;
	if (count_values(json) > OCI_VALUES_MAX)
		return failure_set(document->failure, EBADMSG,
				   "%s: %s: more than %d values",
				   document->name, document->what,
				   OCI_VALUES_MAX);
	document->root = json_loadb((const char *)json.at, json.left,
				    JSON_REJECT_DUPLICATES, &error);
	if (!document->root)
		return failure_set(document->failure, EBADMSG,
				   "%s: %s: not valid JSON: %s (line %d)",
				   document->name, document->what, error.text,
				   error.line);
	if (json_typeof(document->root) == type)
		return 0;
	oci_json_close(document);
	return failure_set(document->failure, EBADMSG, "%s: %s: not an %s",
			   document->name, document->what,
			   type == JSON_ARRAY ? "array" : "object");
}

void oci_json_close(struct oci_json *document)
{
	json_decref(document->root);
	document->root = NULL;
}

struct oci_node oci_root(const struct oci_json *document)
{
	return (struct oci_node){ .document = document,
				  .value = document->root };
}

struct oci_node oci_member(const struct oci_node *object, const char *key)
{
	json_t *value = json_object_get(object->value, key);
	struct oci_node node = { .document = object->document };
	struct text path = text_over(node.path, sizeof(node.path));

	node.value = json_is_null(value) ? NULL : value;
	text_add(&path, "%s%s%s", object->path, object->path[0] ? "." : "",
		 key);
	return node;
}

struct oci_node oci_element(const struct oci_node *array, size_t index)
{
	json_t *value = json_array_get(array->value, index);
	struct oci_node node = { .document = array->document };
	struct text path = text_over(node.path, sizeof(node.path));

	node.value = json_is_null(value) ? NULL : value;
	text_add(&path, "%s[%zu]", array->path, index);
	return node;
}

int oci_refuse(const struct oci_node *node, const char *format, ...)
{
	char buf[200];
	struct text text = text_over(buf, sizeof(buf));
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	return failure_set(node->document->failure, EBADMSG, "%s: %s: %s%s%s",
			   node->document->name, node->document->what,
			   node->path, node->path[0] ? " " : "", buf);
}

static int refuse_type(const struct oci_node *node, const char *wanted)
{
	if (!node->value)
		return oci_refuse(node, "is missing");
	return oci_refuse(node, "is not %s", wanted);
}

int oci_read_text(const struct oci_node *node, enum oci_need need, char *buf,
		  size_t size)
{
	if (!node->value && need == OCI_OPTIONAL) {
		buf[0] = '\0';
		return 0;
	}
	if (!json_is_string(node->value))
		return refuse_type(node, "a string");
	if (need == OCI_REQUIRED && json_string_length(node->value) == 0)
		return oci_refuse(node, "is empty");
	if (json_string_length(node->value) >= size)
		return oci_refuse(node, "is longer than %zu bytes", size - 1);
	str_copy(buf, size, json_string_value(node->value));
	return 0;
}

int oci_read_number(const struct oci_node *node, uint64_t max,
		    uint64_t *ret_number)
{
	json_int_t number = json_integer_value(node->value);

	if (!json_is_integer(node->value))
		return refuse_type(node, "a whole number");
	if (number < 0)
		return oci_refuse(node, "is negative");
	if ((uint64_t)number > max)
		return oci_refuse(node, "is too large");
	*ret_number = (uint64_t)number;
	return 0;
}

int oci_read_object(const struct oci_node *node, enum oci_need need)
{
	if (json_is_object(node->value) ||
	    (!node->value && need == OCI_OPTIONAL))
		return 0;
	return refuse_type(node, "an object");
}

int oci_read_array(const struct oci_node *node, enum oci_need need, size_t max,
		   size_t *ret_count)
{
	if (!json_is_array(node->value) &&
	    (node->value || need == OCI_REQUIRED))
		return refuse_type(node, "an array");
	if (json_array_size(node->value) > max)
		return oci_refuse(node, "has more than %zu elements", max);
	*ret_count = json_array_size(node->value);
	return 0;
}
