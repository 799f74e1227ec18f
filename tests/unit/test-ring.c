/* SPDX-License-Identifier: MIT */
/*
 * Rings between threads, and one shared with a process that is not to be
 * trusted: what it can do to its parent.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* For the word that a hostile process writes. */
#include "image/ring.c"
#include "tap.h"

#define SLOTS	  4
#define SLOT_SIZE 4096
#define PIECES	  20000

/* Pieces of all sizes up to a slot's, each byte of which is the piece's
 * number. */
static size_t piece_len(unsigned int piece)
{
	return piece * 7919 % SLOT_SIZE + 1;
}

static bool write_piece_within(struct ring *ring, unsigned int piece,
			       int timeout_ms)
{
	struct build out;

	if (ring_fill(ring, timeout_ms, &out) <= 0)
		return false;
	memset(build_take(&out, piece_len(piece)), (int)(piece & 0xff),
	       piece_len(piece));
	ring_push(ring, out.len);
	return true;
}

static bool write_piece(struct ring *ring, unsigned int piece)
{
	return write_piece_within(ring, piece, RING_FOREVER);
}

static void *write_pieces(void *context)
{
	struct ring *ring = context;

	for (unsigned int i = 0; i < PIECES; i++)
		if (!write_piece(ring, i))
			return NULL;
	ring_end(ring, -ENODATA);
	return NULL;
}

/* How many pieces came as they were sent, when the end is the writer's. */
static unsigned int read_pieces(struct ring *ring, enum ring_reader reader)
{
	struct view bytes;
	unsigned int good = 0;
	int r;

	for (unsigned int i = 0; (r = ring_next(ring, reader, &bytes)) > 0; i++)
		good += bytes.left == piece_len(i) &&
			bytes.at[0] == (i & 0xff) &&
			memcmp(bytes.at, bytes.at + 1, bytes.left - 1) == 0;
	return r == -ENODATA ? good : 0;
}

static void test_threads(void)
{
	struct ring *ring = ring_new(SLOTS, SLOT_SIZE);
	pthread_t writer;

	pthread_create(&writer, NULL, write_pieces, ring);
	ok_int(read_pieces(ring, RING_FIRST), PIECES,
	       "all comes in order, then why it ends");
	pthread_join(writer, NULL);
	ring_free(ring);
}

static void test_end(void)
{
	struct ring *ring = ring_new(SLOTS, SLOT_SIZE);
	struct view bytes;

	ring_end(ring, 0);
	ok(!ring_wait(ring), "there is nothing to wait for");
	ok_int(ring_next(ring, RING_FIRST, &bytes), 0, "the end");
	ok_int(ring_next(ring, RING_FIRST, &bytes), 0, "which stays");
	ring_free(ring);
}

static void test_abandon(void)
{
	struct ring *ring = ring_new(SLOTS, SLOT_SIZE);
	struct view bytes;
	pthread_t writer;

	pthread_create(&writer, NULL, write_pieces, ring);
	ok(ring_wait(ring) && ring_next(ring, RING_FIRST, &bytes) == 1,
	   "a reader that reads one");
	ring_abandon(ring, RING_FIRST);
	pthread_join(writer, NULL);
	ok(true, "and gives up: the writer ends, too");
	ring_free(ring);
}

static void test_time(void)
{
	struct ring *ring = ring_new(SLOTS, SLOT_SIZE);
	struct build out;

	for (unsigned int i = 0; i < SLOTS; i++)
		ok(write_piece(ring, i), "a slot is free");
	ok_int(ring_fill(ring, 10, &out), -EAGAIN, "no further one in 10 ms");
	ring_free(ring);
}

/* --- a process --- */

/* Runs child in a fork; its exit status, or its signal and 128. */
static int run_child(struct ring *ring, int (*child)(struct ring *ring))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(child(ring));
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static int child_reads(struct ring *ring)
{
	return ring_lock(ring) < 0 || read_pieces(ring, RING_FIRST) != PIECES;
}

static void *run_second(void *context)
{
	static unsigned int good;

	good = read_pieces(context, RING_SECOND);
	return &good;
}

static void test_two_readers(void)
{
	struct ring *ring = ring_new_shared(SLOTS, SLOT_SIZE);
	pthread_t writer, second;
	void *good;
	int status;
	pid_t pid;

	if (!ok(ring, "a shared ring"))
		return;
	pid = fork();
	if (pid == 0)
		_exit(child_reads(ring));
	pthread_create(&writer, NULL, write_pieces, ring);
	pthread_create(&second, NULL, run_second, ring);
	pthread_join(writer, NULL);
	pthread_join(second, &good);
	ok_int(*(unsigned int *)good, PIECES, "the thread reads all");
	waitpid(pid, &status, 0);
	ok_int(status, 0, "and so does the process");
	ring_free(ring);
}

