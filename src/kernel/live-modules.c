/* SPDX-License-Identifier: MIT */
/*
 * No list of where each distribution has its root: every file in the ISO's
 * first directories that begins as a file system does is looked into, the
 * largest first, and in it the images that Fedora and openSUSE have there.
 *
 * A child does it, because the kernel reads here what nobody has checked: one
 * that takes too long is killed, and takes the mounts and their loop devices
 * with it.
 */
#include "kernel/live-modules.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "kernel/live-modules-read.h"
#include "root/filemount.h"

#define PATIENCE_S 60

#define CANDIDATES_MAX	32
#define CANDIDATE_SMALL (1 * MIB) /* no modules fit into less */

/* "/manjaro/x86_64/rootfs.sfs" is as deep as any is. */
#define DEPTH_MAX   3
#define ENTRIES_MAX 20000

const char *const live_modules_pmem[] = { "nd_e820", "nd_pmem", "isofs", NULL };
const char *const live_modules_file[] = { "loop", "isofs", NULL };

/* Superblocks' magic numbers, as the kernel's include/uapi/linux/magic.h has
 * them, and where they stand. */
static const struct {
	const char *fstype;
	uint64_t offset;
	uint8_t len;
	uint8_t magic[8];
} filesystems[] = {
	{ "squashfs", 0, 4, "hsqs" },
	{ "erofs", 1024, 4, { 0xe2, 0xe1, 0xf5, 0xe0 } },
	{ "ext4", 1080, 2, { 0x53, 0xef } },
	{ "xfs", 0, 4, "XFSB" },
	{ "btrfs", 65600, 8, "_BHRfS_M" },
};

/* A root file system, within one that only holds it. */
static const char *const nested[] = { "LiveOS/rootfs.img",
				      "LiveOS/ext3fs.img" };

struct candidate {
	uint64_t offset, size; /* bytes, in the ISO */
	const char *fstype;
};

struct scan {
	const struct iso *iso;
	size_t depth, entries, count;
	struct candidate candidates[CANDIDATES_MAX]; /* the largest first */
	struct failure *failure;
};

void live_modules_clear(struct live_modules *modules)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules->list); i++)
		free(modules->list[i].bytes);
	*modules = (struct live_modules){ 0 };
}

/* NULL: none that is known. */
static const char *fstype_at(const struct reader *reader, uint64_t offset,
			     uint64_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
		uint8_t bytes[sizeof(filesystems[0].magic)];
		size_t len = filesystems[i].len;

		if (size >= filesystems[i].offset + len &&
		    reader_read(reader, offset + filesystems[i].offset, bytes,
				len, NULL) == 0 &&
		    memcmp(bytes, filesystems[i].magic, len) == 0)
			return filesystems[i].fstype;
	}
	return NULL;
}

/* Keeps them sorted; the smallest gives way. */
static void add_candidate(struct scan *scan, struct candidate candidate)
{
	size_t i = scan->count < CANDIDATES_MAX ? scan->count++
						: CANDIDATES_MAX - 1;

	if (i == CANDIDATES_MAX - 1 &&
	    scan->candidates[i].size >= candidate.size)
		return;
	for (; i > 0 && scan->candidates[i - 1].size < candidate.size; i--)
		scan->candidates[i] = scan->candidates[i - 1];
	scan->candidates[i] = candidate;
}

/* A loop device is one piece of the ISO, so the file must be. */
static bool is_in_one_piece(const struct iso_entry *file)
{
	for (size_t i = 1; i < file->extent_count; i++)
		if (file->extents[i].start !=
		    file->extents[i - 1].start + file->extents[i - 1].size)
			return false;
	return file->extent_count > 0;
}

static void look_at_file(struct scan *scan, const struct iso_entry *file)
{
	struct candidate candidate = { .size = file->size };

	if (file->size < CANDIDATE_SMALL || !is_in_one_piece(file))
		return;
	candidate.offset = file->extents[0].start;
	candidate.fstype =
		fstype_at(scan->iso->reader, candidate.offset, candidate.size);
	if (candidate.fstype)
		add_candidate(scan, candidate);
}

static int scan_entry(const struct iso_entry *entry, void *context)
{
	struct scan *scan = context;
	int r = 0;

	if (++scan->entries > ENTRIES_MAX)
		return 1;
	if (entry->type == ISO_FILE)
		look_at_file(scan, entry);
	if (entry->type == ISO_DIRECTORY && scan->depth < DEPTH_MAX) {
		scan->depth++;
		r = iso_list(scan->iso, entry, scan_entry, scan, scan->failure);
		scan->depth--;
	}
	return r;
}

/* --- in the child --- */

struct hunt {
	const char *release;
	const char *const *names;
	struct live_modules modules;
	struct failure failure;
	int r; /* -ENOENT until something better is known */
};

/* 0, or what is wrong here. */
static int hunt_in(struct hunt *hunt, int file_fd,
		   const struct candidate *place, struct failure *failure,
		   bool is_nested);

static int hunt_nested(struct hunt *hunt, int root_fd, struct failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(nested); i++) {
		_cleanup_fd int fd = path_open_in_root(
			root_fd, nested[i], O_RDONLY | O_NONBLOCK, 0);
		struct candidate inner = { 0 };
		struct reader reader;

		if (fd < 0 || reader_over_fd(&reader, fd, nested[i], NULL) < 0)
			continue;
		inner.fstype = fstype_at(&reader, 0, reader.size);
		if (inner.fstype)
			return hunt_in(hunt, fd, &inner, failure, true);
	}
	return -ENOENT;
}

