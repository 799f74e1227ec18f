/* SPDX-License-Identifier: MIT */
#include "bootstrap/load.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "bootstrap/worker.h"
#include "root/adapt.h"
#include "root/cgroup.h"
#include "root/enter.h"
#include "root/init.h"
#include "root/loopdev.h"
#include "root/mount.h"

#define IMAGE_DIR   CONTROL_DIR "/image" /* a tmpfs: all of the image */
#define IMAGE_TREE  IMAGE_DIR "/tree"
#define IMAGE_FILE  IMAGE_DIR "/image"
#define IMAGE_LOWER IMAGE_DIR "/lower" /* where a squashfs is mounted */
#define IMAGE_UPPER IMAGE_DIR "/upper"
#define IMAGE_WORK  IMAGE_DIR "/work"
#define IMAGE_ROOT  CONTROL_DIR "/root" /* the assembled root */

#define RESOLV_CONF_MAX 4096
#define PROCESSES_KEPT	512 /* pids that a target cannot take from us */

/* A tmpfs inode with its directory entry costs about 1 KiB of memory that
 * the size limit does not count; so many inodes at most cost a quarter. */
#define BYTES_PER_INODE 4096

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

/* Everything of the load, the worker too, lives in the cgroup: it is bounded
 * and it can be killed at once. */
static int bound(uint64_t available, struct failure *failure)
{
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

static int make_image_dir(uint64_t available, struct failure *failure)
{
	static const char *const dirs[] = { IMAGE_LOWER, IMAGE_UPPER,
					    IMAGE_WORK, IMAGE_ROOT };
	uint64_t size = available - memory_reserve();
	char options[128];
	int r = 0;

	snprintf(options, sizeof(options),
		 "mode=0755,size=%" PRIu64 ",nr_inodes=%" PRIu64, size,
		 size / BYTES_PER_INODE);
	if (path_mkdirs(IMAGE_DIR, 0755) < 0 ||
	    mount("image", IMAGE_DIR, "tmpfs", MS_NODEV | MS_NOSUID, options) <
		    0)
		return failure_errno(failure, errno,
				     "cannot make a tmpfs for the image");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(dirs); i++)
		r = path_mkdirs(dirs[i], 0755);
	if (r < 0)
		return failure_errno(failure, -r, "cannot make %s", IMAGE_DIR);
	return 0;
}

static void report_progress(int link, const struct progress *progress)
{
	struct load_report report = {
		.kind = LOAD_PROGRESS,
		.progress = *progress,
	};

	(void)!worker_send(link, &report, sizeof(report), FD_NONE);
}

/* Reads what the unpacking child says until it has said the last. */
static int follow(int reports, int link, enum image_layout *ret_layout,
		  struct failure *failure)
{
	struct image_report report;
	ssize_t n;

	while ((n = recv(reports, &report, sizeof(report), 0)) ==
		       sizeof(report) &&
	       report.magic == CONTROL_MAGIC) {
		report_progress(link, &report.progress);
		if (report.kind == IMAGE_REPORT_DONE) {
			*ret_layout = (enum image_layout)report.layout;
			return 0;
		}
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

static int unpack(const struct load *load, int link,
		  enum image_layout *ret_layout, struct failure *failure)
{
	const char *argv[] = { "/usr/bin/boomerang",
			       "image",
			       "unpack",
			       "--report",
			       load->ref,
			       IMAGE_DIR,
			       NULL };
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno, "cannot start a load");
	ours = ends[0];
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
	theirs = fd_close(theirs);
	r = follow(ours, link, ret_layout, failure);
	waitpid(pid, NULL, 0);
	return r;
}

static int mount_file(const char *type, struct failure *failure)
{
	_cleanup_fd int file = open(IMAGE_FILE, O_RDONLY | O_CLOEXEC);
	_cleanup_fd int loop = FD_NONE;
	char device[LOOPDEV_PATH_MAX];

	if (file < 0)
		return failure_errno(failure, errno, "cannot open the image");
	loop = loopdev_attach(file, 0, 0, device, failure);
	if (loop < 0)
		return loop;
	if (mount(device, IMAGE_LOWER, type, MS_RDONLY | MS_NODEV, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot mount the image as %s", type);
	return 0;
}

/* The image below, read-only; a fresh layer above: every load is pristine. */
static int assemble(enum image_layout layout, struct failure *failure)
{
	const char *lower = IMAGE_LOWER;
	char options[256];
	int r = 0;

	switch (layout) {
	case IMAGE_LAYOUT_NONE:
		r = failure_set(failure, EPROTO, "the image has no content");
		break;
	case IMAGE_LAYOUT_TREE:
		lower = IMAGE_TREE;
		break;
	case IMAGE_LAYOUT_SQUASHFS:
		r = mount_file("squashfs", failure);
		break;
	case IMAGE_LAYOUT_EROFS:
		r = mount_file("erofs", failure);
		break;
	}
	if (r < 0)
		return r;
	snprintf(options, sizeof(options),
		 "lowerdir=%s,upperdir=" IMAGE_UPPER ",workdir=" IMAGE_WORK,
		 lower);
	if (mount("root", IMAGE_ROOT, "overlay", 0, options) < 0)
		return failure_errno(failure, errno,
				     "cannot lay an overlay over the image");
	return 0;
}

static int start(const struct load *load, int link, struct failure *failure)
{
	static char resolv_conf[RESOLV_CONF_MAX];
	_cleanup_fd int root_fd = FD_NONE, control = FD_NONE;
	struct load_report report = { .kind = LOAD_ENTERED };
	char init[PATH_MAX];
	int r;

	root_fd = open(IMAGE_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return failure_errno(failure, errno, "cannot open the image");
	r = init_find(root_fd, load->init, init, failure);
	if (r < 0)
		return r;
	if (file_read(AT_FDCWD, "/etc/resolv.conf", resolv_conf,
		      sizeof(resolv_conf)) < 0)
		resolv_conf[0] = '\0';
	r = adapt_image(root_fd,
			&(struct adapt){ .init = init,
					 .serial = load->serial,
					 .hidden = load->hidden,
					 .resolv_conf = resolv_conf },
			failure);
	if (r < 0)
		return r;
	/* What the network looks like now: it may have changed while the
	 * image came in. */
	r = audit_renew_network(load->arena, *load->audit, failure);
	if (r < 0)
		return r;
	report.pid =
		enter_target(&(struct enter){ .root = IMAGE_ROOT,
					      .init = init,
					      .serial = load->serial,
					      .serial_pty = load->serial_pty,
					      .hidden = load->hidden },
			     &control, failure);
	if (report.pid < 0)
		return report.pid;
	(void)str_copy(report.init, sizeof(report.init), init);
	return worker_send(link, &report, sizeof(report), control);
}

int load_run(void *argument, int link)
{
	struct load *load = argument;
	struct load_report report = { .kind = LOAD_FAILED };
	enum image_layout layout = IMAGE_LAYOUT_NONE;
	uint64_t available = memory_now().available;
	int r;

	r = audit_take(load->arena, load->audit, &report.failure);
	if (r == 0)
		r = leave_mounts(&report.failure);
	if (r == 0)
		r = bound(available, &report.failure);
	if (r == 0)
		r = make_image_dir(available, &report.failure);
	if (r == 0)
		r = unpack(load, link, &layout, &report.failure);
	if (r == 0)
		r = assemble(layout, &report.failure);
	if (r == 0)
		r = start(load, link, &report.failure);
	if (r == 0)
		return 0;
	(void)!worker_send(link, &report, sizeof(report), FD_NONE);
	return 1;
}
