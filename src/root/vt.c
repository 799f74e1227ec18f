/* SPDX-License-Identifier: MIT */
/*
 * The order matters. While a dead owner's VT_PROCESS stands, the kernel would
 * wait for it to agree to each switch, so VT_AUTO comes first; a switch away
 * from graphics mode is refused, so KD_TEXT comes before it. VT_WAITACTIVE
 * could block for ever; VT_GETSTATE is asked instead.
 */
#include "root/vt.h"

#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/fd.h"

/* The kernel has it since 2.6.39, its headers for programs do not. */
#ifndef KDSKBMUTE
#define KDSKBMUTE 0x4B51
#endif

#define SWITCH_LIMIT_MS 1000
#define SWITCH_POLL_MS	2

/* A missing node, a kernel without VTs and a console without a screen are the
 * same to us. */
static int open_tty(unsigned number)
{
	char path[16];
	int fd;

	snprintf(path, sizeof(path), "/dev/tty%u", number);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -ENODEV : fd;
}

/* tty0 is whatever is in front, and opening it allocates nothing. */
static int open_front(struct vt_stat *ret_stat)
{
	_cleanup_fd int fd = open_tty(0);

	if (fd < 0)
		return fd;
	if (ioctl(fd, VT_GETSTATE, ret_stat) < 0)
		return -ENODEV;
	return TAKE_FD(fd);
}

/* Opening an unallocated one would allocate it. */
static bool is_allocated(const struct vt_stat *stat, unsigned number)
{
	return stat->v_state >> number & 1;
}

int vt_state(struct vt_state *ret_state)
{
	struct vt_state state = { 0 };
	struct vt_stat stat;
	_cleanup_fd int front_fd = open_front(&stat);

	if (front_fd < 0)
		return front_fd;
	state.active = stat.v_active;
	for (unsigned i = 1; i < VT_LISTED; i++) {
		_cleanup_fd int fd =
			is_allocated(&stat, i) ? open_tty(i) : FD_NONE;
		struct vt_mode mode = { 0 };
		int display = 0, keyboard = 0;

		if (fd < 0)
			continue;
		(void)ioctl(fd, KDGETMODE, &display);
		(void)ioctl(fd, KDGKBMODE, &keyboard);
		(void)ioctl(fd, VT_GETMODE, &mode);
		state.modes[i] =
			(struct vt_modes){ display, keyboard, mode.mode };
	}
	*ret_state = state;
	return 0;
}

/* Each of them may be refused by itself; the state tells in the end. */
static void reset_one(unsigned number)
{
	const struct vt_mode automatic = { .mode = VT_AUTO };
	_cleanup_fd int fd = open_tty(number);

	if (fd < 0)
		return;
	(void)ioctl(fd, VT_SETMODE, &automatic);
	(void)ioctl(fd, KDSETMODE, KD_TEXT);
	(void)ioctl(fd, KDSKBMODE, K_UNICODE);
	(void)ioctl(fd, KDSKBMUTE, 0);
}

static int bring_front(int front_fd, unsigned number)
{
	const struct timespec pause = {
		.tv_nsec = SWITCH_POLL_MS * NS_PER_MS,
	};
	int64_t deadline = clock_ms() + SWITCH_LIMIT_MS;
	struct vt_stat stat;

	if (ioctl(front_fd, VT_ACTIVATE, number) < 0)
		return -errno;
	for (;;) {
		if (ioctl(front_fd, VT_GETSTATE, &stat) < 0)
			return -errno;
		if (stat.v_active == number)
			return 0;
		if (clock_ms() >= deadline)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
}

int vt_reset(void)
{
	static const char full_reset[] = "\033c";
	struct vt_stat stat;
	_cleanup_fd int front_fd = open_front(&stat), first_fd = FD_NONE;
	int r;

	if (front_fd < 0)
		return front_fd;
	for (unsigned i = 1; i < VT_LISTED; i++)
		if (is_allocated(&stat, i))
			reset_one(i);
	(void)ioctl(front_fd, VT_UNLOCKSWITCH, 0);
	r = bring_front(front_fd, 1);
	(void)ioctl(front_fd, VT_DISALLOCATE, 0);
	first_fd = open_tty(1);
	if (first_fd >= 0)
		(void)!fd_write_all(first_fd, full_reset,
				    sizeof(full_reset) - 1);
	return r;
}
