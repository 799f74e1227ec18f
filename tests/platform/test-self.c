/* SPDX-License-Identifier: MIT */
/*
 * The running bootstrap packed as an archive: here it is a root of the test's
 * own, in a mount namespace. Needs root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <zstd.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "kernel/self.h"
#include "wire/boot-plan.h"
#include "wire/newc.h"
#include "wire/usr-files.h"

#define ROOM  (16 * MIB)
#define LARGE (3 * MIB + 1)

static uint8_t packed[ROOM], unpacked[ROOM], large[LARGE];
static struct failure failure;

static void put(const char *path, mode_t mode, const char *text)
{
	char directory[256];

	(void)str_copy(directory, sizeof(directory), path);
	*strrchr(directory, '/') = '\0';
	if (path_mkdirs(directory, 0755) < 0 ||
	    file_create(AT_FDCWD, path, text) < 0 || chmod(path, mode) < 0)
		printf("Bail out! %s: %m\n", path);
}

static void put_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)str_copy(address.sun_path, sizeof(address.sun_path), path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		printf("Bail out! %s: %m\n", path);
}

static bool enter_root(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("new", "/mnt", "tmpfs", 0, "mode=0755") == 0 &&
	       chroot("/mnt") == 0 && chdir("/") == 0;
}

static void mount_over(const char *path, const char *type)
{
	if (mount(type, path, type, 0, NULL) < 0)
		printf("Bail out! %s: %m\n", path);
}

static void fill_root(void)
{
	_cleanup_fd int fd = FD_NONE;

	umask(0);
	put(SELF_KERNEL, 0644, "the kernel");
	put(BOOT_PLAN, 0600, "of this boot alone");
	put("/etc/boomerang/bootx", 0600, "");
	put("/etc/key", 0600, "secret");
	put("/run/pid", 0644, "1");
	put("/tmp/rubbish", 0644, "x");
	put(USR_WORK "/work/x", 0644, "the overlay's");
	put("/usr/bin/su", 04755, "su");
	put("/usr/lib/tmp/kept", 0644, "y");
	if (chown("/usr/bin/su", 3, 4) < 0 || chmod("/usr/bin/su", 04755) < 0 ||
	    symlink("usr/bin", "/bin") < 0 || mkdir("/dev", 0755) < 0 ||
	    mkdir("/proc", 0555) < 0 ||
	    mknod("/dev/console", S_IFCHR | 0600, makedev(5, 1)) < 0 ||
	    mknod("/usr/lib/gone", S_IFCHR, makedev(0, 0)) < 0 ||
	    mkfifo("/etc/fifo", 0640) < 0 || chmod("/tmp", 01777) < 0)
		printf("Bail out! the root: %m\n");
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * i >> 7);
	fd = open("/large", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, large, sizeof(large)) < 0)
		printf("Bail out! /large: %m\n");
	put_socket("/etc/socket");
	mount_over("/dev", "tmpfs");
	mount_over("/proc", "proc");
	put("/dev/null", 0666, "");
}

/* What is behind the archive that v begins with. */
static struct view unpack(struct view v)
{
	ZSTD_inBuffer in = { v.at, v.left, 0 };
	ZSTD_outBuffer out = { unpacked, sizeof(unpacked), 0 };
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	size_t r = ZSTD_decompressStream(zstd, &out, &in);

	ok_int((int64_t)r, 0, "it is a zstd frame");
	ok(in.pos == in.size, "and nothing more");
	ZSTD_freeDCtx(zstd);
	return view_over(unpacked, out.pos);
}

static const struct {
	const char *path;
	mode_t mode;
	const char *content; /* NULL: none */
} wanted[] = {
	{ "bin", S_IFLNK | 0777, "usr/bin" },
	{ "boot", S_IFDIR | 0755 },
	{ "dev", S_IFDIR | 0755 },
	{ "dev/console", S_IFCHR | 0600 },
	{ "etc", S_IFDIR | 0755 },
	{ "etc/boomerang", S_IFDIR | 0755 },
	{ "etc/boomerang/bootx", S_IFREG | 0600, "" },
	{ "etc/fifo", S_IFIFO | 0640 },
	{ "etc/key", S_IFREG | 0600, "secret" },
	{ "large", S_IFREG | 0644 },
	{ "proc", S_IFDIR | 0555 },
	{ "run", S_IFDIR | 0755 },
	{ "tmp", S_IFDIR | 01777 },
	{ "usr", S_IFDIR | 0755 },
	{ "usr/bin", S_IFDIR | 0755 },
	{ "usr/bin/su", S_IFREG | 04755, "su" },
	{ "usr/lib", S_IFDIR | 0755 },
	{ "usr/lib/gone", S_IFCHR }, /* a whiteout of the overlay */
	{ "usr/lib/tmp", S_IFDIR | 0755 },
	{ "usr/lib/tmp/kept", S_IFREG | 0644, "y" },
};

