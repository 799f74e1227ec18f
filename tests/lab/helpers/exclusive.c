/* SPDX-License-Identifier: MIT */
/*
 * exclusive DISK...: opens each as its only user, and has the kernel read its
 * partition table anew, which it does only when nothing of it is in use.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int busy = 0;

	for (int i = 1; i < argc; i++) {
		int fd = open(argv[i], O_RDWR | O_EXCL);
		int r = fd < 0 ? -1 : ioctl(fd, BLKRRPART);

		printf("%s: %s\n", argv[i], r < 0 ? strerror(errno) : "free");
		busy += r < 0;
		if (fd >= 0)
			close(fd);
	}
	return busy > 0;
}
