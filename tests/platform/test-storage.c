/* SPDX-License-Identifier: MIT */
/*
 * Unmounting an old system, made of tmpfs alone, in a mount namespace and a
 * root of our own. Nothing here touches a device.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "takeover/storage-internal.h"

#include "../unit/tap.h"

#define OLD STORAGE_OLD_ROOT

static bool enter_root(const char *place)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	return mount("new", place, "tmpfs", 0, NULL) == 0 &&
	       chdir(place) == 0 && mkdir("proc", 0755) == 0 &&
	       mkdir(&OLD[1], 0755) == 0 &&
	       mount("proc", "proc", "proc", 0, NULL) == 0 && chroot(".") == 0;
}

static void mount_tmpfs(const char *path)
{
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    mount("old", path, "tmpfs", 0, NULL) < 0)
		printf("Bail out! %s: %m\n", path);
}

static void bind(const char *what, const char *path, unsigned long how)
{
	if ((mkdir(path, 0755) < 0 && errno != EEXIST) ||
	    mount(what, path, NULL, how, NULL) < 0)
		printf("Bail out! %s: %m\n", path);
}

/* How many mounts are below path, itself one. */
static int mounts_below(const char *path)
{
	static struct mountinfo mount;
	struct view text = storage_read_mounts();
	int count = 0;

	while (mountinfo_next(&text, &mount) != 0) {
		const char *rest = str_after(mount.point, path);

		if (rest && (*rest == '\0' || *rest == '/'))
			count++;
	}
	return count;
}

static void test_order(void)
{
	mount_tmpfs(OLD);
	mount_tmpfs(OLD "/a");
	mount_tmpfs(OLD "/a/b");
	mount_tmpfs(OLD "/a/b/c");
	mount_tmpfs(OLD "/a b\n\t\\\"'\xff");
	bind(OLD "/a", OLD "/d", MS_BIND | MS_REC);
	mount_tmpfs(OLD "/a");
	mount_tmpfs(OLD "root-not");
	ok(mounts_below(OLD) >= 8, "an old root with mounts on mounts");
	ok_int(storage_mounts_off(), 0, "all are unmounted in one pass");
	ok_int(mounts_below(OLD), 0, "nothing is mounted there");
	ok_int(mounts_below(OLD "root-not"), 1,
	       "what is only called alike stays");
	(void)umount(OLD "root-not");
}

/* A mount that was moved has an older number than what it is mounted on now;
 * newer kernels list it before that. */
static void test_passes(void)
{
	unsigned left = 1;

	mount_tmpfs("/early");
	mount_tmpfs("/early/in");
	mount_tmpfs(OLD);
	mount_tmpfs(OLD "/late");
	bind("/early", OLD "/late/moved", MS_MOVE);
	for (int i = 0; i < 5 && left > 0; i++)
		left = storage_mounts_off();
	ok_int(left, 0, "what was moved is unmounted in some passes");
	ok_int(mounts_below(OLD), 0, "and all the others");
}

static void test_shared(void)
{
	mount_tmpfs(OLD);
	mount_tmpfs("/ours");
	bind("/ours", OLD "/ours", MS_BIND);
	ok_int(storage_mounts_off(), 0, "a mount that is ours, too, goes");
	ok_int(mounts_below(OLD), 0, "from the old root");
	ok_int(mounts_below("/ours"), 1, "and stays where we have it");
	(void)umount("/ours");
}

static void test_busy(void)
{
	_cleanup_fd int fd = FD_NONE;

	mount_tmpfs(OLD);
	mount_tmpfs(OLD "/busy");
	mount_tmpfs(OLD "/idle");
	fd = open(OLD "/busy", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok_int(storage_mounts_off(), 2, "one that is used stays, and its root");
	ok_int(mounts_below(OLD), 2, "but no other");
	ok_int(storage_detach_rest(), 2, "they are told");
	ok_int(mounts_below(OLD), 0, "and hidden");
	ok_int(storage_detach_rest(), 0, "once");
}

/* More lines than a reader of one page, or of one buffer, sees. */
static void test_many(void)
{
	char path[64];
	unsigned left = 1;

	mount_tmpfs(OLD);
	for (int i = 0; i < 1500; i++) {
		snprintf(path, sizeof(path), OLD "/%04d", i);
		bind(OLD, path, MS_BIND);
	}
	for (int i = 0; i < 5 && left > 0; i++)
		left = storage_mounts_off();
	ok_int(left, 0, "1500 mounts are unmounted");
}

static void look(const struct storage_disk *disk, void *context)
{
	unsigned *bad = context;

	if (disk->bytes == 0 || disk->released != (disk->holder[0] == '\0') ||
	    !str_is_printable(disk->holder))
		(*bad)++;
	printf("# %s: %s\n", disk->name, disk->holder);
}

static int test_all(const char *place)
{
	unsigned bad = 0;

	ok(storage_survey(look, &bad) >= 0, "the disks are surveyed");
	ok_int(bad, 0, "each with what uses it");
	if (!enter_root(place)) {
		printf("ok 3 # SKIP no mount namespace: %m\n1..3\n");
		return tap_failed > 0;
	}
	test_order();
	test_passes();
	test_shared();
	test_busy();
	test_many();
	return tap_done();
}

/* The mounts go with the child and its namespace. */
int main(void)
{
	char place[] = "/tmp/storage-XXXXXX";
	int status = 1;
	pid_t pid;

	if (!mkdtemp(place))
		return 1;
	pid = fork();
	if (pid == 0) {
		status = test_all(place);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = 1;
	if (rmdir(place) < 0)
		printf("# %s: %m\n", place);
	return status != 0;
}
