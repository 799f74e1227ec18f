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
#include "image/pump.h"
#include "image/tree.h"

#define RING_SLOTS 8
#define SLOT_BYTES (256 * KIB)
#define PIPE_BYTES (1 * (int)MIB)
/* The decoder's window, the ring, what libarchive holds of headers, and the
 * list of directories. */
#define DATA_MAX (512 * MIB)

/* The first bytes in the pipe. */
struct order {
	uint64_t total;
	uint32_t kind;
};

/* --- the child --- */

static int next_bytes(void *context, struct view *ret_bytes)
{
	return ring_next(context, ret_bytes);
}

static int unpack(struct pump *pump, struct tree *tree, struct failure *failure)
{
	const struct tar_input input = { next_bytes, pump->ring };
	const struct tar_sink sink = tree_sink(tree);
	int r = pump_start(pump, failure);

	if (r < 0)
		return r;
	r = tar_read(&input, &sink, tree->label, failure);
	ring_abandon(pump->ring);
	if (r == 0)
		r = tree_finish(tree, failure);
	return r;
}

/* Whatever r is, all of the process ends with it: nothing is released. */
static int unpack_order(const struct order *order, int stream_fd,
			const struct room *room, const char *label,
			struct unpacker_shared *shared)
{
	/* When unpacking fails, the pump's thread may be anywhere, even waiting
	 * for a stream that has stalled: it is not joined, and outlives this
	 * function. */
	static struct pump pump;
	struct tree tree;
	int r;

	pump = (struct pump){
		.fd = stream_fd,
		.decoder = decoder_of((enum image_kind)order->kind),
		.label = label,
		.ring = ring_new(RING_SLOTS, SLOT_BYTES),
		.read = &shared->read,
	};
	if (!pump.ring)
		return failure_errno(&shared->failure, ENOMEM, "%s", label);
	tree_init(&tree, label, room, &shared->unpacked, &shared->entries);
	r = unpack(&pump, &tree, &shared->failure);
	shared->lost_attributes = tree.lost_attributes;
	shared->devices = tree.devices;
	if (r == 0 || shared->failure.err)
		return r;
	if (r == -ENOSPC)
		return room_exhausted(room, label, atomic_load(&shared->read),
				      order->total, &shared->failure);
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

static int child(int stream_fd, int tree_fd, const char *label,
		 struct unpacker_shared *shared)
{
	struct room room;
	struct order order;
	int r = room_open(&room, tree_fd, &shared->failure);
	int keep[] = { stream_fd, tree_fd, room.meminfo_fd };

	if (r < 0)
		return r;
	load_conversions();
	umask(0);
	r = confine(&(struct confine){ .root_fd = tree_fd,
				       .keep = keep,
				       .keep_count = ARRAY_SIZE(keep),
				       .data_max = DATA_MAX },
		    &shared->failure);
	if (r < 0)
		return r;
	/* Nothing: the image needs no unpacking, or will not come. */
	if (fd_read_full(stream_fd, &order, sizeof(order)) != sizeof(order))
		return 0;
	return unpack_order(&order, stream_fd, &room, label, shared);
}

static _Noreturn void child_main(pid_t parent, int stream_fd, int tree_fd,
				 const char *label,
				 struct unpacker_shared *shared)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	_exit(child(stream_fd, tree_fd, label, shared) < 0);
}

/* --- the parent --- */

static int make_pipe(int ends[2])
{
	int r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* A larger pipe means fewer switches; without it, it still works. */
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
	r = fd_set_nonblocking(ends[1]);
	if (r < 0) {
		fd_close(ends[0]);
		fd_close(ends[1]);
	}
	return r;
}

int unpacker_start(struct unpacker *unpacker, int tree_fd, const char *label,
		   struct failure *failure)
{
	_cleanup_fd int read_end = FD_NONE;
	pid_t parent = getpid();
	int ends[2], r;

	*unpacker =
		(struct unpacker){ .pid_fd = FD_NONE, .stream_fd = FD_NONE };
	unpacker->shared =
		mmap(NULL, sizeof(*unpacker->shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (unpacker->shared == MAP_FAILED) {
		unpacker->shared = NULL;
		return failure_errno(failure, errno,
				     "cannot start the unpacker");
	}
	r = make_pipe(ends);
	if (r < 0)
		return failure_errno(failure, -r, "cannot start the unpacker");
	read_end = ends[0];
	unpacker->stream_fd = ends[1];
	unpacker->pid = fork();
	if (unpacker->pid == 0)
		child_main(parent, read_end, tree_fd, label, unpacker->shared);
	if (unpacker->pid > 0)
		unpacker->pid_fd = pidfd_open(unpacker->pid, 0);
	if (unpacker->pid_fd < 0)
		return failure_errno(failure, errno,
				     "cannot start the unpacker");
	return 0;
}

int unpacker_order(struct unpacker *unpacker, enum image_kind kind,
		   uint64_t total, struct failure *failure)
{
	const struct order order = { .total = total, .kind = kind };
	int r = fd_write_all(unpacker->stream_fd, &order, sizeof(order));

	if (r == 0)
		return 0;
	if (r == -EPIPE && unpacker_result(unpacker, failure) < 0)
		return r; /* it has said why */
	return failure_errno(failure, -r, "cannot start the unpacker");
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
	unpacker->stream_fd = fd_close(unpacker->stream_fd);
	if (unpacker->shared)
		munmap(unpacker->shared, sizeof(*unpacker->shared));
	unpacker->shared = NULL;
}
