/* SPDX-License-Identifier: MIT */
/* On the images of tests/tools/make-iso-corpus, and on damage done to them. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "iso/iso.h"
#include "tap.h"

#define CORPUS "tests/fuzz/corpus/iso/"
#define BEFORE (16 * 2048) /* which the files of the corpus lack */

/* An image in memory. What is behind the bytes of the file tells its place. */
struct image {
	char *bytes;
	size_t len;
	struct reader reader;
};

static struct failure failure;

static char filler(uint64_t offset)
{
	return (char)('a' + offset / 2048 % 26);
}

static int read_image(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *not_needed)
{
	const struct image *image = reader->context;
	char *to = buf;

	(void)not_needed;
	for (size_t i = 0; i < len; i++, offset++) {
		if (offset < BEFORE)
			to[i] = 0;
		else if (offset - BEFORE < image->len)
			to[i] = image->bytes[offset - BEFORE];
		else
			to[i] = filler(offset);
	}
	return 0;
}

static void load(struct image *image, const char *name)
{
	char path[256];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, CORPUS "%s", name);
	image->len = 0;
	image->bytes = NULL;
	if (host_read(path, 1 << 20, &image->bytes, &image->len) < 0)
		printf("Bail out! %s\n", path);
	image->reader = (struct reader){
		.name = name,
		.size = 6 * GIB,
		.read = read_image,
		.context = image,
	};
}

static struct iso open_image(struct image *image, const char *name)
{
	struct iso iso = { 0 };

	load(image, name);
	ok_int(iso_open(&iso, &image->reader, &failure), 0, name);
	return iso;
}

/* "name name/ name@ …" */
static int add_name(const struct iso_entry *entry, void *context)
{
	static const char marks[][2] = {
		[ISO_FILE] = "",
		[ISO_DIRECTORY] = "/",
		[ISO_SYMLINK] = "@",
		[ISO_OTHER] = "?",
	};

	text_add(context, "%s%s ", entry->name, marks[entry->type]);
	return 0;
}

static const char *names_in(const struct iso *iso, const char *path)
{
	static char buf[2048];
	struct text text = text_over(buf, sizeof(buf));
	struct iso_entry entry;

	if (iso_find(iso, path, &entry, &failure) < 0 ||
	    iso_list(iso, &entry, add_name, &text, &failure) < 0)
		return failure.text;
	return buf;
}

static const char *content(const struct iso *iso, const char *path)
{
	static char buf[256];
	_cleanup_free char *bytes = NULL;
	size_t len;

	if (iso_read_whole(iso, path, 4096, &bytes, &len, &failure) < 0)
		return failure.text;
	str_copy(buf, sizeof(buf), bytes);
	return strlen(bytes) == len ? buf : "of another length";
}

static void test_rock_ridge(void)
{
	struct image image;
	struct iso iso = open_image(&image, "rock-ridge");
	struct iso_entry entry;

	ok_str(iso.label, "ROCK", "its label");
	ok_str(iso.uuid, "2023-12-10-10-20-30-00", "its date");
	ok(iso.rock_ridge && !iso.joliet, "Rock Ridge counts before Joliet");
	ok_str(names_in(&iso, "/live"), "initrd.img vmlinuz@ vmlinuz-6.1 ",
	       "a directory");
	ok_str(names_in(&iso, "boot"), "efi.img grub/ ", "without the first /");
	ok(strstr(names_in(&iso, "/"), "grüße 🚀.txt "), "names in UTF-8");
	ok(iso_find(&iso, "/target", &entry, &failure) == -ENOENT,
	   "a link that leads nowhere");
	ok(iso_find(&iso, "/directory", &entry, &failure) == 0 &&
		   entry.type == ISO_DIRECTORY,
	   "a link to a directory");
	free(image.bytes);
}

/* What SL says of a target that needs several of them. */
static int see_target(const struct iso_entry *entry, void *context)
{
	if (!str_eq(entry->name, "target"))
		return 0;
	str_copy(context, 256, entry->target);
	return 1;
}

