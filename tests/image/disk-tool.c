/* SPDX-License-Identifier: MIT */
/*
 * What test-disk.py calls:
 *   disk-tool raw FROM TO	qcow2 to raw; prints what was measured
 *   disk-tool find FILE	prints "OFFSET LENGTH FSTYPE SUBDIRECTORY GUESSED"
 * Failures: their line, exit status 1.
 */
#include <fcntl.h>
#include <inttypes.h>

#include "base/cleanup.h"
#include "image/qcow2.h"
#include "root/disk.h"

static int to_raw(const char *from_path, const char *to_path,
		  struct failure *failure)
{
	_cleanup_fd int from = open(from_path, O_RDWR | O_CLOEXEC);
	_cleanup_fd int to =
		open(to_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t head[QCOW2_HEAD];
	struct qcow2_header header;
	ssize_t n = pread(from, head, sizeof(head), 0);
	uint64_t bytes;
	int r;

	if (n < 0)
		return failure_errno(failure, errno, "%s", from_path);
	r = qcow2_parse_header(view_over(head, (size_t)n), "disk", &header,
			       failure);
	if (r < 0)
		return r;
	r = qcow2_measure(from, &header, &bytes);
	if (r == 0)
		printf("%" PRIu64 "\n", bytes);
	return qcow2_to_raw(from, to, "disk", NULL, NULL, failure);
}

static int find(const char *path, struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct disk_part part;
	int r = disk_find_root(fd, "disk", &part, failure);

	if (r == 0)
		printf("%" PRIu64 " %" PRIu64 " %s %s %d\n", part.offset,
		       part.length, part.fstype,
		       *part.subdirectory ? part.subdirectory : "-",
		       part.guessed);
	return r;
}

int main(int argc, char **argv)
{
	struct failure failure = { 0 };
	int r = -EINVAL;

	if (argc == 4 && strcmp(argv[1], "raw") == 0)
		r = to_raw(argv[2], argv[3], &failure);
	else if (argc == 3 && strcmp(argv[1], "find") == 0)
		r = find(argv[2], &failure);
	if (r < 0)
		fprintf(stderr, "%s\n", failure.text);
	return r < 0;
}
