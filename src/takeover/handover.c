/* SPDX-License-Identifier: MIT */
/*
 * systemd looks for its way out in a directory of /run: systemd-shutdown
 * pivots into /run/initramfs when there is an executable /shutdown in it, and
 * a soft-reboot goes to /run/nextroot when that holds an operating system
 * (os-release(5)). So all else is made first, and the mount that shows the new
 * root there comes last: before it a reboot, whoever asks for one, is a reboot
 * as ever; behind it there is only `systemctl` to be told. What was done is
 * undone from the last to the first.
 *
 * Mustn't: let dracut unpack the old initramfs over the new root, as its
 * dracut-shutdown.service does while everything stops.
 */
#include "takeover/handover.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "root/mount.h"
#include "wire/swap.h"

#define EXITRD_POINT   "/run/initramfs"
#define EXITRD_PROGRAM "shutdown"
#define EXITRD_OLD     "oldroot"
#define SOFT_POINT     "/run/nextroot"

#define UNIT_NAME	 "boomerang-swap.service"
#define UNIT_DIR	 "/etc/systemd/system"
#define UNIT_WANTS	 UNIT_DIR "/sysinit.target.wants"
#define UNIT_PATH	 UNIT_DIR "/" UNIT_NAME
#define UNIT_WANTED_PATH UNIT_WANTS "/" UNIT_NAME

#define DRACUT_UNIT    "dracut-shutdown.service"
#define DRACUT_DIR     "/run/systemd/system/" DRACUT_UNIT ".d"
#define DRACUT_DROP_IN DRACUT_DIR "/boomerang.conf"

/*
 * The guard is a process of this unit that must outlive it (KillMode=), and
 * nothing may take a disk before it has let go of it (Before=). Swap in
 * compressed memory waits for none of the targets, and would be let go of.
 */
static const char unit_text[] =
	"[Unit]\n"
	"Description=Release the disks of the system before (boomerang swap)\n"
	"DefaultDependencies=no\n"
	"Conflicts=shutdown.target\n"
	"Before=sysinit.target local-fs-pre.target swap.target "
	"systemd-udevd.service systemd-udev-trigger.service "
	"systemd-zram-setup@zram0.service dev-zram0.swap shutdown.target\n"
	"ConditionPathExists=" SWAP_PLAN "\n"
	"\n"
	"[Service]\n"
	"Type=oneshot\n"
	"RemainAfterExit=yes\n"
	"ExecStart=" SWAP_INIT " " SWAP_RELEASE_ARGUMENT "\n"
	"KillMode=process\n"
	"TimeoutStartSec=infinity\n"
	"StandardOutput=journal+console\n";

/* One preparation at a time; what undoing it needs to know. */
static struct handover {
	const char *root;
	const char *point; /* where systemd looks */
	int root_fd;
	bool point_made, old_made;
	const struct step *steps; /* the last one has no name */
	size_t done;
} current = { .root_fd = FD_NONE };

struct step {
	const char *name;
	int (*take)(struct handover *handover, struct failure *failure);
	void (*undo)(struct handover *handover); /* NULL: nothing to undo */
};

static int run_systemctl(const char *const *argv, struct failure *failure)
{
	/* A kernel that kexec has loaded, or a /run/nextroot, must not make of
	 * a reboot what it is not. */
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		"/sbin:/bin",
		"LANG=C.UTF-8",
		"SYSTEMCTL_SKIP_AUTO_KEXEC=1",
		"SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1",
		NULL,
	};

	return spawn_wait(&(struct spawn){ .argv = argv,
					   .env = env,
					   .fd = { FD_NONE, STDERR_FILENO,
						   STDERR_FILENO },
					   .extra_fd = FD_NONE },
			  failure);
}

static int reload(struct failure *failure)
{
	int r = run_systemctl((const char *const[]){ "systemctl",
						     "daemon-reload", NULL },
			      failure);

	if (r > 0)
		return failure_set(failure, EIO,
				   "systemctl daemon-reload failed (exit "
				   "status %d)",
				   r);
	return r;
}

/* --- the directory in /run, and the root in it --- */

