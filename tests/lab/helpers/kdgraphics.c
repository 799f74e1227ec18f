/* SPDX-License-Identifier: MIT */
/*
 * kdgraphics: does to the VT what a display server does, and stays: graphics
 * mode, keyboard off, switching away refused. Also grabs every keyboard it
 * can when called with "grab".
 */
#include <fcntl.h>
#include <glob.h>
#include <linux/input.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int grab_all(void)
{
	glob_t found;
	int grabbed = 0;

	if (glob("/dev/input/event*", 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int fd = open(found.gl_pathv[i], O_RDONLY);

		if (fd >= 0 && ioctl(fd, EVIOCGRAB, 1) == 0)
			grabbed++;
	}
	globfree(&found);
	return grabbed;
}

int main(int argc, char **argv)
{
	struct vt_mode mode = {
		.mode = VT_PROCESS,
		.relsig = SIGUSR1,
		.acqsig = SIGUSR2,
	};
	int fd = open("/dev/tty1", O_RDWR | O_NOCTTY);

	/* The request to release the VT is never answered. */
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (fd < 0 || ioctl(fd, KDSETMODE, KD_GRAPHICS) ||
	    ioctl(fd, KDSKBMODE, K_OFF) || ioctl(fd, VT_SETMODE, &mode)) {
		perror("kdgraphics: /dev/tty1");
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "grab"))
		printf("kdgraphics: %d keyboards grabbed\n", grab_all());
	puts("kdgraphics: done");
	fflush(stdout);
	for (;;)
		pause();
}
