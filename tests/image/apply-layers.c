/* SPDX-License-Identifier: MIT */
/*
 * usage: apply-layers root|apply|layer|heads|nothing DIR STREAM...
 *
 * Hands streams to the unpacker as it is used for layers, lowest first: into
 * DIR one on top of the other, or, as "layer", into DIR/0, DIR/1 and so on.
 * Prints what the unpacker told of each, one line: content, losses, and
 * whether the layer leans on one below. Ends with 1 and one line of failure.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "image/unpacker.h"

#define SLOTS	   2
#define SLOT_BYTES (64 * KIB)

static const struct {
	const char *word;
	enum unpack_mode mode;
	enum unpack_depth depth;
} ways[] = {
	{ "root", UNPACK_ROOT, UNPACK_ALL },
	{ "apply", UNPACK_APPLY, UNPACK_ALL },
	{ "layer", UNPACK_LAYER, UNPACK_ALL },
	{ "heads", UNPACK_ROOT, UNPACK_HEADS },
	{ "nothing", UNPACK_ROOT, UNPACK_NOTHING },
};

/* Waits as long as it takes: nothing else is to be done. */
static int feed(struct unpacker *unpacker, struct ring *ring, const char *path,
		struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t head[KIND_HEAD];
	struct build out;
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0)
		return failure_errno(failure, errno, "%s", path);
	unpacker_order(unpacker, kind_of(view_over(head, (size_t)n)), 0);
	while (ring_fill(ring, RING_FOREVER, &out) > 0 &&
	       (n = read(fd, out.start, out.size)) > 0)
		ring_push(ring, (size_t)n);
	ring_end(ring, 0);
	return unpacker_result(unpacker, failure);
}

static void tell(const struct unpacker_shared *shared)
{
	printf("%s %s unpacked=%llu attributes=%llu owners=%llu devices=%llu "
	       "leans=%u\n",
	       shared->content == UNPACK_CONTENT_FILE ? "file" : "tree",
	       kind_name((enum image_kind)shared->content_kind),
	       (unsigned long long)atomic_load(&shared->unpacked),
	       (unsigned long long)shared->lost_attributes,
	       (unsigned long long)shared->lost_owners,
	       (unsigned long long)shared->lost_devices,
	       shared->leans_on_lower);
}

static int unpack(struct unpacker_start *how, const char *path,
		  struct failure *failure)
{
	struct unpacker unpacker;
	int r;

	how->ring = ring_new_shared(SLOTS, SLOT_BYTES);
	if (!how->ring)
		return failure_errno(failure, errno, "a ring");
	ring_do_without(how->ring, RING_SECOND);
	r = unpacker_start(&unpacker, how, failure);
	if (r == 0)
		r = feed(&unpacker, how->ring, path, failure);
	if (r == 0 && unpacker.marks_fd >= 0)
		r = overlay_mark(how->tree_fd, unpacker.marks_fd, failure);
	if (r == 0)
		tell(unpacker.shared);
	unpacker_stop(&unpacker);
	ring_free(how->ring);
	return r;
}

static int open_tree(const char *dir, enum unpack_mode mode, int number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%d", dir, number);
	if (mode != UNPACK_LAYER)
		return open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdir(path, 0755) < 0)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	struct unpacker_start how = { .turn_fd = FD_NONE };
	struct failure failure = { 0 };
	size_t way = 0;

	while (argc > 1 && way < ARRAY_SIZE(ways) &&
	       strcmp(ways[way].word, argv[1]) != 0)
		way++;
	if (argc < 4 || way == ARRAY_SIZE(ways))
		return 2;
	how.mode = ways[way].mode;
	how.depth = ways[way].depth;
	for (int i = 3; i < argc; i++) {
		_cleanup_fd int fd = open_tree(argv[2], how.mode, i - 3);

		how.tree_fd = fd;
		how.label = argv[i];
		how.lowest = i == 3;
		if (fd < 0 || unpack(&how, argv[i], &failure) < 0) {
			fprintf(stderr, "%s\n",
				failure.text[0] ? failure.text : argv[2]);
			return 1;
		}
	}
	return 0;
}
