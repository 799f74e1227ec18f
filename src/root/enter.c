/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * The worker (caller) makes what belongs to both sides: the target's /run
 * with the control socket in it. The child is cloned into its new namespaces
 * and waits for the word that it was moved into its cgroup: the root of a
 * cgroup namespace is where its maker is at that moment. Then, each step
 * before the next:
 *
 *  1. cgroup namespace. Should see only its own subtree. Mustn't come before
 *     the move.
 *  2. /proc, /sys, /sys/fs/cgroup, /dev, /dev/pts, /dev/shm, /run attached to
 *     the root, by descriptors: an image's symlink bends none of them.
 *     systemd and the others skip an API file system that is already there.
 *  3. ptys over the serial console's names; /dev/null over consoles that the
 *     bootstrap keeps.
 *  4. the bootstrap's kernel modules, read-only, where the image has none for
 *     this kernel.
 *  5. pivot_root, and the old root detached. Mustn't leave a way back: the
 *     descriptors are closed on exec.
 *  6. for an image's own program: console, directory and user. Mustn't be
 *     another user before: the mounts need root.
 *  7. exec. A failure up to here is told through a socket that closes on
 *     exec; its end without a message is the success.
 */
#include "root/enter.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"
#include "root/become.h"
#include "root/cgroup.h"
#include "root/copy.h"
#include "root/mount.h"
#include "wire/control.h"
#include "wire/module-files.h"

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)

static const struct mount_option run_options[] = {
	{ "mode", "0755" },
	{ NULL, NULL },
};

/* A detached tmpfs with the control socket in it. The socket is bound through
 * /proc, as the file system has no path of its own yet. */
static int make_run(int *ret_control, struct failure *failure)
{
	_cleanup_fd int control = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_fd int run =
		mount_new("tmpfs", "run", run_options,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, failure);
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	if (run < 0)
		return run;
	/* CONTROL_PATH less its "/run". */
	snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d%s",
		 run, &CONTROL_PATH[strlen("/run")]);
	if (control < 0 || mkdirat(run, "boomerang", 0755) < 0 ||
	    bind(control, (struct sockaddr *)&name, sizeof(name)) < 0 ||
	    chmod(name.sun_path, 0600) < 0 || listen(control, 8) < 0)
		return failure_errno(failure, errno,
				     "cannot make the target's control socket");
	*ret_control = TAKE_FD(control);
	return TAKE_FD(run);
}

static int mount_api(int root_fd, int run, struct failure *failure)
{
	int r = become_mount_api(root_fd, failure);

	if (r < 0)
		return r;
	r = path_mkdirs_in_root(root_fd, "/run", 0755);
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot make /run in the image");
	return mount_attach(run, root_fd, "/run", failure);
}

/* Puts our file at from over /dev/name of the target, if it has one. */
static int cover_device(int root_fd, const char *name, const char *from,
			struct failure *failure)
{
	char path[64];
	_cleanup_fd int there = FD_NONE, mount = FD_NONE;

	snprintf(path, sizeof(path), "/dev/%s", name);
	there = path_open_in_root(root_fd, path, O_PATH, 0);
	if (there < 0)
		return 0;
	mount = mount_copy(from, false, 0, failure);
	return mount < 0 ? mount : mount_attach(mount, root_fd, path, failure);
}

static int cover_consoles(const struct enter *what, int root_fd,
			  struct failure *failure)
{
	int r = 0;

	if (*what->serial) {
		r = cover_device(root_fd, "console", what->serial_pty, failure);
		if (r == 0)
			r = cover_device(root_fd, what->serial,
					 what->serial_pty, failure);
	}
	for (size_t i = 0; r == 0 && what->hidden[i]; i++)
		r = cover_device(root_fd, what->hidden[i], "/dev/null",
				 failure);
	return r;
}

static bool has_entries(int root_fd, const char *path)
{
	int fd = path_open_in_root(root_fd, path, O_RDONLY | O_DIRECTORY, 0);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int count = 0;

	if (!dir) {
		fd_close(fd);
		return false;
	}
	while (count < 3 && readdir(dir))
		count++;
	return count == 3; /* more than "." and ".." */
}

static int offer_modules(int root_fd, struct failure *failure)
{
	_cleanup_fd int mount = FD_NONE;
	char path[PATH_MAX];
	struct utsname name;
	int r;

	uname(&name);
	snprintf(path, sizeof(path), MODULES_DIR "/%s", name.release);
	if (access(path, F_OK) < 0 || has_entries(root_fd, path))
		return 0;
	r = path_mkdirs_in_root(root_fd, path, 0755);
	if (r < 0)
		return failure_errno(failure, -r, "cannot make %s in the image",
				     path);
	mount = mount_copy(path, false, MOUNT_ATTR_RDONLY, failure);
	return mount < 0 ? mount : mount_attach(mount, root_fd, path, failure);
}

