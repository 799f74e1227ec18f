/* SPDX-License-Identifier: MIT */
/* Between image_unpack(), image_load() and what they share. */
#pragma once

#include "image/blobs.h"
#include "image/crew.h"
#include "image/image.h"

/* One request being answered. */
struct image_job {
	const struct image_request *request;
	struct reference reference;
	struct room room;
	int64_t started_ms;
	struct stream_counters counters; /* of a single stream */
	uint64_t total; /* of all layers to be fetched, bytes; 0: not known */
	/* As in struct stream; NULL: there is no way. */
	uint64_t (*make_room)(void *context, uint64_t bytes);
	void *room_context;
};

/* Parses the reference and refuses what the policy does not allow. Of such a
 * job nothing is to be closed. */
int image_job_ask(struct image_job *job, const struct image_request *request,
		  struct failure *failure) _must_check;
/* The same, of what goes into dir_fd, whose room is watched. */
int image_job_open(struct image_job *job, const struct image_request *request,
		   int dir_fd, struct failure *failure) _must_check;
void image_job_close(struct image_job *job);

/* Runs the one stream of a reference without layers. what: where to and how;
 * its source, wishes, room, tick and counters are filled in here. */
int image_job_stream(struct image_job *job, struct stream what,
		     const struct http_validators *known,
		     struct stream_result *ret_result, struct failure *failure)
	_must_check;

/* Where the one stream, or the archive, comes from, and what is asked of it. */
struct fetch_source image_job_source(const struct image_job *job);
struct verify_wishes image_job_wishes(const struct image_job *job);

/* Whether job->total bytes fit, and makes room for them where that can be. */
int image_job_check_room(struct image_job *job, struct failure *failure)
	_must_check;

/* Runs several of struct layered; progress is told. */
int image_job_crew(struct image_job *job, struct crew *crew,
		   struct failure *failure) _must_check;

/* Tells who asked how far it is; negative: to be cancelled. */
int image_job_tell(const struct image_job *job, struct progress progress)
	_must_check;

/* The figures of now, or the last. */
struct progress image_job_progress(const struct image_job *job);

/* An image of layers, resolved. */
struct layered {
	struct blobs *blobs;
	struct oci_image *image;
	struct verify_verdict verdict; /* of the manifest, or archive file */
	struct crew_job jobs[IMAGE_LAYERS_MAX];
	char names[IMAGE_LAYERS_MAX][REFERENCE_NAME_MAX + 32];
};

int layered_open(const struct image_job *job, struct layered **ret_layered,
		 struct failure *failure) _must_check;
struct layered *layered_close(struct layered *layered); /* NULL; NULL fine */

/* The stream of one layer, from where it is; index counts from the lowest. */
int layered_stream(struct layered *layered, size_t index,
		   struct stream *ret_stream, struct failure *failure)
	_must_check;

/* Applies all of them, one upon the other, to "tree" in dir_fd; what was made
 * stays on failure. The results are in layered->jobs. */
int layered_apply(struct image_job *job, struct layered *layered, int dir_fd,
		  struct failure *failure) _must_check;
