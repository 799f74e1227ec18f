/* SPDX-License-Identifier: MIT */
#include "image/unpacker.h"

#include <fcntl.h>
#include <iconv.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "image/confine.h"
#include "image/content.h"
#include "image/pump.h"
#include "image/tree.h"

#define RING_SLOTS 8
#define SLOT_BYTES (256 * KIB)
/* The decoder's window, the ring, what libarchive holds of headers, and the
 * list of directories. */
#define DATA_MAX (512 * MIB)

/* --- the child --- */

struct child {
	const struct unpacker_start *how;
	int marks_fd;
	bool unprivileged;
	struct room room;
	struct unpacker_shared *shared;
};

/* Layers are decoded while they wait, as far as the ring goes. */
static int wait_for_turn(const struct child *child, struct failure *failure)
{
	int turn_fd = child->how->turn_fd;
	char byte;

	if (turn_fd < 0 || child->how->depth == UNPACK_NOTHING ||
	    fd_read_full(turn_fd, &byte, 1) == 1)
		return 0;
	return failure_set(failure, ECANCELED, "%s: cancelled",
			   child->how->label);
}

static int next(void *context, struct view *ret_bytes)
{
	const struct child *child = context;
	int r = ring_next(child->how->ring, RING_FIRST, ret_bytes);

	if (r > 0)
		atomic_fetch_add_explicit(&child->shared->read, ret_bytes->left,
					  memory_order_relaxed);
	return r;
}

/* When unpacking fails, its thread may be anywhere, even waiting for a stream
 * that has stalled: it is not joined, and outlives all functions. */
static struct pump pump;

/* What is unpacked: the stream, or what comes out of its decoder. */
static int open_input(struct child *child, struct input *ret_input,
		      struct failure *failure)
{
	struct input stream = { next, child };
	int r;

	pump = (struct pump){
		.input = stream,
		.decoder = decoder_of((enum image_kind)child->shared->kind),
		.label = child->how->label,
	};
	*ret_input = stream;
	if (!pump.decoder)
		return 0;
	pump.ring = ring_new(RING_SLOTS, SLOT_BYTES);
	if (!pump.ring)
		return failure_errno(failure, ENOMEM, "%s", pump.label);
	r = pump_start(&pump, failure);
	*ret_input = pump_output(&pump);
	return r;
}

static int unpack(struct child *child, struct tree *tree,
		  struct failure *failure)
{
	struct content content = {
		.tree = tree,
		.label = child->how->label,
		.may_be_file = child->how->mode == UNPACK_ROOT,
	};
	int r = open_input(child, &content.input, failure);

	if (r == 0)
		r = wait_for_turn(child, failure);
	if (r == 0)
		r = content_unpack(&content, failure);
	child->shared->content = content.what;
	child->shared->content_kind = content.kind;
	return r;
}

static void tell_losses(const struct tree *tree, struct unpacker_shared *shared)
{
	shared->lost_attributes = tree->lost.attributes;
	shared->lost_owners = tree->lost.owners;
	shared->lost_devices = tree->lost.devices;
	shared->devices = tree->devices;
	shared->leans_on_lower = tree->leans_on_lower;
}

/* Whatever r is, all of the process ends with it: nothing is released. */
static int unpack_order(struct child *child)
{
	const char *label = child->how->label;
	struct unpacker_shared *shared = child->shared;
	struct tree tree = {
		.label = label,
		.mode = child->how->mode,
		.depth = child->how->depth,
		.lowest = child->how->lowest || child->how->mode == UNPACK_ROOT,
		.unprivileged = child->unprivileged,
		.marks_fd = child->marks_fd,
		.watch = { .room = &child->room,
			   .starved = child->how->room_can_be_made
					      ? &shared->starved
					      : NULL },
		.unpacked = &shared->unpacked,
		.entries = &shared->entries,
	};
	int r;

	tree_init(&tree);
	r = unpack(child, &tree, &shared->failure);
	tell_losses(&tree, shared);
	if (r == 0 || shared->failure.err)
		return r;
	if (r == -ENOSPC)
		return room_exhausted(&child->room, label,
				      atomic_load(&shared->read), shared->total,
				      &shared->failure);
	/* The ring handed on what stopped the pump. */
	shared->failure = pump.failure;
	return r;
}

/*
 * libarchive converts names by iconv(3), which reads its configuration at
 * first use. That must be the system's, not one out of the archive.
 */
