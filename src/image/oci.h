/* SPDX-License-Identifier: MIT */
/*
 * The documents of OCI image-spec 1.1 and Docker's image manifest V2 schema 2:
 * index (manifest list), manifest, config; and docker save's manifest.json.
 * JSON by jansson. Pure; hostile: every count and length is bounded.
 */
#pragma once

#include "base/failure.h"
#include "image/digest.h"
#include "wire/control.h"
#include "wire/view.h"

#define OCI_DOCUMENT_MAX (4 * MIB) /* as registries bound manifests */
#define OCI_TYPE_MAX	 96
#define OCI_NAME_MAX	 256

/* descriptor.md */
struct oci_descriptor {
	char type[OCI_TYPE_MAX]; /* mediaType; "": not said */
	struct digest digest;
	uint64_t size; /* bytes */
	/* A layer: the manifest lists it more than once. */
	bool repeated;
};

struct oci_platform {
	char os[32], architecture[32], variant[32];
};

/* This machine: "linux", Go's name for it ("amd64", "arm64"), "". */
void oci_platform_here(struct oci_platform *ret_platform);

/*
 * An index: the first entry that is for the platform. tag: that of
 * org.opencontainers.image.ref.name must be it, or, as containerd writes it,
 * the full name io.containerd.image.name; "": there must be one image only
 * (index.json of a layout); NULL: any. -ENODATA with a failure that lists what
 * there is. Attestations (platform unknown/unknown) and other artifacts are
 * never chosen; an entry without platform only when it is the only one.
 */
int oci_parse_index(struct view json, const char *tag,
		    const struct oci_platform *platform, const char *name,
		    struct oci_descriptor *ret_entry, struct failure *failure)
	_must_check;

struct oci_manifest {
	struct oci_descriptor config;
	struct oci_descriptor layers[IMAGE_LAYERS_MAX]; /* lowest first */
	size_t layer_count;
};

/* Whether a document is an index, by its media type or, without one, its
 * content. */
bool oci_is_index(struct view json, const char *type);

/* An artifact that is no image, no layers at all, foreign layers (with urls
 * only) and encrypted ones are refused in words: -EPROTONOSUPPORT. */
int oci_parse_manifest(struct view json, const char *name,
		       struct oci_manifest *ret_manifest,
		       struct failure *failure) _must_check;

struct oci_config {
	struct oci_platform platform;
	char created[40];
	char author[128];
	struct image_start start;
	uint32_t entrypoint_len; /* of start.args, what Entrypoint is; the rest
				    is Cmd */
	char labels[1024];	 /* "key=value", one a line; cut */
	struct digest diff_ids[IMAGE_LAYERS_MAX];
	size_t diff_id_count;
};

int oci_parse_config(struct view json, const char *name,
		     struct oci_config *ret_config, struct failure *failure)
	_must_check;

/* docker save: manifest.json. name_tag: which of several images; "": the only
 * one. */
struct oci_docker_entry {
	char config[OCI_NAME_MAX];		     /* a path in the archive */
	char layers[IMAGE_LAYERS_MAX][OCI_NAME_MAX]; /* the same */
	size_t layer_count;
};
int oci_parse_docker_archive(struct view json, const char *name_tag,
			     const char *name,
			     struct oci_docker_entry *ret_entry,
			     struct failure *failure) _must_check;
