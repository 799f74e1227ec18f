/* SPDX-License-Identifier: MIT */
#include "bootstrap/load.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/spawn.h"
#include "base/text.h"
#include "bootstrap/assemble.h"
#include "bootstrap/worker.h"
#include "root/adapt.h"
#include "root/cgroup.h"
#include "root/enter.h"
#include "root/init.h"

#define RESOLV_CONF_MAX 4096
#define ANNOUNCE_MS	3000
#define PROCESSES_KEPT	512 /* pids that a target cannot take from us */

static int leave_mounts(struct failure *failure)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot make a mount namespace");
	return 0;
}

static uint64_t processes_max(void)
{
	static const char *const files[] = {
		"/proc/sys/kernel/pid_max",
		"/proc/sys/kernel/threads-max",
	};
	uint64_t least = 32768, value;
	char text[24];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (file_read_line(AT_FDCWD, files[i], text, sizeof(text)) >
			    0 &&
		    str_to_u64(text, UINT64_MAX, &value) == 0)
			least = MIN(least, value);
	return least > 2 * PROCESSES_KEPT ? least - PROCESSES_KEPT : least / 2;
}

/*
 * Everything of the load, the worker too, lives in the cgroup: it is bounded
 * and it can be killed at once.
 *
 * While the image comes in, images of the store are dropped when it needs
 * their memory, so what they hold counts as available. That is too much by
 * what cannot be dropped (the image itself when it is there already, changes
 * that are kept); `image load` looks at the memory that is really free, so
 * this is a second fence, and bound_target() puts it where it belongs.
 */
static int bound_load(struct failure *failure)
{
	uint64_t available =
		memory_now().available + memory_of_tmpfs(STORE_DIR);
	uint64_t kept = memory_reserve();
	char kept_text[SIZE_TEXT_MAX], text[SIZE_TEXT_MAX];
	int r;

	if (available <= 2 * kept)
		return failure_set(failure, ENOMEM,
				   "too little memory: %s is available, %s is "
				   "kept for the bootstrap",
				   size_text(available, text),
				   size_text(kept, kept_text));
	r = cgroup_create(available - kept / 2, processes_max(), failure);
	return r < 0 ? r : cgroup_join(CGROUP_LOAD, getpid(), failure);
}

/*
 * A target may take what is available now. Of the image, the cgroup is charged
 * with what this load brought, which the target cannot give back; what an
 * earlier load brought was charged to that load's.
 */
static void bound_target(void)
{
	uint64_t available = memory_now().available;
	uint64_t kept = memory_reserve() / 2;

	if (available > kept)
		cgroup_bound_memory(cgroup_shared_memory() + available - kept);
}

static void report_progress(int link, const struct progress *progress)
{
	struct load_report report = {
		.kind = LOAD_PROGRESS,
		.progress = *progress,
	};

	(void)!worker_send(link, &report, sizeof(report), FD_NONE);
}

/* What follows the last report: what is in the store now. */
static int receive_made(int reports, struct image_made *ret_made,
			struct failure *failure)
{
	ssize_t n = recv(reports, ret_made, sizeof(*ret_made), 0);

	if (n == (ssize_t)sizeof(*ret_made) && assemble_is_sound(ret_made))
		return 0;
	return failure_set(failure, EPROTO,
			   "the load ended without saying what it loaded");
}

/* Reads what the loading child says until it has said the last. */
static int follow(int reports, int link, struct image_made *ret_made,
		  struct failure *failure)
{
	struct image_report report;

	while (recv(reports, &report, sizeof(report), 0) == sizeof(report) &&
	       report.magic == CONTROL_MAGIC) {
		report_progress(link, &report.progress);
		if (report.kind == IMAGE_REPORT_DONE)
			return receive_made(reports, ret_made, failure);
		if (report.kind == IMAGE_REPORT_FAILED) {
			report.failure.text[sizeof(report.failure.text) - 1] =
				'\0';
			*failure = report.failure;
			return -EIO;
		}
	}
	return failure_set(failure, EIO,
			   "unpacking the image ended without a result (killed "
			   "for memory?)");
}

#define ARGUMENTS_MAX 12

static void make_arguments(const struct control_request *wanted,
			   const char *argv[static ARGUMENTS_MAX])
{
	static const char *const always[] = {
		"/usr/bin/boomerang", "image",	 "load",
		"--report",	      "--store", STORE_DIR
	};
	size_t count = ARRAY_SIZE(always);

	memcpy(argv, always, sizeof(always));
	if (*wanted->sha256) {
		argv[count++] = "--sha256";
		argv[count++] = wanted->sha256;
	}
	if (wanted->require_signature)
		argv[count++] = "--require-signature";
	argv[count++] = "--";
	argv[count++] = wanted->ref;
	argv[count] = NULL;
}

/* Brings the image into the store, unless it is there. */
/*
 * The child that brings the image. It holds the store for us until it is let
 * go: nobody takes a layer away before the store was told that it runs.
 */
