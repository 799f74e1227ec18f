/* SPDX-License-Identifier: MIT */
#include "image/store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "tap.h"

#define MEMORY (8 * GIB)

static char top[] = "/tmp/boomerang-test-XXXXXX";
static struct failure failure;

static const struct {
	const char *text;
	int r;
	uint64_t bytes;
} sizes[] = {
	{ "0", 0, 0 },
	{ "1500000", 0, 1500000 },
	{ "4K", 0, 4096 },
	{ "512M", 0, 512 * MIB },
	{ "2G", 0, 2 * GIB },
	{ "1T", 0, 1024 * GIB },
	{ "50%", 0, MEMORY / 100 * 50 },
	{ "0%", 0, 0 },
	{ "", -EINVAL, 0 },
	{ "%", -EINVAL, 0 },
	{ "101%", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "1m", -EINVAL, 0 },
	{ "1MB", -EINVAL, 0 },
	{ "1.5G", -EINVAL, 0 },
	{ "9000000T", -EINVAL, 0 },
	{ "99999999999999999999", -EINVAL, 0 },
	{ "111111111111111111111111111111", -EINVAL, 0 },
};

static void test_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t bytes = 0;

		ok_int(store_parse_size(sizes[i].text, MEMORY, &bytes),
		       sizes[i].r, sizes[i].text);
		ok_int((int64_t)bytes, (int64_t)sizes[i].bytes, "  bytes");
	}
}

/* --- helpers --- */

static struct store *open_store(void)
{
	struct store *store;

	if (store_open(top, &store, &failure) < 0) {
		printf("# %s\n", failure.text);
		exit(1);
	}
	return store;
}

static bool exists(const char *format, const char *name)
{
	char path[256];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "%s/", top);
	text_add(&text, format, name);
	return access(path, F_OK) == 0;
}

static void write_file(const char *name, const char *content)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	if (file_create(AT_FDCWD, path, content) < 0)
		abort();
}

/* A digest that begins with a letter of its own. */
static const char *digits(char letter)
{
	static char text[SHA256_HEX_MAX];

	memset(text, letter, sizeof(text) - 1);
	return text;
}

static struct store_layer layer_of(char letter, uint64_t bytes)
{
	struct store_layer layer = { .layout = IMAGE_LAYOUT_TREE,
				     .bytes = bytes };

	snprintf(layer.digest, sizeof(layer.digest), "sha256:%s",
		 digits(letter));
	return layer;
}

static void add_layer(struct store *store, char letter, uint64_t bytes)
{
	struct store_layer layer = layer_of(letter, bytes);
	unsigned int number;
	_cleanup_fd int fd = store_stage(store, &number, &failure);

	ok(fd >= 0 && mkdirat(fd, "tree", 0755) == 0 &&
		   file_create(fd, "tree/file", "x") == 0,
	   "a layer is made");
	ok_int(store_commit(store, number, &layer, &failure), 0,
	       "and committed");
}

/* An image whose layers are those letters. */
static void add_image(struct store *store, char letter, const char *reference,
		      const char *layers)
{
	struct store_image *image = calloc(1, sizeof(*image));

	str_copy(image->sha256, sizeof(image->sha256), digits(letter));
	str_copy(image->reference, sizeof(image->reference), reference);
	image->made.layout = IMAGE_LAYOUT_TREE;
	for (; *layers; layers++)
		str_copy(image->made.layers[image->made.layer_count++].id,
			 STORE_ID_MAX, digits(*layers));
	ok_int(store_put(store, image, &failure), 0, reference);
	free(image);
}

/* The references, most recently used first, each with '|' behind it. */
static const char *list(struct store *store)
{
	static char buf[1024];
	struct text text = text_over(buf, sizeof(buf));
	_cleanup_free struct store_image *images = NULL;
	size_t count = 0;

	if (store_list(store, &images, &count) < 0)
		return "?";
	for (size_t i = 0; i < count; i++)
		text_add(&text, "%s%s|", images[i].reference,
			 images[i].running ? "*" : "");
	return buf;
}

/* --- tests --- */