static int hunt_in(struct hunt *hunt, int file_fd,
		   const struct candidate *place, struct failure *failure,
		   bool is_nested)
{
	_cleanup_fd int root = filemount_new(
		file_fd, place->offset, place->size, place->fstype,
		MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		failure);
	struct failure inner;
	int r;

	if (root < 0)
		return root;
	r = live_modules_read(root, hunt->release, hunt->names, &hunt->modules,
			      failure);
	if (r != -ENOENT || is_nested)
		return r;
	r = hunt_nested(hunt, root, &inner);
	if (r < 0 && r != -ENOENT)
		*failure = inner;
	return r;
}

static void hunt_all(struct hunt *hunt, const struct scan *scan, int iso_fd)
{
	for (size_t i = 0; i < scan->count && hunt->r != 0; i++) {
		struct failure failure;
		int r = hunt_in(hunt, iso_fd, &scan->candidates[i], &failure,
				false);

		if (r == 0 || (hunt->r == -ENOENT && r != -ENOENT))
			hunt->failure = failure;
		if (r == 0 || hunt->r == -ENOENT)
			hunt->r = r;
	}
	if (hunt->r == -ENOENT)
		failure_set(&hunt->failure, ENOENT,
			    "the ISO has no modules of its kernel %s in any of "
			    "its %zu file systems",
			    hunt->release, scan->count);
}

/* Result, failure, count; then name, length and bytes of each. */
static int send_answer(int fd, const struct hunt *hunt)
{
	const struct live_modules *modules = &hunt->modules;
	int r = fd_write_all(fd, &hunt->r, sizeof(hunt->r));

	if (r == 0)
		r = fd_write_all(fd, &hunt->failure, sizeof(hunt->failure));
	if (r == 0)
		r = fd_write_all(fd, &modules->count, sizeof(modules->count));
	for (size_t i = 0; r == 0 && i < modules->count; i++) {
		r = fd_write_all(fd, modules->list[i].name, MODULE_NAME_MAX);
		if (r == 0)
			r = fd_write_all(fd, &modules->list[i].len,
					 sizeof(modules->list[i].len));
		if (r == 0)
			r = fd_write_all(fd, modules->list[i].bytes,
					 modules->list[i].len);
	}
	return r;
}

/* --- in the parent --- */

static int take(int fd, void *buf, size_t len)
{
	ssize_t n = fd_read_full(fd, buf, len);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EIO;
}

static int receive_modules(int fd, struct live_modules *ret_modules)
{
	_cleanup_live_modules struct live_modules modules = { 0 };
	size_t count;
	int r = take(fd, &count, sizeof(count));

	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t len;

		r = take(fd, modules.list[i].name, MODULE_NAME_MAX);
		if (r == 0)
			r = take(fd, &len, sizeof(len));
		if (r < 0)
			break;
		modules.list[i].bytes = malloc(len + 1);
		modules.list[i].len = len;
		modules.count++;
		r = modules.list[i].bytes ? take(fd, modules.list[i].bytes, len)
					  : -ENOMEM;
	}
	if (r < 0)
		return r;
	*ret_modules = modules;
	modules = (struct live_modules){ 0 };
	return 0;
}

static int receive_answer(int fd, struct live_modules *ret_modules,
			  struct failure *failure)
{
	struct failure theirs;
	int answer, r = take(fd, &answer, sizeof(answer));

	if (r == 0)
		r = take(fd, &theirs, sizeof(theirs));
	if (r == 0 && answer == 0)
		r = receive_modules(fd, ret_modules);
	if (r < 0)
		return failure_errno(failure, -r,
				     "looking for kernel modules in the ISO "
				     "took more than %d s, or was ended",
				     PATIENCE_S);
	if (answer < 0 && failure)
		*failure = theirs;
	return answer;
}

static int hunt_in_child(struct hunt *hunt, const struct scan *scan, int iso_fd,
			 int fd)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	alarm(PATIENCE_S);
	hunt_all(hunt, scan, iso_fd);
	return send_answer(fd, hunt) < 0;
}

static int find(const struct scan *scan, int iso_fd, struct hunt *hunt,
		struct live_modules *ret_modules, struct failure *failure)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return failure_errno(failure, errno, "a pipe");
	ours = ends[0];
	theirs = ends[1];
	pid = fork();
	if (pid < 0)
		return failure_errno(failure, errno, "a process");
	if (pid == 0)
		_exit(hunt_in_child(hunt, scan, iso_fd, theirs));
	theirs = fd_close(theirs);
	r = receive_answer(ours, ret_modules, failure);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

int live_modules_find(const struct iso *iso, int iso_fd, const char *release,
		      const char *const *names,
		      struct live_modules *ret_modules, struct failure *failure)
{
	_cleanup_free struct scan *scan = calloc(1, sizeof(*scan));
	_cleanup_free struct hunt *hunt = calloc(1, sizeof(*hunt));
	struct iso_entry root = iso_root(iso);
	int r;

	if (!scan || !hunt)
		return failure_errno(failure, ENOMEM, "kernel modules");
	scan->iso = iso;
	scan->failure = failure;
	r = iso_list(iso, &root, scan_entry, scan, failure);
	if (r < 0)
		return r;
	hunt->release = release;
	hunt->names = names;
	hunt->r = -ENOENT;
	return find(scan, iso_fd, hunt, ret_modules, failure);
}
