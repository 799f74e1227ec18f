/* SPDX-License-Identifier: MIT */
/*
 * Each document names the digest of the one before it: the layer is written to
 * the spool first, then config, manifest and index are made, and at last all
 * of them become an archive.
 */
#include "image/oci-write.h"

#include <errno.h>
#include <jansson.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/oci-layer.h"
#include "image/tar-write.h"

#define TYPE_INDEX    "application/vnd.oci.image.index.v1+json"
#define TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar+gzip"
#define LAYOUT	      "{\"imageLayoutVersion\":\"1.0.0\"}"

#define COPY_BYTES (256 * KIB)

/* A document of the archive. */
struct document {
	char *bytes;
	size_t len;
	struct digest digest;
};

struct writer {
	const struct oci_write *what;
	struct failure *failure;
	struct pack_result packed;
	struct oci_layer_made layer;
	struct document config, manifest, index;
	struct tar_write tar;
	uint8_t buffer[COPY_BYTES];
};

/* --- the layer --- */

struct spool {
	struct oci_layer *layer;
	const char *name;
};

static int spool_bytes(void *context, const void *bytes, size_t len,
		       struct failure *failure)
{
	const struct spool *spool = context;
	int r = oci_layer_add(spool->layer, bytes, len);

	if (r < 0)
		return failure_errno(failure, -r,
				     "%s: cannot write the layer to a "
				     "temporary file",
				     spool->name);
	return 0;
}

static int make_layer(struct writer *writer)
{
	const struct oci_write *what = writer->what;
	struct spool spool = { oci_layer_new(what->spool_fd), what->name };
	const struct pack pack = {
		.root_fd = what->root_fd,
		.name = what->name,
		.form = PACK_ROOT,
		.write = spool_bytes,
		.context = &spool,
	};
	int r = -ENOMEM;

	if (spool.layer) {
		r = pack_tree(&pack, &writer->packed, writer->failure);
		if (r < 0) {
			oci_layer_free(spool.layer);
			return r;
		}
		r = oci_layer_finish(spool.layer, &writer->layer);
	}
	oci_layer_free(spool.layer);
	return r < 0 ? failure_errno(writer->failure, -r,
				     "%s: cannot write the layer", what->name)
		     : 0;
}

/* --- documents --- */

static int finish_document(json_t *json, struct document *ret_document)
{
	ret_document->bytes =
		json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER)
		     : NULL;
	json_decref(json);
	if (!ret_document->bytes)
		return -ENOMEM;
	ret_document->len = strlen(ret_document->bytes);
	return digest_of(DIGEST_SHA256,
			 view_over(ret_document->bytes, ret_document->len),
			 &ret_document->digest);
}

static json_t *descriptor(const char *type, const struct digest *digest,
			  uint64_t size)
{
	char text[DIGEST_TEXT_MAX];

	return json_pack("{s:s, s:s, s:I}", "mediaType", type, "digest",
			 digest_text(digest, text), "size", (json_int_t)size);
}

/* Strings one behind the other, each with its NUL. NULL: none, which json_pack
 * leaves out. */
static json_t *string_list(const char *strings, size_t len)
{
	json_t *list = len > 0 ? json_array() : NULL;

	for (const char *at = strings; at < strings + len; at += strlen(at) + 1)
		json_array_append_new(list, json_string(at));
	return list;
}

/* "key=value", one a line. */
static json_t *label_object(const char *labels)
{
	json_t *object = labels[0] ? json_object() : NULL;

	while (*labels) {
		size_t line = strcspn(labels, "\n");
		size_t key = strcspn(labels, "=\n");

		if (key < line)
			json_object_setn_new(object, labels, key,
					     json_stringn(labels + key + 1,
							  line - key - 1));
		labels += line + (labels[line] == '\n');
	}
	return object;
}

