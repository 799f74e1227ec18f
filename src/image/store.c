/* SPDX-License-Identifier: MIT */
/*
 * Everything comes into being in new/ and gets its place by rename(2), and
 * leaves by it: a reader without the lock sees a thing whole or not at all,
 * and who finds new/ with the lock in its hand may remove what is in it.
 *
 * The lock is a flock(2) for as long as the store is open: it ends with the
 * process, and a child that still writes for it holds it too. The records of
 * images are read once; nobody else changes them meanwhile.
 */
#include "image/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "image/store-internal.h"
#include "image/store-record.h"

#define LOCK_WAIT_MS 1000
#define LOCK_STEP_MS 10

/* --- files --- */

bool store_running(const struct store *store, struct running *ret_running)
{
	char text[STORE_PATH_MAX];
	ssize_t n =
		file_read_line(store->dir_fd, "running", text, sizeof(text));
	char *end;

	*ret_running = (struct running){ 0 };
	if (n == -ENOENT || n == 0)
		return false;
	if (n < 0)
		return true;
	end = text + strcspn(text, "\n");
	if (*end && control_keep_valid(end + 1))
		(void)str_copy(ret_running->keep, CONTROL_KEEP_MAX, end + 1);
	*end = '\0';
	(void)str_copy(ret_running->id, STORE_ID_MAX, text);
	return true;
}

static void new_path(struct store *store, char path[static STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "new/record-%u", ++store->number);
}

