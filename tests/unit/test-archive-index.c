/* SPDX-License-Identifier: MIT */
/* The index of a tar, over the corpus of its fuzz target, and its guess. */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "image/archive-index.h"
#include "tap.h"

#define CORPUS "tests/fuzz/corpus/archive-index/"
#define A10    "aaaaaaaaaa"
#define A110   A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

/* What a file's first byte is; 0: there is no such file. */
static char first_byte(const char *archive, const char *name)
{
	_cleanup_fd int fd = open(archive, O_RDONLY | O_CLOEXEC);
	const struct archive_file *file;
	struct archive_index index;
	char byte = 0;

	if (archive_index_read(fd, "tar", &index, NULL) < 0)
		return 0;
	file = archive_index_find(&index, name);
	if (file && file->length > 0 &&
	    pread(fd, &byte, 1, (off_t)file->offset) != 1)
		byte = 0;
	archive_index_free(&index);
	return byte;
}

static void test_index(void)
{
	static const struct {
		const char *archive, *name;
		char first;
	} cases[] = {
		{ CORPUS "gnu.tar", A110 "/f", 'x' },
		{ CORPUS "gnu.tar", "manifest.json", '[' },
		{ CORPUS "gnu.tar", "b/l", 'x' },
		{ CORPUS "gnu.tar", "c", '[' },
		{ CORPUS "gnu.tar", "none", 0 },
		{ CORPUS "pax.tar", A110 "/f", 'x' },
		{ CORPUS "pax.tar", "b/l", 'x' },
		{ CORPUS "ustar.tar", A110 "/f", 'x' },
		{ CORPUS "ustar.tar", "oci-layout", '{' },
		{ CORPUS "ustar.tar", "x", 0 },
		{ CORPUS "ustar.tar", "../x", 0 },
		{ CORPUS "ustar.tar", "s", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ok_int(first_byte(cases[i].archive, cases[i].name),
		       cases[i].first, cases[i].name);
}

static void test_no_tar(void)
{
	_cleanup_fd int fd = open("meson.build", O_RDONLY | O_CLOEXEC);
	struct archive_index index;
	struct failure failure = { 0 };

	ok_int(archive_index_read(fd, "file", &index, &failure), -EBADMSG,
	       "a text is no tar");
	ok(strstr(failure.text, "not a tar") != NULL, "and is told to be none");
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_guess(void)
{
	static const struct {
		const char *what, *names[6], *transport;
	} cases[] = {
		{ "docker save",
		  { "blobs/", "blobs/sha256/" HEX, "index.json",
		    "manifest.json", "oci-layout", "repositories" },
		  "oci-archive" },
		{ "an older docker save",
		  { HEX "/", HEX "/layer.tar", HEX ".json", "manifest.json",
		    "repositories" },
		  "docker-archive" },
		{ "a layout",
		  { "./", "./oci-layout", "./index.json" },
		  "oci-archive" },
		{ "a root", { "./", "./bin", "./manifest.json" }, NULL },
		{ "nothing", { NULL }, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct archive_guess guess = { 0 };

		for (size_t k = 0; k < ARRAY_SIZE(cases[i].names); k++)
			if (cases[i].names[k])
				archive_guess_add(&guess, cases[i].names[k]);
		ok_str(archive_guess_transport(&guess), cases[i].transport,
		       cases[i].what);
	}
}

int main(void)
{
	test_index();
	test_no_tar();
	test_guess();
	return tap_done();
}
