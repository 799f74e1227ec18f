/* SPDX-License-Identifier: MIT */
/*
 * Images in a tar: an OCI layout (image-layout.md), and what docker save
 * writes (moby, image/spec/spec.md). The headers are read once; then layers are
 * ranges of the file, which several processes read at the same time.
 *
 * docker save has no manifest, only a list of files. One is made of it: the
 * config by its digest, and each layer by the digest of its tar, which is in
 * the config. It has the form and the bytes that containers/image gives it, so
 * that its digest is the one that skopeo inspect shows. A layer that is
 * compressed, as builders other than Docker leave it, has another digest than
 * its tar; then it is the one in its name (blobs/sha256/HEX, HEX.tar.gz), and
 * one that has none there is refused, because nothing could check it.
 *
 * A compressed archive is decompressed into a temporary file first, out of
 * which each layer is punched while it is read: in memory, it would be there
 * twice. Who wants a layer again has the file made again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/archive-index.h"
#include "image/blobs-file.h"
#include "image/decode.h"
#include "image/spool.h"

#define LAYER_TYPE    "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define CONFIG_TYPE   "application/vnd.docker.container.image.v1+json"
#define MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"

/* What a docker archive's files are known by. */
struct known {
	struct digest digest;
	const struct archive_file *file;
};

struct archive_blobs {
	struct blobs blobs;
	int fd;
	enum spool_kind spool;
	/* Layers that are being taken out of a spool. */
	struct digest taken[IMAGE_LAYERS_MAX];
	size_t taken_count;
	struct archive_index index;
	struct known known[1 + IMAGE_LAYERS_MAX]; /* of docker save */
	size_t known_count;
};

static struct archive_blobs *archive_of(struct blobs *blobs)
{
	return container_of(blobs, struct archive_blobs, blobs);
}

static const char *name_of(const struct archive_blobs *archive)
{
	return archive->blobs.reference->name;
}

static int read_file(const struct archive_blobs *archive,
		     const struct archive_file *file,
		     struct blobs_document *ret, struct failure *failure)
{
	return blob_read(archive->fd, file->offset, file->length,
			 name_of(archive), ret, failure);
}

static int find_file(const struct archive_blobs *archive, const char *path,
		     const struct archive_file **ret_file,
		     struct failure *failure)
{
	*ret_file = archive_index_find(&archive->index, path);
	if (*ret_file)
		return 0;
	return failure_set(failure, ENOENT, "%s: there is no %s in it",
			   name_of(archive), path);
}

/* The file whose content has the digest, as its name or docker save says. */
static int find_blob(const struct archive_blobs *archive,
		     const struct oci_descriptor *blob,
		     const struct archive_file **ret_file,
		     struct failure *failure)
{
	const char *name = name_of(archive);
	char path[BLOB_PATH_MAX];
	int r;

	for (size_t i = 0; i < archive->known_count; i++)
		if (digest_equal(&archive->known[i].digest, &blob->digest)) {
			*ret_file = archive->known[i].file;
			return 0;
		}
	r = find_file(archive, blob_path(&blob->digest, path), ret_file,
		      failure);
	if (r < 0)
		return r;
	if ((*ret_file)->length != blob->size)
		return failure_set(failure, EBADMSG,
				   "%s: %s has %ju bytes instead of %ju", name,
				   path, (uintmax_t)(*ret_file)->length,
				   (uintmax_t)blob->size);
	return 0;
}

static int archive_document(struct blobs *blobs,
			    const struct oci_descriptor *blob,
			    struct blobs_document *ret, struct failure *failure)
{
	struct archive_blobs *archive = archive_of(blobs);
	const struct archive_file *file;
	int r = find_blob(archive, blob, &file, failure);

	if (r >= 0)
		r = read_file(archive, file, ret, failure);
	if (r < 0)
		return r;
	str_copy(ret->type, sizeof(ret->type), blob->type);
	ret->digest = blob->digest;
	return 0;
}

/* The same file once more, under the same descriptor. Had it changed, the
 * digest of the layer would tell. */