static int make_point(struct handover *handover, struct failure *failure)
{
	handover->point_made = mkdir(handover->point, 0755) == 0;
	if (!handover->point_made && errno != EEXIST)
		return failure_errno(failure, errno, "cannot make %s",
				     handover->point);
	return 0;
}

static void remove_point(struct handover *handover)
{
	if (handover->point_made)
		(void)rmdir(handover->point);
}

static int show_root(struct handover *handover, struct failure *failure)
{
	_cleanup_fd int mount_fd =
		mount_copy(handover->root, false, 0, failure);

	if (mount_fd < 0)
		return mount_fd;
	if (move_mount(mount_fd, "", AT_FDCWD, handover->point,
		       MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failure_errno(failure, errno,
				     "cannot mount the new root on %s",
				     handover->point);
	return 0;
}

static void hide_root(struct handover *handover)
{
	/* Who looks into it right now must not keep a later reboot from
	 * being one. */
	if (umount2(handover->point, UMOUNT_NOFOLLOW) < 0)
		(void)umount2(handover->point, UMOUNT_NOFOLLOW | MNT_DETACH);
}

/* --- the exitrd --- */

static int add_program(struct handover *handover, struct failure *failure)
{
	_cleanup_fd int ours = path_open_in_root(handover->root_fd, SWAP_OURS,
						 O_PATH | O_DIRECTORY, 0);

	if (ours < 0)
		return failure_errno(failure, -ours,
				     "cannot open " SWAP_OURS " in %s",
				     handover->root);
	if (linkat(ours, "init", handover->root_fd, EXITRD_PROGRAM, 0) == 0)
		return 0;
	if (errno == EEXIST)
		return failure_set(failure, EEXIST,
				   "the image has a /" EXITRD_PROGRAM
				   " of its own, where systemd wants ours: use "
				   "--method ptrace");
	return failure_errno(failure, errno,
			     "cannot make /" EXITRD_PROGRAM " in the new root");
}

static void remove_program(struct handover *handover)
{
	(void)unlinkat(handover->root_fd, EXITRD_PROGRAM, 0);
}

static int add_old(struct handover *handover, struct failure *failure)
{
	handover->old_made = mkdirat(handover->root_fd, EXITRD_OLD, 0700) == 0;
	if (!handover->old_made && errno != EEXIST)
		return failure_errno(failure, errno,
				     "cannot make /" EXITRD_OLD
				     " in the new root");
	return 0;
}

static void remove_old(struct handover *handover)
{
	if (handover->old_made)
		(void)unlinkat(handover->root_fd, EXITRD_OLD, AT_REMOVEDIR);
}

static void admit_dracut(_unused struct handover *handover)
{
	struct failure failure;

	if (unlink(DRACUT_DROP_IN) < 0)
		return;
	(void)rmdir(DRACUT_DIR);
	(void)!reload(&failure);
}

static int keep_dracut_away(struct handover *handover, struct failure *failure)
{
	int r = run_systemctl((const char *const[]){ "systemctl", "is-active",
						     "--quiet", DRACUT_UNIT,
						     NULL },
			      failure);

	if (r != 0)
		return r < 0 ? r : 0;
	r = path_mkdirs(DRACUT_DIR, 0755);
	if (r == 0)
		r = file_create(AT_FDCWD, DRACUT_DROP_IN,
				"[Service]\nExecStop=\n");
	if (r < 0)
		r = failure_errno(failure, -r, "cannot write " DRACUT_DROP_IN);
	else
		r = reload(failure);
	if (r < 0)
		admit_dracut(handover);
	return r;
}

static const struct step exitrd_steps[] = {
	{ "its /" EXITRD_PROGRAM, add_program, remove_program },
	{ "its /" EXITRD_OLD, add_old, remove_old },
	{ "no dracut", keep_dracut_away, admit_dracut },
	{ EXITRD_POINT, make_point, remove_point },
	{ "the new root there", show_root, hide_root },
	{ 0 },
};

/* --- soft-reboot --- */

/* Otherwise systemd would begin anew in the old root, and say nothing. */
static int check_os(struct handover *handover, struct failure *failure)
{
	static const char *const paths[] = { "/etc/os-release",
					     "/usr/lib/os-release" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_fd int fd = path_open_in_root(handover->root_fd,
						       paths[i], O_PATH, 0);

		if (fd >= 0)
			return 0;
	}
	return failure_set(failure, ENOENT,
			   "the image has no os-release(5), so systemd would "
			   "not soft-reboot into it: use --method ptrace");
}

static int write_unit(int root_fd)
{
	_cleanup_fd int fd =
		path_open_in_root(root_fd, UNIT_PATH,
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
				  0644);

	return fd < 0 ? fd : fd_write_all(fd, unit_text, strlen(unit_text));
}

static int want_unit(int root_fd)
{
	_cleanup_fd int wants =
		path_open_in_root(root_fd, UNIT_WANTS, O_PATH | O_DIRECTORY, 0);

	if (wants < 0)
		return wants;
	return symlinkat("../" UNIT_NAME, wants, UNIT_NAME) < 0 &&
			       errno != EEXIST
		       ? -errno
		       : 0;
}

static void remove_in_root(int root_fd, const char *dir, const char *name,
			   int flags)
{
	_cleanup_fd int fd =
		path_open_in_root(root_fd, dir, O_PATH | O_DIRECTORY, 0);

	if (fd >= 0)
		(void)unlinkat(fd, name, flags);
}

static void remove_unit(struct handover *handover)
{
	remove_in_root(handover->root_fd, UNIT_WANTS, UNIT_NAME, 0);
	remove_in_root(handover->root_fd, UNIT_DIR, UNIT_NAME, 0);
}

static int add_unit(struct handover *handover, struct failure *failure)
{
	int r = path_mkdirs_in_root(handover->root_fd, UNIT_WANTS, 0755);

	if (r == 0)
		r = write_unit(handover->root_fd);
	if (r == 0)
		r = want_unit(handover->root_fd);
	if (r == 0)
		return 0;
	remove_unit(handover);
	return failure_errno(failure, -r,
			     "cannot add " UNIT_NAME " to the new root");
}

static const struct step soft_reboot_steps[] = {
	{ "an operating system", check_os, NULL },
	{ UNIT_NAME, add_unit, remove_unit },
	{ SOFT_POINT, make_point, remove_point },
	{ "the new root there", show_root, hide_root },
	{ 0 },
};

/* --- both --- */

static void undo(void)
{
	while (current.done > 0) {
		const struct step *step = &current.steps[--current.done];

		if (step->undo)
			step->undo(&current);
	}
	current.root_fd = fd_close(current.root_fd);
}

static int prepare(const struct step *steps, const char *point,
		   const char *root, struct failure *failure)
{
	int r = 0;

	undo();
	current = (struct handover){
		.root = root,
		.point = point,
		.steps = steps,
		.root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	if (current.root_fd < 0)
		return failure_errno(failure, errno, "cannot open %s", root);
	if (access("/run/systemd/system", F_OK) < 0)
		r = failure_set(failure, EOPNOTSUPP,
				"the init of this system is not systemd: use "
				"--method ptrace");
	while (r == 0 && steps[current.done].name) {
		r = steps[current.done].take(&current, failure);
		if (r == 0)
			current.done++;
	}
	if (r < 0)
		undo();
	return r;
}

static int go(const char *verb, struct failure *failure)
{
	/* Inhibitors are for those who did not mean it. */
	int r = run_systemctl((const char *const[]){ "systemctl", verb,
						     "--ignore-inhibitors",
						     NULL },
			      failure);

	if (r > 0)
		return failure_set(failure, EIO,
				   "systemctl %s failed (exit status %d), and "
				   "nothing was changed",
				   verb, r);
	return r;
}

int exitrd_prepare(const char *root, struct failure *failure)
{
	return prepare(exitrd_steps, EXITRD_POINT, root, failure);
}

void exitrd_undo(void)
{
	undo();
}

int exitrd_go(struct failure *failure)
{
	return go("reboot", failure);
}

int soft_reboot_prepare(const char *root, struct failure *failure)
{
	return prepare(soft_reboot_steps, SOFT_POINT, root, failure);
}

void soft_reboot_undo(void)
{
	undo();
}

int soft_reboot_go(struct failure *failure)
{
	return go("soft-reboot", failure);
}