static void load_conversions(void)
{
	iconv_t conversion = iconv_open("ANSI_X3.4-1968", "UTF-8");

	if (conversion != (iconv_t)-1)
		iconv_close(conversion);
}

static int confine_child(struct child *child)
{
	const int keep[] = { child->how->tree_fd, child->room.meminfo_fd,
			     child->how->turn_fd, child->marks_fd };

	return confine(&(struct confine){ .root_fd = child->how->tree_fd,
					  .keep = keep,
					  .keep_count = ARRAY_SIZE(keep),
					  .data_max = DATA_MAX },
		       &child->shared->failure);
}

static int run_child(struct child *child)
{
	struct failure *failure = &child->shared->failure;
	int r = ring_lock(child->how->ring);

	if (r < 0)
		return failure_errno(failure, -r, "cannot share memory");
	r = room_open(&child->room, child->how->tree_fd, failure);
	if (r < 0)
		return r;
	child->unprivileged = geteuid() != 0;
	load_conversions();
	umask(0);
	r = confine_child(child);
	if (r < 0)
		return r;
	return ring_wait(child->how->ring) ? unpack_order(child) : 0;
}

static _Noreturn void child_main(pid_t parent, struct child *child)
{
	int r;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	r = run_child(child);
	ring_abandon(child->how->ring, RING_FIRST);
	_exit(r < 0);
}

/* --- the parent --- */

static int share_page(struct unpacker *unpacker)
{
	void *page =
		mmap(NULL, sizeof(*unpacker->shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -errno;
	unpacker->shared = page;
	return 0;
}

static int start(struct unpacker *unpacker, const struct unpacker_start *how)
{
	pid_t parent = getpid();
	int r = share_page(unpacker);

	if (r < 0)
		return r;
	if (how->mode == UNPACK_LAYER) {
		unpacker->marks_fd = memfd_create("marks", MFD_CLOEXEC);
		if (unpacker->marks_fd < 0)
			return -errno;
	}
	unpacker->pid = fork();
	if (unpacker->pid == 0) {
		struct child child = {
			.how = how,
			.marks_fd = unpacker->marks_fd,
			.shared = unpacker->shared,
		};

		child_main(parent, &child);
	}
	if (unpacker->pid > 0)
		unpacker->pid_fd = pidfd_open(unpacker->pid, 0);
	return unpacker->pid_fd < 0 ? -errno : 0;
}

int unpacker_start(struct unpacker *unpacker, const struct unpacker_start *how,
		   struct failure *failure)
{
	int r;

	*unpacker = (struct unpacker){ .pid_fd = FD_NONE, .marks_fd = FD_NONE };
	r = start(unpacker, how);
	return r < 0 ? failure_errno(failure, -r, "cannot start the unpacker")
		     : 0;
}

void unpacker_order(struct unpacker *unpacker, enum image_kind kind,
		    uint64_t total)
{
	unpacker->shared->kind = kind;
	unpacker->shared->total = total;
}

int unpacker_result(struct unpacker *unpacker, struct failure *failure)
{
	struct failure told;
	siginfo_t info = { 0 };

	if (unpacker->pid <= 0 ||
	    waitid(P_PID, (id_t)unpacker->pid, &info, WEXITED) < 0)
		return failure_errno(failure, ECHILD, "the unpacker is lost");
	unpacker->pid = 0;
	if (info.si_code != CLD_EXITED)
		return failure_set(
			failure, EIO,
			"the unpacker was ended by signal %d "
			"(SIG%s)%s",
			info.si_status, sigabbrev_np(info.si_status),
			info.si_status == SIGKILL ? ": out of memory?" : "");
	if (info.si_status == 0)
		return 0;
	told = unpacker->shared->failure;
	told.text[sizeof(told.text) - 1] = '\0';
	return failure_set(failure, told.err > 0 ? told.err : EIO, "%s",
			   told.text[0] ? told.text : "the unpacker failed");
}

void unpacker_stop(struct unpacker *unpacker)
{
	if (unpacker->pid > 0) {
		kill(unpacker->pid, SIGKILL);
		waitpid(unpacker->pid, NULL, 0);
		unpacker->pid = 0;
	}
	unpacker->pid_fd = fd_close(unpacker->pid_fd);
	unpacker->marks_fd = fd_close(unpacker->marks_fd);
	if (unpacker->shared)
		munmap(unpacker->shared, sizeof(*unpacker->shared));
	unpacker->shared = NULL;
}
