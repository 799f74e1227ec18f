/* SPDX-License-Identifier: MIT */
#include "image/image-internal.h"

#include <strings.h>

#include "base/clock.h"
#include "base/text.h"

int image_job_ask(struct image_job *job, const struct image_request *request,
		  struct failure *failure)
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
	return r;
}

int image_job_open(struct image_job *job, const struct image_request *request,
		   int dir_fd, struct failure *failure)
{
	int r = image_job_ask(job, request, failure);

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

int image_job_tell(const struct image_job *job, struct progress progress)
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

	return image_job_tell(job, image_job_progress(job));
}

static uint64_t make_room(void *context, uint64_t bytes)
{
	struct image_job *job = context;

	return job->make_room(job->room_context, bytes);
}

struct fetch_source image_job_source(const struct image_job *job)
{
	const struct reference *reference = &job->reference;
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

struct verify_wishes image_job_wishes(const struct image_job *job)
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
	what.source = image_job_source(job);
	what.source.known = known;
	what.wishes = image_job_wishes(job);
	what.room = &job->room;
	what.turn_fd = FD_NONE;
	what.make_room = job->make_room ? make_room : NULL;
	what.tick = stream_tick;
	what.context = job;
	what.counters = &job->counters;
	return stream_run(&what, ret_result, failure);
}

/* --- several --- */

int image_job_check_room(struct image_job *job, struct failure *failure)
{
	uint64_t left = room_left(&job->room);

	if (job->total > left && job->make_room)
		(void)job->make_room(job->room_context, job->total - left);
	return room_check(&job->room, job->reference.name, job->total, failure);
}

static int crew_tick(void *context, const struct progress *progress)
{
	return image_job_tell(context, *progress);
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
