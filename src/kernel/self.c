/* SPDX-License-Identifier: MIT */
/*
 * The root is looked at through a copy of its mount alone, in which nothing is
 * mounted: /proc and the store of images are no part of it, the device nodes
 * below /dev, which the next kernel needs before it mounts anything, are.
 *
 * Every boot of a live ISO waits for this, so it is compressed for speed: a
 * kexec copies the archive once and unpacks it once. The kernel, which would
 * not become smaller, stands in front in an archive of its own, as it is: who
 * keeps the archive has the kernel, too.
 */
#include "kernel/self.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/fd.h"
#include "base/text.h"
#include "kernel/newc-out.h"
#include "root/mount.h"
#include "wire/boot-plan.h"
#include "wire/usr-files.h"

#define LEVEL 2
#define CHUNK (256 * KIB)

struct packer {
	ZSTD_CCtx *zstd;
	int fd;
	uint64_t size;	     /* of what fd has */
	struct newc_out out; /* into zstd, or past it */
	char path[PATH_MAX]; /* of what is packed now, for messages too */
	uint8_t in[CHUNK];
	uint8_t compressed[CHUNK];
};

/* Of the running system alone; the directories themselves stay. */
static const char *const emptied[] = { "/run", "/tmp" };
/* The plan was for this bootstrap, the next one is told its own; what is the
 * overlay's own serves that alone. */
static const char *const left_out[] = { BOOT_PLAN, SELF_KERNEL, USR_WORK };

static bool is_one_of(const char *path, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(path, list[i]))
			return true;
	return false;
}

static void cleanup_packer(struct packer **packer)
{
	if (!*packer)
		return;
	ZSTD_freeCCtx((*packer)->zstd);
	fd_close((*packer)->fd);
	free(*packer);
}

static int write_out(struct packer *packer, const void *bytes, size_t len,
		     struct failure *failure)
{
	int r = fd_write_all(packer->fd, bytes, len);

	packer->size += len;
	return r < 0 ? failure_errno(failure, -r,
				     "the bootstrap cannot be packed in memory")
		     : 0;
}

static int compress(struct packer *packer, const void *bytes, size_t len,
		    ZSTD_EndDirective directive, struct failure *failure)
{
	ZSTD_inBuffer in = { .src = bytes, .size = len };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = packer->compressed,
				       .size = CHUNK };
		int r;

		left = ZSTD_compressStream2(packer->zstd, &out, &in, directive);
		if (ZSTD_isError(left))
			return failure_set(failure, EIO,
					   "the bootstrap cannot be "
					   "packed: zstd: %s",
					   ZSTD_getErrorName(left));
		r = write_out(packer, packer->compressed, out.pos, failure);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (directive == ZSTD_e_end && left > 0));
	return 0;
}

static int put_plain(void *context, const void *bytes, size_t len,
		     struct failure *failure)
{
	return write_out(context, bytes, len, failure);
}

static int put_compressed(void *context, const void *bytes, size_t len,
			  struct failure *failure)
{
	return compress(context, bytes, len, ZSTD_e_continue, failure);
}

static int put(struct packer *packer, const void *bytes, size_t len,
	       struct failure *failure)
{
	return packer->out.write(packer, bytes, len, failure);
}

static int packer_new(struct packer **ret_packer, struct failure *failure)
{
	_cleanup(cleanup_packer) struct packer *packer =
		calloc(1, sizeof(*packer));

	if (!packer)
		return failure_errno(failure, ENOMEM, "packing the bootstrap");
	packer->out = (struct newc_out){ .context = packer };
	packer->zstd = ZSTD_createCCtx();
	packer->fd = memfd_create("bootstrap", MFD_CLOEXEC);
	if (packer->fd < 0 || !packer->zstd)
		return failure_errno(failure, packer->zstd ? errno : ENOMEM,
				     "packing the bootstrap");
	ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1);
	/* A library without threads refuses, and does it alone. */
	ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_nbWorkers,
			       (int)sysconf(_SC_NPROCESSORS_ONLN));
	*ret_packer = TAKE_PTR(packer);
	return 0;
}

