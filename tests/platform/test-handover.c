/* SPDX-License-Identifier: MIT */
/*
 * What systemd finds when a swap is handed over to it, and that nothing of it
 * is left when it is undone: in a mount namespace, with a /run of the test's
 * own and a systemctl that only writes down what it was asked. Needs root.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/spawn.h"
#include "base/text.h"
#include "takeover/handover.h"

#define STAGING	  "/run/staging"
#define ROOT	  STAGING "/tree"
#define ASKED	  "/run/asked"
#define SYSTEMCTL "/usr/bin/systemctl"
#define UNIT	  "/etc/systemd/system/boomerang-swap.service"
#define WANTED                                      \
	"/etc/systemd/system/sysinit.target.wants/" \
	"boomerang-swap.service"
#define DROP_IN "/run/systemd/system/dracut-shutdown.service.d"

static const char fake[] = "#!/bin/sh\n"
			   "echo \"$@\" >>" ASKED "\n"
			   "case $1 in\n"
			   "is-active) test -e /run/dracut ;;\n"
			   "reboot|soft-reboot) test ! -e /run/refuse ;;\n"
			   "esac\n";

static struct failure failure;

static bool put(const char *path, const char *text, mode_t mode)
{
	return file_create(AT_FDCWD, path, text) == 0 && chmod(path, mode) == 0;
}

static bool is_there(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What systemctl was asked since the last time. */
static const char *asked(void)
{
	static char text[1024];

	if (file_read(AT_FDCWD, ASKED, text, sizeof(text)) < 0)
		text[0] = '\0';
	(void)unlink(ASKED);
	return text;
}

static bool replace_systemctl(void)
{
	const char *const argv[] = { "systemctl", "test", NULL };
	const struct spawn what = { .argv = argv,
				    .fd = { FD_NONE, FD_NONE, FD_NONE },
				    .extra_fd = FD_NONE };

	return put("/run/systemctl", fake, 0755) &&
	       mount("/run/systemctl", SYSTEMCTL, NULL, MS_BIND, NULL) == 0 &&
	       spawn_wait(&what, &failure) == 0 && str_eq(asked(), "test\n");
}

static bool make_host(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("run", "/run", "tmpfs", 0, NULL) == 0 &&
	       path_mkdirs("/run/systemd/system", 0755) == 0 &&
	       mkdir(STAGING, 0755) == 0 &&
	       mount("staging", STAGING, "tmpfs", 0, NULL) == 0 &&
	       path_mkdirs(ROOT "/.boomerang", 0755) == 0 &&
	       put(ROOT "/.boomerang/init", "program", 0755) &&
	       replace_systemctl();
}

/* Nothing that was made, and nothing mounted. */
static void is_clean(const char *what)
{
	ok(!is_there("/run/initramfs") && !is_there("/run/nextroot") &&
		   !is_there(ROOT "/shutdown") && !is_there(ROOT "/oldroot") &&
		   !is_there(ROOT UNIT) && !is_there(ROOT WANTED) &&
		   !is_there(DROP_IN),
	   what);
	/* EBUSY: a descriptor of ours is open in it (umount(2)). */
	ok(umount2(STAGING, MNT_EXPIRE) < 0 && errno == EAGAIN,
	   "  and the staging is not in use");
}

static void test_exitrd(void)
{
	struct stat program, shutdown;

	ok_int(exitrd_prepare(ROOT, &failure), 0, "an exitrd");
	ok(access("/run/initramfs/shutdown", X_OK) == 0,
	   "has the program that systemd-shutdown looks for");
	ok(stat("/run/initramfs/shutdown", &shutdown) == 0 &&
		   stat(ROOT "/.boomerang/init", &program) == 0 &&
		   shutdown.st_ino == program.st_ino,
	   "which is the stage");
	ok(is_there("/run/initramfs/oldroot"), "and a place for the old root");
	ok(!is_there(DROP_IN), "dracut is not there, and left alone");
	(void)asked();
	ok_int(exitrd_go(&failure), 0, "systemd accepts");
	ok_str(asked(), "reboot --ignore-inhibitors\n", "to reboot");
	exitrd_undo();
	is_clean("nothing is left");
	exitrd_undo();
	is_clean("undone twice");
}