/* The way to ask for the return from inside: this very program, found under
 * a name that makes it a client (see bootstrap/main.c). */
static int offer_return(int root_fd, struct failure *failure)
{
	_cleanup_fd int from = open("/init", O_RDONLY | O_CLOEXEC);
	_cleanup_fd int to = FD_NONE;
	int r = from < 0 ? -errno : 0;

	/* Whatever the image has there goes: a FIFO would hold us. */
	if (r == 0)
		r = path_remove_tree(root_fd, ".bootstrap-return");
	if (r == 0)
		r = to = path_open_in_root(root_fd, "/.bootstrap-return",
					   O_WRONLY | O_CREAT | O_EXCL, 0755);
	if (r >= 0)
		r = copy_bytes(from, to);
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot write /.bootstrap-return");
	return 0;
}

static int pivot(int root_fd, struct failure *failure)
{
	if (fchdir(root_fd) < 0 || sys_pivot_root(".", ".") < 0)
		return failure_errno(failure, errno,
				     "cannot pivot into the image");
	/* The old root lies over the new one now; "." is still the new. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return failure_errno(failure, errno,
				     "cannot leave the bootstrap's root");
	return 0;
}

/* As container engines do, for an image that only names it. */
static int make_directory(int root_fd, const char *path,
			  struct failure *failure)
{
	int r = path_mkdirs_in_root(root_fd, path, 0755);

	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot make the working directory %s in "
				     "the image",
				     path);
	return 0;
}

static int become_init(const struct enter *what, int run,
		       struct failure *failure)
{
	const struct program *program = what->program;
	_cleanup_fd int root_fd = FD_NONE;
	int r;

	if (unshare(CLONE_NEWCGROUP) < 0)
		return failure_errno(failure, errno,
				     "cannot make a cgroup namespace");
	become_reset();
	/* Opened here: the descriptor must be of this mount namespace. */
	root_fd = open(what->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return failure_errno(failure, errno, "cannot open %s",
				     what->root);
	r = offer_return(root_fd, failure);
	if (r == 0)
		r = mount_api(root_fd, run, failure);
	if (r == 0)
		r = cover_consoles(what, root_fd, failure);
	if (r == 0)
		r = offer_modules(root_fd, failure);
	if (r == 0)
		r = make_directory(root_fd, program->directory, failure);
	if (r == 0)
		r = pivot(root_fd, failure);
	if (r == 0)
		r = become_open_console(failure);
	if (r == 0 && program->own)
		/* The pty is ours and ends with the target, a real console is
		 * not. */
		r = become_user(program, *what->serial, failure);
	return r < 0 ? r : become_exec(program, failure);
}

/* Never returns. */
static void run_child(const struct enter *what, int run, int link)
{
	struct failure failure = { 0 };
	char go;

	if (read(link, &go, 1) == 1 && become_init(what, run, &failure) < 0)
		(void)!write(link, &failure, sizeof(failure));
	_exit(98);
}

/* Lets the child go on and waits for its exec. */
static int release_child(pid_t pid, int link, struct failure *failure)
{
	ssize_t n;
	int r = cgroup_join(CGROUP_TARGET, pid, failure);

	if (r < 0)
		return r;
	if (write(link, "", 1) != 1)
		return failure_errno(failure, errno, "cannot start the target");
	n = read(link, failure, sizeof(*failure));
	if (n == 0)
		return 0;
	if (n == sizeof(*failure))
		return -failure->err;
	return failure_errno(failure, EPROTO, "cannot start the target");
}

pid_t enter_target(const struct enter *what, int *ret_control,
		   struct failure *failure)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	_cleanup_fd int control = FD_NONE, run = FD_NONE;
	int ends[2], r;
	pid_t pid;

	run = make_run(&control, failure);
	if (run < 0)
		return run;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return failure_errno(failure, errno, "cannot start a target");
	ours = ends[0];
	theirs = ends[1];
	/* With CLONE_PARENT the exit signal is the caller's own, SIGCHLD. */
	pid = (pid_t)syscall(SYS_clone, NAMESPACES | CLONE_PARENT, NULL, NULL,
			     NULL, NULL);
	if (pid < 0)
		return failure_errno(failure, errno,
				     "cannot make the target's namespaces");
	if (pid == 0) {
		fd_close(ours);
		run_child(what, run, theirs);
	}
	theirs = fd_close(theirs);
	r = release_child(pid, ours, failure);
	if (r < 0) {
		/* Not our child: PID 1 reaps it. */
		kill(pid, SIGKILL);
		return r;
	}
	*ret_control = TAKE_FD(control);
	return pid;
}
