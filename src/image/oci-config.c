/* SPDX-License-Identifier: MIT */
/* OCI image-spec config.md, and Docker's image JSON of the same form. */
#include <errno.h>

#include "base/text.h"
#include "image/oci-internal.h"

/* Strings one behind the other in a buffer of fixed size. */
struct strings {
	char *buf;
	size_t size;
	uint32_t *len;
};

static int strings_add(struct strings *strings, const struct oci_node *node)
{
	size_t left = strings->size - *strings->len, len;

	if (!json_is_string(node->value))
		return oci_refuse(node, "is not a string");
	len = json_string_length(node->value) + 1;
	if (len > left)
		return oci_refuse(node,
				  "does not fit: more than %zu bytes "
				  "in all",
				  strings->size);
	memcpy(strings->buf + *strings->len, json_string_value(node->value),
	       len);
	*strings->len += (uint32_t)len;
	return 0;
}

static int read_strings(const struct oci_node *config, const char *key,
			struct strings *strings)
{
	struct oci_node list = oci_member(config, key);
	size_t count = 0;
	int r = oci_read_array(&list, OCI_OPTIONAL, strings->size, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct oci_node node = oci_element(&list, i);

		r = strings_add(strings, &node);
	}
	return r;
}

/* Each must be NAME=value: programs take the rest for something else. */
static int read_environment(const struct oci_node *config,
			    struct image_start *start)
{
	struct strings strings = { start->env, sizeof(start->env),
				   &start->env_len };
	struct oci_node list = oci_member(config, "Env");
	int r = read_strings(config, "Env", &strings);
	size_t index = 0;

	if (r < 0)
		return r;
	for (const char *at = start->env; at < start->env + start->env_len;
	     at += strlen(at) + 1, index++) {
		struct oci_node node = oci_element(&list, index);

		if (at[0] == '=' || !strchr(at, '='))
			return oci_refuse(&node, "is not NAME=value");
	}
	return 0;
}

static int read_start(const struct oci_node *config, struct oci_config *result)
{
	struct image_start *start = &result->start;
	struct strings args = { start->args, sizeof(start->args),
				&start->args_len };
	struct oci_node directory = oci_member(config, "WorkingDir");
	struct oci_node user = oci_member(config, "User");
	int r = read_strings(config, "Entrypoint", &args);

	result->entrypoint_len = start->args_len;
	if (r < 0 || (r = read_strings(config, "Cmd", &args)) < 0 ||
	    (r = read_environment(config, start)) < 0 ||
	    (r = oci_read_text(&directory, OCI_OPTIONAL, start->directory,
			       sizeof(start->directory))) < 0 ||
	    (r = oci_read_text(&user, OCI_OPTIONAL, start->user,
			       sizeof(start->user))) < 0)
		return r;
	/* An empty name can be found nowhere. */
	if (start->args_len > 0 && start->args[0] == '\0') {
		struct oci_node node = oci_member(config, "Entrypoint");

		return oci_refuse(&node, "begins with an empty string");
	}
	return 0;
}

/* For a person to read: a line that does not fit ends it. */
static int read_labels(const struct oci_node *config, char *buf, size_t size)
{
	struct oci_node labels = oci_member(config, "Labels");
	struct text text = text_over(buf, size);
	int r = oci_read_object(&labels, OCI_OPTIONAL);
	const char *key;
	json_t *value;

	if (r < 0)
		return r;
	json_object_foreach(labels.value, key, value)
	{
		struct oci_node node = oci_member(&labels, key);
		char line[256];
		struct text one = text_over(line, sizeof(line));

		if (!json_is_string(value))
			return oci_refuse(&node, "is not a string");
		text_add(&one, "%s=%s", key, json_string_value(value));
		str_make_printable(line);
		if (one.len + 1 < size - text.len)
			text_add(&text, "%s\n", line);
	}
	return 0;
}

/* Only shown: cut when it is long. */
static int read_shown(const struct oci_node *root, const char *key, char *buf,
		      size_t size)
{
	struct oci_node node = oci_member(root, key);

	if (node.value && !json_is_string(node.value))
		return oci_refuse(&node, "is not a string");
	buf[0] = '\0';
	if (node.value)
		str_copy(buf, size, json_string_value(node.value));
	str_make_printable(buf);
	return 0;
}

static int read_platform(const struct oci_node *root,
			 struct oci_platform *platform)
{
	struct oci_node os = oci_member(root, "os");
	struct oci_node architecture = oci_member(root, "architecture");
	struct oci_node variant = oci_member(root, "variant");
	int r;

	if ((r = oci_read_text(&os, OCI_REQUIRED, platform->os,
			       sizeof(platform->os))) < 0 ||
	    (r = oci_read_text(&architecture, OCI_REQUIRED,
			       platform->architecture,
			       sizeof(platform->architecture))) < 0)
		return r;
	return oci_read_text(&variant, OCI_OPTIONAL, platform->variant,
			     sizeof(platform->variant));
}

static int read_diff_ids(const struct oci_node *root, struct oci_config *config)
{
	struct oci_node rootfs = oci_member(root, "rootfs");
	struct oci_node list = oci_member(&rootfs, "diff_ids");
	int r = oci_read_object(&rootfs, OCI_REQUIRED);

	if (r >= 0)
		r = oci_read_array(&list, OCI_OPTIONAL, IMAGE_LAYERS_MAX,
				   &config->diff_id_count);
	for (size_t i = 0; r >= 0 && i < config->diff_id_count; i++) {
		struct oci_node node = oci_element(&list, i);
		char text[DIGEST_TEXT_MAX];

		r = oci_read_text(&node, OCI_REQUIRED, text, sizeof(text));
		if (r >= 0 && digest_parse(text, &config->diff_ids[i]) < 0)
			r = oci_refuse(&node, "is not a sha256 or sha512 "
					      "digest");
	}
	return r;
}

int oci_parse_config(struct view json, const char *name,
		     struct oci_config *ret_config, struct failure *failure)
{
	_cleanup_oci_json struct oci_json document = {
		.name = name,
		.what = "config",
		.failure = failure,
	};
	struct oci_config result = { 0 };
	struct oci_node root, config;
	int r = oci_json_open(&document, json, JSON_OBJECT);

	if (r < 0)
		return r;
	root = oci_root(&document);
	config = oci_member(&root, "config");
	if ((r = oci_read_object(&config, OCI_OPTIONAL)) < 0 ||
	    (r = read_platform(&root, &result.platform)) < 0 ||
	    (r = read_shown(&root, "created", result.created,
			    sizeof(result.created))) < 0 ||
	    (r = read_shown(&root, "author", result.author,
			    sizeof(result.author))) < 0 ||
	    (r = read_start(&config, &result)) < 0 ||
	    (r = read_labels(&config, result.labels, sizeof(result.labels))) <
		    0 ||
	    (r = read_diff_ids(&root, &result)) < 0)
		return r;
	*ret_config = result;
	return 0;
}