/* A log may be written to meanwhile: what it had when it was looked at is
 * packed, and zeros for what is gone since. */
static int pack_content(struct packer *packer, int fd, uint64_t size,
			struct failure *failure)
{
	int r = 0;

	for (uint64_t left = size; r == 0 && left > 0;) {
		size_t want = (size_t)MIN(left, CHUNK);
		ssize_t n = fd_read_full(fd, packer->in, want);

		if (n < 0)
			return failure_errno(failure, (int)-n, "%s",
					     packer->path);
		memset(packer->in + n, 0, want - (size_t)n);
		r = put(packer, packer->in, want, failure);
		left -= want;
	}
	return r == 0 ? newc_out_padding(&packer->out, size, failure) : r;
}

static int pack_header(struct packer *packer, const struct stat *st,
		       uint64_t size, struct failure *failure)
{
	return newc_out_entry(&packer->out,
			      &(struct newc_out_entry){
				      .path = packer->path,
				      .mode = st->st_mode,
				      .uid = st->st_uid,
				      .gid = st->st_gid,
				      .size = size,
				      .mtime = st->st_mtime,
				      .node = st->st_rdev,
			      },
			      failure);
}

static int pack_file(struct packer *packer, int dir_fd, const char *name,
		     struct failure *failure)
{
	_cleanup_fd int fd =
		openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return failure_errno(failure, errno, "%s", packer->path);
	r = pack_header(packer, &st, (uint64_t)st.st_size, failure);
	return r == 0 ? pack_content(packer, fd, (uint64_t)st.st_size, failure)
		      : r;
}

static int pack_symlink(struct packer *packer, int dir_fd, const char *name,
			const struct stat *st, struct failure *failure)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));
	int r;

	if (n < 0)
		return failure_errno(failure, errno, "%s", packer->path);
	r = pack_header(packer, st, (uint64_t)n, failure);
	if (r == 0)
		r = put(packer, target, (size_t)n, failure);
	return r == 0 ? newc_out_padding(&packer->out, (uint64_t)n, failure)
		      : r;
}

static int pack_directory(struct packer *packer, int dir_fd, const char *name,
			  struct failure *failure);

static int pack_entry(struct packer *packer, int dir_fd, const char *name,
		      struct failure *failure)
{
	struct stat st;
	int r;

	if (is_one_of(packer->path, left_out, ARRAY_SIZE(left_out)))
		return 0;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		/* Somebody works while we pack: it is just gone. */
		return errno == ENOENT ? 0
				       : failure_errno(failure, errno, "%s",
						       packer->path);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return pack_file(packer, dir_fd, name, failure);
	case S_IFLNK:
		return pack_symlink(packer, dir_fd, name, &st, failure);
	case S_IFDIR:
		r = pack_header(packer, &st, 0, failure);
		if (r < 0 ||
		    is_one_of(packer->path, emptied, ARRAY_SIZE(emptied)))
			return r;
		return pack_directory(packer, dir_fd, name, failure);
	case S_IFSOCK:
		/* Nobody would listen at it. */
		return 0;
	}
	return pack_header(packer, &st, 0, failure);
}

static int pack_directory(struct packer *packer, int dir_fd, const char *name,
			  struct failure *failure)
{
	int fd = openat(dir_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t len = strlen(packer->path);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = failure_errno(failure, errno, "%s/", packer->path);
		fd_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		struct text path = text_over(packer->path + len,
					     sizeof(packer->path) - len);

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		text_add(&path, "/%s", entry->d_name);
		r = path.cut ? failure_set(failure, ENAMETOOLONG, "%s",
					   packer->path)
			     : pack_entry(packer, fd, entry->d_name, failure);
	}
	packer->path[len] = '\0';
	return r;
}