static void test_layers(void)
{
	struct store *store = open_store();
	struct store_layer layer = layer_of('a', 1), found;
	struct digest digest;
	unsigned int number;
	int fd;

	ok(digest_parse(layer.digest, &digest) == 0, "a digest");
	ok_int(store_find_layer(store, &digest, &found), -ENODATA, "no layer");
	add_layer(store, 'a', 100);
	ok_int(store_find_layer(store, &digest, &found), 0, "is found");
	ok_int((int64_t)found.bytes, 100, "with its size");
	ok(exists("layers/%s/tree/file", found.id), "and content");

	fd_close(store_stage(store, &number, &failure));
	ok_int(store_commit(store, number, &layer, &failure), -EINVAL,
	       "a layer without content");
	fd = store_stage(store, &number, &failure);
	mkdirat(fd, "tree", 0755);
	ok_int(store_commit(store, number, &layer, &failure), 0,
	       "the same again");
	ok_int((int64_t)layer.bytes, 100, "is the first");
	ok(exists("layers/%s/tree/file", found.id), "which stays");
	fd_close(fd);

	fd = store_stage(store, &number, &failure);
	mkdirat(fd, "tree", 0755);
	fd_close(fd);
	layer.digest[70] = '0';
	ok_int(store_commit(store, number, &layer, &failure), -EEXIST,
	       "one whose digest only begins so");
	digest.bytes[31] = 0;
	ok_int(store_find_layer(store, &digest, &found), -ENODATA,
	       "is not found");
	fd_close(store_stage(store, &number, &failure));
	ok(exists("new/%s", "5") && !exists("new/%s", "4"),
	   "a refused one leaves nothing");
	store_close(store);
	store = open_store();
	ok(!exists("new/%s", "5"), "what was not finished is swept away");
	store_close(store);
}

static void test_images(void)
{
	struct store *store = open_store();
	struct store_image *image = calloc(1, sizeof(*image));

	add_layer(store, 'b', 200);
	add_layer(store, 'c', 400);
	add_image(store, '1', "one", "ab");
	add_image(store, '2', "two", "ac");
	ok_str(list(store), "two|one|", "two images");
	add_image(store, '1', "one", "ab");
	ok_str(list(store), "one|two|", "the one used last is first");
	store_close(store);
	store = open_store();
	ok_str(list(store), "one|two|", "as they were written down");
	ok_int(store_find_reference(store, "two", image), 0, "by reference");
	ok_int((int64_t)image->bytes, 500, "its size");
	ok_int(store_find_reference(store, "tw", image), -ENODATA,
	       "not by a "
	       "part");
	ok_int(store_find_sha256(store, digits('1'), image), 0, "by sha256");
	ok_str(image->made.id, "1111111111111111", "its ID");
	memset(image, 0, sizeof(*image));
	str_copy(image->sha256, sizeof(image->sha256), digits('9'));
	image->made.layer_count = 1;
	image->made.layout = IMAGE_LAYOUT_TREE;
	str_copy(image->made.layers[0].id, STORE_ID_MAX, digits('f'));
	ok_int(store_put(store, image, &failure), -ENOENT,
	       "no layers, no "
	       "image");
	free(image);
	store_close(store);
}

static void test_damaged(void)
{
	struct store *store;

	write_file("images/3333333333333333.json", "{}");
	write_file("images/rubbish", "x");
	store = open_store();
	ok_str(list(store), "one|two|", "damaged records are none");
	ok(!exists("images/%s", "rubbish") &&
		   !exists("images/%s", "3333333333333333.json"),
	   "and removed");
	store_close(store);
}

static void test_lock(void)
{
	struct store *store = open_store(), *second;

	ok_int(store_open(top, &second, &failure), -EBUSY, "one at a time");
	ok_int(store_open_to_read(top, &second, &failure), 0, "but reading");
	ok_str(list(second), "one|two|", "lists");
	store_close(second);
	store_close(store);
	ok_int(store_open_to_read("/nonexistent/x", &second, &failure), -ENOENT,
	       "no store");
}

static void test_running(void)
{
	struct store *store = open_store();
	uint64_t bytes = 0;

	write_file("running", "1111111111111111\n");
	ok_str(list(store), "one*|two|", "what runs");
	ok_int(store_drop(store, "one", &bytes, &failure), -EBUSY,
	       "is not dropped");
	ok_int((int64_t)store_drop_all(store), 400, "nor with all");
	ok_str(list(store), "one*|", "the others are");
	write_file("running", "7777777777777777\n");
	ok_int((int64_t)store_give(store, 1), 0,
	       "something unknown runs: nothing is touched");
	ok(unlinkat(store_fd(store), "running", 0) == 0, "nothing runs");
	store_close(store);
}

