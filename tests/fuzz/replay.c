/* SPDX-License-Identifier: MIT */
/*
 * Feeds a fuzz target every file of a corpus directory, whole and cut at
 * every length up to 512 bytes, and with each of its first 512 bytes flipped:
 * the cheap half of fuzzing, in every test run.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define NEAR 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each input in memory of exactly its size, so that a sanitizer sees one byte
 * past it. */
static void feed(const uint8_t *data, size_t size)
{
	_cleanup_free uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
}

static int replay(int dir_fd, const char *name)
{
	_cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	_cleanup_free uint8_t *data = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		return -ENOMEM;
	if (fd_read_full(fd, data, (size_t)st.st_size) != st.st_size)
		return -EIO;
	feed(data, (size_t)st.st_size);
	for (size_t n = 0; n < MIN((size_t)st.st_size, NEAR); n++) {
		feed(data, n);
		data[n] ^= 0xff;
		feed(data, (size_t)st.st_size);
		data[n] ^= 0xff;
	}
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_dir DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int files = 0;

	if (!dir) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (replay(dirfd(dir), entry->d_name) < 0) {
			fprintf(stderr, "%s: cannot be read\n", entry->d_name);
			return 1;
		}
		files++;
	}
	printf("%d inputs replayed\n", files);
	return files == 0; /* an empty corpus proves nothing */
}
