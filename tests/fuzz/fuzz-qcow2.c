/* SPDX-License-Identifier: MIT */
/* A whole qcow2 file: header, tables and compressed clusters. */
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/qcow2.h"

#define MOST (4 * MIB) /* a larger disk only takes longer */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_fd int from = memfd_create("from", MFD_CLOEXEC);
	_cleanup_fd int to = memfd_create("to", MFD_CLOEXEC);
	struct qcow2_header header;
	struct failure failure;
	uint64_t bytes;

	if (qcow2_parse_header(view_over(data, MIN(size, QCOW2_HEAD)), "x",
			       &header, &failure) < 0 ||
	    header.size > MOST || fd_write_all(from, data, size) < 0)
		return 0;
	if (qcow2_measure(from, &header, &bytes) < 0)
		bytes = 0;
	if (qcow2_to_raw(from, to, "x", NULL, NULL, &failure) == 0 &&
	    lseek(to, 0, SEEK_END) != (off_t)header.size)
		abort();
	return 0;
}
