/* SPDX-License-Identifier: MIT */
/*
 * How the unpacker and its parent get on: turns, room, and a stream that
 * stalls.
 *
 * The unpacker gives up while its pump's thread waits for more of a stream that
 * has stalled. The thread goes on until the process is gone, so what it works
 * on must not lie in a function's frame that is gone before. That is a matter
 * of microseconds; so the test does not try to meet the moment, but looks at
 * what the thread was given.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fd.h"
#include "image/unpacker.h"
#include "tap.h"

#define BLOCK	    512
#define STACK_BYTES (8 * MIB)
#define SLOTS	    4
#define SLOT_BYTES  MIB

/* Shared with the unpacker. */
static void *_Atomic *thread_argument;

/* In place of the C library's, for all of this program. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
		   void *(*start)(void *), void *argument)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *),
		    void *) = dlsym(RTLD_NEXT, "pthread_create");

	atomic_store(thread_argument, argument);
	return real(thread, attributes, start, argument);
}

/* A tar header of a file. */
static void make_header(char header[static BLOCK], const char *name,
			unsigned int size)
{
	unsigned int sum = 0;

	memset(header, 0, BLOCK);
	snprintf(header, 100, "%s", name);
	memcpy(header + 100, "0000644", 8); /* mode */
	snprintf(header + 124, 12, "%011o", size);
	memset(header + 148, ' ', 8); /* its own sum counts as spaces */
	header[156] = '0';
	memcpy(header + 257, "ustar", 6);
	memcpy(header + 263, "00", 2);
	for (size_t i = 0; i < BLOCK; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
}

/* The unpacker is a fork: its stack is where ours is. */
static bool on_stack(const void *at)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	return (uintptr_t)at > here - STACK_BYTES &&
	       (uintptr_t)at < here + STACK_BYTES;
}

static struct ring *new_ring(void)
{
	struct ring *ring = ring_new_shared(SLOTS, SLOT_BYTES);

	if (!ring)
		abort();
	ring_do_without(ring, RING_SECOND);
	return ring;
}

static bool start(struct unpacker *unpacker, const struct unpacker_start *how,
		  enum image_kind kind)
{
	struct failure failure;

	if (unpacker_start(unpacker, how, &failure) < 0)
		return false;
	unpacker_order(unpacker, kind, 0);
	return true;
}

static bool send_compressed(struct ring *ring, const void *bytes, size_t len)
{
	struct build out;
	size_t size;

	if (ring_fill(ring, RING_FOREVER, &out) <= 0)
		return false;
	size = ZSTD_compress(out.start, out.size, bytes, len, 1);
	if (ZSTD_isError(size))
		return false;
	ring_push(ring, size);
	return true;
}

static void test_stalled(int tree_fd)
{
	const struct unpacker_start how = {
		.ring = new_ring(),
		.tree_fd = tree_fd,
		.label = "it",
		.turn_fd = FD_NONE,
	};
	struct failure failure = { 0 };
	struct unpacker unpacker;
	char header[BLOCK];

	make_header(header, "../x", 0);
	ok(start(&unpacker, &how, KIND_TAR_ZSTD) &&
		   send_compressed(how.ring, header, BLOCK),
	   "a stream begins, and stalls");
	ok(unpacker_result(&unpacker, &failure) < 0, "the unpacker gives up");
	ok_str(failure.text, "it: entry '../x' points outside of the image",
	       "and says why");
	ok(atomic_load(thread_argument) &&
		   !on_stack(atomic_load(thread_argument)),
	   "what its thread works on lasts as long as the process");
	unpacker_stop(&unpacker);
	ring_free(how.ring);
}

/* An archive of one file of size bytes, which are not zero; in one slot, so
 * that nobody waits. */
static void send_file(struct ring *ring, unsigned int size)
{
	char header[BLOCK];
	struct build out;

	if (ring_fill(ring, RING_FOREVER, &out) <= 0)
		abort();
	make_header(header, "f", size);
	build_bytes(&out, header, BLOCK);
	memset(build_take(&out, size), 'x', size);
	build_zero(&out, 2 * BLOCK);
	ring_push(ring, out.len);
	ring_end(ring, 0);
}

