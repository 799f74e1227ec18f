/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. The unpacker is forked first and confined. The fetch
 * then runs in this process; its first bytes are held back until they tell
 * the kind (kind.h). Then it is decided what the stream is checked against,
 * its size is estimated and compared with the room, and only then does a byte
 * go on: into a ring, from which a thread hashes it and the unpacker takes it;
 * or, for a file system image, from there into DIR/image, and the unpacker has
 * nothing to do. Whatever was made is believed, and a file parsed, only when
 * the checks agree.
 */
#include "image/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/text.h"
#include "image/archive-index.h"
#include "image/hashing.h"
#include "image/hint.h"
#include "image/qcow2.h"
#include "image/sparse.h"
#include "image/stream-file.h"
#include "wire/build.h"

#define TICK_MS	    250
#define RING_SLOTS  8
#define SLOT_BYTES  (256 * KIB)
#define WATCH_BYTES (16 * MIB)
#define MORE_BYTES  (64 * MIB) /* is made room for when there is none left */

struct job {
	const struct stream *what;
	const char *name; /* begins every message */
	struct fetch fetch;
	struct ring *ring;
	struct build slot; /* of it, that is being filled */
	struct unpacker unpacker;
	struct verifier *verifier;
	struct hashing hashing;
	int tree_fd;
	int image_fd;
	struct sparse sparse; /* over image_fd, while the stream comes */
	uint8_t head_bytes[KIND_HEAD];
	struct build head;
	bool decided;
	enum image_kind kind;
	uint64_t least; /* a file system image is not shorter */
	uint64_t unwatched;
	int64_t ticked_ms;
	struct stream_result result;
};

/* --- room --- */

static uint64_t make_room(const struct job *job, uint64_t bytes)
{
	return job->what->make_room
		       ? job->what->make_room(job->what->context, bytes)
		       : 0;
}

static int no_room(const struct job *job, struct failure *failure)
{
	return room_exhausted(job->what->room, job->name, job->fetch.done,
			      job->fetch.total, failure);
}

static int watch_room(struct job *job, size_t bytes, struct failure *failure)
{
	job->unwatched += bytes;
	if (job->unwatched < WATCH_BYTES)
		return 0;
	job->unwatched = 0;
	if (room_left(job->what->room) == 0 && make_room(job, MORE_BYTES) == 0)
		return no_room(job, failure);
	return 0;
}

static int check_room(const struct job *job, uint64_t needed,
		      struct failure *failure)
{
	uint64_t left = room_left(job->what->room);

	if (needed > left)
		(void)make_room(job, needed - left);
	return room_check(job->what->room, job->name, needed, failure);
}

/* --- what is ready --- */

static int write_image(struct job *job, struct view bytes,
		       struct failure *failure)
{
	size_t len = bytes.left;
	int r;

	do {
		r = sparse_write(&job->sparse, &bytes);
	} while (r == -ENOSPC && make_room(job, MORE_BYTES) > 0);
	if (r == -ENOSPC)
		return no_room(job, failure);
	if (r < 0)
		return failure_errno(failure, -r, "%s: cannot write the image",
				     job->name);
	return watch_room(job, len, failure);
}

/* It is not written to again before the next is taken. */
static int push_slot(struct job *job, struct failure *failure)
{
	struct view bytes = view_over(job->slot.start, job->slot.len);

	job->slot = (struct build){ 0 };
	ring_push(job->ring, bytes.left);
	return job->image_fd >= 0 ? write_image(job, bytes, failure) : 0;
}

/* --- four times a second --- */

static void count(const struct job *job)
{
	const struct unpacker_shared *shared = job->unpacker.shared;
	struct stream_counters *counters = job->what->counters;

	atomic_store(&counters->fetched, job->fetch.done);
	atomic_store(&counters->total, job->fetch.total);
	if (job->decided && kind_is_file(job->kind)) {
		atomic_store(&counters->unpacked, job->fetch.done);
	} else if (shared) {
		atomic_store(&counters->unpacked,
			     atomic_load(&shared->unpacked));
		atomic_store(&counters->entries, atomic_load(&shared->entries));
	}
}

static int cancelled(const struct job *job, struct failure *failure)
{
	return failure_set(failure, ECANCELED, "%s: cancelled", job->name);
}