static void test_kept(void)
{
	struct store *store = open_store();
	_cleanup_free struct store_kept *kept = NULL;
	size_t count = 0;
	uint64_t bytes;

	mkdirat(store_fd(store), "keep/work", 0700);
	mkdirat(store_fd(store), "keep/work/upper", 0755);
	mkdirat(store_fd(store), "keep/.hidden", 0755);
	write_file("keep/work/image", "1111111111111111\n");
	write_file("keep/work/upper/file", "changed");
	ok_int(store_list_kept(store, &kept, &count), 0, "changes");
	ok_int((int64_t)count, 1, "one lawful name");
	ok_str(kept[0].name, "work", "is listed");
	ok_str(kept[0].image, "1111111111111111", "with its image");
	ok(kept[0].bytes >= 512, "and size");
	ok_int((int64_t)store_drop_all(store), 300, "dropping all");
	ok(exists("keep/%s/upper/file", "work"), "keeps changes");
	write_file("running", "1111111111111111\nwork\n");
	ok_int(store_drop(store, "work", &bytes, &failure), -EBUSY,
	       "not those of what runs");
	unlinkat(store_fd(store), "running", 0);
	ok_int(store_drop(store, "work", &bytes, &failure), 0, "by name");
	ok(!exists("keep/%s", "work"), "they go");
	store_close(store);
}

static void test_drop(void)
{
	struct store *store = open_store();
	uint64_t bytes = 0;

	add_layer(store, 'a', 100);
	add_layer(store, 'b', 200);
	add_image(store, '1', "one", "ab");
	add_image(store, '2', "two", "a");
	ok_int(store_drop(store, "ons", &bytes, &failure), -ENODATA, "unknown");
	ok(strstr(failure.text, "did you mean one?"), "nearest");
	ok_int(store_drop(store, "111", &bytes, &failure), -ENODATA,
	       "three digits");
	ok_int(store_drop(store, "1111", &bytes, &failure), 0, "four digits");
	ok_int((int64_t)bytes, 200, "frees what it alone had");
	ok_int(store_drop(store, "two", &bytes, &failure), 0, "the other");
	ok_int((int64_t)bytes, 100, "frees the rest");
	ok(!exists("layers/%s", digits('a')), "nothing is left");
	store_close(store);
}

static void test_deep(void)
{
	struct store *store = open_store();
	struct store_layer layer = layer_of('d', 1);
	unsigned int number;
	int fd = store_stage(store, &number, &failure);
	bool made = mkdirat(fd, "tree", 0755) == 0;
	int at = openat(fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; made && i < 3000; i++) {
		int next;

		made = mkdirat(at, "d", 0755) == 0;
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd_close(at);
		at = next;
	}
	fd_close(at);
	fd_close(fd);
	ok(made, "a tree of 3000 levels");
	ok_int(store_commit(store, number, &layer, &failure), 0, "is a layer");
	ok_int((int64_t)store_give(store, 1), 1, "that is given back");
	ok(unlinkat(store_fd(store), "new", AT_REMOVEDIR) == 0, "and gone");
	store_close(store);
}

/* A second load looks for its image among many. */
static void test_speed(void)
{
	struct store *store = open_store();
	struct store_image *image = calloc(1, sizeof(*image));
	char reference[] = "http://h/a";
	int64_t begin;

	add_layer(store, 'a', 100);
	for (int i = 0; i < 20; i++) {
		reference[9] = (char)('a' + i);
		add_image(store, (char)('0' + i % 10), reference, "a");
	}
	store_close(store);
	begin = clock_ms();
	for (int i = 0; i < 20; i++) {
		store = open_store();
		if (store_find_reference(store, "http://h/t", image) < 0)
			abort();
		store_close(store);
	}
	printf("# %lld ms for 20 times\n", (long long)(clock_ms() - begin));
	ok(clock_ms() - begin < 500, "opening and finding is quick");
	free(image);
}

int main(void)
{
	if (!ok(mkdtemp(top) != NULL, "a directory"))
		return tap_done();
	test_sizes();
	test_layers();
	test_images();
	test_damaged();
	test_lock();
	test_running();
	test_kept();
	test_drop();
	test_speed();
	test_deep();
	ok_int(path_remove_tree(AT_FDCWD, top), 0, "cleans up");
	return tap_done();
}
