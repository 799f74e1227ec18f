/* SPDX-License-Identifier: MIT */
#include "image/content.h"

#include <fcntl.h>

#include "image/cpio.h"
#include "image/sparse.h"

static struct view head_of(const struct content *content)
{
	return view_over(content->head.start, content->head.len);
}

/* As many of the first bytes as tell the kind, or all there are. */
static int read_head(struct content *content)
{
	struct build *head = &content->head;
	int r = 1;

	*head = build_over(content->head_bytes, sizeof(content->head_bytes));
	while (head->len < head->size && !kind_is_certain(head_of(content))) {
		size_t n;

		r = content->input.next(content->input.context, &content->rest);
		if (r <= 0)
			break;
		n = MIN(content->rest.left, head->size - head->len);
		build_bytes(head, view_take(&content->rest, n), n);
	}
	return MIN(r, 0);
}

static int next(void *context, struct view *ret_bytes)
{
	struct content *content = context;

	if (!content->head_passed) {
		content->head_passed = true;
		*ret_bytes = head_of(content);
		if (ret_bytes->left > 0)
			return 1;
	}
	if (content->rest.left > 0) {
		*ret_bytes = view_sub(&content->rest, content->rest.left);
		return 1;
	}
	return content->input.next(content->input.context, ret_bytes);
}

static int write_piece(struct content *content, struct sparse *sparse,
		       struct view bytes)
{
	struct tree *tree = content->tree;
	uint64_t before = sparse->written;
	size_t len = bytes.left;
	int r;

	do
		r = sparse_write(sparse, &bytes);
	while (r == -ENOSPC && watch_wait(&tree->watch));
	atomic_fetch_add_explicit(tree->unpacked, len, memory_order_relaxed);
	return r < 0 ? r : watch_take(&tree->watch, sparse->written - before);
}

static int drain(struct content *content)
{
	struct view bytes;
	int r;

	while ((r = next(content, &bytes)) > 0)
		atomic_fetch_add_explicit(content->tree->unpacked, bytes.left,
					  memory_order_relaxed);
	return r;
}

static int write_pieces(struct content *content, struct sparse *sparse,
			int *ret_input)
{
	struct view bytes;
	int r = 0;

	while (r == 0) {
		*ret_input = next(content, &bytes);
		if (*ret_input <= 0)
			break;
		r = write_piece(content, sparse, bytes);
	}
	return r == 0 && *ret_input == 0 ? sparse_finish(sparse) : r;
}

/* Also of UNPACK_HEADS all is written: to look into a file system takes more
 * than its first bytes. */
static int write_file(struct content *content, struct failure *failure)
{
	_cleanup_fd int fd = FD_NONE;
	struct sparse sparse;
	int r, input = 0;

	if (content->tree->depth == UNPACK_NOTHING)
		return drain(content);
	fd = openat(AT_FDCWD, CONTENT_FILE,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : 0;
	if (r == 0) {
		sparse = (struct sparse){ .fd = fd };
		r = write_pieces(content, &sparse, &input);
	}
	if (input < 0 || r == -ENOSPC)
		return input < 0 ? input : r;
	return r < 0 ? failure_errno(failure, -r,
				     "%s: cannot write the file in it",
				     content->label)
		     : 0;
}

static int read_archive(struct content *content, struct failure *failure)
{
	const struct input input = { next, content };
	const struct tar_sink sink = tree_sink(content->tree);
	/* Layers are tars (image-spec layer.md). */
	bool cpio = content->may_be_file && content->kind == KIND_CPIO;
	int r = (cpio ? cpio_read : tar_read)(&input, &sink, content->label,
					      failure);

	return r < 0 ? r : tree_finish(content->tree, failure);
}

int content_unpack(struct content *content, struct failure *failure)
{
	int r = read_head(content);

	if (r < 0)
		return r;
	content->kind = kind_of(head_of(content));
	if (content->may_be_file && kind_is_file(content->kind)) {
		content->what = UNPACK_CONTENT_FILE;
		return write_file(content, failure);
	}
	content->what = UNPACK_CONTENT_TREE;
	return read_archive(content, failure);
}
