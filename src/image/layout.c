/* SPDX-License-Identifier: MIT */
/*
 * OCI image-spec image-layout.md, a directory: oci-layout, index.json with the
 * names, and the blobs by their digests. Nothing outside of the directory is
 * read, whatever links are in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "image/blobs-file.h"

struct layout {
	struct blobs blobs;
	int dir_fd;
	/* Layers, open until the end: they are read by other processes. */
	struct {
		struct digest digest;
		int fd;
	} layers[IMAGE_LAYERS_MAX];
	size_t layer_count;
};

static struct layout *layout_of(struct blobs *blobs)
{
	return container_of(blobs, struct layout, blobs);
}

/* Not blocking: what is not a regular file may be a pipe. */
static int open_file(const struct layout *layout, const char *path,
		     uint64_t *ret_size, struct failure *failure)
{
	const char *name = layout->blobs.reference->name;
	_cleanup_fd int fd =
		path_open_in_root(layout->dir_fd, path,
				  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
				  0);
	struct stat st;

	if (fd == -ENOENT)
		return failure_set(failure, ENOENT, "%s: there is no %s in it",
				   name, path);
	if (fd < 0)
		return failure_errno(failure, -fd, "%s: cannot open %s", name,
				     path);
	if (fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot read %s", name,
				     path);
	if (!S_ISREG(st.st_mode))
		return failure_set(failure, EBADMSG,
				   "%s: %s is not a regular file", name, path);
	*ret_size = (uint64_t)st.st_size;
	return TAKE_FD(fd);
}

static int read_file(const struct layout *layout, const char *path,
		     struct blobs_document *ret, struct failure *failure)
{
	uint64_t size;
	_cleanup_fd int fd = open_file(layout, path, &size, failure);

	if (fd < 0)
		return fd;
	return blob_read(fd, 0, size, layout->blobs.reference->name, ret,
			 failure);
}

static int layout_document(struct blobs *blobs,
			   const struct oci_descriptor *blob,
			   struct blobs_document *ret, struct failure *failure)
{
	char path[BLOB_PATH_MAX];
	int r = read_file(layout_of(blobs), blob_path(&blob->digest, path), ret,
			  failure);

	if (r < 0)
		return r;
	str_copy(ret->type, sizeof(ret->type), blob->type);
	ret->digest = blob->digest;
	return 0;
}

/* What index.json lists under the name that was asked for. */
static int find_first(const struct layout *layout,
		      struct oci_descriptor *ret_entry, struct failure *failure)
{
	const struct reference *reference = layout->blobs.reference;
	struct blobs_document index;
	struct oci_platform here;
	int r = read_file(layout, "index.json", &index, failure);

	if (r < 0)
		return r;
	oci_platform_here(&here);
	r = oci_parse_index(view_over(index.bytes, index.len), reference->tag,
			    &here, reference->name, ret_entry, failure);
	free(index.bytes);
	return r;
}

static int layout_manifest(struct blobs *blobs,
			   const struct oci_descriptor *entry,
			   struct blobs_document *ret, struct failure *failure)
{
	struct blobs_document document;
	struct oci_descriptor first;
	int r;

	if (entry)
		return layout_document(blobs, entry, ret, failure);
	r = find_first(layout_of(blobs), &first, failure);
	if (r >= 0)
		r = layout_document(blobs, &first, &document, failure);
	if (r < 0)
		return r;
	r = blobs_check(&first, &document, blobs->reference->name, failure);
	if (r < 0)
		free(document.bytes);
	else
		*ret = document;
	return r;
}

/* Opens a layer, once. */
static int open_layer(struct layout *layout, const struct oci_descriptor *blob,
		      struct failure *failure)
{
	const char *name = layout->blobs.reference->name;
	char path[BLOB_PATH_MAX];
	uint64_t size = 0;
	size_t n = layout->layer_count;
	_cleanup_fd int fd = FD_NONE;

	for (size_t i = 0; i < n; i++)
		if (digest_equal(&layout->layers[i].digest, &blob->digest))
			return layout->layers[i].fd;
	if (n == ARRAY_SIZE(layout->layers))
		return failure_set(failure, EMFILE, "%s: too many layers",
				   name);
	fd = open_file(layout, blob_path(&blob->digest, path), &size, failure);
	if (fd < 0)
		return fd;
	if (size != blob->size)
		return failure_set(failure, EBADMSG,
				   "%s: %s has %ju bytes instead of %ju", name,
				   path, (uintmax_t)size,
				   (uintmax_t)blob->size);
	layout->layers[n].digest = blob->digest;
	layout->layers[n].fd = TAKE_FD(fd);
	layout->layer_count++;
	return layout->layers[n].fd;
}

static int layout_source(struct blobs *blobs, const struct oci_descriptor *blob,
			 struct fetch_source *ret, struct failure *failure)
{
	int fd = open_layer(layout_of(blobs), blob, failure);

	if (fd < 0)
		return fd;
	*ret = (struct fetch_source){
		.kind = FETCH_FD,
		.name = blobs->reference->name,
		.fd = fd,
	};
	return 0;
}

static void layout_close(struct blobs *blobs)
{
	struct layout *layout = layout_of(blobs);

	for (size_t i = 0; i < layout->layer_count; i++)
		fd_close(layout->layers[i].fd);
	fd_close(layout->dir_fd);
	free(layout);
}

static const struct blobs_operations layout_operations = {
	.manifest = layout_manifest,
	.document = layout_document,
	.source = layout_source,
	.close = layout_close,
};

static int check_version(const struct layout *layout, struct failure *failure)
{
	struct blobs_document document;
	int r = read_file(layout, "oci-layout", &document, failure);

	if (r < 0)
		return r;
	r = layout_check_version(view_over(document.bytes, document.len),
				 layout->blobs.reference->name, failure);
	free(document.bytes);
	return r;
}

int layout_open(const struct reference *reference, struct blobs **ret_blobs,
		struct failure *failure)
{
	struct layout *layout = calloc(1, sizeof(*layout));
	int r;

	if (!layout)
		return failure_errno(failure, ENOMEM, "%s", reference->name);
	layout->blobs.operations = &layout_operations;
	layout->blobs.reference = reference;
	layout->dir_fd =
		open(reference->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layout->dir_fd >= 0)
		r = check_version(layout, failure);
	else if (errno == ENOTDIR)
		r = failure_set(failure, ENOTDIR,
				"%s: this is a file; an archive is "
				"oci-archive:FILE",
				reference->name);
	else
		r = failure_errno(failure, errno, "%s: cannot open",
				  reference->name);
	if (r < 0)
		layout_close(&layout->blobs);
	else
		*ret_blobs = &layout->blobs;
	return r;
}
