/* SPDX-License-Identifier: MIT */
/*
 * A pty master reports a hang-up whenever nobody has its other end open: in
 * early boot, between two gettys, after a getty's vhangup(2). It is never the
 * end: the master is looked at again some milliseconds later.
 */
#include "bootstrap/serial.h"

#include <string.h>
#include <sys/uio.h>
#include <termios.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define RETRY_MS 20

static size_t flow_room(const struct flow *flow)
{
	return sizeof(flow->bytes) - flow->len;
}

/* Fills two pieces of the ring: what is there, or what is free. */
static int flow_pieces(struct flow *flow, bool filled, struct iovec iov[2])
{
	size_t at = filled ? flow->start
			   : (flow->start + flow->len) % SERIAL_BUFFER;
	size_t len = filled ? flow->len : flow_room(flow);
	size_t first = MIN(len, SERIAL_BUFFER - at);

	iov[0] = (struct iovec){ flow->bytes + at, first };
	iov[1] = (struct iovec){ flow->bytes, len - first };
	return len > first ? 2 : 1;
}

/* Reads what there is into iov, for who wants to look at it too. Returns the
 * bytes, or a negative errno, -EPIPE at the end of the file. */
static ssize_t flow_in(struct flow *flow, int fd, struct iovec iov[2])
{
	ssize_t n;

	iov[0].iov_len = iov[1].iov_len = 0;
	if (flow_room(flow) == 0)
		return 0;
	n = readv(fd, iov, flow_pieces(flow, false, iov));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	flow->len += (size_t)n;
	return n == 0 ? -EPIPE : n;
}

static bool flow_out(struct flow *flow, int fd)
{
	struct iovec iov[2];
	ssize_t n;

	if (flow->len == 0)
		return false;
	n = writev(fd, iov, flow_pieces(flow, true, iov));
	if (n < 0)
		return errno != EAGAIN && errno != EINTR;
	flow->start = (flow->start + (size_t)n) % SERIAL_BUFFER;
	flow->len -= (size_t)n;
	return false;
}

/* Waits for what each side can still do. */
static void want(struct serial *serial)
{
	uint32_t line = 0, pty = 0;

	if (flow_room(&serial->to_pty))
		line |= EPOLLIN;
	if (serial->to_line.len)
		line |= EPOLLOUT;
	if (flow_room(&serial->to_line))
		pty |= EPOLLIN;
	if (serial->to_pty.len)
		pty |= EPOLLOUT;
	if (serial->line.added)
		(void)!loop_change(serial->loop, &serial->line, line);
	if (serial->pty.added)
		(void)!loop_change(serial->loop, &serial->pty, pty);
}

static bool watch(struct matcher *matcher, const struct iovec in[2], ssize_t n)
{
	bool found = false;

	for (int i = 0; i < 2 && n > 0; i++) {
		size_t len = MIN((size_t)n, in[i].iov_len);

		found |= matcher_feed(matcher, in[i].iov_base, len);
		n -= (ssize_t)len;
	}
	return found;
}

/* In both: a hang-up that is only looked at would be told for ever. */

static void line_ready(struct source *source, uint32_t events)
{
	struct serial *serial = container_of(source, struct serial, line);
	struct iovec in[2];
	bool gone = false, found = false;
	ssize_t n;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		n = flow_in(&serial->to_pty, source->fd, in);
		gone = n < 0 || (n == 0 && (events & EPOLLHUP));
		found = watch(&serial->matcher, in, n);
	}
	if (events & EPOLLOUT)
		gone |= flow_out(&serial->to_line, source->fd);
	/* A line that was unplugged (a USB adapter) takes no more part. */
	if (gone)
		loop_remove(serial->loop, source);
	want(serial);
	if (found)
		serial->matched(serial);
}

static void pty_ready(struct source *source, uint32_t events)
{
	struct serial *serial = container_of(source, struct serial, pty);
	struct iovec in[2];
	bool gone = false;

	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t n = flow_in(&serial->to_line, source->fd, in);

		gone = n < 0 || (n == 0 && (events & EPOLLHUP));
	}
	if ((events & EPOLLOUT) && !gone)
		gone = flow_out(&serial->to_pty, source->fd);
	if (gone) {
		loop_remove(serial->loop, source);
		loop_timer(serial->loop, &serial->retry, RETRY_MS);
	}
	want(serial);
}

static void retry_pty(struct timer *timer)
{
	struct serial *serial = container_of(timer, struct serial, retry);

	if (loop_add(serial->loop, &serial->pty, EPOLLIN) < 0)
		loop_timer(serial->loop, timer, RETRY_MS);
	want(serial);
}

/* Raw; CLOCAL, or a line without a carrier would read as hung up. */
static int set_raw(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	return tcsetattr(fd, TCSANOW, &settings) < 0 ? -errno : 0;
}

int serial_start(struct serial *serial, struct loop *loop, int line, int pty)
{
	int r;

	serial->loop = loop;
	serial->running = true;
	serial->line = (struct source){ .fd = line, .ready = line_ready };
	serial->pty = (struct source){ .fd = pty, .ready = pty_ready };
	serial->retry = (struct timer){ .expired = retry_pty };
	serial->to_pty.start = serial->to_pty.len = 0;
	serial->to_line.start = serial->to_line.len = 0;
	matcher_init(&serial->matcher, SERIAL_MAGIC);
	r = set_raw(line);
	if (r == 0)
		r = fd_set_nonblocking(line);
	if (r == 0)
		r = fd_set_nonblocking(pty);
	if (r == 0)
		r = loop_add(loop, &serial->line, EPOLLIN);
	if (r == 0)
		r = loop_add(loop, &serial->pty, EPOLLIN);
	if (r < 0)
		serial_stop(serial);
	return r;
}

void serial_say(struct serial *serial, const char *text, size_t len)
{
	struct iovec iov[2];
	size_t first;

	if (!serial->running || len > flow_room(&serial->to_line))
		return;
	(void)flow_pieces(&serial->to_line, false, iov);
	first = MIN(len, iov[0].iov_len);
	memcpy(iov[0].iov_base, text, first);
	memcpy(iov[1].iov_base, text + first, len - first);
	serial->to_line.len += len;
	want(serial);
}

void serial_stop(struct serial *serial)
{
	if (!serial->running)
		return;
	(void)tcflush(serial->line.fd, TCOFLUSH);
	loop_remove(serial->loop, &serial->line);
	loop_remove(serial->loop, &serial->pty);
	loop_timer_off(serial->loop, &serial->retry);
	serial->line.fd = fd_close(serial->line.fd);
	serial->pty.fd = fd_close(serial->pty.fd);
	serial->running = false;
}
