/* SPDX-License-Identifier: MIT */
/*
 * Bytes are hashed and written as they come. What is written to a block device
 * is first in the page cache: for one that is memory itself, that would be the
 * image twice. So each window is written out and dropped from the cache before
 * the next begins, which keeps it at that one window.
 */
#include "image/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "image/image-internal.h"

#define TICK_MS	     250
#define WINDOW_BYTES (8 * MIB)

struct writing {
	struct image_job job;
	struct fetch fetch;
	struct verifier *verifier;
	const char *name; /* begins every message */
	int fd;
	bool device;
	uint64_t max;
	uint64_t written, dropped; /* bytes from the start */
	int64_t ticked_ms;
};

static int cannot_write(const struct writing *writing, int err,
			struct failure *failure)
{
	return failure_errno(failure, err, "%s: cannot write it where it goes",
			     writing->name);
}

/* --- progress --- */

static int tick(void *context, struct failure *failure)
{
	struct writing *writing = context;
	struct stream_counters *counters = &writing->job.counters;
	int64_t now = clock_ms();

	if (now - writing->ticked_ms < TICK_MS)
		return 0;
	writing->ticked_ms = now;
	atomic_store(&counters->fetched, writing->fetch.done);
	atomic_store(&counters->total, writing->fetch.total);
	if (image_job_tell(&writing->job, image_job_progress(&writing->job)) ==
	    0)
		return 0;
	return failure_set(failure, ECANCELED, "%s: cancelled", writing->name);
}

/* --- bytes --- */

static int check_size(const struct writing *writing, uint64_t size,
		      struct failure *failure)
{
	char is[SIZE_TEXT_MAX], max[SIZE_TEXT_MAX];

	if (size <= writing->max)
		return 0;
	return failure_set(
		failure, EFBIG,
		"%s has %s%s, and where it goes there is room for "
		"%s",
		writing->name, size == writing->fetch.total ? "" : "more than ",
		size_text(MAX(writing->fetch.total, writing->max), is),
		size_text(writing->max, max));
}

/* Nothing of what was written stays in the cache. A page that is in use at
 * this moment is not dropped, so all from the start on is told each time. */
static int write_out(struct writing *writing)
{
	off_t from = (off_t)writing->dropped;
	off_t len = (off_t)(writing->written - writing->dropped);
	const unsigned int all = SYNC_FILE_RANGE_WAIT_BEFORE |
				 SYNC_FILE_RANGE_WRITE |
				 SYNC_FILE_RANGE_WAIT_AFTER;

	if (!writing->device || len == 0)
		return 0;
	if (sync_file_range(writing->fd, from, len, all) < 0)
		return -errno;
	/* That the advice is not taken does no harm but to the figure. */
	(void)!posix_fadvise(writing->fd, 0, (off_t)writing->written,
			     POSIX_FADV_DONTNEED);
	writing->dropped = writing->written;
	return 0;
}

static int write_bytes(struct writing *writing, struct view bytes)
{
	while (bytes.left > 0) {
		ssize_t n = pwrite(writing->fd, bytes.at, bytes.left,
				   (off_t)writing->written);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		view_skip(&bytes, (size_t)n);
		writing->written += (uint64_t)n;
	}
	return writing->written - writing->dropped < WINDOW_BYTES
		       ? 0
		       : write_out(writing);
}

static int on_data(void *context, struct view bytes, struct failure *failure)
{
	struct writing *writing = context;
	int r = check_size(writing,
			   MAX(writing->fetch.total,
			       writing->written + bytes.left),
			   failure);

	if (r < 0)
		return r;
	verify_add(writing->verifier, bytes);
	r = write_bytes(writing, bytes);
	return r < 0 ? cannot_write(writing, -r, failure)
		     : tick(writing, failure);
}

/* --- the frame --- */

static int end(struct writing *writing, struct verify_verdict *ret_verdict,
	       struct failure *failure)
{
	int r = write_out(writing);

	if (r == 0 && writing->device && fsync(writing->fd) < 0)
		r = -errno;
	if (r < 0)
		return cannot_write(writing, -r, failure);
	writing->ticked_ms = 0;
	r = tick(writing, failure);
	return r < 0 ? r
		     : verify_finish(writing->verifier, ret_verdict, failure);
}

static int run(struct writing *writing, struct verify_verdict *ret_verdict,
	       struct failure *failure)
{
	const struct fetch_source source = image_job_source(&writing->job);
	const struct verify_wishes wishes = image_job_wishes(&writing->job);
	struct stat st;
	int r;

	if (fstat(writing->fd, &st) < 0)
		return cannot_write(writing, errno, failure);
	writing->device = S_ISBLK(st.st_mode);
	r = verify_open(&wishes, writing->name, &writing->verifier, failure);
	if (r < 0)
		return r;
	writing->fetch = (struct fetch){ .source = &source,
					 .data = on_data,
					 .tick = tick,
					 .context = writing };
	r = fetch_run(&writing->fetch, failure);
	if (r == 0)
		r = end(writing, ret_verdict, failure);
	verify_close(writing->verifier);
	return r;
}

int image_write(const struct image_request *request, int fd, uint64_t max,
		uint64_t *ret_size, struct verify_verdict *ret_verdict,
		struct failure *failure)
{
	struct writing writing = { .fd = fd, .max = max };
	int r = http_start(failure);

	if (r == 0)
		r = image_job_ask(&writing.job, request, failure);
	if (r < 0)
		return r;
	writing.name = writing.job.reference.name;
	if (reference_has_layers(&writing.job.reference))
		return failure_set(failure, EINVAL,
				   "%s: this is an image of layers, not a file "
				   "that could be written as it is",
				   writing.name);
	r = run(&writing, ret_verdict, failure);
	*ret_size = writing.written;
	return r;
}
