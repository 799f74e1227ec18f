/* SPDX-License-Identifier: MIT */
/*
 * The unpacker gives up while its pump's thread waits for more of a stream that
 * has stalled. The thread goes on until the process is gone, so what it works
 * on must not lie in a function's frame that is gone before. That is a matter
 * of microseconds; so the test does not try to meet the moment, but looks at
 * what the thread was given.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/unpacker.h"
#include "tap.h"

#define BLOCK	    512
#define STACK_BYTES (8 * MIB)

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

/* A tar header of an empty file. */
static void make_header(char header[static BLOCK], const char *name)
{
	unsigned int sum = 0;

	memset(header, 0, BLOCK);
	snprintf(header, 100, "%s", name);
	memcpy(header + 100, "0000644", 8);	 /* mode */
	memcpy(header + 124, "00000000000", 12); /* size */
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

static void test_stalled(int tree_fd)
{
	const struct unpacker_start how = {
		.tree_fd = tree_fd,
		.label = "it",
		.turn_fd = FD_NONE,
	};
	struct failure failure = { 0 };
	struct unpacker unpacker;
	char header[BLOCK];

	make_header(header, "../x");
	ok(unpacker_start(&unpacker, &how, &failure) == 0 &&
		   unpacker_order(&unpacker, KIND_TAR, 0, &failure) == 0 &&
		   write(unpacker.stream_fd, header, BLOCK) == BLOCK,
	   "a stream begins, and stalls");
	ok(unpacker_result(&unpacker, &failure) < 0, "the unpacker gives up");
	ok_str(failure.text, "it: entry '../x' points outside of the image",
	       "and says why");
	ok(atomic_load(thread_argument) &&
		   !on_stack(atomic_load(thread_argument)),
	   "what its thread works on lasts as long as the process");
	unpacker_stop(&unpacker);
}

int main(void)
{
	char dir[] = "/tmp/test-image-unpacker.XXXXXX";
	_cleanup_fd int tree_fd = FD_NONE;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	thread_argument =
		mmap(NULL, sizeof(*thread_argument), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (thread_argument == MAP_FAILED || !mkdtemp(dir))
		return 1;
	tree_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_stalled(tree_fd);
	rmdir(dir);
	return tap_done();
}