static void test_names_that_go_on(void)
{
	struct image image;
	struct iso iso = open_image(&image, "rock-ridge");
	struct iso_entry root = iso_root(&iso), entry;
	char target[256] = "", name[201] = "";

	ok_int(iso_list(&iso, &root, see_target, target, &failure), 1,
	       "what each() says ends a list");
	ok(strlen(target) == 22 * 11 - 1 &&
		   str_after(target, "0123456789/0123456789/"),
	   "a long target");
	memset(name, 'n', 200);
	ok_int(iso_find(&iso, name, &entry, &failure), 0, "a long name");
	ok_str(entry.name, name, "which is whole");
	free(image.bytes);
}

static const struct {
	const char *path, *content;
} paths[] = {
	{ "/live/vmlinuz-6.1", "kernel\n" },
	{ "live//./vmlinuz-6.1", "kernel\n" },
	{ "/live/vmlinuz-6.1/", "kernel\n" },
	{ "/LIVE/VMLINUZ-6.1", "kernel\n" },
	{ "/live/vmlinuz", "kernel\n" },
	{ "/boot/grub/kernel", "kernel\n" },
	{ "/boot/grub/above", "kernel\n" },
	{ "/boot/../../live/vmlinuz", "kernel\n" },
	{ "/absolute", "kernel\n" },
	{ "/directory/vmlinuz", "kernel\n" },
	{ "/directory/../empty", "" },
	{ "/grüße 🚀.txt", "hello\n" },
	{ "/live/vmlinuz-6.2", "rock-ridge has no file /live/vmlinuz-6.2" },
	{ "/live/vmlinuz-6.1/x", "rock-ridge has no file /live/vmlinuz-6.1/x" },
	{ "/dangling", "rock-ridge has no file /dangling" },
	{ "/loop1", "rock-ridge: the symlinks of /loop1 do not end" },
	{ "/live", "rock-ridge: /live is a directory" },
	{ "/", "rock-ridge: / is a directory" },
	{ "", "rock-ridge:  is a directory" },
	{ "/live/initrd.img", "rock-ridge: /live/initrd.img has 4900 bytes, "
			      "more than the 4096 that are read" },
};

static void test_paths(void)
{
	struct image image;
	struct iso iso = open_image(&image, "rock-ridge");

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		ok_str(content(&iso, paths[i].path), paths[i].content,
		       paths[i].path);
	free(image.bytes);
}

static void test_errors(void)
{
	struct image image;
	struct iso iso = open_image(&image, "rock-ridge");
	struct iso_entry entry;
	char *bytes, path[PATH_MAX + 1];
	size_t len;

	ok_int(iso_find(&iso, "/x", &entry, NULL), -ENOENT,
	       "without a failure to fill");
	ok_int(iso_find(&iso, "/loop2", &entry, NULL), -ELOOP, "a loop");
	ok_int(iso_read_whole(&iso, "/live", 9, &bytes, &len, NULL), -EISDIR,
	       "a directory");
	ok_int(iso_read_whole(&iso, "/live/vmlinuz", 6, &bytes, &len, NULL),
	       -EFBIG, "a file that is too long");
	memset(path, '/', sizeof(path) - 1);
	path[PATH_MAX] = '\0';
	ok_int(iso_find(&iso, path, &entry, NULL), -ENOENT,
	       "a path that is too long");
	ok(iso_find(&iso, "/live/vmlinuz", &entry, NULL) == 0 &&
		   iso_list(&iso, &entry, add_name, NULL, NULL) == -ENOTDIR,
	   "the list of a file");
	free(image.bytes);
}

static void test_joliet(void)
{
	struct image image;
	struct iso iso = open_image(&image, "joliet");

	ok(!iso.rock_ridge && iso.joliet, "Joliet alone");
	ok_str(iso.label, "JOLIET", "its label");
	ok_str(names_in(&iso, "/live"), "initrd.img vmlinuz-6.1 ",
	       "names as they were");
	ok_str(content(&iso, "/live/vmlinuz-6.1"), "kernel\n", "a file");
	ok(strstr(names_in(&iso, "/"), " grüße "), "which is not ASCII");
	free(image.bytes);
}