static const char *when(const struct oci_write *what,
			char buf[static OCI_NAME_MAX])
{
	time_t seconds = (time_t)what->created_s;
	struct tm utc = { 0 };

	if (what->config && what->config->created[0])
		return what->config->created;
	gmtime_r(&seconds, &utc);
	strftime(buf, OCI_NAME_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
	return buf;
}

static const char *or_null(const char *string)
{
	return string[0] ? string : NULL;
}

static json_t *start_object(const struct oci_config *config)
{
	const struct image_start *start = &config->start;
	size_t entrypoint = MIN(config->entrypoint_len, start->args_len);

	return json_pack("{s:o*, s:o*, s:o*, s:s*, s:s*, s:o*}", "Entrypoint",
			 string_list(start->args, entrypoint), "Cmd",
			 string_list(start->args + entrypoint,
				     start->args_len - entrypoint),
			 "Env", string_list(start->env, start->env_len),
			 "WorkingDir", or_null(start->directory), "User",
			 or_null(start->user), "Labels",
			 label_object(config->labels));
}

static int make_config(struct writer *writer)
{
	const struct oci_write *what = writer->what;
	const struct oci_config none = { 0 };
	const struct oci_config *config = what->config ? what->config : &none;
	char created[OCI_NAME_MAX], diff_id[DIGEST_TEXT_MAX];
	const char *at = when(what, created);

	return finish_document(
		json_pack("{s:s, s:s*, s:s, s:s*, s:s, s:o, s:{s:s, s:[s]}, "
			  "s:[{s:s, s:s}]}",
			  "created", at, "author", or_null(config->author),
			  "architecture", what->architecture, "variant",
			  or_null(config->platform.variant), "os", "linux",
			  "config", start_object(config), "rootfs", "type",
			  "layers", "diff_ids",
			  digest_text(&writer->layer.diff_id, diff_id),
			  "history", "created", at, "created_by",
			  "boomerang image convert"),
		&writer->config);
}

static int make_manifest(struct writer *writer)
{
	return finish_document(
		json_pack("{s:i, s:s, s:o, s:[o]}", "schemaVersion", 2,
			  "mediaType", TYPE_MANIFEST, "config",
			  descriptor(TYPE_CONFIG, &writer->config.digest,
				     writer->config.len),
			  "layers",
			  descriptor(TYPE_LAYER, &writer->layer.digest,
				     writer->layer.size)),
		&writer->manifest);
}

static int make_index(struct writer *writer)
{
	json_t *entry = descriptor(TYPE_MANIFEST, &writer->manifest.digest,
				   writer->manifest.len);

	if (writer->what->tag[0])
		json_object_set_new(entry, "annotations",
				    json_pack("{s:s}",
					      "org.opencontainers.image."
					      "ref.name",
					      writer->what->tag));
	return finish_document(json_pack("{s:i, s:s, s:[o]}", "schemaVersion",
					 2, "mediaType", TYPE_INDEX,
					 "manifests", entry),
			       &writer->index);
}

static int make_documents(struct writer *writer)
{
	int r;

	if ((r = make_config(writer)) < 0 || (r = make_manifest(writer)) < 0 ||
	    (r = make_index(writer)) < 0)
		return failure_errno(writer->failure, -r,
				     "%s: cannot write its description",
				     writer->what->name);
	return 0;
}

/* --- the archive --- */

static int add_header(struct writer *writer, const char *path,
		      enum tar_type type, uint64_t size)
{
	const struct tar_entry entry = {
		.type = type,
		.path = path,
		.mode = type == TAR_DIRECTORY ? 0755 : 0644,
		.size = size,
	};

	return tar_write_entry(&writer->tar, &entry);
}

static const char *blob_path(const struct digest *digest,
			     char buf[static OCI_NAME_MAX])
{
	char hex[DIGEST_TEXT_MAX];
	struct text path = text_over(buf, OCI_NAME_MAX);

	text_add(&path, "blobs/sha256/%s", digest_hex(digest, hex));
	return buf;
}

static int add_document(struct writer *writer, const char *path,
			const char *bytes, size_t len)
{
	int r = add_header(writer, path, TAR_FILE, len);

	return r < 0 ? r : tar_write_content(&writer->tar, bytes, len);
}

static int add_blob(struct writer *writer, const struct document *document)
{
	char path[OCI_NAME_MAX];

	return add_document(writer, blob_path(&document->digest, path),
			    document->bytes, document->len);
}

static int add_layer(struct writer *writer)
{
	char path[OCI_NAME_MAX];
	uint64_t at = 0;
	int r = add_header(writer, blob_path(&writer->layer.digest, path),
			   TAR_FILE, writer->layer.size);

	while (r == 0 && at < writer->layer.size) {
		ssize_t n = pread(writer->what->spool_fd, writer->buffer,
				  sizeof(writer->buffer), (off_t)at);

		if (n <= 0)
			return failure_errno(writer->failure, n ? errno : EIO,
					     "%s: cannot read the layer back",
					     writer->what->name);
		r = tar_write_content(&writer->tar, writer->buffer, (size_t)n);
		at += (uint64_t)n;
	}
	return r;
}

static int add_all(struct writer *writer)
{
	int r;

	if ((r = add_document(writer, "oci-layout", LAYOUT, strlen(LAYOUT))) ||
	    (r = add_document(writer, "index.json", writer->index.bytes,
			      writer->index.len)) ||
	    (r = add_header(writer, "blobs", TAR_DIRECTORY, 0)) ||
	    (r = add_header(writer, "blobs/sha256", TAR_DIRECTORY, 0)) ||
	    (r = add_blob(writer, &writer->manifest)) ||
	    (r = add_blob(writer, &writer->config)) || (r = add_layer(writer)))
		return r;
	return tar_write_end(&writer->tar);
}

static int make_archive(struct writer *writer)
{
	const struct oci_write *what = writer->what;
	int r;

	writer->tar = (struct tar_write){ .write = what->write,
					  .context = what->context,
					  .name = what->name,
					  .failure = writer->failure };
	r = add_all(writer);
	tar_write_free(&writer->tar);
	return r;
}

int oci_write(const struct oci_write *what, struct pack_result *ret_result,
	      struct failure *failure)
{
	_cleanup_free struct writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return failure_errno(failure, ENOMEM, "%s", what->name);
	writer->what = what;
	writer->failure = failure;
	if ((r = make_layer(writer)) == 0 && (r = make_documents(writer)) == 0)
		r = make_archive(writer);
	free(writer->config.bytes);
	free(writer->manifest.bytes);
	free(writer->index.bytes);
	if (r == 0 && ret_result)
		*ret_result = writer->packed;
	return r;
}