static int tick(void *context, struct failure *failure)
{
	struct job *job = context;
	int64_t now = clock_ms();

	if (now - job->ticked_ms < TICK_MS)
		return 0;
	job->ticked_ms = now;
	count(job);
	if (job->unpacker.shared && atomic_load(&job->unpacker.shared->starved))
		(void)make_room(job, MORE_BYTES);
	if (job->what->tick && job->what->tick(job->what->context) < 0)
		return cancelled(job, failure);
	/* A slow stream is handed on before a slot is full. */
	return job->slot.len > 0 ? push_slot(job, failure) : 0;
}

/* The same for what works on a file that is here. */
static int tick_on(void *context)
{
	struct failure ignored;

	return tick(context, &ignored);
}

/* --- what it is --- */

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
	case KIND_DISK: /* its empty parts take nothing */
		return 0;
	case KIND_UNKNOWN:
	case KIND_TAR:
	case KIND_CPIO:
	case KIND_QCOW2:
	case KIND_ISO:
		break;
	}
	return MAX(hint, job->fetch.total);
}

static int open_verifier(struct job *job, struct failure *failure)
{
	return verify_open(&job->what->wishes, job->name, &job->verifier,
			   failure);
}

static int remove_tree(struct job *job)
{
	unpacker_stop(&job->unpacker);
	ring_do_without(job->ring, RING_FIRST);
	return unlinkat(job->what->dir_fd, STREAM_TREE, AT_REMOVEDIR) < 0
		       ? -errno
		       : 0;
}