static int spool_again(struct archive_blobs *archive, struct failure *failure)
{
	const struct reference *reference = archive->blobs.reference;
	_cleanup_fd int fd = spool_open(reference->target, reference->name,
					&archive->spool, failure);

	if (fd < 0)
		return fd;
	if (dup3(fd, archive->fd, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "%s", reference->name);
	archive->taken_count = 0;
	return 0;
}

/* Whether the layer may be punched out when it was read; a negative errno. A
 * pipe cannot be read again, and a layer that is listed twice is read twice. */
static int take(struct archive_blobs *archive,
		const struct oci_descriptor *blob, struct failure *failure)
{
	int r = 0;

	if (archive->spool != SPOOL_COPY || blob->repeated)
		return false;
	for (size_t i = 0; i < archive->taken_count; i++)
		if (digest_equal(&archive->taken[i], &blob->digest))
			r = spool_again(archive, failure);
	if (r < 0)
		return r;
	if (archive->taken_count == ARRAY_SIZE(archive->taken))
		return false;
	archive->taken[archive->taken_count++] = blob->digest;
	return true;
}

static int archive_source(struct blobs *blobs,
			  const struct oci_descriptor *blob,
			  struct fetch_source *ret, struct failure *failure)
{
	struct archive_blobs *archive = archive_of(blobs);
	const struct archive_file *file;
	int r = find_blob(archive, blob, &file, failure);

	if (r < 0)
		return r;
	/* No range of a file can be empty; no tar is either. */
	if (file->length == 0)
		return failure_set(failure, EBADMSG, "%s: %s is empty",
				   name_of(archive), file->name);
	r = take(archive, blob, failure);
	if (r < 0)
		return r;
	*ret = (struct fetch_source){
		.kind = FETCH_FD,
		.name = name_of(archive),
		.fd = archive->fd,
		.offset = file->offset,
		.length = file->length,
		.consume = r,
	};
	return 0;
}

/* --- oci-archive --- */

static int oci_first(struct archive_blobs *archive,
		     struct blobs_document *ret_document,
		     struct failure *failure)
{
	const struct reference *reference = archive->blobs.reference;
	const struct archive_file *file;
	struct blobs_document document;
	struct oci_descriptor entry;
	struct oci_platform here;
	int r = find_file(archive, "index.json", &file, failure);

	if (r >= 0)
		r = read_file(archive, file, &document, failure);
	if (r < 0)
		return r;
	oci_platform_here(&here);
	r = oci_parse_index(view_over(document.bytes, document.len),
			    reference->tag, &here, reference->name, &entry,
			    failure);
	free(document.bytes);
	if (r >= 0)
		r = archive_document(&archive->blobs, &entry, &document,
				     failure);
	if (r < 0)
		return r;
	r = blobs_check(&entry, &document, reference->name, failure);
	if (r < 0)
		free(document.bytes);
	else
		*ret_document = document;
	return r;
}

static int oci_check(const struct archive_blobs *archive,
		     struct failure *failure)
{
	const struct archive_file *file;
	struct blobs_document document;
	int r = find_file(archive, "oci-layout", &file, failure);

	if (r >= 0)
		r = read_file(archive, file, &document, failure);
	if (r < 0)
		return r;
	r = layout_check_version(view_over(document.bytes, document.len),
				 name_of(archive), failure);
	free(document.bytes);
	return r;
}

/* --- docker-archive --- */

static bool is_compressed(const struct archive_blobs *archive,
			  const struct archive_file *file)
{
	uint8_t head[KIND_HEAD];
	size_t len = (size_t)MIN(file->length, sizeof(head));
	ssize_t n = pread(archive->fd, head, len, (off_t)file->offset);

	return n > 0 && decoder_of(kind_of(view_over(head, (size_t)n)));
}

/* The digest in "blobs/sha256/HEX" or "HEX.tar.gz". */
static bool digest_in_name(const char *path, struct digest *ret_digest)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *plain = str_after(base, "sha256:");
	char hex[SHA256_HEX_MAX];

	if (plain)
		base = plain;
	return strspn(base, "0123456789abcdef") == sizeof(hex) - 1 &&
	       (str_copy(hex, sizeof(hex), base), true) &&
	       digest_parse_sha256(hex, ret_digest) == 0;
}

