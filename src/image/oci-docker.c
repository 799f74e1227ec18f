/* SPDX-License-Identifier: MIT */
/*
 * manifest.json of docker save (moby, image/spec/spec.md "Combined Image JSON
 * + Filesystem Changeset Format"): an array with an element for each image,
 * which names files of the archive.
 *
 * Podman writes names with their registry, Docker the short ones.
 */
#include <errno.h>

#include "base/text.h"
#include "image/oci-internal.h"
#include "image/reference.h"

/* Whether the image has the name; adds those that it has to the list. */
static int has_name(const struct oci_node *image, const char *wanted,
		    struct text *names)
{
	struct oci_node tags = oci_member(image, "RepoTags");
	bool found = false;
	size_t count = 0;
	int r = oci_read_array(&tags, OCI_OPTIONAL, OCI_VALUES_MAX, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		struct oci_node node = oci_element(&tags, i);
		char tag[2 * OCI_NAME_MAX];

		r = oci_read_text(&node, OCI_REQUIRED, tag, sizeof(tag));
		if (r < 0)
			break;
		found |= str_eq(tag, wanted) ||
			 reference_same_image(tag, wanted);
		if (!names->cut)
			text_add(names, "%s%s", names->len ? ", " : "", tag);
	}
	return r < 0 ? r : found;
}

static int read_paths(const struct oci_node *image,
		      struct oci_docker_entry *entry)
{
	struct oci_node config = oci_member(image, "Config");
	struct oci_node layers = oci_member(image, "Layers");
	int r;

	if ((r = oci_read_text(&config, OCI_REQUIRED, entry->config,
			       sizeof(entry->config))) < 0 ||
	    (r = oci_read_array(&layers, OCI_OPTIONAL, IMAGE_LAYERS_MAX,
				&entry->layer_count)) < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < entry->layer_count; i++) {
		struct oci_node node = oci_element(&layers, i);

		r = oci_read_text(&node, OCI_REQUIRED, entry->layers[i],
				  sizeof(entry->layers[i]));
	}
	return r;
}

/* The number of the image that is meant. */
static int find_image(const struct oci_node *root, size_t count,
		      const char *wanted)
{
	char buf[200];
	struct text names = text_over(buf, sizeof(buf));
	int found = -1;

	for (size_t i = 0; i < count; i++) {
		struct oci_node image = oci_element(root, i);
		int r = oci_read_object(&image, OCI_REQUIRED);

		if (r >= 0)
			r = has_name(&image, wanted, &names);
		if (r < 0)
			return r;
		if (found < 0 && (r > 0 || (!wanted[0] && count == 1)))
			found = (int)i;
	}
	if (found >= 0)
		return found;
	if (!wanted[0])
		return failure_set(root->document->failure, ENODATA,
				   "%s: has %zu images: say which of %s",
				   root->document->name, count,
				   names.len ? buf : "them, none has a name");
	return failure_set(root->document->failure, ENODATA,
			   "%s: has no image called %s; it has %s",
			   root->document->name, wanted,
			   names.len ? buf : "one without a name");
}

int oci_parse_docker_archive(struct view json, const char *name_tag,
			     const char *name,
			     struct oci_docker_entry *ret_entry,
			     struct failure *failure)
{
	_cleanup_oci_json struct oci_json document = {
		.name = name,
		.what = "manifest.json",
		.failure = failure,
	};
	struct oci_node root, image;
	size_t count;
	int r = oci_json_open(&document, json, JSON_ARRAY);

	if (r < 0)
		return r;
	root = oci_root(&document);
	r = oci_read_array(&root, OCI_REQUIRED, OCI_VALUES_MAX, &count);
	if (r >= 0)
		r = find_image(&root, count, name_tag);
	if (r < 0)
		return r;
	image = oci_element(&root, (size_t)r);
	*ret_entry = (struct oci_docker_entry){ 0 };
	return read_paths(&image, ret_entry);
}
