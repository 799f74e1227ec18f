/* SPDX-License-Identifier: MIT */
/*
 * Files and pipes. A regular file is read by its offset, so that processes
 * that share it do not disturb each other; a pipe as it comes.
 */
#include "image/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/fetch-internal.h"

#define READ_BYTES (256 * KIB)
#define TICK_MS	   250

/* What is left of an open file. */
struct range {
	bool seekable;
	uint64_t at, end; /* when it is; end UINT64_MAX: not known */
};

static int cannot_read(const struct fetch *fetch, int err,
		       struct failure *failure)
{
	return failure_errno(failure, err, "%s: cannot read",
			     fetch->source->name);
}

/* By which a file is known again. Its ctime is the kernel's own and no tool
 * sets it back. */
static void validate(const struct stat *st, struct http_validators *validators)
{
	struct text text =
		text_over(validators->etag, sizeof(validators->etag));

	text_add(&text, "\"%jx-%jx-%jx-%jx.%09lx\"", (uintmax_t)st->st_dev,
		 (uintmax_t)st->st_ino, (uintmax_t)st->st_size,
		 (uintmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

static int truncated(const struct fetch *fetch, struct failure *failure)
{
	return failure_set(failure, EBADMSG,
			   "%s: the file is truncated, or is being written",
			   fetch->source->name);
}

static int measure_regular(struct fetch *fetch, const struct stat *st,
			   struct range *range, struct failure *failure)
{
	const struct fetch_source *source = fetch->source;
	uint64_t size = (uint64_t)st->st_size;

	if (range->at > size || source->length > size - range->at)
		return truncated(fetch, failure);
	range->end = source->length ? range->at + source->length : size;
	fetch->total = range->end - range->at;
	if (source->kind != FETCH_FILE)
		return 0;
	validate(st, &fetch->validators);
	if (source->known &&
	    str_eq(source->known->etag, fetch->validators.etag))
		return -EALREADY;
	return 0;
}

static int measure(struct fetch *fetch, struct range *range,
		   struct failure *failure)
{
	struct stat st;
	off_t at = 0;

	if (fstat(fetch->fd, &st) < 0)
		return cannot_read(fetch, errno, failure);
	if (S_ISDIR(st.st_mode))
		return failure_set(failure, EISDIR,
				   "%s: this is a directory; an OCI layout is "
				   "oci:DIRECTORY",
				   fetch->source->name);
	if (fetch->source->kind == FETCH_FD && !fetch->source->offset &&
	    !fetch->source->length)
		at = lseek(fetch->fd, 0, SEEK_CUR);
	*range = (struct range){
		.seekable = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode),
		.at = at > 0 ? (uint64_t)at : fetch->source->offset,
		.end = UINT64_MAX,
	};
	if (S_ISREG(st.st_mode))
		return measure_regular(fetch, &st, range, failure);
	if (fetch->source->length)
		range->end = range->at + fetch->source->length;
	return 0;
}

/* Waits until there is something to read, ticking. */
static int wait_readable(struct fetch *fetch, struct failure *failure)
{
	struct pollfd wait = { .fd = fetch->fd, .events = POLLIN };
	int r, ready;

	/* A signal may be what asks for the end: it is no reason to read. */
	do {
		r = fetch->tick(fetch->context, failure);
		ready = r < 0 ? 0 : poll(&wait, 1, TICK_MS);
	} while (r >= 0 && (ready == 0 || (ready < 0 && errno == EINTR)));
	return r;
}

/* Returns how many bytes were read, 0 at the end. */
static ssize_t read_some(struct fetch *fetch, struct range *range, void *buf)
{
	size_t want = (size_t)MIN(READ_BYTES, range->end - range->at);
	ssize_t n;

	do
		n = range->seekable
			    ? pread(fetch->fd, buf, want, (off_t)range->at)
			    : read(fetch->fd, buf, want);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		range->at += (uint64_t)n;
	return n < 0 ? -errno : n;
}

/* What was handed on is in the way from now on. That it stays where the file
 * system cannot do this does no harm. */
static void punch(const struct fetch *fetch, const struct range *range,
		  uint64_t len)
{
	if (fetch->source->consume && range->seekable)
		(void)!fallocate(fetch->fd,
				 FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				 (off_t)(range->at - len), (off_t)len);
}

static int read_all(struct fetch *fetch, struct failure *failure)
{
	_cleanup_free uint8_t *buf = malloc(READ_BYTES);
	struct range range = { 0 };
	int r = measure(fetch, &range, failure);

	if (!buf)
		return failure_errno(failure, ENOMEM, "cannot read");
	while (r >= 0) {
		ssize_t n;

		r = wait_readable(fetch, failure);
		if (r < 0)
			break;
		n = read_some(fetch, &range, buf);
		if (n < 0)
			return cannot_read(fetch, (int)-n, failure);
		if (n == 0)
			return range.end == UINT64_MAX || range.at == range.end
				       ? 0
				       : truncated(fetch, failure);
		fetch->done += (uint64_t)n;
		r = fetch->data(fetch->context, view_over(buf, (size_t)n),
				failure);
		punch(fetch, &range, (uint64_t)n);
	}
	return r;
}

static int file_run(struct fetch *fetch, struct failure *failure)
{
	_cleanup_fd int fd = open(fetch->source->target, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "%s: cannot open",
				     fetch->source->name);
	fetch->fd = fd;
	r = read_all(fetch, failure);
	fetch->fd = FD_NONE;
	return r;
}

int fetch_run(struct fetch *fetch, struct failure *failure)
{
	fetch->done = 0;
	fetch->total = 0;
	fetch->validators = (struct http_validators){ 0 };
	switch (fetch->source->kind) {
	case FETCH_URL:
		return fetch_http_run(fetch, failure);
	case FETCH_FILE:
		return file_run(fetch, failure);
	case FETCH_FD:
		fetch->fd = fetch->source->fd;
		return read_all(fetch, failure);
	}
	return -EINVAL;
}

static size_t file_tail(struct fetch *fetch, void *buf, size_t len)
{
	const struct fetch_source *source = fetch->source;
	struct stat st;
	off_t end;
	ssize_t n;

	if (fstat(fetch->fd, &st) < 0)
		return 0;
	end = source->length ? (off_t)(source->offset + source->length)
			     : st.st_size;
	len = (size_t)MIN((uint64_t)len, fetch->total);
	n = pread(fetch->fd, buf, len, end - (off_t)len);
	return n == (ssize_t)len ? len : 0;
}

size_t fetch_tail(struct fetch *fetch, void *buf, size_t len)
{
	if (fetch->total == 0)
		return 0;
	if (fetch->source->kind == FETCH_URL)
		return fetch_http_tail(fetch, buf, len);
	return file_tail(fetch, buf, len);
}
