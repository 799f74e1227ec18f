/* SPDX-License-Identifier: MIT */
/* Changes that a load keeps: keep/NAME, which PID 1 makes and mounts. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"
#include "image/store-internal.h"
#include "image/store-record.h"

#define DEPTH_MAX 256 /* deeper ones are counted to here */
#define BLOCK	  512 /* of st_blocks, stat(2) */

static uint64_t bytes_below(int dir_fd, const char *name, int depth)
{
	int fd = openat(dir_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t bytes = 0;
	struct stat st;

	if (!dir) {
		fd_close(fd);
		return 0;
	}
	while ((entry = readdir(dir))) {
		const char *child = entry->d_name;

		if (str_eq(child, ".") || str_eq(child, "..") ||
		    fstatat(fd, child, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		/* A file of several names is there once. */
		bytes += (uint64_t)st.st_blocks * BLOCK / MAX(st.st_nlink, 1);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			bytes += bytes_below(fd, child, depth + 1);
	}
	return bytes;
}

static void keep_path(const char *name, const char *below,
		      char path[static STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "keep/%s%s", name, below);
}

static void read_kept(const struct store *store, const char *name,
		      struct store_kept *ret_kept)
{
	char path[STORE_PATH_MAX], line[STORE_PATH_MAX];
	struct running running;

	*ret_kept = (struct store_kept){ 0 };
	(void)str_copy(ret_kept->name, sizeof(ret_kept->name), name);
	keep_path(name, "/image", path);
	if (file_read_line(store->dir_fd, path, line, sizeof(line)) > 0 &&
	    store_id_valid(line))
		(void)str_copy(ret_kept->image, STORE_ID_MAX, line);
	ret_kept->running =
		store_running(store, &running) && str_eq(running.keep, name);
	keep_path(name, "/upper", path);
	ret_kept->bytes = bytes_below(store->dir_fd, path, 0);
}

static int read_all(const struct store *store, DIR *dir,
		    struct store_kept **kept, size_t *count)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		struct store_kept *more;

		if (!control_keep_valid(entry->d_name))
			continue;
		more = reallocarray(*kept, *count + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		*kept = more;
		read_kept(store, entry->d_name, &more[(*count)++]);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct store_kept *)a)->name,
		      ((const struct store_kept *)b)->name);
}

int store_list_kept(struct store *store, struct store_kept **ret_kept,
		    size_t *ret_count)
{
	int fd = openat(store->dir_fd, "keep",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	_cleanup_free struct store_kept *kept = NULL;
	size_t count = 0;
	int r = 0;

	if (dir)
		r = read_all(store, dir, &kept, &count);
	else
		fd_close(fd);
	if (r < 0)
		return r;
	if (count > 0)
		qsort(kept, count, sizeof(*kept), compare_names);
	*ret_kept = TAKE_PTR(kept);
	*ret_count = count;
	return 0;
}

int store_remove_kept(struct store *store, const struct store_kept *kept)
{
	char path[STORE_PATH_MAX];

	keep_path(kept->name, "", path);
	return store_remove(store, path);
}
