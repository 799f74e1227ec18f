/* SPDX-License-Identifier: MIT */
/* An image of layers: what a manifest lists, and where each comes from. */
#include "image/image-internal.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

struct check {
	const struct image_job *job;
	struct verifier *verifier;
};

static int check_bytes(void *context, struct view bytes,
		       struct failure *failure _unused)
{
	struct check *check = context;

	verify_add(check->verifier, bytes);
	return 0;
}

/* What is read here is read again, and told then. */
static int check_tick(void *context, struct failure *failure)
{
	const struct check *check = context;

	if (image_job_tell(check->job, (struct progress){ 0 }) == 0)
		return 0;
	return failure_set(failure, ECANCELED, "%s: cancelled",
			   check->job->reference.name);
}

/* What comes through a pipe cannot be read twice. */
static int check_pipe(const struct image_job *job, struct failure *failure)
{
	const char *asked = job->request->sha256;
	const struct trust *trust = job->request->trust;

	if ((!asked || !*asked) && !*job->reference.sha256 &&
	    (!trust || !trust->required))
		return 0;
	return failure_set(failure, EKEYREJECTED,
			   "%s: an archive that is no file cannot be checked; "
			   "write it to one",
			   job->reference.name);
}

/* An archive is a file as any other: what is beside it speaks of all of it. It
 * is read once more for its layers. */
static int check_archive(const struct image_job *job, struct layered *layered,
			 struct failure *failure)
{
	const struct verify_wishes wishes = image_job_wishes(job);
	const struct fetch_source source = image_job_source(job);
	struct fetch fetch = { .source = &source,
			       .data = check_bytes,
			       .tick = check_tick };
	struct check check = { .job = job };
	struct stat st;
	int r;

	if (stat(job->reference.target, &st) == 0 && !S_ISREG(st.st_mode))
		return check_pipe(job, failure);
	r = verify_open(&wishes, source.name, &check.verifier, failure);
	if (r < 0)
		return r;
	fetch.context = &check;
	r = fetch_run(&fetch, failure);
	if (r == 0)
		r = verify_finish(check.verifier, &layered->verdict, failure);
	verify_close(check.verifier);
	return r;
}

static bool is_archive(const struct reference *reference)
{
	return reference->kind == REFERENCE_OCI_ARCHIVE ||
	       reference->kind == REFERENCE_DOCKER_ARCHIVE;
}

/* The manifest was found by its digest. */
static void note_manifest(const struct image_job *job, struct layered *layered)
{
	char hex[DIGEST_TEXT_MAX];

	str_copy(layered->verdict.sha256, sizeof(layered->verdict.sha256),
		 digest_hex(&layered->image->manifest, hex));
	str_copy(layered->verdict.checked, sizeof(layered->verdict.checked),
		 *job->reference.sha256 ||
				 (job->request->sha256 && *job->request->sha256)
			 ? "the reference"
			 : "");
}

static int resolve(const struct image_job *job, struct layered *layered,
		   struct failure *failure)
{
	bool archive = is_archive(&job->reference);
	const char *wanted = job->reference.sha256;
	int r = 0;

	if (!*wanted && job->request->sha256)
		wanted = job->request->sha256;
	layered->image = calloc(1, sizeof(*layered->image));
	if (!layered->image)
		return failure_errno(failure, ENOMEM, "%s",
				     job->reference.name);
	if (archive)
		r = check_archive(job, layered, failure);
	if (r == 0)
		r = blobs_open(&job->reference, &layered->blobs, failure);
	if (r == 0)
		r = oci_image_resolve(layered->blobs, archive ? "" : wanted,
				      layered->image, failure);
	if (r == 0 && !*layered->verdict.sha256)
		note_manifest(job, layered);
	return r;
}

int layered_open(const struct image_job *job, struct layered **ret_layered,
		 struct failure *failure)
{
	struct layered *layered = calloc(1, sizeof(*layered));
	const struct oci_manifest *manifest;
	int r;

	if (!layered)
		return failure_errno(failure, ENOMEM, "%s",
				     job->reference.name);
	r = resolve(job, layered, failure);
	if (r < 0) {
		layered_close(layered);
		return r;
	}
	manifest = &layered->image->layers;
	for (size_t i = 0; i < manifest->layer_count; i++) {
		struct text text =
			text_over(layered->names[i], sizeof(layered->names[i]));

		text_add(&text, "%s: layer %zu of %zu", job->reference.name,
			 i + 1, manifest->layer_count);
	}
	*ret_layered = layered;
	return 0;
}

struct layered *layered_close(struct layered *layered)
{
	if (layered) {
		blobs_close(layered->blobs);
		free(layered->image);
		free(layered);
	}
	return NULL;
}

int layered_stream(struct layered *layered, size_t index,
		   struct stream *ret_stream, struct failure *failure)
{
	const struct oci_descriptor *blob =
		&layered->image->layers.layers[index];
	int r;

	*ret_stream = (struct stream){
		.wishes = { .digest = &blob->digest },
		.lowest = index == 0,
		.turn_fd = FD_NONE,
		.must_be_archive = true,
	};
	r = layered->blobs->operations->source(layered->blobs, blob,
					       &ret_stream->source, failure);
	ret_stream->source.name = layered->names[index];
	return r;
}

int layered_apply(struct image_job *job, struct layered *layered, int dir_fd,
		  struct failure *failure)
{
	const struct oci_manifest *manifest = &layered->image->layers;
	struct crew crew = { .jobs = layered->jobs,
			     .count = manifest->layer_count,
			     .in_turn = true };
	int r = 0;

	job->total = 0;
	for (size_t i = 0; r == 0 && i < manifest->layer_count; i++) {
		struct stream *stream = &layered->jobs[i].stream;

		r = layered_stream(layered, i, stream, failure);
		stream->dir_fd = dir_fd;
		stream->mode = UNPACK_APPLY;
		stream->depth = job->request->depth;
		stream->room = &job->room;
		job->total += manifest->layers[i].size;
	}
	if (r == 0 && job->request->depth == UNPACK_ALL)
		r = image_job_check_room(job, failure);
	return r < 0 ? r : image_job_crew(job, &crew, failure);
}
