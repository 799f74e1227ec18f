/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/archive-index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_file(const struct archive_file *file, size_t size)
{
	if (file->name[0] == '/' || file->name[0] == '\0' ||
	    strncmp(file->name, "../", 3) == 0 || strstr(file->name, "/../"))
		abort();
	if (file->offset > size || file->length > size - file->offset)
		abort();
}

/* Every file is within the archive, and none has a name outside of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_fd int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct archive_index index;
	struct archive_guess guess = { 0 };
	struct failure failure = { 0 };

	if (fd < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		return 0;
	if (archive_index_read(fd, "fuzz", &index, &failure) < 0) {
		if (!failure.text[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < index.count; i++) {
		check_file(&index.files[i], size);
		(void)archive_index_find(&index, index.files[i].name);
		archive_guess_add(&guess, index.files[i].name);
	}
	(void)archive_guess_transport(&guess);
	archive_index_free(&index);
	return 0;
}