static void check_entry(const struct newc_entry *entry, const uint8_t *data,
			bool seen[static ARRAY_SIZE(wanted)])
{
	char name[256];
	size_t i = 0;

	snprintf(name, sizeof(name), "%.*s", (int)entry->name_len, entry->name);
	while (i < ARRAY_SIZE(wanted) && !str_eq(wanted[i].path, name))
		i++;
	if (!ok(i < ARRAY_SIZE(wanted) && !seen[i], name))
		return;
	seen[i] = true;
	ok_int(entry->mode, wanted[i].mode, "its mode");
	if (wanted[i].content)
		ok(entry->size == strlen(wanted[i].content) &&
			   memcmp(data, wanted[i].content, entry->size) == 0,
		   "its content");
	if (str_eq(name, "usr/bin/su"))
		ok(entry->uid == 3 && entry->gid == 4, "its owner");
	if (str_eq(name, "dev/console"))
		ok(entry->node_major == 5 && entry->node_minor == 1,
		   "its device");
	if (str_eq(name, "large"))
		ok(entry->size == LARGE && memcmp(data, large, LARGE) == 0,
		   "larger than a buffer");
}

static void ok_bytes(const void *is, size_t len, const char *want,
		     const char *what)
{
	ok(len == strlen(want) && memcmp(is, want, len) == 0, what);
}

/* An archive with it alone, as it is; *v is behind it then. */
static void check_kernel(struct view *v, const struct self *self)
{
	struct newc_entry entry;

	ok(newc_parse_entry(v, &entry) > 0 && entry.mode == (S_IFDIR | 0755),
	   "first a directory");
	ok_bytes(entry.name, entry.name_len, "boot", "for the kernel");
	ok(newc_parse_entry(v, &entry) > 0 && entry.mode == (S_IFREG | 0644),
	   "then a file");
	ok_bytes(entry.name, entry.name_len, "boot/vmlinuz", "SELF_KERNEL");
	ok_int(v->at - packed, (int64_t)self->kernel_at, "at kernel_at");
	ok_bytes(v->at, entry.size, "the kernel", "and as it is");
	view_skip(v, entry.size + newc_padding(entry.size));
	ok_int(newc_parse_entry(v, &entry), 0, "and nothing more");
	ok_int((v->at - packed) % 4, 0, "up to where the next may begin");
}

static void test_pack(void)
{
	_cleanup_self struct self self = SELF_NONE;
	bool seen[ARRAY_SIZE(wanted)] = { false };
	struct newc_entry entry;
	char kernel[32] = "";
	size_t count = 0;
	struct view v;
	ssize_t n;
	int r;

	ok_int(self_pack(&self, &failure), 0, "packed");
	ok_str(failure.text, "", "without a failure");
	ok_int(fcntl(self.archive_fd, F_GETFL) & O_ACCMODE, O_RDONLY,
	       "to be read only, as the kernel wants it");
	ok_int(read(self.kernel_fd, kernel, sizeof(kernel) - 1), 10,
	       "the kernel");
	ok_str(kernel, "the kernel", "is SELF_KERNEL");
	n = pread(self.archive_fd, packed, sizeof(packed), 0);
	v = view_over(packed, n < 0 ? 0 : (size_t)n);
	check_kernel(&v, &self);
	v = unpack(v);
	while ((r = newc_parse_entry(&v, &entry)) > 0) {
		check_entry(&entry, v.at, seen);
		view_skip(&v, entry.size + newc_padding(entry.size));
		count++;
	}
	ok_int(r, 0, "up to the trailer");
	ok_int((int64_t)count, ARRAY_SIZE(wanted), "all of it");
	ok_int((int64_t)v.left, 0, "and no more");
}

static void test_open(void)
{
	_cleanup_self struct self self = SELF_NONE, none = SELF_NONE;

	put("/out/vmlinuz", 0644, "k");
	ok_int(self_open(&none, "/out", &failure), -ENOENT,
	       "a build without an archive");
	ok_str(failure.text, "/out/bootstrap.img: No such file or directory",
	       "says what is missing");
	put("/out/bootstrap.img", 0644, "a");
	ok_int(self_open(&self, "/out", &failure), 0, "a build");
	ok(self.kernel_fd >= 0 && self.archive_fd >= 0, "has both");
	ok_int((int64_t)self.kernel_at, 0, "one apart from the other");
}

static void test_no_kernel(void)
{
	_cleanup_self struct self self = SELF_NONE;

	(void)unlink(SELF_KERNEL);
	ok_int(self_pack(&self, &failure), -ENOENT,
	       "a bootstrap without its kernel");
	ok_int(self.archive_fd, FD_NONE, "is not packed");
}

int main(void)
{
	if (geteuid() != 0 || !enter_root()) {
		printf("1..0 # SKIP needs root and mount namespaces\n");
		return 0;
	}
	fill_root();
	test_pack();
	test_open();
	test_no_kernel();
	return tap_done();
}
