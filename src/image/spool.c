/* SPDX-License-Identifier: MIT */
/*
 * Decoding is the pump's, in its thread; this one writes. A pipe is written as
 * it comes and then looked at as any other file, since its first bytes cannot
 * be put back.
 */
#include "image/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/text.h"
#include "image/kind.h"
#include "image/pump.h"
#include "image/room.h"

#define SLOTS	   4
#define SLOT_BYTES (1 * MIB)

/* What is copied. */
struct reading {
	int fd;
	const char *name;
	uint8_t *bytes; /* SLOT_BYTES */
	struct failure failure;
};

struct spool {
	int fd;
	const char *name;
	struct room room;
	struct failure *failure;
};

static const char *directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && dir[0] ? dir : "/tmp";
}

/* Some file systems (overlayfs before Linux 6.6) have no O_TMPFILE. */
static int make_file(int dir_fd)
{
	char path[64];
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct text text = text_over(path, sizeof(path));

	if (fd >= 0 || errno != EOPNOTSUPP)
		return fd < 0 ? -errno : fd;
	text_add(&text, ".boomerang-%jd", (intmax_t)getpid());
	fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	(void)unlinkat(dir_fd, path, 0);
	return fd;
}

static int next(void *context, struct view *ret_bytes)
{
	struct reading *reading = context;
	ssize_t n;

	do
		n = read(reading->fd, reading->bytes, SLOT_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failure_errno(&reading->failure, errno,
				     "%s: cannot read the stream",
				     reading->name);
	*ret_bytes = view_over(reading->bytes, (size_t)n);
	return n > 0;
}

static int write_all(struct spool *spool, const struct input *input)
{
	struct view bytes;
	int r;

	while ((r = input->next(input->context, &bytes)) > 0) {
		if (bytes.left > room_left(&spool->room))
			return room_check(&spool->room, spool->name, bytes.left,
					  spool->failure);
		r = fd_write_all(spool->fd, bytes.at, bytes.left);
		if (r < 0)
			return failure_errno(spool->failure, -r,
					     "%s: cannot write to %s",
					     spool->name, directory());
	}
	return r;
}

static int decode(struct spool *spool, const struct input *input,
		  const struct decoder *decoder)
{
	struct pump pump = { .input = *input,
			     .decoder = decoder,
			     .label = spool->name,
			     .ring = ring_new(SLOTS, SLOT_BYTES) };
	struct input output = pump_output(&pump);
	int r;

	if (!pump.ring)
		return failure_errno(spool->failure, ENOMEM, "%s", spool->name);
	r = pump_start(&pump, spool->failure);
	if (r == 0) {
		r = write_all(spool, &output);
		ring_abandon(pump.ring, RING_FIRST);
		pump_join(&pump);
		if (r < 0 && pump.failure.err && spool->failure)
			*spool->failure = pump.failure;
	}
	ring_free(pump.ring);
	return r;
}

/* Everything that comes from fd, decoded, into the spool's file. */
static int copy(struct spool *spool, int fd, const struct decoder *decoder)
{
	_cleanup_free uint8_t *bytes = malloc(SLOT_BYTES);
	struct reading reading = { fd, spool->name, bytes, { 0 } };
	const struct input input = { next, &reading };
	int r;

	if (!bytes)
		return failure_errno(spool->failure, ENOMEM, "%s", spool->name);
	r = decoder ? decode(spool, &input, decoder) : write_all(spool, &input);
	if (r < 0 && reading.failure.err && spool->failure)
		*spool->failure = reading.failure;
	return r;
}

static int spool_copy(int fd, const struct decoder *decoder, const char *name,
		      struct failure *failure)
{
	_cleanup_fd int dir_fd =
		open(directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd int made = dir_fd < 0 ? -errno : make_file(dir_fd);
	struct spool spool = { .fd = made, .name = name, .failure = failure };
	int r;

	if (made < 0)
		return failure_errno(failure, -made,
				     "%s: cannot make a temporary file in %s",
				     name, directory());
	r = room_open(&spool.room, dir_fd, failure);
	if (r < 0)
		return r;
	r = copy(&spool, fd, decoder);
	room_close(&spool.room);
	return r < 0 ? r : TAKE_FD(made);
}

static int decoder_for(int fd, const char *name,
		       const struct decoder **ret_decoder,
		       struct failure *failure)
{
	uint8_t head[KIND_HEAD];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	struct view view;
	enum image_kind kind;

	if (n < 0)
		return failure_errno(failure, errno, "%s: cannot read", name);
	view = view_over(head, (size_t)n);
	kind = kind_of(view);
	if (kind == KIND_UNKNOWN || kind == KIND_ISO)
		return kind_refuse(view, name, failure);
	if (kind_is_file(kind) || kind == KIND_CPIO)
		return failure_set(failure, EBADMSG,
				   "%s: this is %s, not an image's archive",
				   name, kind_name(kind));
	*ret_decoder = decoder_of(kind);
	return 0;
}

/* Puts a copy in the place of *fd. */
static int replace(int *fd, const struct decoder *decoder, const char *name,
		   struct failure *failure)
{
	int copied = spool_copy(*fd, decoder, name, failure);

	if (copied < 0)
		return copied;
	fd_close(*fd);
	*fd = copied;
	if (lseek(copied, 0, SEEK_SET) < 0)
		return failure_errno(failure, errno, "%s: cannot read", name);
	return 0;
}

int spool_open(const char *path, const char *name, enum spool_kind *ret_kind,
	       struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum spool_kind kind = SPOOL_ITSELF;
	const struct decoder *decoder = NULL;
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s: cannot open", name);
	if (S_ISDIR(st.st_mode))
		return failure_set(failure, EISDIR,
				   "%s: this is a directory; a layout is "
				   "oci:DIRECTORY",
				   name);
	if (!S_ISREG(st.st_mode)) {
		r = replace(&fd, NULL, name, failure);
		kind = SPOOL_ONCE;
	}
	if (r >= 0)
		r = decoder_for(fd, name, &decoder, failure);
	if (r >= 0 && decoder) {
		r = replace(&fd, decoder, name, failure);
		kind = MAX(kind, SPOOL_COPY);
	}
	if (r < 0)
		return r;
	*ret_kind = kind;
	return TAKE_FD(fd);
}