static int add_layer(struct archive_blobs *archive, const char *path,
		     const struct digest *diff_id, struct text *manifest,
		     struct failure *failure)
{
	struct known *known = &archive->known[archive->known_count];
	char digest[DIGEST_TEXT_MAX];
	int r = find_file(archive, path, &known->file, failure);

	if (r < 0)
		return r;
	known->digest = *diff_id;
	if (is_compressed(archive, known->file) &&
	    !digest_in_name(known->file->name, &known->digest))
		return failure_set(failure, EPROTONOSUPPORT,
				   "%s: %s is compressed, and its name is not "
				   "its digest: nothing says what it must be",
				   name_of(archive), path);
	text_add(manifest,
		 "%s{\"mediaType\":\"" LAYER_TYPE
		 "\",\"size\":%ju,\"digest\":\"%s\"}",
		 archive->known_count > 1 ? "," : "",
		 (uintmax_t)known->file->length,
		 digest_text(&known->digest, digest));
	archive->known_count++;
	return 0;
}

/* Room for one descriptor, and for the rest of the manifest. */
#define DESCRIPTOR_MAX 256

static int make_manifest(struct archive_blobs *archive,
			 const struct oci_docker_entry *entry,
			 const struct blobs_document *config,
			 struct text *manifest, struct failure *failure)
{
	const char *name = name_of(archive);
	char digest[DIGEST_TEXT_MAX];
	_cleanup_free struct oci_config *parsed = malloc(sizeof(*parsed));
	int r;

	if (!parsed)
		return failure_errno(failure, ENOMEM, "%s", name);
	r = oci_parse_config(view_over(config->bytes, config->len), name,
			     parsed, failure);
	if (r < 0)
		return r;
	if (parsed->diff_id_count != entry->layer_count)
		return failure_set(failure, EBADMSG,
				   "%s: its manifest.json lists %zu layers, "
				   "its config %zu",
				   name, entry->layer_count,
				   parsed->diff_id_count);
	text_add(manifest,
		 "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
		 "\",\"config\":{\"mediaType\":\"" CONFIG_TYPE
		 "\",\"size\":%zu,\"digest\":\"%s\"},\"layers\":[",
		 config->len, digest_text(&config->digest, digest));
	for (size_t i = 0; r >= 0 && i < entry->layer_count; i++)
		r = add_layer(archive, entry->layers[i], &parsed->diff_ids[i],
			      manifest, failure);
	text_add(manifest, "]}");
	return r;
}

/* Reads the config that manifest.json names, and makes the manifest. */
static int follow_entry(struct archive_blobs *archive,
			const struct oci_docker_entry *entry,
			struct blobs_document *ret, struct failure *failure)
{
	size_t size = (entry->layer_count + 4) * DESCRIPTOR_MAX;
	_cleanup_free char *bytes = malloc(size);
	struct blobs_document config;
	struct text manifest;
	const struct archive_file *file;
	int r = find_file(archive, entry->config, &file, failure);

	if (!bytes)
		return failure_errno(failure, ENOMEM, "%s", name_of(archive));
	if (r >= 0)
		r = read_file(archive, file, &config, failure);
	if (r < 0)
		return r;
	archive->known[0] = (struct known){ config.digest, file };
	archive->known_count = 1;
	manifest = text_over(bytes, size);
	r = make_manifest(archive, entry, &config, &manifest, failure);
	free(config.bytes);
	if (r < 0)
		return r;
	*ret = (struct blobs_document){ .type = MANIFEST_TYPE,
					.len = manifest.len };
	r = digest_of(DIGEST_SHA256, view_over(bytes, manifest.len),
		      &ret->digest);
	if (r < 0)
		return failure_errno(failure, -r, "%s", name_of(archive));
	ret->bytes = TAKE_PTR(bytes);
	return 0;
}

