/* SPDX-License-Identifier: MIT */
#include "image/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/fetch-internal.h"

#define READ_BYTES (256 * KIB)
#define TICK_MS	   250

static int open_file(const struct fetch *fetch, struct failure *failure)
{
	int fd = open(fetch->reference->target, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return failure_errno(failure, errno, "%s: cannot open",
				     fetch->reference->name);
	return fd;
}

static int measure(struct fetch *fetch, struct failure *failure)
{
	struct stat st;
	off_t at;

	if (fstat(fetch->fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot read",
				     fetch->reference->name);
	if (S_ISDIR(st.st_mode))
		return failure_set(failure, EISDIR, "%s: this is a directory",
				   fetch->reference->name);
	if (!S_ISREG(st.st_mode))
		return 0;
	/* Standard input may be a file that was read in part. */
	at = lseek(fetch->fd, 0, SEEK_CUR);
	if (at >= 0 && at < st.st_size)
		fetch->total = (uint64_t)(st.st_size - at);
	return 0;
}

/* Waits until there is something to read, ticking. */
static int wait_readable(struct fetch *fetch, struct failure *failure)
{
	struct pollfd wait = { .fd = fetch->fd, .events = POLLIN };
	int r = fetch->tick(fetch->context, failure);

	while (r >= 0 && poll(&wait, 1, TICK_MS) == 0)
		r = fetch->tick(fetch->context, failure);
	return r;
}

static int read_all(struct fetch *fetch, struct failure *failure)
{
	_cleanup_free uint8_t *buf = malloc(READ_BYTES);
	int r = measure(fetch, failure);

	if (!buf)
		return failure_errno(failure, ENOMEM, "cannot read");
	while (r >= 0) {
		ssize_t n;

		r = wait_readable(fetch, failure);
		if (r < 0)
			break;
		n = read(fetch->fd, buf, READ_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failure_errno(failure, errno, "%s: cannot read",
					     fetch->reference->name);
		if (n == 0)
			return 0;
		fetch->done += (uint64_t)n;
		r = fetch->data(fetch->context, view_over(buf, (size_t)n),
				failure);
	}
	return r;
}

static int file_run(struct fetch *fetch, struct failure *failure)
{
	_cleanup_fd int fd = open_file(fetch, failure);
	int r;

	if (fd < 0)
		return fd;
	fetch->fd = fd;
	r = read_all(fetch, failure);
	fetch->fd = FD_NONE;
	return r;
}

int fetch_run(struct fetch *fetch, struct failure *failure)
{
	fetch->done = 0;
	fetch->total = 0;
	switch (fetch->reference->kind) {
	case REFERENCE_HTTP:
		return fetch_http_run(fetch, failure);
	case REFERENCE_FILE:
		return file_run(fetch, failure);
	case REFERENCE_STDIN:
		fetch->fd = STDIN_FILENO;
		return read_all(fetch, failure);
	}
	return -EINVAL;
}

static size_t file_tail(struct fetch *fetch, void *buf, size_t len)
{
	struct stat st;
	ssize_t n;

	if (fstat(fetch->fd, &st) < 0)
		return 0;
	len = (size_t)MIN((uint64_t)len, fetch->total);
	n = pread(fetch->fd, buf, len, st.st_size - (off_t)len);
	return n == (ssize_t)len ? len : 0;
}

size_t fetch_tail(struct fetch *fetch, void *buf, size_t len)
{
	if (fetch->total == 0)
		return 0;
	if (fetch->reference->kind == REFERENCE_HTTP)
		return fetch_http_tail(fetch, buf, len);
	return file_tail(fetch, buf, len);
}
