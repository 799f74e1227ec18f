/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Either the kernel has just unpacked the bootstrap into
 * rootfs and nothing is mounted, or a swap (takeover/stage.h) has started it in
 * a tmpfs of its own, where /proc, /sys and /dev are mounted, the network is up
 * and the host has a name. What is there already is kept, not made again: a
 * mount upon a mount would never be found by who unmounts.
 */
#include "bootstrap/boot.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "bootstrap/modules.h"
#include "bootstrap/settings.h"
#include "root/cgroup.h"
#include "root/copy.h"
#include "root/mountinfo.h"
#include "root/usr.h"
#include "wire/control.h"
#include "wire/usr-files.h"

#define NEW_ROOT "/newroot"
#define PATH_ALL "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const struct api_mount {
	const char *path;
	const char *type;
	unsigned long flags;
	const char *options;
	bool fresh; /* what a system before left there is dropped */
} api_mounts[] = {
	{ "/dev", "devtmpfs", MS_NOSUID, "mode=0755" },
	{ "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL },
	{ "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755", true },
	{ "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777", true },
	{ "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	  "mode=0620,ptmxmode=0666,gid=5" },
	{ "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777" },
	{ "/sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	  "nsdelegate,memory_recursiveprot" },
};

static bool is_mount_point(const char *path)
{
	struct stat here, above;
	char parent[64];

	snprintf(parent, sizeof(parent), "%s/..", path);
	return lstat(path, &here) == 0 && lstat(parent, &above) == 0 &&
	       here.st_dev != above.st_dev;
}

static int mount_one(const struct api_mount *m)
{
	int r = path_mkdirs(m->path, 0755);

	if (r < 0)
		return r;
	if (is_mount_point(m->path) &&
	    (!m->fresh || umount2(m->path, MNT_DETACH) < 0))
		return 0;
	return mount(m->type, m->path, m->type, m->flags, m->options) < 0
		       ? -errno
		       : 0;
}

static void mount_api(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(api_mounts); i++) {
		int r = mount_one(&api_mounts[i]);

		if (r < 0)
			log_error("cannot mount %s: %s", api_mounts[i].path,
				  strerrordesc_np(-r));
	}
}

/*
 * Whether the kernel started us. It mounts nothing but devtmpfs; and where
 * something mounted /proc before us, "/" has a line in it that says what it is.
 */
static bool on_rootfs(void)
{
	struct statfs fs;
	static char bytes[64 * KIB];
	static struct mountinfo root;
	ssize_t n = file_read(AT_FDCWD, "/proc/self/mountinfo", bytes,
			      sizeof(bytes));
	struct view text = view_over(bytes, n < 0 ? 0 : (size_t)n);
	int r;

	if (statfs("/", &fs) < 0 ||
	    (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC) ||
	    access("/init", F_OK) < 0)
		return false;
	if (n == -ENOENT)
		return true;
	while ((r = mountinfo_next(&text, &root)) != 0)
		if (r > 0 && str_eq(root.point, "/"))
			return str_eq(root.type, "rootfs");
	return false;
}

/*
 * As switch_root(8) does it. Should: leave rootfs empty, so that its memory
 * is free and a target that climbs out finds nothing. Mustn't: remove a file
 * that was not copied.
 */
static int move_to_tmpfs(void)
{
	_cleanup_fd int from = FD_NONE, to = FD_NONE;
	int r;

	if (mkdir(NEW_ROOT, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mount("bootstrap", NEW_ROOT, "tmpfs", 0, "mode=0755,size=90%") < 0)
		return -errno;
	from = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open(NEW_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || to < 0)
		return -errno;
	r = copy_move_tree(from, to);
	if (r < 0)
		return r;
	if (fchdir(to) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0)
		return -errno;
	return 0;
}

/* Standard descriptors before anything is mounted: programs that find 0..2
 * closed write their errors into whatever they open first. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK);

	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		if (fd != i)
			(void)dup2(fd, i);
}

/*
 * The store of images (wire/control.h). Its limits are those of the machine,
 * not of the moment: whoever fills it looks at the memory that is free.
 */
static void mount_store(void)
{
	uint64_t size = memory_now().total - memory_reserve();
	char options[128];
	int r = path_mkdirs(STORE_DIR, 0700);

	snprintf(options, sizeof(options),
		 "mode=0700,size=%" PRIu64 ",nr_inodes=%" PRIu64, size,
		 size / MEMORY_PER_INODE);
	if (r == 0 && mount("images", STORE_DIR, "tmpfs", MS_NODEV | MS_NOSUID,
			    options) < 0)
		r = -errno;
	if (r < 0)
		log_error("no store for images: %s", strerrordesc_np(-r));
}

/* The kernel leaves these to others, and what a container's program writes to
 * is often /dev/stdout. They are there for every target, and so the same
 * before and after it. */
static void link_standard_descriptors(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		(void)!symlink(links[i][0], links[i][1]);
}

/* A name of its own, else the one that the host has from the system before. */
static void set_hostname(bool booted)
{
	char name[HOST_NAME_MAX + 1];

	if (file_read_line(AT_FDCWD, "/etc/hostname", name, sizeof(name)) <=
	    0) {
		if (!booted)
			return;
		(void)str_copy(name, sizeof(name), "bootstrap");
	}
	(void)sethostname(name, strlen(name));
}

static int mount_usr(struct failure *failure)
{
	struct failure why;
	int r;

	if (is_mount_point(USR))
		return 0;
	modules_load_early();
	r = usr_mount("", &why);
	if (r < 0)
		return failure_set(failure, -r,
				   "there is no /usr: %s; bootstrap.img is "
				   "damaged or for another kernel: build it "
				   "again",
				   why.text);
	return 0;
}

int boot_prepare(struct failure *failure)
{
	bool booted = on_rootfs();
	int r = 0;

	umask(022);
	/* The kernel gives its init none. */
	(void)setenv("PATH", PATH_ALL, 1);
	open_console();
	if (booted)
		r = move_to_tmpfs();
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot move the bootstrap to a tmpfs");
	mount_api();
	r = mount_usr(failure);
	if (r < 0)
		return r;
	mount_store();
	link_standard_descriptors();
	cgroup_prepare();
	/* Ctrl+Alt+Del comes as SIGINT; whose it is, is our decision. */
	(void)reboot(RB_DISABLE_CAD);
	set_hostname(booted);
	if (chdir("/") < 0)
		return failure_errno(failure, errno, "cannot enter /");
	return 0;
}

void boot_cmdline(char *buf, size_t size)
{
	char kernel[4096], more[2048];
	ssize_t n;

	if (file_read_line(AT_FDCWD, "/proc/cmdline", kernel, sizeof(kernel)) <
	    0)
		kernel[0] = '\0';
	n = file_read_line(AT_FDCWD, BOOT_CMDLINE, more, sizeof(more));
	if (n < 0)
		more[0] = '\0';
	if (n < 0 && n != -ENOENT)
		log_error("%s is left out: %s", BOOT_CMDLINE,
			  strerrordesc_np((int)-n));
	settings_join(kernel, more, buf, size);
}