/* Paths as the index has them. */
static void clean_paths(struct oci_docker_entry *entry)
{
	const char *rest = str_after(entry->config, "./");

	if (rest)
		memmove(entry->config, rest, strlen(rest) + 1);
	for (size_t i = 0; i < entry->layer_count; i++)
		if ((rest = str_after(entry->layers[i], "./")))
			memmove(entry->layers[i], rest, strlen(rest) + 1);
}

static int docker_first(struct archive_blobs *archive,
			struct blobs_document *ret, struct failure *failure)
{
	const struct reference *reference = archive->blobs.reference;
	_cleanup_free struct oci_docker_entry *entry = malloc(sizeof(*entry));
	const struct archive_file *file;
	struct blobs_document list;
	int r = find_file(archive, "manifest.json", &file, failure);

	if (!entry)
		return failure_errno(failure, ENOMEM, "%s", reference->name);
	if (r >= 0)
		r = read_file(archive, file, &list, failure);
	if (r < 0)
		return r;
	r = oci_parse_docker_archive(view_over(list.bytes, list.len),
				     reference->tag, reference->name, entry,
				     failure);
	free(list.bytes);
	if (r < 0)
		return r;
	clean_paths(entry);
	return follow_entry(archive, entry, ret, failure);
}

/* --- */

static bool is_docker(const struct archive_blobs *archive)
{
	return archive->blobs.reference->kind == REFERENCE_DOCKER_ARCHIVE;
}

static int archive_manifest(struct blobs *blobs,
			    const struct oci_descriptor *entry,
			    struct blobs_document *ret, struct failure *failure)
{
	struct archive_blobs *archive = archive_of(blobs);

	if (entry)
		return archive_document(blobs, entry, ret, failure);
	return is_docker(archive) ? docker_first(archive, ret, failure)
				  : oci_first(archive, ret, failure);
}

static void archive_close(struct blobs *blobs)
{
	struct archive_blobs *archive = archive_of(blobs);

	archive_index_free(&archive->index);
	fd_close(archive->fd);
	free(archive);
}

static const struct blobs_operations archive_operations = {
	.manifest = archive_manifest,
	.document = archive_document,
	.source = archive_source,
	.close = archive_close,
};

/* What it is instead, when it is not what it was called. */
static int check_form(const struct archive_blobs *archive,
		      struct failure *failure)
{
	static const struct {
		const char *file, *transport;
	} forms[] = {
		[false] = { "index.json", "oci-archive" },
		[true] = { "manifest.json", "docker-archive" },
	};
	bool docker = is_docker(archive);

	if (archive_index_find(&archive->index, forms[docker].file))
		return docker ? 0 : oci_check(archive, failure);
	if (archive_index_find(&archive->index, forms[!docker].file))
		return failure_set(failure, EBADMSG,
				   "%s: has no %s: this archive is %s:FILE",
				   name_of(archive), forms[docker].file,
				   forms[!docker].transport);
	return failure_set(failure, EBADMSG,
			   "%s: has no %s, so this is not an image's archive; "
			   "a tar of a root is named by its path alone",
			   name_of(archive), forms[docker].file);
}

int archive_blobs_open(const struct reference *reference,
		       struct blobs **ret_blobs, struct failure *failure)
{
	struct archive_blobs *archive = calloc(1, sizeof(*archive));
	int r;

	if (!archive)
		return failure_errno(failure, ENOMEM, "%s", reference->name);
	archive->blobs.operations = &archive_operations;
	archive->blobs.reference = reference;
	archive->fd = spool_open(reference->target, reference->name,
				 &archive->spool, failure);
	r = archive->fd;
	if (r >= 0)
		r = archive_index_read(archive->fd, reference->name,
				       &archive->index, failure);
	if (r >= 0)
		r = check_form(archive, failure);
	if (r < 0)
		archive_close(&archive->blobs);
	else
		*ret_blobs = &archive->blobs;
	return r;
}
