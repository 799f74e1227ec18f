/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The unpacker is forked first and confined. The fetch
 * then runs in this process; its first bytes are held back until they tell
 * the kind (kind.h). Then the size is estimated and compared with the room,
 * and only then does a byte go on: down the pipe to the unpacker, or, for a
 * file system image, into DIR/image, where the unpacker has nothing to do.
 */
#include "image/unpack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "image/fetch.h"
#include "image/hint.h"
#include "image/kind.h"
#include "image/room.h"
#include "image/unpacker.h"
#include "wire/build.h"

#define REPORT_MS   250
#define WATCH_BYTES (16 * MIB)
#define TREE	    "tree"
#define IMAGE	    "image"

struct job {
	const struct image_unpack *what;
	struct reference reference;
	struct fetch fetch;
	struct unpacker unpacker;
	struct room room;
	int dir_fd;
	int image_fd;
	uint8_t head_bytes[KIND_HEAD];
	struct build head;
	bool decided;
	enum image_kind kind;
	uint64_t least; /* a file system image is not shorter */
	uint64_t unwatched;
	int64_t started_ms;
	int64_t reported_ms;
};

/* --- progress --- */

static struct progress progress_of(const struct job *job)
{
	struct progress progress = {
		.fetched = job->fetch.done,
		.fetch_total = job->fetch.total,
		.elapsed_ms = (uint64_t)(clock_ms() - job->started_ms),
	};

	if (job->image_fd >= 0) {
		progress.unpacked = job->fetch.done;
	} else if (job->unpacker.shared) {
		progress.unpacked =
			atomic_load(&job->unpacker.shared->unpacked);
		progress.entries = atomic_load(&job->unpacker.shared->entries);
	}
	return progress;
}

static int tick(void *context, struct failure *failure)
{
	struct job *job = context;
	int64_t now = clock_ms();
	struct progress progress;
	int r;

	if (now - job->reported_ms < REPORT_MS || !job->what->progress)
		return 0;
	job->reported_ms = now;
	progress = progress_of(job);
	r = job->what->progress(job->what->context, &progress);
	return r < 0 ? failure_set(failure, -r, "%s: cancelled",
				   job->reference.name)
		     : 0;
}

/* --- size --- */

static uint64_t tail_hint(struct job *job)
{
	_cleanup_free uint8_t *tail = malloc(HINT_TAIL);
	bool gzip = job->kind == KIND_TAR_GZIP;
	struct view view;
	size_t len;

	if (!tail)
		return 0;
	len = fetch_tail(&job->fetch, tail, gzip ? 4 : HINT_TAIL);
	view = view_over(tail, len);
	return gzip ? hint_gzip_tail(view, job->fetch.total)
		    : hint_xz_tail(view);
}

/* The least that the image will take. 0: not known. */
static uint64_t needed_bytes(struct job *job, struct view head)
{
	uint64_t hint = 0;

	switch (job->kind) {
	case KIND_TAR_GZIP:
	case KIND_TAR_XZ:
		hint = tail_hint(job);
		break;
	case KIND_TAR_ZSTD:
		hint = hint_zstd_head(head);
		break;
	case KIND_TAR_LZ4:
		hint = hint_lz4_head(head);
		break;
	case KIND_SQUASHFS:
		hint = hint_squashfs_head(head);
		break;
	case KIND_EROFS:
		hint = hint_erofs_head(head);
		break;
	case KIND_UNKNOWN:
	case KIND_TAR:
		break;
	}
	return MAX(hint, job->fetch.total);
}

/* --- bytes --- */

