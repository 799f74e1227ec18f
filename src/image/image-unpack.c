/* SPDX-License-Identifier: MIT */
/* image_unpack(): a root for people, in a directory. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "image/image-internal.h"

#define TREE  "tree"
#define IMAGE "image"

struct unpacking {
	struct image_job job;
	const char *dir;
	int dir_fd;
	struct image_facts *facts;
};

static void note_stream(struct image_facts *facts,
			const struct stream_result *result)
{
	facts->kind = result->kind;
	facts->content = result->content;
	facts->layout = result->layout;
	facts->verdict = result->verdict;
	facts->layer_count = 1;
	facts->lost_attributes = result->lost_attributes;
	facts->lost_owners = result->lost_owners;
	facts->lost_devices = result->lost_devices;
}

static int unpack_stream(struct unpacking *unpacking, struct failure *failure)
{
	const struct stream stream = {
		.dir_fd = unpacking->dir_fd,
		.mode = UNPACK_ROOT,
		.depth = unpacking->job.request->depth,
	};
	struct stream_result result;
	int r = image_job_stream(&unpacking->job, stream, NULL, &result,
				 failure);

	if (r == 0)
		note_stream(unpacking->facts, &result);
	return r;
}

static void note_layers(struct image_facts *facts,
			const struct layered *layered)
{
	facts->kind = KIND_UNKNOWN;
	facts->layout = IMAGE_LAYOUT_TREE;
	facts->verdict = layered->verdict;
	facts->layer_count = layered->image->layers.layer_count;
	facts->has_config = true;
	facts->config = layered->image->config;
	for (size_t i = 0; i < facts->layer_count; i++) {
		const struct stream_result *result = &layered->jobs[i].result;

		facts->lost_attributes += result->lost_attributes;
		facts->lost_owners += result->lost_owners;
		facts->lost_devices += result->lost_devices;
	}
}

static int unpack_layers(struct unpacking *unpacking, struct failure *failure)
{
	struct layered *layered;
	int r = layered_open(&unpacking->job, &layered, failure);

	if (r < 0)
		return r;
	r = layered_apply(&unpacking->job, layered, unpacking->dir_fd, failure);
	if (r == 0)
		note_layers(unpacking->facts, layered);
	else
		(void)!path_remove_tree(unpacking->dir_fd, TREE);
	layered_close(layered);
	return r;
}

static int refuse_used(const struct unpacking *unpacking,
		       struct failure *failure)
{
	static const char *const names[] = { TREE, IMAGE };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (faccessat(unpacking->dir_fd, names[i], F_OK,
			      AT_SYMLINK_NOFOLLOW) == 0)
			return failure_set(failure, EEXIST,
					   "%s holds an image already",
					   unpacking->dir);
	return 0;
}

static int unpack(struct unpacking *unpacking, struct failure *failure)
{
	int r = refuse_used(unpacking, failure);

	if (r < 0)
		return r;
	unpacking->facts->reference = unpacking->job.reference;
	r = reference_has_layers(&unpacking->job.reference)
		    ? unpack_layers(unpacking, failure)
		    : unpack_stream(unpacking, failure);
	if (r == 0)
		unpacking->facts->progress =
			image_job_progress(&unpacking->job);
	return r;
}

int image_unpack(const struct image_request *request, const char *dir,
		 struct image_facts *ret_facts, struct failure *failure)
{
	_cleanup_fd int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free struct image_facts *facts = calloc(1, sizeof(*facts));
	struct unpacking unpacking = { .dir = dir,
				       .dir_fd = dir_fd,
				       .facts = facts };
	int r;

	if (dir_fd < 0)
		return failure_errno(failure, errno, "cannot open %s", dir);
	if (!facts)
		return failure_errno(failure, ENOMEM, "cannot unpack");
	r = http_start(failure);
	if (r == 0)
		r = image_job_open(&unpacking.job, request, dir_fd, failure);
	if (r < 0)
		return r;
	r = unpack(&unpacking, failure);
	if (r == 0)
		*ret_facts = *facts;
	image_job_close(&unpacking.job);
	return r;
}