static void test_plain(void)
{
	struct image image;
	struct iso iso = open_image(&image, "plain");

	ok(!iso.rock_ridge && !iso.joliet, "neither");
	ok_str(names_in(&iso, "/boot"), "core.gz readme vmlinuz ",
	       "names as the kernel shows them");
	ok_str(content(&iso, "/Boot/Vmlinuz"), "kernel\n", "as menus have it");
	ok_str(content(&iso, "/boot/README"), "no extension\n",
	       "without its dot");
	free(image.bytes);
}

static void test_moved(void)
{
	struct image image;
	struct iso iso = open_image(&image, "moved");

	ok_str(content(&iso, "/a/b/c/d/e/f/g/h/i/deep.txt"), "deep\n",
	       "a directory that was moved");
	ok_str(names_in(&iso, "/a/b/c/d/e/f/g"), "h/ ", "is where it belongs");
	ok_str(names_in(&iso, "/rr_moved"), "", "and not where it is");
	free(image.bytes);
}

static void test_large(void)
{
	struct image image;
	struct iso iso = open_image(&image, "large");
	struct iso_entry entry;
	char buf[8];
	uint64_t seam, start;

	ok_str(names_in(&iso, "/live"), "filesystem.squashfs vmlinuz ",
	       "a file of two extents is one");
	ok_int(iso_find(&iso, "/live/filesystem.squashfs", &entry, &failure), 0,
	       "it is found");
	ok(entry.size == 5 * GIB && entry.extent_count == 2, "with its size");
	seam = entry.extents[0].size;
	/* Bytes tell their place, and those of a file stand together. */
	start = entry.extents[0].start;
	ok(iso_read(&iso, &entry, seam - 4, buf, 8, &failure) == 8 &&
		   buf[0] == filler(start + seam - 4) &&
		   buf[4] == filler(start + seam) && buf[0] != buf[4],
	   "across the two");
	ok(iso_read(&iso, &entry, 5 * GIB - 3, buf, 8, &failure) == 3,
	   "its end");
	ok(iso_read(&iso, &entry, 5 * GIB, buf, 8, &failure) == 0 &&
		   iso_read(&iso, &entry, UINT64_MAX, buf, 8, &failure) == 0,
	   "behind its end");
	image.reader.size = entry.extents[1].start;
	ok(iso_read(&iso, &entry, seam - 4, buf, 8, &failure) == -EBADMSG,
	   "of an image that is cut");
	free(image.bytes);
}

static void test_reader(void)
{
	struct image image;
	struct iso iso = open_image(&image, "rock-ridge");
	struct iso_reader file;
	char buf[8] = "";

	ok_int(iso_reader_open(&file, &iso, "/live/vmlinuz", &failure), 0,
	       "a file as a reader");
	ok(file.reader.size == 7 &&
		   reader_read(&file.reader, 3, buf, 4, &failure) == 0 &&
		   str_eq(buf, "nel\n"),
	   "its bytes");
	ok_int(reader_read(&file.reader, 4, buf, 4, &failure), -EBADMSG,
	       "and no others");
	ok_int(iso_reader_open(&file, &iso, "/live", &failure), -EISDIR,
	       "a directory has none");
	free(image.bytes);
}

static void test_boot_images(void)
{
	struct iso_boot_image boot[ISO_BOOT_IMAGES_MAX];
	struct image image;
	struct iso_entry entry;
	struct iso iso = open_image(&image, "rock-ridge");

	ok_int(iso_boot_images(&iso, boot, &failure), 2, "El Torito");
	ok(boot[0].platform == ISO_BOOT_BIOS && boot[0].bootable &&
		   boot[0].size == 4 * 512 &&
		   iso_find(&iso, "/isolinux/isolinux.bin", &entry, NULL) ==
			   0 &&
		   boot[0].start == entry.extents[0].start,
	   "for a BIOS");
	ok(boot[1].platform == ISO_BOOT_EFI && boot[1].bootable &&
		   iso_find(&iso, "/boot/efi.img", &entry, NULL) == 0 &&
		   boot[1].start == entry.extents[0].start,
	   "for UEFI");
	image.bytes[iso.boot_catalog - BEFORE + 4] ^= 1;
	ok_int(iso_boot_images(&iso, boot, &failure), -EBADMSG,
	       "a wrong sum is an error");
	ok_str(failure.text,
	       "rock-ridge is a damaged ISO image: its boot catalog is not one",
	       "in words");
	free(image.bytes);
	iso = open_image(&image, "moved");
	ok_int(iso_boot_images(&iso, boot, &failure), 0, "without El Torito");
	free(image.bytes);
	iso = open_image(&image, "hybrid");
	ok_int(iso_boot_images(&iso, boot, &failure), 1, "of a hybrid image");
	free(image.bytes);
}

