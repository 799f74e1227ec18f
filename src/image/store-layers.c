/* SPDX-License-Identifier: MIT */
/*
 * A layer is a directory with its record beside its content. It is made in
 * new/, and what is at its place is whole: a layer without a record, or
 * without content, is nobody's work and is removed.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "image/store-internal.h"
#include "image/store-record.h"

#define LAYER_RECORD_MAX 4096

static void layer_path(const char *id, const char *name,
		       char path[static STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "layers/%s%s", id, name);
}

static void staged_path(unsigned int number, const char *name,
			char path[static STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "new/%u%s", number, name);
}

static const char *content_name(enum image_layout layout)
{
	return layout == IMAGE_LAYOUT_TREE ? "/tree" : "/image";
}

static bool has_content(const struct store *store, const char *path,
			enum image_layout layout)
{
	mode_t type = layout == IMAGE_LAYOUT_TREE ? S_IFDIR : S_IFREG;
	struct stat st;

	return fstatat(store->dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (st.st_mode & S_IFMT) == type;
}

/* --- reading --- */

int store_read_layer(const struct store *store, const char *id,
		     struct store_layer *ret_layer)
{
	char path[STORE_PATH_MAX], text[LAYER_RECORD_MAX];
	struct store_layer layer;
	ssize_t n;

	layer_path(id, "/layer.json", path);
	n = file_read(store->dir_fd, path, text, sizeof(text));
	if (n < 0 || store_layer_parse(text, (size_t)n, &layer) < 0 ||
	    !str_eq(layer.id, id))
		return -ENODATA;
	layer_path(id, content_name(layer.layout), path);
	if (!has_content(store, path, layer.layout))
		return -ENODATA;
	*ret_layer = layer;
	return 0;
}

int store_find_layer(struct store *store, const struct digest *digest,
		     struct store_layer *ret_layer)
{
	char text[DIGEST_TEXT_MAX], id[STORE_ID_MAX];
	struct store_layer layer;
	int r = store_id_of_digest(digest_text(digest, text), id);

	if (r == 0)
		r = store_read_layer(store, id, &layer);
	if (r < 0 || !str_eq(layer.digest, text))
		return -ENODATA;
	*ret_layer = layer;
	return 0;
}

void store_remove_layer(struct store *store, const char *id)
{
	char path[STORE_PATH_MAX];

	layer_path(id, "", path);
	(void)store_remove(store, path);
}

struct layer_list {
	struct store_layer *layers;
	size_t count, room;
};

static int add_layer(struct layer_list *list, const struct store_layer *layer)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct store_layer *layers =
			reallocarray(list->layers, room, sizeof(*list->layers));

		if (!layers)
			return -ENOMEM;
		list->layers = layers;
		list->room = room;
	}
	list->layers[list->count++] = *layer;
	return 0;
}

static int read_all(struct store *store, DIR *dir, bool repairs,
		    struct layer_list *list)
{
	struct dirent *entry;
	int r = 0;

	while (r == 0 && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		struct store_layer layer;

		if (!store_id_valid(name))
			continue;
		if (store_read_layer(store, name, &layer) == 0)
			r = add_layer(list, &layer);
		else if (repairs)
			store_remove_layer(store, name);
	}
	return r;
}

static int compare_layers(const void *a, const void *b)
{
	return strcmp(((const struct store_layer *)a)->id,
		      ((const struct store_layer *)b)->id);
}

int store_read_layers(struct store *store, struct store_layer **ret_layers,
		      size_t *ret_count)
{
	int fd = openat(store->dir_fd, "layers",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct layer_list list = { 0 };
	struct running running;
	int r;

	if (!dir) {
		r = -errno;
		fd_close(fd);
		return r;
	}
	/* Nothing is taken from under what runs. */
	r = read_all(store, dir,
		     store->writes && !store_running(store, &running), &list);
	if (r < 0) {
		free(list.layers);
		return r;
	}
	if (list.count > 0)
		qsort(list.layers, list.count, sizeof(*list.layers),
		      compare_layers);
	*ret_layers = list.layers;
	*ret_count = list.count;
	return 0;
}

/* --- making --- */

int store_stage(struct store *store, unsigned int *ret_number,
		struct failure *failure)
{
	unsigned int number = ++store->number;
	char path[STORE_PATH_MAX];
	int fd = FD_NONE;

	staged_path(number, "", path);
	if (mkdirat(store->dir_fd, path, 0700) == 0)
		fd = openat(store->dir_fd, path,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(failure, errno,
				     "cannot make room for a layer in the "
				     "store");
	*ret_number = number;
	return fd;
}

void store_abandon(struct store *store, unsigned int number)
{
	char path[STORE_PATH_MAX];

	staged_path(number, "", path);
	(void)!path_remove_tree(store->dir_fd, path);
}

static int write_record(struct store *store, unsigned int number,
			const struct store_layer *layer)
{
	_cleanup_free char *text = store_layer_print(layer);
	char path[STORE_PATH_MAX];

	staged_path(number, content_name(layer->layout), path);
	if (!text || !has_content(store, path, layer->layout))
		return -EINVAL;
	staged_path(number, "/layer.json", path);
	return file_create(store->dir_fd, path, text);
}

/* -EEXIST: something is there. */
static int move_in(struct store *store, unsigned int number, const char *id)
{
	char from[STORE_PATH_MAX], to[STORE_PATH_MAX];

	staged_path(number, "", from);
	layer_path(id, "", to);
	if (renameat(store->dir_fd, from, store->dir_fd, to) == 0)
		return 0;
	return errno == ENOTEMPTY ? -EEXIST : -errno;
}

static int commit(struct store *store, unsigned int number,
		  struct store_layer *layer, struct failure *failure)
{
	struct store_layer there;
	int r = store_id_of_digest(layer->digest, layer->id);

	if (r == 0)
		r = write_record(store, number, layer);
	if (r == 0)
		r = move_in(store, number, layer->id);
	if (r != -EEXIST)
		goto done;
	if (store_read_layer(store, layer->id, &there) < 0) {
		store_remove_layer(store, layer->id);
		r = move_in(store, number, layer->id);
	} else if (str_eq(there.digest, layer->digest)) {
		*layer = there;
		store_abandon(store, number);
		return 0;
	}
done:
	if (r < 0)
		return failure_errno(failure, -r, "cannot keep the layer %.80s",
				     layer->digest);
	return 0;
}

int store_commit(struct store *store, unsigned int number,
		 struct store_layer *layer, struct failure *failure)
{
	int r = commit(store, number, layer, failure);

	if (r < 0)
		store_abandon(store, number);
	return r;
}

int store_hold(struct store *store, const char *layer_id)
{
	char(*held)[STORE_ID_MAX] =
		reallocarray(store->held, store->held_count + 1, sizeof(*held));

	if (!held)
		return -ENOMEM;
	store->held = held;
	(void)str_copy(held[store->held_count++], STORE_ID_MAX, layer_id);
	return 0;
}