static bool is_there(int tree_fd)
{
	return faccessat(tree_fd, "f", F_OK, 0) == 0;
}

/* The child's mapping of the ring: once, and only to be read. */
static bool is_locked(pid_t pid)
{
	char path[64], line[512];
	int mapped = 0, locked = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	while (maps && fgets(line, sizeof(line), maps)) {
		mapped += strstr(line, "memfd:ring") != NULL;
		locked += strstr(line, " r--s ") && strstr(line, "memfd:ring");
	}
	if (maps)
		fclose(maps);
	return mapped == 1 && locked == 1;
}

static void test_turn(int tree_fd, bool comes)
{
	struct unpacker_start how = { .ring = new_ring(),
				      .tree_fd = tree_fd,
				      .label = "it" };
	struct failure failure = { 0 };
	struct unpacker unpacker;
	char block[BLOCK];
	int turn[2];

	if (!ok(pipe2(turn, O_CLOEXEC) == 0, "a turn to wait for"))
		return;
	how.turn_fd = turn[0];
	make_header(block, "f", 0);
	ok(start(&unpacker, &how, KIND_TAR_ZSTD) &&
		   send_compressed(how.ring, block, BLOCK),
	   "an unpacker that waits for it");
	ring_end(how.ring, 0);
	while (atomic_load(&unpacker.shared->read) == 0)
		usleep(1000);
	ok(!is_there(tree_fd), "it has read everything, and made nothing");
	ok(is_locked(unpacker.pid), "and cannot write to what it reads");
	if (comes)
		(void)!write(turn[1], "", 1);
	fd_close(turn[1]);
	ok_int(unpacker_result(&unpacker, &failure), comes ? 0 : -ECANCELED,
	       comes ? "its turn comes" : "its turn never comes");
	ok(is_there(tree_fd) == comes, "which decides");
	unpacker_stop(&unpacker);
	ring_free(how.ring);
	fd_close(turn[0]);
	(void)unlinkat(tree_fd, "f", 0);
}

#define SMALL "size=256k"
#define LARGE "size=4m"

/* A file system that gets larger, or not, when the unpacker asks for it. */
static void test_starved(const char *dir, bool more)
{
	struct unpacker_start how = { .ring = new_ring(),
				      .label = "it",
				      .turn_fd = FD_NONE,
				      .room_can_be_made = more };
	struct failure failure = { 0 };
	struct unpacker unpacker;
	int r;

	if (!ok(mount("x", dir, "tmpfs", 0, SMALL) == 0, "a small tmpfs"))
		return;
	how.tree_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(start(&unpacker, &how, KIND_TAR), "an unpacker in it");
	send_file(how.ring, (unsigned int)MIB / 2);
	while (more && !atomic_load(&unpacker.shared->starved))
		usleep(1000);
	if (more)
		ok(mount("x", dir, "tmpfs", MS_REMOUNT, LARGE) == 0,
		   "it asks for more, and gets it");
	r = unpacker_result(&unpacker, &failure);
	ok(r == (more ? 0 : -ENOSPC) &&
		   atomic_load(&unpacker.shared->starved) == 0,
	   more ? "and goes on" : "without, there is no room");
	unpacker_stop(&unpacker);
	ring_free(how.ring);
	fd_close(how.tree_fd);
	umount2(dir, MNT_DETACH);
}

int main(void)
{
	char dir[] = "/tmp/test-image-unpacker.XXXXXX";
	_cleanup_fd int tree_fd = FD_NONE;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	thread_argument =
		mmap(NULL, sizeof(*thread_argument), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (thread_argument == MAP_FAILED || !mkdtemp(dir))
		return 1;
	tree_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_stalled(tree_fd);
	test_turn(tree_fd, true);
	test_turn(tree_fd, false);
	if (unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0) {
		test_starved(dir, true);
		test_starved(dir, false);
	}
	rmdir(dir);
	return tap_done();
}
