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
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "image/unpacker.h"

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

static int feed(struct unpacker *unpacker, const char *path,
		struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t bytes[64 * KIB];
	ssize_t n;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "%s", path);
	n = pread(fd, bytes, KIND_HEAD, 0);
	r = unpacker_order(unpacker, kind_of(view_over(bytes, (size_t)n)), 0,
			   failure);
	/* Blocking from here on: nothing else is to be done. */
	(void)fcntl(unpacker->stream_fd, F_SETFL, 0);
	while (r == 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		if (fd_write_all(unpacker->stream_fd, bytes, (size_t)n) < 0)
			break; /* it says why */
	unpacker->stream_fd = fd_close(unpacker->stream_fd);
	return r < 0 ? r : unpacker_result(unpacker, failure);
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
	int r = unpacker_start(&unpacker, how, failure);

	if (r == 0)
		r = feed(&unpacker, path, failure);
	if (r == 0 && unpacker.marks_fd >= 0)
		r = overlay_mark(how->tree_fd, unpacker.marks_fd, failure);
	if (r == 0)
		tell(unpacker.shared);
	unpacker_stop(&unpacker);
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
	signal(SIGPIPE, SIG_IGN);
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
