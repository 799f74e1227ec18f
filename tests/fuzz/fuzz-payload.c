/* SPDX-License-Identifier: MIT */
/* A hostile initrd, with a file of ours: nothing of either is lost. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "kernel/payload.h"

#define OURS "a file of ours, of which the bytes are found again"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	_cleanup_fd int fd = memfd_create("initrd", MFD_CLOEXEC);
	_cleanup_free uint8_t *all = NULL;

	if (fd < 0 || fd_write_all(fd, data, size) < 0 ||
	    payload_open(&payload, "the test", NULL) < 0 ||
	    payload_add_archive(&payload, fd, "initrd", NULL) < 0 ||
	    payload_add_bytes(&payload, "/dir/file", 0644, OURS, sizeof(OURS),
			      NULL) < 0 ||
	    payload_finish(&payload, NULL) < 0)
		abort();
	all = malloc(payload.size);
	if (!all ||
	    pread(payload.fd, all, payload.size, 0) != (ssize_t)payload.size)
		abort();
	if (!memmem(all, payload.size, OURS, sizeof(OURS)))
		abort();
	/* In front, or as the last. */
	if (size > 0 && memcmp(all, data, size) != 0 &&
	    memcmp(all + payload.size - size, data, size) != 0)
		abort();
	return 0;
}
