/* SPDX-License-Identifier: MIT */
/*
 * The serial proxy between two ptys: one stands for the machine's line (its
 * master is the world outside), one is the target's.
 */
#include "bootstrap/serial.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>

#include "base/cleanup.h"
#include "tap.h"

#define PASTE (300 * 1000) /* more than the proxy and the ttys can hold */
#define TURNS 200000	   /* a proxy that lost bytes ends here */

static struct loop loop;
static struct serial serial;
static int matches;

static void matched(_unused struct serial *proxy)
{
	matches++;
}

/* A master and the path of its slave. */
static int open_master(char *path, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || unlockpt(fd) < 0 || ptsname_r(fd, path, size) != 0)
		return FD_NONE;
	return fd;
}

static int open_slave(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct termios settings;

	if (fd >= 0 && tcgetattr(fd, &settings) == 0) {
		cfmakeraw(&settings);
		tcsetattr(fd, TCSANOW, &settings);
	}
	return fd;
}

/* Byte i of a stream that is full of the string's beginnings. */
static char paste_byte(size_t i)
{
	static const char near[] = "RETURN_TO_BOOTSTRARETURN_RE";

	return near[i % (sizeof(near) - 1)];
}

/* Pushes len bytes in at from, takes them out at to, and turns the loop;
 * returns how many came out as they went in. */
static size_t push(int from, int to, size_t len)
{
	size_t sent = 0, got = 0;

	for (int turn = 0; turn < TURNS && got < len; turn++) {
		char out[997], in[997];
		size_t chunk = MIN(sizeof(out), len - sent);
		ssize_t n;

		for (size_t i = 0; i < chunk; i++)
			out[i] = paste_byte(sent + i);
		n = chunk > 0 ? write(from, out, chunk) : 0;
		sent += n > 0 ? (size_t)n : 0;
		if (loop_turn(&loop, 1) < 0)
			break;
		n = read(to, in, sizeof(in));
		for (ssize_t i = 0; i < n; i++)
			if (in[i] != paste_byte(got++))
				return got - 1;
	}
	return got;
}

static bool turn_until(const int *count, int want)
{
	for (int turn = 0; turn < 1000 && *count < want; turn++)
		if (loop_turn(&loop, 1) < 0)
			return false;
	return *count == want;
}

int main(void)
{
	char line_path[64], pty_path[64];
	int world = open_master(line_path, sizeof(line_path));
	int pty = open_master(pty_path, sizeof(pty_path));
	int target = open_slave(pty_path);
	sigset_t none;

	sigemptyset(&none);
	if (!ok(loop_init(&loop, &none, NULL) == 0, "a loop"))
		return tap_done();
	serial.matched = matched;
	ok_int(serial_start(&serial, &loop, open_slave(line_path), pty), 0,
	       "the proxy starts");
	ok_int((int64_t)push(world, target, PASTE), PASTE,
	       "a paste of near-misses arrives intact");
	ok_int((int64_t)push(target, world, PASTE), PASTE,
	       "the target's output arrives intact");
	ok_int(matches, 0, "nothing of it was the string");
	ok(write(world, "xRETURN_" SERIAL_MAGIC, 27) == 27 &&
		   turn_until(&matches, 1),
	   "the string is found");
	fd_close(target);
	ok(loop_turn(&loop, 1) == 0 && loop_turn(&loop, 1) == 0,
	   "the target's end closes");
	ok(write(world, SERIAL_MAGIC, 19) == 19 && turn_until(&matches, 2),
	   "the string is found while nobody reads");
	target = open_slave(pty_path);
	tcflush(target, TCIFLUSH);
	ok_int((int64_t)push(target, world, 5000), 5000,
	       "and opens again: output arrives");
	serial_say(&serial, "hello", 5);
	serial_stop(&serial);
	ok(!serial.running && serial.line.fd < 0, "the proxy stops");
	loop_done(&loop);
	fd_close(target);
	fd_close(world);
	return tap_done();
}
