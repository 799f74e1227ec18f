/* SPDX-License-Identifier: MIT */
/*
 * usage: write-image [--sha256 HEX] [--trust FILE] [--max BYTES] [--cancel]
 *                    REFERENCE TARGET
 *
 * Writes an image as it is to TARGET, which exists. Prints its size, its
 * sha256, and how many bytes of TARGET's page cache there were at most, in one
 * line; what was checked, and whose signature it has, in two more. Ends with 1
 * and one line of failure. --trust requires a signature by the key in FILE.
 */
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/text.h"
#include "image/whole.h"

struct writing {
	int fd;
	bool cancel;
	uint64_t cached; /* bytes, the most that were seen */
};

/* What of the target is in memory twice when it is memory itself. */
static uint64_t cached_bytes(int fd)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	off_t end = lseek(fd, 0, SEEK_END);
	size_t size = end > 0 ? (size_t)end : 0, pages = size / page, count = 0;
	_cleanup_free unsigned char *resident = calloc(pages + 1, 1);
	void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return 0;
	if (mincore(map, pages * page, resident) == 0)
		for (size_t i = 0; i < pages; i++)
			count += resident[i] & 1;
	munmap(map, size);
	return count * page;
}

static int on_progress(void *context, const struct progress *progress _unused)
{
	struct writing *writing = context;

	writing->cached = MAX(writing->cached, cached_bytes(writing->fd));
	return writing->cancel ? -ECANCELED : 0;
}

static int write_image(const struct image_request *request, uint64_t max,
		       struct failure *failure)
{
	struct writing *writing = request->context;
	struct verify_verdict verdict;
	uint64_t size;
	int r = image_write(request, writing->fd, max, &size, &verdict,
			    failure);

	if (r < 0)
		return r;
	(void)on_progress(writing, NULL);
	printf("%" PRIu64 " %s %" PRIu64 "\n%s\n%s\n", size, verdict.sha256,
	       writing->cached, verdict.checked, verdict.signer);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "sha256", required_argument, NULL, 's' },
		{ "trust", required_argument, NULL, 't' },
		{ "max", required_argument, NULL, 'm' },
		{ "cancel", no_argument, NULL, 'c' },
		{ 0 },
	};
	static struct trust trust;
	struct writing writing = { .fd = FD_NONE };
	struct image_request request = { .progress = on_progress,
					 .context = &writing };
	struct failure failure = { 0 };
	uint64_t max = UINT64_MAX;
	int option, r = 0;

	signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 's') {
			request.sha256 = optarg;
		} else if (option == 't') {
			r = trust_add_file(&trust, optarg, &failure);
			trust.required = true;
			request.trust = &trust;
		} else if (option == 'm') {
			r = str_to_u64(optarg, UINT64_MAX, &max);
		} else {
			writing.cancel = option == 'c';
		}
	}
	if (optind + 2 != argc)
		return 2;
	request.reference = argv[optind];
	writing.fd = open(argv[optind + 1], O_RDWR | O_CLOEXEC);
	if (r == 0 && writing.fd < 0)
		r = failure_errno(&failure, errno, "%s", argv[optind + 1]);
	if (r == 0)
		r = write_image(&request, max, &failure);
	if (r < 0)
		fprintf(stderr, "%s\n", failure.text);
	return r < 0;
}
