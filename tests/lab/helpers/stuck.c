/* SPDX-License-Identifier: MIT */
/*
 * stuck DISK: reads from it, past every cache, for ever. While the disk does
 * not answer nothing ends this process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

static char block[4096] __attribute__((aligned(4096)));

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_DIRECT) : -1;

	if (fd < 0)
		return 1;
	while (pread(fd, block, sizeof(block), 0) >= 0)
		;
	return 1;
}