static int create_image(struct job *job)
{
	job->image_fd = openat(job->what->dir_fd, STREAM_IMAGE,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (job->image_fd < 0)
		return -errno;
	job->sparse = (struct sparse){ .fd = job->image_fd,
				       .solid = job->kind != KIND_DISK };
	return 0;
}

static int open_image(struct job *job, struct failure *failure)
{
	int r;

	if (job->what->must_be_archive)
		return failure_set(failure, EBADMSG,
				   "%s: this layer is %s, not a tar archive",
				   job->name, kind_name(job->kind));
	r = remove_tree(job);
	if (r == 0 && job->what->depth != UNPACK_NOTHING)
		r = create_image(job);
	return r < 0 ? failure_errno(failure, -r, "%s: cannot create a file",
				     job->name)
		     : 0;
}

/* One that cannot be read, as it needs another file, is not fetched. */
static int refuse_qcow2(const struct job *job, struct view head,
			struct failure *failure)
{
	struct qcow2_header header;

	return qcow2_parse_header(head, job->name, &header, failure);
}

static int prepare(struct job *job, struct failure *failure)
{
	int r = 0;

	if (kind_is_file(job->kind))
		r = open_image(job, failure);
	else
		unpacker_order(&job->unpacker, job->kind, job->fetch.total);
	if (r < 0)
		return r;
	r = hashing_start(&job->hashing, job->ring, job->verifier);
	return r < 0 ? failure_errno(failure, -r, "cannot start a thread") : 0;
}

static int decide(struct job *job, struct failure *failure)
{
	struct view head = view_over(job->head_bytes, job->head.len);
	int r;

	job->decided = true;
	job->kind = kind_of(head);
	if (job->kind == KIND_UNKNOWN || job->kind == KIND_ISO)
		return kind_refuse(head, job->name, failure);
	r = job->kind == KIND_QCOW2 ? refuse_qcow2(job, head, failure) : 0;
	if (r == 0)
		r = open_verifier(job, failure);
	if (r < 0)
		return r;
	job->least = needed_bytes(job, head);
	log_debug("%s is %s, at least %llu bytes", job->name,
		  kind_name(job->kind), (unsigned long long)job->least);
	if (job->what->depth == UNPACK_ALL || kind_is_file(job->kind))
		r = check_room(job, job->least, failure);
	return r < 0 ? r : prepare(job, failure);
}

/* --- the unpacker --- */

static bool has_ended(const struct job *job)
{
	struct pollfd end = { .fd = job->unpacker.pid_fd, .events = POLLIN };

	return poll(&end, 1, 0) > 0;
}

static int wait_for_unpacker(struct job *job, struct failure *failure)
{
	struct pollfd end = { .fd = job->unpacker.pid_fd, .events = POLLIN };
	int r = 0;

	while (r == 0 && poll(&end, 1, TICK_MS) <= 0)
		r = tick(job, failure);
	return r == 0 ? unpacker_result(&job->unpacker, failure) : r;
}

/* It ends before the stream does: it has failed, and said why. */
static int blame_unpacker(struct job *job, struct failure *failure)
{
	int r = wait_for_unpacker(job, failure);

	return r < 0 ? r
		     : failure_set(failure, EIO,
				   "%s: the unpacker stopped reading",
				   job->name);
}

/* While the stream comes. */
static int look_around(void *context, struct failure *failure)
{
	struct job *job = context;

	return job->decided && has_ended(job) ? blame_unpacker(job, failure)
					      : tick(job, failure);
}

/* --- bytes --- */

/* Waits for a slot to fill. */
static int next_slot(struct job *job, struct failure *failure)
{
	int r;

	for (;;) {
		r = ring_fill(job->ring, TICK_MS, &job->slot);
		if (r > 0)
			return 0;
		if (r == 0)
			return blame_unpacker(job, failure);
		r = look_around(job, failure);
		if (r < 0)
			return r;
	}
}

static int pass_on(struct job *job, struct view bytes, struct failure *failure)
{
	struct build *slot = &job->slot;
	int r = 0;

	while (bytes.left > 0 && r == 0) {
		size_t n;

		if (slot->size == 0)
			r = next_slot(job, failure);
		n = MIN(bytes.left, slot->size - slot->len);
		build_bytes(slot, view_take(&bytes, n), n);
		if (r == 0 && slot->len == slot->size)
			r = push_slot(job, failure);
	}
	return r;
}

static int decide_and_pass_head(struct job *job, struct failure *failure)
{
	int r = decide(job, failure);

	return r < 0 ? r
		     : pass_on(job, view_over(job->head_bytes, job->head.len),
			       failure);
}

static int on_data(void *context, struct view bytes, struct failure *failure)
{
	struct job *job = context;
	int r = 0;

	if (!job->decided) {
		size_t n = MIN(bytes.left, job->head.size - job->head.len);

		build_bytes(&job->head, view_take(&bytes, n), n);
		if (kind_is_certain(view_over(job->head_bytes, job->head.len)))
			r = decide_and_pass_head(job, failure);
	}
	if (r == 0 && bytes.left > 0)
		r = pass_on(job, bytes, failure);
	return r < 0 ? r : tick(job, failure);
}

/* --- the end of the stream --- */

static int end_image(struct job *job, struct failure *failure)
{
	char has[SIZE_TEXT_MAX], wants[SIZE_TEXT_MAX];
	int r = 0;

	if (job->image_fd >= 0)
		r = sparse_finish(&job->sparse);
	if (r < 0)
		return failure_errno(failure, -r, "%s: cannot write the image",
				     job->name);
	if (job->fetch.done >= job->least)
		return 0;
	return failure_set(failure, EBADMSG,
			   "%s: the %s ends early, at %s of %s: image is "
			   "truncated",
			   job->name, kind_name(job->kind),
			   size_text(job->fetch.done, has),
			   size_text(job->least, wants));
}

static void take_figures(struct job *job)
{
	const struct unpacker_shared *shared = job->unpacker.shared;
	struct stream_result *result = &job->result;

	result->entries = atomic_load(&shared->entries);
	result->bytes = atomic_load(&shared->unpacked) +
			result->entries * ROOM_ENTRY_BYTES;
	result->lost_attributes = shared->lost_attributes;
	result->lost_owners = shared->lost_owners;
	result->lost_devices = shared->lost_devices;
	result->leans_on_lower = shared->leans_on_lower;
}

static int finish_tree(struct job *job, struct failure *failure)
{
	int r = wait_for_unpacker(job, failure);

	if (r < 0)
		return r;
	take_figures(job);
	if (job->unpacker.shared->content != UNPACK_CONTENT_FILE) {
		if (job->unpacker.shared->content_kind == KIND_CPIO)
			job->result.content = KIND_CPIO;
		return 0;
	}
	job->result.content =
		(enum image_kind)job->unpacker.shared->content_kind;
	return job->what->depth == UNPACK_NOTHING
		       ? 0
		       : stream_file_take(job->what, job->tree_fd,
					  &job->image_fd, failure);
}

static int finish_file(struct job *job, struct failure *failure)
{
	struct stat st;
	int r = 0;

	if (job->what->depth == UNPACK_NOTHING)
		return 0;
	if (job->result.content == KIND_QCOW2)
		r = stream_file_convert(job->what, &job->image_fd, tick_on, job,
					failure);
	if (r == 0 && fstat(job->image_fd, &st) == 0)
		job->result.bytes = (uint64_t)st.st_blocks * 512;
	return r;
}

/* A tar that was made of an image of layers is not its root. */
static int refuse_layers(const struct job *job, struct failure *failure)
{
	int fd = openat(job->tree_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct archive_guess guess = { 0 };
	const char *transport;
	struct dirent *entry;

	if (!dir) {
		fd_close(fd);
		return 0;
	}
	while ((entry = readdir(dir)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			archive_guess_add(&guess, entry->d_name);
	transport = archive_guess_transport(&guess);
	return !transport ? 0
			  : failure_set(failure, EBADMSG,
					"%s: this is an archive of an image's "
					"layers, not a root: as a file here it "
					"is loaded with %s:FILE",
					job->name, transport);
}

/* Everybody gets the last bytes, and learns that they are. */
static int end_stream(struct job *job, struct failure *failure)
{
	int r = job->slot.len > 0 ? push_slot(job, failure) : 0;

	if (r == 0)
		ring_end(job->ring, 0);
	return r;
}

static int finish(struct job *job, struct failure *failure)
{
	struct stream_result *result = &job->result;
	bool direct = kind_is_file(job->kind);
	int r = end_stream(job, failure);

	result->kind = job->kind;
	result->content = direct ? job->kind : KIND_TAR;
	result->validators = job->fetch.validators;
	if (r == 0)
		r = direct ? end_image(job, failure)
			   : finish_tree(job, failure);
	if (r < 0)
		return r;
	hashing_finish(&job->hashing);
	r = verify_finish(job->verifier, &result->verdict, failure);
	if (r < 0)
		return r;
	count(job);
	result->layout = kind_is_file(result->content) ? IMAGE_LAYOUT_FILE
						       : IMAGE_LAYOUT_TREE;
	if (result->layout == IMAGE_LAYOUT_FILE)
		return finish_file(job, failure);
	if (job->what->mode == UNPACK_ROOT)
		return refuse_layers(job, failure);
	return job->what->mode == UNPACK_LAYER
		       ? overlay_mark(job->tree_fd, job->unpacker.marks_fd,
				      failure)
		       : 0;
}

/* --- the frame --- */

static int open_tree(struct job *job, struct failure *failure)
{
	const struct stream *what = job->what;

	if (mkdirat(what->dir_fd, STREAM_TREE, 0755) < 0 &&
	    !(errno == EEXIST && what->mode == UNPACK_APPLY))
		return failure_errno(failure, errno,
				     "%s: cannot make the directory for it",
				     job->name);
	job->tree_fd = openat(what->dir_fd, STREAM_TREE,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (job->tree_fd < 0)
		return failure_errno(failure, errno,
				     "%s: cannot open a directory", job->name);
	job->ring = ring_new_shared(RING_SLOTS, SLOT_BYTES);
	if (!job->ring)
		return failure_errno(failure, errno, "cannot share memory");
	return unpacker_start(
		&job->unpacker,
		&(struct unpacker_start){ .ring = job->ring,
					  .tree_fd = job->tree_fd,
					  .label = job->name,
					  .mode = what->mode,
					  .depth = what->depth,
					  .lowest = what->lowest,
					  .turn_fd = what->turn_fd,
					  .room_can_be_made = what->make_room },
		failure);
}

static int run(struct job *job, struct failure *failure)
{
	int r = open_tree(job, failure);

	if (r == 0)
		r = fetch_run(&job->fetch, failure);
	if (r == 0 && !job->decided) /* shorter than a head */
		r = decide_and_pass_head(job, failure);
	return r < 0 ? r : finish(job, failure);
}

static void remove_results(struct job *job)
{
	unpacker_stop(&job->unpacker);
	if (job->what->mode != UNPACK_APPLY)
		(void)!path_remove_tree(job->what->dir_fd, STREAM_TREE);
	(void)!path_remove_tree(job->what->dir_fd, STREAM_IMAGE);
}

int stream_run(const struct stream *what, struct stream_result *ret_result,
	       struct failure *failure)
{
	struct job job = {
		.what = what,
		.name = what->source.name,
		.fetch = { .source = &what->source,
			   .data = on_data,
			   .tick = look_around },
		.unpacker = { .pid_fd = FD_NONE, .marks_fd = FD_NONE },
		.tree_fd = FD_NONE,
		.image_fd = FD_NONE,
	};
	int r;

	job.fetch.context = &job;
	job.head = build_over(job.head_bytes, sizeof(job.head_bytes));
	r = run(&job, failure);
	if (r < 0)
		remove_results(&job);
	else
		*ret_result = job.result;
	unpacker_stop(&job.unpacker);
	if (job.hashing.running) {
		ring_end(job.ring, -ECANCELED);
		hashing_finish(&job.hashing);
	}
	verify_close(job.verifier);
	ring_free(job.ring);
	fd_close(job.tree_fd);
	fd_close(job.image_fd);
	return r;
}
