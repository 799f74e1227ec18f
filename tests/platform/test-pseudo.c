/* SPDX-License-Identifier: MIT */
/* What proc, sysfs and securityfs say where they are not mounted. */
#include "base/pseudo.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#include "../unit/tap.h"

static char usual[65536], other[65536];

/* A root with nothing in it, in a mount namespace of our own. */
static bool leave_all_mounts(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("nothing", "/mnt", "tmpfs", 0, NULL) == 0 &&
	       chroot("/mnt") == 0 && chdir("/") == 0;
}

static int entries(const char *path)
{
	_cleanup_dir DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	return count;
}

int main(void)
{
	ssize_t n, before;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	before =
		file_read_line(AT_FDCWD, "/proc/cmdline", usual, sizeof(usual));
	ok(before > 0, "a command line");
	ok_int(pseudo_read_line(PSEUDO_PROC, "cmdline", other, sizeof(other)),
	       before, "as it is mounted");
	ok_str(other, usual, "it is the same");
	ok_int(pseudo_read_line(PSEUDO_PROC, "no/such", other, sizeof(other)),
	       -ENOENT, "what does not exist");

	ok(leave_all_mounts() && access("/proc", F_OK) < 0,
	   "nothing is mounted");
	ok_int(pseudo_read_line(PSEUDO_PROC, "cmdline", other, sizeof(other)),
	       before, "it is read all the same");
	ok_str(other, usual, "and the same");
	n = pseudo_read_line(PSEUDO_SYS, "kernel/uevent_seqnum", other,
			     sizeof(other));
	ok(n > 0 || n == -ENOENT, "sysfs, too");
	n = pseudo_read_line(PSEUDO_SECURITY, "lsm", other, sizeof(other));
	ok(n > 0 || n == -ENOENT, "securityfs, where the kernel has it");
	ok_int(pseudo_read_line(PSEUDO_PROC, "no/such", other, sizeof(other)),
	       -ENOENT, "what does not exist there, either");
	ok_int(entries("/"), 2, "and nobody sees a trace of it");
	/* For a sanitizer, which looks there at the end. */
	if (mkdir("/proc", 0555) < 0 || mount("proc", "/proc", "proc", 0, NULL))
		printf("# no /proc any more\n");
	return tap_done();
}