static void test_without(void)
{
	struct ring *ring = ring_new_shared(SLOTS, SLOT_SIZE);
	pthread_t second;
	void *good;

	ring_do_without(ring, RING_FIRST);
	pthread_create(&second, NULL, run_second, ring);
	write_pieces(ring);
	pthread_join(second, &good);
	ok_int(*(unsigned int *)good, PIECES, "the thread alone");
	ring_free(ring);
}

/* --- a hostile process --- */

static struct view first_bytes(struct ring *ring)
{
	struct view bytes;

	if (ring_lock(ring) < 0 || ring_next(ring, RING_FIRST, &bytes) <= 0)
		_exit(2);
	return bytes;
}

static int child_writes(struct ring *ring)
{
	signal(SIGSEGV, SIG_DFL); /* not a sanitizer's */
	*(volatile uint8_t *)first_bytes(ring).at = 'x';
	return 0;
}

static int child_unlocks(struct ring *ring)
{
	uintptr_t at = (uintptr_t)first_bytes(ring).at & ~(uintptr_t)4095;

	return mprotect((void *)at, 4096, PROT_READ | PROT_WRITE) == 0 ? 0
								       : errno;
}

/* With the descriptor, which it has no more once it is confined. */
static int child_maps_again(struct ring *ring)
{
	if (map_shared(NULL, HEAD_BYTES, PROT_READ | PROT_WRITE, 0, ring->fd))
		return 0;
	return errno;
}

static int child_writes_file(struct ring *ring)
{
	return pwrite(ring->fd, "x", 1, 0) == 1 ? 0 : errno;
}

static int child_cuts_file(struct ring *ring)
{
	return ftruncate(ring->fd, 0) == 0 ? 0 : errno;
}

static void test_attacks(void)
{
	static const struct {
		const char *what;
		int (*child)(struct ring *ring);
		int want;
	} attacks[] = {
		{ "writing into a buffer", child_writes, 128 + SIGSEGV },
		{ "making one writable", child_unlocks, EACCES },
		{ "mapping it once more", child_maps_again, EPERM },
		{ "writing to its file", child_writes_file, EPERM },
		{ "cutting its file", child_cuts_file, EPERM },
	};

	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		struct ring *ring = ring_new_shared(SLOTS, SLOT_SIZE);

		(void)!write_piece(ring, 0);
		ok_int(run_child(ring, attacks[i].child), attacks[i].want,
		       attacks[i].what);
		ring_free(ring);
	}
}

static uint32_t lie;

static int child_lies(struct ring *ring)
{
	atomic_store(ring->readers[RING_FIRST].freed, lie);
	return 0;
}

static bool is_within(const struct ring *ring, const struct build *buffer)
{
	return buffer->start >= ring->bytes && buffer->size == SLOT_SIZE &&
	       buffer->start + SLOT_SIZE <= ring->bytes + SLOTS * SLOT_SIZE;
}

/* Whatever it says that it has read: the thread beside it reads all. */
static void test_lies(void)
{
	static const uint32_t lies[] = { 1,	   SLOTS,     SLOTS + 1,
					 LAST - 1, LAST,      LAST | SLOTS,
					 LAST + 1, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct ring *ring = ring_new_shared(SLOTS, SLOT_SIZE);
		unsigned int sent = 0, got = 0;
		struct build buffer;
		struct view bytes;

		lie = lies[i];
		while (write_piece_within(ring, sent, 1))
			sent++;
		ok_int(run_child(ring, child_lies), 0, "a process that lies");
		while (got < sent && ring_next(ring, RING_SECOND, &bytes) > 0)
			got += bytes.left == piece_len(got) &&
			       bytes.at[0] == (got & 0xff);
		ok_int(got, SLOTS, "the thread reads what was sent");
		ok(ring_fill(ring, 10, &buffer) <= 0 ||
			   is_within(ring, &buffer),
		   "and the writer stays within the ring");
		ring_free(ring);
	}
}

int main(void)
{
	test_threads();
	test_end();
	test_abandon();
	test_time();
	test_two_readers();
	test_without();
	test_attacks();
	test_lies();
	return tap_done();
}
