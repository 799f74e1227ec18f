/* SPDX-License-Identifier: MIT */
#include "image/image-internal.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"

int image_job_open(struct image_job *job, const struct image_request *request,
		   int dir_fd, struct failure *failure)
{
	int r;

	*job = (struct image_job){
		.request = request,
		.room = { .meminfo_fd = FD_NONE },
		.started_ms = clock_ms(),
	};
	r = reference_parse(request->reference, &job->reference, failure);
	if (r == 0 && request->sha256 && *request->sha256 &&
	    *job->reference.sha256 &&
	    strcasecmp(request->sha256, job->reference.sha256) != 0)
		r = failure_set(failure, EINVAL,
				"%s: two different sha256 are asked for",
				job->reference.name);
	if (r == 0 && request->trust)
		r = trust_permits(request->trust, &job->reference, failure);
	return r < 0 ? r : room_open(&job->room, dir_fd, failure);
}

void image_job_close(struct image_job *job)
{
	room_close(&job->room);
}

static struct progress fill_in(const struct image_job *job,
			       struct progress progress)
{
	progress.elapsed_ms = (uint64_t)(clock_ms() - job->started_ms);
	progress.fetch_total = MAX(progress.fetch_total, job->total);
	return progress;
}

struct progress image_job_progress(const struct image_job *job)
{
	const struct stream_counters *c = &job->counters;

	return fill_in(job, (struct progress){
				    .fetched = atomic_load(&c->fetched),
				    .fetch_total = atomic_load(&c->total),
				    .unpacked = atomic_load(&c->unpacked),
				    .entries = atomic_load(&c->entries),
			    });
}

static int tell(const struct image_job *job, struct progress progress)
{
	progress = fill_in(job, progress);
	return job->request->progress
		       ? job->request->progress(job->request->context,
						&progress)
		       : 0;
}

/* --- a single stream --- */

static int stream_tick(void *context)
{
	struct image_job *job = context;

	return tell(job, image_job_progress(job));
}

static uint64_t make_room(void *context, uint64_t bytes)
{
	struct image_job *job = context;

	return job->make_room(job->room_context, bytes);
}

static struct fetch_source source_of(const struct reference *reference)
{
	struct fetch_source source = {
		.name = reference->name,
		.target = reference->target,
	};

	switch (reference->kind) {
	case REFERENCE_HTTP:
		source.kind = FETCH_URL;
		break;
	case REFERENCE_STDIN:
		source.kind = FETCH_FD;
		source.fd = STDIN_FILENO;
		break;
	case REFERENCE_FILE:
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
	case REFERENCE_DOCKER: /* these two have layers */
	case REFERENCE_OCI:
		source.kind = FETCH_FILE;
		break;
	}
	return source;
}

static struct verify_wishes wishes_of(const struct image_job *job)
{
	return (struct verify_wishes){
		.reference = &job->reference,
		.sha256 = { job->request->sha256, job->reference.sha256 },
		.trust = job->request->trust,
	};
}

int image_job_stream(struct image_job *job, struct stream what,
		     const struct http_validators *known,
		     struct stream_result *ret_result, struct failure *failure)
{
	what.source = source_of(&job->reference);
	what.source.known = known;
	what.wishes = wishes_of(job);
	what.room = &job->room;
	what.turn_fd = FD_NONE;
	what.make_room = job->make_room ? make_room : NULL;
	what.tick = stream_tick;
	what.context = job;
	what.counters = &job->counters;
	return stream_run(&what, ret_result, failure);
}

/* --- several --- */

static int crew_tick(void *context, const struct progress *progress)
{
	return tell(context, *progress);
}

int image_job_crew(struct image_job *job, struct crew *crew,
		   struct failure *failure)
{
	struct stream_counters *c = &job->counters;
	struct progress progress;
	int r;

	crew->make_room = job->make_room ? make_room : NULL;
	crew->tick = crew_tick;
	crew->context = job;
	r = crew_run(crew, &progress, failure);
	if (r < 0)
		return r;
	atomic_store(&c->fetched, progress.fetched);
	atomic_store(&c->total, progress.fetched);
	atomic_store(&c->unpacked, progress.unpacked);
	atomic_store(&c->entries, progress.entries);
	return 0;
}

/* --- layers --- */

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

	if (tell(check->job, (struct progress){ 0 }) == 0)
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
	const struct verify_wishes wishes = wishes_of(job);
	const struct fetch_source source = source_of(&job->reference);
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