static int pack_parents(struct packer *packer, const char *path,
			struct failure *failure)
{
	const char *slash = path;
	int r = 0;

	while (r == 0 && (slash = strchr(slash + 1, '/'))) {
		struct text text = text_over(packer->path, PATH_MAX);
		const struct stat st = { .st_mode = S_IFDIR | 0755 };

		text_add(&text, "%.*s", (int)(slash - path), path);
		r = pack_header(packer, &st, 0, failure);
	}
	return r;
}

/* Where its bytes are, in *ret_at. */
static int pack_kernel(struct packer *packer, int fd, uint64_t *ret_at,
		       struct failure *failure)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return failure_errno(failure, errno, SELF_KERNEL);
	packer->out.write = put_plain;
	r = pack_parents(packer, SELF_KERNEL, failure);
	(void)str_copy(packer->path, PATH_MAX, SELF_KERNEL);
	if (r == 0)
		r = pack_header(packer, &st, (uint64_t)st.st_size, failure);
	*ret_at = packer->size;
	if (r == 0)
		r = pack_content(packer, fd, (uint64_t)st.st_size, failure);
	packer->path[0] = '\0';
	(void)lseek(fd, 0, SEEK_SET);
	return r == 0 ? newc_out_trailer(&packer->out, failure) : r;
}

static int pack_root(struct packer *packer, struct failure *failure)
{
	_cleanup_fd int root = mount_copy("/", false, 0, failure);
	int r;

	if (root < 0)
		return root;
	packer->out.write = put_compressed;
	r = pack_directory(packer, root, ".", failure);
	if (r == 0)
		r = newc_out_trailer(&packer->out, failure);
	return r == 0 ? compress(packer, NULL, 0, ZSTD_e_end, failure) : r;
}

/* For reading alone, as kexec_file_load(2) wants it. */
static int reopen(int fd, struct failure *failure)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again >= 0
		       ? again
		       : failure_errno(failure, errno, "the packed bootstrap");
}

static int open_file(const char *path, struct failure *failure)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : failure_errno(failure, errno, "%s", path);
}

int self_pack(struct self *ret_self, struct failure *failure)
{
	_cleanup(cleanup_packer) struct packer *packer = NULL;
	_cleanup_self struct self self = SELF_NONE;
	int r;

	self.kernel_fd = open(SELF_KERNEL, O_RDONLY | O_CLOEXEC);
	if (self.kernel_fd < 0)
		return failure_errno(failure, errno,
				     "the bootstrap cannot start itself again "
				     "(a minimal one has no kernel): %s",
				     SELF_KERNEL);
	r = packer_new(&packer, failure);
	if (r == 0)
		r = pack_kernel(packer, self.kernel_fd, &self.kernel_at,
				failure);
	if (r == 0)
		r = pack_root(packer, failure);
	if (r < 0)
		return r;
	self.archive_fd = reopen(packer->fd, failure);
	if (self.archive_fd < 0)
		return self.archive_fd;
	*ret_self = self;
	self = (struct self)SELF_NONE;
	return 0;
}

int self_open(struct self *ret_self, const char *dir, struct failure *failure)
{
	_cleanup_self struct self self = SELF_NONE;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "%s/vmlinuz", dir);
	self.kernel_fd = open_file(path, failure);
	if (self.kernel_fd < 0)
		return self.kernel_fd;
	text = text_over(path, sizeof(path));
	text_add(&text, "%s/bootstrap.img", dir);
	self.archive_fd = open_file(path, failure);
	if (self.archive_fd < 0)
		return self.archive_fd;
	*ret_self = self;
	self = (struct self)SELF_NONE;
	return 0;
}

void self_close(struct self *self)
{
	self->kernel_fd = fd_close(self->kernel_fd);
	self->archive_fd = fd_close(self->archive_fd);
}