struct bringer {
	pid_t pid; /* 0: none */
	int fd;
};

static void let_go(struct bringer *bringer)
{
	bringer->fd = fd_close(bringer->fd);
	if (bringer->pid > 0)
		waitpid(bringer->pid, NULL, 0);
	bringer->pid = 0;
}

static int bring(const struct load *load, int link, struct bringer *bringer,
		 struct image_made *ret_made, struct failure *failure)
{
	const char *argv[ARGUMENTS_MAX];
	_cleanup_fd int theirs = FD_NONE;
	int ends[2], r;
	pid_t pid;

	make_arguments(&load->wanted, argv);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno, "cannot start a load");
	bringer->fd = ends[0];
	theirs = ends[1];
	pid = spawn(&(struct spawn){ .argv = argv,
				     .fd = { FD_NONE, STDERR_FILENO,
					     STDERR_FILENO },
				     .extra_fd = theirs,
				     .session = true,
				     .oom_score_adj = 500 },
		    failure);
	if (pid < 0)
		return pid;
	bringer->pid = pid;
	theirs = fd_close(theirs);
	r = follow(bringer->fd, link, ret_made, failure);
	/* One that talks nonsense must not be waited for. */
	if (r < 0)
		kill(pid, SIGKILL);
	return r;
}

/* Its init, or else the program that the image names. */
static int find_program(const struct load *load, int root_fd,
			const struct image_made *made,
			struct program *ret_program, struct failure *failure)
{
	static char init[PATH_MAX];
	int r = init_find(root_fd, load->wanted.init, init, failure);

	if (r == -ENODATA && made->start.args_len > 0)
		return program_of_image(root_fd, &made->start,
					*load->serial ? "TERM=vt220"
						      : "TERM=linux",
					ret_program, failure);
	if (r == 0)
		program_of_init(init, ret_program);
	return r;
}

static int adapt(const struct load *load, int root_fd,
		 const struct program *program, struct failure *failure)
{
	static char resolv_conf[RESOLV_CONF_MAX];

	if (file_read(AT_FDCWD, "/etc/resolv.conf", resolv_conf,
		      sizeof(resolv_conf)) < 0)
		resolv_conf[0] = '\0';
	return adapt_image(
		root_fd,
		&(struct adapt){ .init = program->own ? "" : program->path,
				 .serial = load->serial,
				 .hidden = load->hidden,
				 .resolv_conf = resolv_conf },
		failure);
}

/* PID 1 lets go of what the target may want for itself. */
static void announce_target(int link)
{
	const struct load_report report = { .kind = LOAD_STARTING };
	struct pollfd answer = { .fd = link, .events = POLLIN };
	char nothing[1];

	if (worker_send(link, &report, sizeof(report), FD_NONE) == 0 &&
	    poll(&answer, 1, ANNOUNCE_MS) > 0)
		(void)!recv(link, nothing, sizeof(nothing), MSG_DONTWAIT);
}

static int start(const struct load *load, int link,
		 const struct image_made *made, struct failure *failure)
{
	static struct program program;
	_cleanup_fd int root_fd = FD_NONE, control = FD_NONE;
	struct load_report report = { .kind = LOAD_ENTERED };
	int r;

	root_fd = open(ASSEMBLE_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return failure_errno(failure, errno, "cannot open the image");
	r = find_program(load, root_fd, made, &program, failure);
	if (r == 0)
		r = adapt(load, root_fd, &program, failure);
	/* What the network looks like now: it may have changed while the
	 * image came in. */
	if (r == 0)
		r = audit_renew_network(load->arena, *load->audit, failure);
	if (r < 0)
		return r;
	announce_target(link);
	report.pid =
		enter_target(&(struct enter){ .root = ASSEMBLE_ROOT,
					      .program = &program,
					      .serial = load->serial,
					      .serial_pty = load->serial_pty,
					      .hidden = load->hidden },
			     &control, failure);
	if (report.pid < 0)
		return report.pid;
	report.own = program.own;
	(void)str_copy(report.init, sizeof(report.init), program.path);
	return worker_send(link, &report, sizeof(report), control);
}

int load_run(void *argument, int link)
{
	struct load *load = argument;
	struct load_report report = { .kind = LOAD_FAILED };
	struct bringer bringer = { .fd = FD_NONE };
	static struct image_made made;
	int r;

	r = audit_take(load->arena, load->audit, &report.failure);
	if (r == 0)
		r = leave_mounts(&report.failure);
	if (r == 0)
		r = bound_load(&report.failure);
	if (r == 0)
		r = bring(load, link, &bringer, &made, &report.failure);
	if (r == 0)
		r = assemble(&made, load->wanted.keep, &report.failure);
	let_go(&bringer);
	if (r == 0)
		bound_target();
	if (r == 0)
		r = start(load, link, &made, &report.failure);
	if (r == 0)
		return 0;
	(void)!worker_send(link, &report, sizeof(report), FD_NONE);
	return 1;
}