/* What is wrong, by what is written where (in the file of the corpus). */
enum place {
	DESCRIPTOR = 0,
	BLOCK_SIZE = 128,
	ROOT_RECORD = 156,
	ROOT_BLOCK = 158,
	ROOT_SIZE = 166,
	ROOT_FLAGS = 181,
};

static const struct {
	enum place at;
	size_t len;
	const char *bytes, *words;
} damages[] = {
	{ DESCRIPTOR, 2, "\1X", "is no ISO image (ISO 9660)" },
	{ DESCRIPTOR, 1, "\xff", "is no ISO image (ISO 9660)" },
	{ DESCRIPTOR, 1, "\2", "is no ISO image (ISO 9660)" },
	{ BLOCK_SIZE, 2, "\0\0", "what its volume descriptor says cannot be" },
	{ BLOCK_SIZE, 2, "\1\0", "what its volume descriptor says cannot be" },
	{ BLOCK_SIZE, 2, "\0\x10",
	  "what its volume descriptor says cannot be" },
	{ ROOT_RECORD, 1, "\0", "what its volume descriptor says cannot be" },
	{ ROOT_RECORD, 1, "\x21", "what its volume descriptor says cannot be" },
	{ ROOT_RECORD, 1, "\xff", "what its volume descriptor says cannot be" },
	{ ROOT_FLAGS, 1, "\0", "what its volume descriptor says cannot be" },
	{ ROOT_BLOCK, 4, "\0\0\0\0", "its root is no directory" },
	{ ROOT_BLOCK, 4, "\xff\xff\xff\xff", "names some behind them" },
};

static void test_damage(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		struct image image;
		struct iso iso;

		load(&image, "moved");
		memcpy(image.bytes + damages[i].at, damages[i].bytes,
		       damages[i].len);
		ok(iso_open(&iso, &image.reader, &failure) == -EBADMSG &&
			   strstr(failure.text, damages[i].words),
		   damages[i].words);
		free(image.bytes);
	}
}

static void test_size(void)
{
	struct image image;
	struct iso iso = open_image(&image, "moved");
	struct iso_entry root;

	image.reader.size = iso.volume_size - 100 * 2048;
	ok_int(iso_open(&iso, &image.reader, &failure), 0,
	       "without its padding");
	image.reader.size = iso.volume_size - 151 * 2048;
	ok_int(iso_open(&iso, &image.reader, &failure), -EBADMSG, "too short");
	ok_str(failure.text,
	       "moved is cut short: it has 71680 of 380928 bytes; fetch it "
	       "again",
	       "in words");
	image.reader.size = 0;
	ok_int(iso_open(&iso, &image.reader, &failure), -EBADMSG, "empty");
	image.reader.size = 6 * GIB;
	memcpy(image.bytes + ROOT_SIZE, "\0\0\0\x7f", 4);
	ok_int(iso_open(&iso, &image.reader, &failure), 0, "a long root");
	root = iso_root(&iso);
	ok_int(iso_list(&iso, &root, add_name, NULL, &failure), -EBADMSG,
	       "is not read");
	free(image.bytes);
}

int main(void)
{
	test_rock_ridge();
	test_names_that_go_on();
	test_paths();
	test_errors();
	test_joliet();
	test_plain();
	test_moved();
	test_large();
	test_reader();
	test_boot_images();
	test_damage();
	test_size();
	return tap_done();
}