static int drop_tree(struct job *job)
{
	unpacker_stop(&job->unpacker);
	return unlinkat(job->dir_fd, TREE, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int open_image(struct job *job, struct failure *failure)
{
	int r = drop_tree(job);

	if (r == 0) {
		job->image_fd =
			openat(job->dir_fd, IMAGE,
			       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		r = job->image_fd < 0 ? -errno : 0;
	}
	return r < 0 ? failure_errno(failure, -r, "cannot create %s/" IMAGE,
				     job->what->dir)
		     : 0;
}

static int decide(struct job *job, struct failure *failure)
{
	struct view head = view_over(job->head_bytes, job->head.len);
	int r;

	job->decided = true;
	job->kind = kind_of(head);
	if (job->kind == KIND_UNKNOWN)
		return kind_refuse(head, job->reference.name, failure);
	job->least = needed_bytes(job, head);
	log_debug("%s is %s, at least %llu bytes", job->reference.name,
		  kind_name(job->kind), (unsigned long long)job->least);
	r = room_check(&job->room, job->reference.name, job->least, failure);
	if (r < 0)
		return r;
	if (job->kind == KIND_SQUASHFS || job->kind == KIND_EROFS)
		return open_image(job, failure);
	return unpacker_order(&job->unpacker, job->kind, job->fetch.total,
			      failure);
}

static int write_image(struct job *job, struct view bytes,
		       struct failure *failure)
{
	int r = fd_write_all(job->image_fd, bytes.at, bytes.left);

	job->unwatched += bytes.left;
	if (r == 0 && job->unwatched >= WATCH_BYTES) {
		job->unwatched = 0;
		if (room_left(&job->room) == 0)
			r = -ENOSPC;
	}
	if (r == -ENOSPC)
		return room_exhausted(&job->room, job->reference.name,
				      job->fetch.done, job->fetch.total,
				      failure);
	return r < 0 ? failure_errno(failure, -r, "cannot write %s/" IMAGE,
				     job->what->dir)
		     : 0;
}

/* The unpacker closed the pipe: it has failed, and said why. */
static int ask_unpacker(struct job *job, struct failure *failure)
{
	int r = unpacker_result(&job->unpacker, failure);

	return r < 0 ? r
		     : failure_set(failure, EIO,
				   "%s: the unpacker stopped reading",
				   job->reference.name);
}

static int write_stream(struct job *job, struct view bytes,
			struct failure *failure)
{
	struct pollfd wait = { .fd = job->unpacker.stream_fd,
			       .events = POLLOUT };
	int r = 0;

	while (bytes.left > 0 && r == 0) {
		ssize_t n = write(wait.fd, bytes.at, bytes.left);

		if (n >= 0) {
			view_skip(&bytes, (size_t)n);
		} else if (errno == EAGAIN) {
			(void)poll(&wait, 1, REPORT_MS);
			r = tick(job, failure);
		} else if (errno == EPIPE) {
			r = ask_unpacker(job, failure);
		} else if (errno != EINTR) {
			r = failure_errno(failure, errno,
					  "cannot feed the unpacker");
		}
	}
	return r;
}

static int write_bytes(struct job *job, struct view bytes,
		       struct failure *failure)
{
	return job->image_fd >= 0 ? write_image(job, bytes, failure)
				  : write_stream(job, bytes, failure);
}

static int decide_and_write_head(struct job *job, struct failure *failure)
{
	int r = decide(job, failure);

	return r < 0 ? r
		     : write_bytes(job,
				   view_over(job->head_bytes, job->head.len),
				   failure);
}

static int on_data(void *context, struct view bytes, struct failure *failure)
{
	struct job *job = context;
	int r = 0;

	if (!job->decided) {
		size_t n = MIN(bytes.left, job->head.size - job->head.len);

		build_bytes(&job->head, view_take(&bytes, n), n);
		if (job->head.len == job->head.size)
			r = decide_and_write_head(job, failure);
	}
	if (r == 0 && bytes.left > 0)
		r = write_bytes(job, bytes, failure);
	return r < 0 ? r : tick(job, failure);
}

/* --- the end of the stream --- */

static int finish_image(struct job *job, struct failure *failure)
{
	char has[SIZE_TEXT_MAX], wants[SIZE_TEXT_MAX];

	if (job->fetch.done >= job->least)
		return 0;
	return failure_set(failure, EBADMSG,
			   "%s: the %s ends early, at %s of %s: image is "
			   "truncated",
			   job->reference.name, kind_name(job->kind),
			   size_text(job->fetch.done, has),
			   size_text(job->least, wants));
}

static int finish_tree(struct job *job, struct failure *failure)
{
	struct pollfd wait = { .fd = job->unpacker.pid_fd, .events = POLLIN };
	int r = 0;

	job->unpacker.stream_fd = fd_close(job->unpacker.stream_fd);
	while (r == 0 && poll(&wait, 1, REPORT_MS) <= 0)
		r = tick(job, failure);
	if (r == 0)
		r = unpacker_result(&job->unpacker, failure);
	if (r == 0)
		log_debug("%s: %llu device nodes, %llu attributes not kept",
			  job->reference.name,
			  (unsigned long long)job->unpacker.shared->devices,
			  (unsigned long long)
				  job->unpacker.shared->lost_attributes);
	return r;
}

static int run(struct job *job, struct failure *failure)
{
	int r = fetch_run(&job->fetch, failure);

	if (r == 0 && !job->decided) /* shorter than a head */
		r = decide_and_write_head(job, failure);
	if (r < 0)
		return r;
	return job->image_fd >= 0 ? finish_image(job, failure)
				  : finish_tree(job, failure);
}

/* --- the frame --- */

static int open_tree(struct job *job, struct failure *failure)
{
	const char *dir = job->what->dir;
	_cleanup_fd int tree_fd = FD_NONE;

	if (mkdirat(job->dir_fd, TREE, 0755) < 0)
		return failure_errno(failure, errno, "cannot make %s/" TREE,
				     dir);
	tree_fd = openat(job->dir_fd, TREE,
			 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree_fd < 0)
		return failure_errno(failure, errno, "cannot open %s/" TREE,
				     dir);
	return unpacker_start(&job->unpacker, tree_fd, job->reference.name,
			      failure);
}

static void remove_results(struct job *job)
{
	unpacker_stop(&job->unpacker);
	(void)!path_remove_tree(job->dir_fd, TREE);
	if (job->image_fd >= 0)
		unlinkat(job->dir_fd, IMAGE, 0);
}

static int run_in_dir(struct job *job, struct failure *failure)
{
	int r = room_open(&job->room, job->dir_fd, failure);

	if (r < 0)
		return r;
	if (faccessat(job->dir_fd, TREE, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    faccessat(job->dir_fd, IMAGE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return failure_set(failure, EEXIST, "%s holds an image already",
				   job->what->dir);
	r = open_tree(job, failure);
	if (r == 0)
		r = run(job, failure);
	if (r < 0)
		remove_results(job);
	return r;
}

static enum image_layout layout_of(enum image_kind kind)
{
	switch (kind) {
	case KIND_UNKNOWN:
		return IMAGE_LAYOUT_NONE;
	case KIND_SQUASHFS:
		return IMAGE_LAYOUT_SQUASHFS;
	case KIND_EROFS:
		return IMAGE_LAYOUT_EROFS;
	case KIND_TAR:
	case KIND_TAR_GZIP:
	case KIND_TAR_ZSTD:
	case KIND_TAR_XZ:
	case KIND_TAR_LZ4:
		break;
	}
	return IMAGE_LAYOUT_TREE;
}

int image_unpack(const struct image_unpack *what, enum image_layout *ret_layout,
		 struct progress *ret_progress, struct failure *failure)
{
	struct job job = {
		.what = what,
		.fetch = { .data = on_data, .tick = tick },
		.unpacker = { .pid_fd = FD_NONE, .stream_fd = FD_NONE },
		.room = { .meminfo_fd = FD_NONE },
		.dir_fd = FD_NONE,
		.image_fd = FD_NONE,
		.started_ms = clock_ms(),
	};
	int r = reference_parse(what->reference, &job.reference, failure);

	if (r < 0)
		return r;
	job.fetch.reference = &job.reference;
	job.fetch.context = &job;
	job.head = build_over(job.head_bytes, sizeof(job.head_bytes));
	job.dir_fd = open(what->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (job.dir_fd < 0)
		return failure_errno(failure, errno, "cannot open %s",
				     what->dir);
	r = run_in_dir(&job, failure);
	if (r == 0) {
		*ret_layout = layout_of(job.kind);
		*ret_progress = progress_of(&job);
	}
	unpacker_stop(&job.unpacker);
	room_close(&job.room);
	fd_close(job.image_fd);
	fd_close(job.dir_fd);
	return r;
}