static void test_dracut(void)
{
	(void)!put("/run/dracut", "", 0644);
	(void)mkdir("/run/initramfs", 0755);
	(void)!put("/run/initramfs/shutdown", "dracut's", 0755);
	(void)!put("/run/refuse", "", 0644);
	ok_int(exitrd_prepare(ROOT, &failure), 0, "an exitrd over dracut's");
	ok_str(asked(),
	       "is-active --quiet dracut-shutdown.service\n"
	       "daemon-reload\n",
	       "which is told to keep away");
	ok(is_there(DROP_IN "/boomerang.conf"), "by a drop-in");
	ok(exitrd_go(&failure) < 0 && strstr(failure.text, "reboot failed"),
	   "systemd refuses");
	(void)asked();
	exitrd_undo();
	ok_str(asked(), "daemon-reload\n", "dracut may again");
	ok(is_there("/run/initramfs/shutdown"), "and has its own still");
	(void)unlink("/run/initramfs/shutdown");
	(void)rmdir("/run/initramfs");
	(void)unlink("/run/dracut");
	(void)unlink("/run/refuse");
	is_clean("nothing else is left");
}

static void test_refused_image(void)
{
	(void)!put(ROOT "/shutdown", "the image's", 0755);
	ok(exitrd_prepare(ROOT, &failure) == -EEXIST &&
		   strstr(failure.text, "--method ptrace"),
	   "an image with a /shutdown is refused");
	ok(is_there(ROOT "/shutdown"), "and keeps it");
	(void)unlink(ROOT "/shutdown");
	is_clean("nothing was made");
	ok(soft_reboot_prepare(ROOT, &failure) == -ENOENT &&
		   strstr(failure.text, "os-release"),
	   "one that systemd would not soft-reboot into is, too");
	is_clean("nothing was made");
}

static void test_soft_reboot(void)
{
	char text[2048] = "";

	(void)!path_mkdirs(ROOT "/usr/lib", 0755);
	(void)!path_mkdirs(ROOT "/etc/systemd/system", 0755);
	(void)!put(ROOT "/usr/lib/os-release", "ID=x\n", 0644);
	(void)!symlink("/usr/lib/os-release", ROOT "/etc/os-release");
	ok_int(soft_reboot_prepare(ROOT, &failure), 0, "a soft-reboot");
	ok(is_there("/run/nextroot/usr/lib/os-release"),
	   "the new root is where systemd looks");
	ok(file_read(AT_FDCWD, "/run/nextroot" WANTED, text, sizeof(text)) >
			   0 &&
		   strstr(text, "ExecStart=/.boomerang/init --swap-release\n"),
	   "with a unit that is wanted");
	(void)asked();
	ok_int(soft_reboot_go(&failure), 0, "systemd accepts");
	ok_str(asked(), "soft-reboot --ignore-inhibitors\n", "to soft-reboot");
	soft_reboot_undo();
	is_clean("nothing is left");
}

static void test_no_systemd(void)
{
	(void)rmdir("/run/systemd/system");
	ok(exitrd_prepare(ROOT, &failure) == -EOPNOTSUPP,
	   "without systemd there is no exitrd");
	is_clean("nothing was made");
}

int main(void)
{
	if (geteuid() != 0 || !make_host()) {
		printf("1..0 # SKIP this needs root, namespaces and "
		       "systemctl\n");
		return 0;
	}
	test_exitrd();
	test_dracut();
	test_refused_image();
	test_soft_reboot();
	test_no_systemd();
	return tap_done();
}