int store_write(struct store *store, const char *path, const char *text)
{
	char made[STORE_PATH_MAX];
	int r;

	new_path(store, made);
	r = file_create(store->dir_fd, made, text);
	if (r == 0 && renameat(store->dir_fd, made, store->dir_fd, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(store->dir_fd, made, 0);
	return r;
}

int store_remove(struct store *store, const char *path)
{
	char rubbish[STORE_PATH_MAX];

	new_path(store, rubbish);
	if (renameat(store->dir_fd, path, store->dir_fd, rubbish) < 0)
		return errno == ENOENT ? 0 : -errno;
	return path_remove_tree(store->dir_fd, rubbish);
}

/* --- images --- */

static void image_path(const char *id, char path[static STORE_PATH_MAX])
{
	snprintf(path, STORE_PATH_MAX, "images/%s.json", id);
}

static int read_image(const struct store *store, const char *name,
		      struct store_image *ret_image)
{
	_cleanup_free char *text = malloc(STORE_RECORD_MAX);
	char path[STORE_PATH_MAX], expected[STORE_PATH_MAX];
	ssize_t n;
	int r;

	if (!text)
		return -ENOMEM;
	if ((size_t)snprintf(path, sizeof(path), "images/%s", name) >=
	    sizeof(path))
		return -EBADMSG;
	n = file_read(store->dir_fd, path, text, STORE_RECORD_MAX);
	if (n < 0)
		return (int)n;
	r = store_image_parse(text, (size_t)n, ret_image);
	if (r < 0)
		return r;
	image_path(ret_image->id, expected);
	return str_eq(path, expected) ? 0 : -EBADMSG;
}

static int add_image(struct store *store, const struct store_image *image)
{
	struct store_image *images = reallocarray(
		store->images, store->image_count + 1, sizeof(*images));

	if (!images)
		return -ENOMEM;
	store->images = images;
	images[store->image_count++] = *image;
	return 0;
}

static int compare_turn(const void *a, const void *b)
{
	uint64_t turn_a = ((const struct store_image *)a)->turn;
	uint64_t turn_b = ((const struct store_image *)b)->turn;

	return (turn_a < turn_b) - (turn_a > turn_b);
}

static int add_or_remove(struct store *store, const char *name)
{
	_cleanup_free struct store_image *image = malloc(sizeof(*image));
	char path[STORE_PATH_MAX];
	int r = image ? read_image(store, name, image) : -ENOMEM;

	if (r == 0)
		return add_image(store, image);
	if (r == -ENOMEM || !store->writes)
		return r == -ENOMEM ? r : 0;
	/* A name that does not fit is not one of ours. */
	if ((size_t)snprintf(path, sizeof(path), "images/%s", name) <
	    sizeof(path))
		(void)store_remove(store, path);
	return 0;
}

static int read_images(struct store *store)
{
	int fd = openat(store->dir_fd, "images",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		fd_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = add_or_remove(store, entry->d_name);
	if (store->image_count > 0)
		qsort(store->images, store->image_count, sizeof(*store->images),
		      compare_turn);
	return r;
}

bool store_mark_running(struct store *store)
{
	struct running running;
	bool any = store_running(store, &running), known = !any;

	for (size_t i = 0; i < store->image_count; i++)
		if ((store->images[i].running =
			     any && str_eq(store->images[i].id, running.id)))
			known = true;
	return known;
}

void store_forget(struct store *store, size_t image)
{
	char path[STORE_PATH_MAX];

	image_path(store->images[image].id, path);
	(void)unlinkat(store->dir_fd, path, 0);
	store->image_count--;
	memmove(store->images + image, store->images + image + 1,
		(store->image_count - image) * sizeof(*store->images));
}

int store_list(struct store *store, struct store_image **ret_images,
	       size_t *ret_count)
{
	size_t count = store->image_count;
	struct store_image *copy = calloc(count + 1, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	(void)store_mark_running(store);
	for (size_t i = 0; i < count; i++)
		copy[i] = store->images[i];
	*ret_images = copy;
	*ret_count = count;
	return 0;
}

/* *ret_bytes: of its layers. */
static bool has_its_layers(const struct store *store,
			   const struct store_image *image, uint64_t *ret_bytes)
{
	struct store_layer layer;
	uint64_t bytes = 0;

	for (size_t i = 0; i < image->made.layer_count; i++) {
		if (store_read_layer(store, image->made.layers[i].id, &layer) <
			    0 ||
		    layer.layout != image->made.layout)
			return false;
		bytes += layer.bytes;
	}
	*ret_bytes = bytes;
	return true;
}

static int find(struct store *store, size_t field, const char *value,
		struct store_image *ret_image)
{
	uint64_t bytes;

	(void)store_mark_running(store);
	for (size_t i = 0; i < store->image_count; i++) {
		const struct store_image *image = &store->images[i];

		if (str_eq((const char *)image + field, value) &&
		    has_its_layers(store, image, &bytes)) {
			*ret_image = *image;
			return 0;
		}
	}
	return -ENODATA;
}

int store_find_reference(struct store *store, const char *reference,
			 struct store_image *ret_image)
{
	return find(store, offsetof(struct store_image, reference), reference,
		    ret_image);
}

int store_find_sha256(struct store *store, const char *sha256,
		      struct store_image *ret_image)
{
	return find(store, offsetof(struct store_image, sha256), sha256,
		    ret_image);
}

/* --- writing an image down --- */

static void complete(const struct store *store, struct store_image *image)
{
	store_id_of(image->sha256, image->id);
	(void)str_copy(image->made.id, sizeof(image->made.id), image->id);
	image->made.magic = CONTROL_MAGIC;
	image->used_s = (int64_t)time(NULL);
	image->turn = store->image_count > 0 ? store->images[0].turn + 1 : 1;
	image->running = false;
}

/* Takes the place of the one with the same ID, if there is one. */
static int replace(struct store *store, const struct store_image *image)
{
	size_t at = 0;

	while (at < store->image_count &&
	       !str_eq(store->images[at].id, image->id))
		at++;
	if (at == store->image_count) {
		int r = add_image(store, image);

		if (r < 0)
			return r;
	}
	memmove(store->images + 1, store->images, at * sizeof(*store->images));
	store->images[0] = *image;
	return 0;
}

static bool is_taken(struct store *store, const struct store_image *image)
{
	(void)store_mark_running(store);
	for (size_t i = 0; i < store->image_count; i++)
		if (str_eq(store->images[i].id, image->id))
			return store->images[i].running &&
			       !str_eq(store->images[i].sha256, image->sha256);
	return false;
}

int store_put(struct store *store, struct store_image *image,
	      struct failure *failure)
{
	_cleanup_free char *text = NULL;
	char path[STORE_PATH_MAX];
	int r;

	complete(store, image);
	if (!has_its_layers(store, image, &image->bytes))
		return failure_set(failure, ENOENT,
				   "the image %s lacks a layer in the store",
				   image->id);
	if (is_taken(store, image))
		return failure_set(failure, EEXIST,
				   "the image's sha256 begins with %s as that "
				   "of the image that runs; return first",
				   image->id);
	text = store_image_print(image);
	if (!text)
		return failure_set(failure, EINVAL,
				   "the image %s cannot be written down",
				   image->id);
	image_path(image->id, path);
	r = store_write(store, path, text);
	if (r == 0)
		r = replace(store, image);
	return r < 0 ? failure_errno(failure, -r,
				     "cannot write down the image %s",
				     image->id)
		     : 0;
}

/* --- opening --- */

static int take_lock(struct store *store, int how)
{
	int64_t end = clock_ms() + LOCK_WAIT_MS;
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * NS_PER_MS };

	while (flock(store->lock_fd, how | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (clock_ms() >= end)
			return -EBUSY;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

static int make_directories(struct store *store)
{
	static const char *const names[] = { "layers", "images", "keep",
					     "new" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (mkdirat(store->dir_fd, names[i], 0700) < 0 &&
		    errno != EEXIST)
			return -errno;
	return 0;
}

/* What an earlier process did not finish, in making or in removing. */
static int sweep(struct store *store)
{
	(void)!path_remove_tree(store->dir_fd, "new");
	return mkdirat(store->dir_fd, "new", 0700) < 0 && errno != EEXIST
		       ? -errno
		       : 0;
}

static int open_to_write(struct store *store, const char *dir)
{
	int r;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir_fd < 0)
		return -errno;
	r = make_directories(store);
	if (r < 0)
		return r;
	store->lock_fd =
		openat(store->dir_fd, "lock",
		       O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return -errno;
	r = take_lock(store, LOCK_EX);
	if (r == 0)
		r = sweep(store);
	return r;
}

static int open_to_read(struct store *store, const char *dir)
{
	store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return store->dir_fd < 0 ? -errno : 0;
}

static struct store *store_new(bool writes)
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return NULL;
	store->dir_fd = store->lock_fd = FD_NONE;
	store->writes = writes;
	return store;
}

static void cleanup_store(struct store **store)
{
	store_close(*store);
}

static int refuse(const char *dir, int r, struct failure *failure)
{
	if (r == -EBUSY)
		return failure_set(failure, EBUSY,
				   "%s: in use, an image is being loaded; try "
				   "again when that has ended",
				   dir);
	if (r == -ENOENT)
		return failure_set(failure, ENOENT,
				   "%s: No such file or directory; the store "
				   "of images is in the bootstrap, --store DIR "
				   "names another",
				   dir);
	return failure_errno(failure, -r, "%s: cannot open the store of images",
			     dir);
}

int store_open(const char *dir, struct store **ret_store,
	       struct failure *failure)
{
	_cleanup(cleanup_store) struct store *store = store_new(true);
	int r = store ? open_to_write(store, dir) : -ENOMEM;

	if (r == 0)
		r = read_images(store);
	if (r < 0)
		return refuse(dir, r, failure);
	*ret_store = TAKE_PTR(store);
	return 0;
}

int store_open_to_read(const char *dir, struct store **ret_store,
		       struct failure *failure)
{
	_cleanup(cleanup_store) struct store *store = store_new(false);
	int r = store ? open_to_read(store, dir) : -ENOMEM;

	if (r == 0)
		r = read_images(store);
	/* Before the first load there are no directories in it. */
	if (r < 0 && !(r == -ENOENT && store && store->dir_fd >= 0))
		return refuse(dir, r, failure);
	*ret_store = TAKE_PTR(store);
	return 0;
}

int store_fd(const struct store *store)
{
	return store->dir_fd;
}

struct store *store_close(struct store *store)
{
	if (!store)
		return NULL;
	fd_close(store->lock_fd);
	fd_close(store->dir_fd);
	free(store->images);
	free(store->held);
	free(store);
	return NULL;
}
