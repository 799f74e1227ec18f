/* SPDX-License-Identifier: MIT */
/*
 * OCI image-spec manifest.md, and Docker's "Image Manifest Version 2, Schema
 * 2", which has the same form.
 *
 * What the config and the layers are decides whether this is an image: a Helm
 * chart or a signature has the same form too. artifactType alone refuses
 * nothing, because it may stand on an image as well. The names of layer types
 * say how a layer is compressed; nobody believes them, its first bytes count.
 */
#include <errno.h>

#include "base/text.h"
#include "image/oci-internal.h"

/* image-spec layer.md; Docker's schema 2, "Media Types". */
static const struct {
	const char *type;
	bool foreign; /* may be left out of registries: "urls" */
} layer_types[] = {
	{ "application/vnd.oci.image.layer.v1.tar", false },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", true },
	{ "application/vnd.docker.image.rootfs.diff.tar", false },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", true },
};

static const char *const compressions[] = { "", "+gzip", ".gzip", "+zstd",
					    ".zstd" };

static bool is_compression(const char *suffix)
{
	for (size_t i = 0; i < ARRAY_SIZE(compressions); i++)
		if (str_eq(suffix, compressions[i]))
			return true;
	return false;
}

static int check_layer(const struct oci_node *node, const char *type)
{
	struct failure *failure = node->document->failure;
	const char *name = node->document->name, *suffix = NULL;
	struct oci_node urls = oci_member(node, "urls");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(layer_types) && !suffix; i++)
		suffix = str_after(type, layer_types[i].type);
	if (suffix && strstr(suffix, "+encrypted"))
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: %s is encrypted; images of encrypted "
				   "layers are not supported",
				   name, node->path);
	if (!suffix || !is_compression(suffix))
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: %s is of type %s: this is not an "
				   "image, whose layers are tar archives",
				   name, node->path, type);
	if (layer_types[i - 1].foreign && json_array_size(urls.value) > 0)
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: %s is foreign: it is not where the "
				   "image is but at URLs of its own, which "
				   "are not supported",
				   name, node->path);
	return 0;
}

/* An empty layer may be there many times. */
static void mark_repeated(struct oci_manifest *manifest)
{
	for (size_t i = 0; i < manifest->layer_count; i++)
		for (size_t k = 0; k < manifest->layer_count; k++)
			if (k != i && digest_equal(&manifest->layers[i].digest,
						   &manifest->layers[k].digest))
				manifest->layers[i].repeated = true;
}

static int read_layers(const struct oci_node *root,
		       struct oci_manifest *manifest)
{
	struct oci_node layers = oci_member(root, "layers");
	int r = oci_read_array(&layers, OCI_REQUIRED, IMAGE_LAYERS_MAX,
			       &manifest->layer_count);

	for (size_t i = 0; r >= 0 && i < manifest->layer_count; i++) {
		struct oci_node layer = oci_element(&layers, i);

		r = oci_read_descriptor(&layer, &manifest->layers[i]);
		if (r >= 0)
			r = check_layer(&layer, manifest->layers[i].type);
	}
	if (r < 0)
		return r;
	if (manifest->layer_count == 0)
		return failure_set(root->document->failure, EBADMSG,
				   "%s: this image has no layers",
				   root->document->name);
	mark_repeated(manifest);
	return 0;
}

static int check_version(const struct oci_node *root)
{
	struct oci_node node = oci_member(root, "schemaVersion");
	uint64_t version;
	int r = oci_read_number(&node, 1000, &version);

	if (r < 0)
		return r;
	if (version == 1)
		return failure_set(root->document->failure, EPROTONOSUPPORT,
				   "%s: its manifest is Docker's schema 1, "
				   "given up in 2017; push it again with a "
				   "newer Docker, or convert it with skopeo",
				   root->document->name);
	return version == 2 ? 0 : oci_refuse(&node, "is not 2");
}

/* A document that is a manifest and an index at once means another image to
 * each reader (CVE-2021-41190). */
static int check_form(const struct oci_node *root)
{
	struct oci_node type = oci_member(root, "mediaType");
	struct oci_node manifests = oci_member(root, "manifests");
	char text[OCI_TYPE_MAX];
	int r = check_version(root);

	if (r >= 0)
		r = oci_read_text(&type, OCI_OPTIONAL, text, sizeof(text));
	if (r < 0)
		return r;
	if (text[0] && !oci_type_is_manifest(text))
		return oci_refuse(&type,
				  "is %s, not that of an image's "
				  "manifest",
				  text);
	if (manifests.value)
		return oci_refuse(&manifests, "has no place in a manifest");
	return 0;
}

static int read_config(const struct oci_node *root,
		       struct oci_descriptor *ret_config)
{
	struct oci_node config = oci_member(root, "config");
	struct oci_node artifact = oci_member(root, "artifactType");
	char type[OCI_TYPE_MAX];
	int r = oci_read_descriptor(&config, ret_config);

	if (r >= 0)
		r = oci_read_text(&artifact, OCI_OPTIONAL, type, sizeof(type));
	if (r < 0)
		return r;
	if (str_eq(ret_config->type,
		   "application/vnd.oci.image.config.v1+json") ||
	    str_eq(ret_config->type,
		   "application/vnd.docker.container.image.v1+json"))
		return 0;
	return failure_set(root->document->failure, EPROTONOSUPPORT,
			   "%s: this is an artifact of type %s, not an image",
			   root->document->name,
			   type[0] ? type : ret_config->type);
}

int oci_parse_manifest(struct view json, const char *name,
		       struct oci_manifest *ret_manifest,
		       struct failure *failure)
{
	_cleanup_oci_json struct oci_json document = {
		.name = name,
		.what = "manifest",
		.failure = failure,
	};
	struct oci_manifest manifest = { 0 };
	struct oci_node root;
	int r = oci_json_open(&document, json, JSON_OBJECT);

	if (r < 0)
		return r;
	root = oci_root(&document);
	if ((r = check_form(&root)) < 0 ||
	    (r = read_config(&root, &manifest.config)) < 0 ||
	    (r = read_layers(&root, &manifest)) < 0)
		return r;
	*ret_manifest = manifest;
	return 0;
}
