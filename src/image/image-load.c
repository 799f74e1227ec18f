/* SPDX-License-Identifier: MIT */
/*
 * image_load(): an image into the store. An image is known by the sha256 of its
 * stream or manifest, its layers by that of their blob and by what was made of
 * it (form); a stream is one layer. What the store has is taken from there;
 * what is new is made in a directory of its own and becomes a layer when all of
 * it is verified, so that a load that fails or is killed has changed nothing.
 */
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "image/image-internal.h"

struct loading {
	struct image_job job;
	struct store *store;
	struct store_image *image;	 /* what will be its record */
	struct image_made *made;	 /* in it */
	char reference[CONTROL_REF_MAX]; /* as the record has it */
};

static uint64_t give_room(void *context, uint64_t bytes)
{
	return store_give(context, bytes);
}

/* Whoever signed it may have been trusted by another load only. */
static bool may_run(const struct loading *loading,
		    const struct store_image *image)
{
	const struct trust *trust = loading->job.request->trust;
	char id[MINISIGN_ID_TEXT_MAX];

	if (!trust || !trust->required)
		return true;
	for (size_t i = 0; i < trust->count; i++)
		if (str_eq(minisign_id_text(trust->keys[i].id, id),
			   image->signer))
			return true;
	return false;
}

/* The sha256 that was asked for, "": none was. */
static const char *wanted_sha256(const struct loading *loading)
{
	const struct image_request *request = loading->job.request;

	if (*loading->job.reference.sha256)
		return loading->job.reference.sha256;
	return request->sha256 ? request->sha256 : "";
}

/* --- layers' names --- */

/* The same bytes make different trees. */
enum form {
	FORM_ROOT,   /* every entry is what it says, whiteouts too */
	FORM_LOWEST, /* a layer's, with nothing to hide, and missing parents as
			they come */
	FORM_ABOVE,  /* a layer's: hides what is below */
};

/* Of FORM_ABOVE the blob's own digest, of the others one that no blob has. */
static int key_of(enum form form, const struct digest *digest,
		  struct digest *ret_key, struct failure *failure)
{
	static const char *const names[] = {
		[FORM_ROOT] = "root",
		[FORM_LOWEST] = "lowest",
	};
	char buf[DIGEST_TEXT_MAX + 16], hex[DIGEST_TEXT_MAX];
	struct text text = text_over(buf, sizeof(buf));
	int r;

	if (form == FORM_ABOVE) {
		*ret_key = *digest;
		return 0;
	}
	text_add(&text, "%s %s", names[form], digest_text(digest, hex));
	r = digest_of(DIGEST_SHA256, view_over(buf, strlen(buf)), ret_key);
	return r < 0 ? failure_errno(failure, -r, "cannot name a layer") : 0;
}

static int layer_key(const struct oci_manifest *manifest, size_t index,
		     struct digest *ret_key, struct failure *failure)
{
	return key_of(index == 0 ? FORM_LOWEST : FORM_ABOVE,
		      &manifest->layers[index].digest, ret_key, failure);
}

/* --- the record --- */

static int add_layer(struct loading *loading, const struct store_layer *layer,
		     struct failure *failure)
{
	struct image_made *made = loading->made;

	if (made->layer_count == IMAGE_LAYERS_MAX ||
	    store_hold(loading->store, layer->id) < 0)
		return failure_errno(failure, ENOMEM, "%s",
				     loading->job.reference.name);
	str_copy(made->layers[made->layer_count].id, STORE_ID_MAX, layer->id);
	made->layer_count++;
	made->layout = layer->layout;
	return 0;
}

/* From here on the image is in use: its layers are held. */
static int put(struct loading *loading, struct failure *failure)
{
	const char *reference = loading->reference;
	struct store_image *image = loading->image;

	for (uint32_t i = 0; i < loading->made->layer_count; i++)
		if (store_hold(loading->store, loading->made->layers[i].id) < 0)
			return failure_errno(failure, ENOMEM, "%s",
					     loading->job.reference.name);
	/* What another server says of the same bytes is about its own. */
	if (image->reference[0] && !str_eq(image->reference, reference))
		image->validators = (struct http_validators){ 0 };
	str_copy(image->reference, sizeof(image->reference), reference);
	return store_put(loading->store, loading->image, failure);
}

/* What the store has is this image: it was just used. */
static int use(struct loading *loading, const struct store_image *known,
	       struct failure *failure)
{
	log_debug("%s: %s is in the store", loading->job.reference.name,
		  known->id);
	*loading->image = *known;
	return put(loading, failure);
}

static int commit(struct loading *loading, unsigned int number,
		  const struct digest *key, const struct stream_result *result,
		  struct failure *failure)
{
	struct store_layer layer = { .layout = result->layout,
				     .bytes = result->bytes };
	int r;

	(void)digest_text(key, layer.digest);
	r = store_commit(loading->store, number, &layer, failure);
	return r < 0 ? r : add_layer(loading, &layer, failure);
}

/* --- a stream --- */

static int stage_stream(struct loading *loading,
			const struct http_validators *known,
			unsigned int *ret_number,
			struct stream_result *ret_result,
			struct failure *failure)
{
	_cleanup_fd int dir_fd =
		store_stage(loading->store, ret_number, failure);
	const struct stream stream = { .dir_fd = dir_fd, .mode = UNPACK_ROOT };
	int r;

	if (dir_fd < 0)
		return dir_fd;
	r = image_job_stream(&loading->job, stream, known, ret_result, failure);
	if (r < 0)
		store_abandon(loading->store, *ret_number);
	return r;
}

static int take_stream(struct loading *loading, unsigned int number,
		       const struct stream_result *result,
		       struct failure *failure)
{
	struct store_image *image = loading->image;
	struct digest digest, key;
	int r = digest_parse_sha256(result->verdict.sha256, &digest);

	if (r == 0)
		r = key_of(FORM_ROOT, &digest, &key, failure);
	if (r < 0) {
		store_abandon(loading->store, number);
		return r;
	}
	str_copy(image->sha256, sizeof(image->sha256), result->verdict.sha256);
	str_copy(image->signer, sizeof(image->signer), result->verdict.signer);
	str_copy(image->kind, sizeof(image->kind),
		 kind_name(result->content == KIND_TAR ? result->kind
						       : result->content));
	image->validators = result->validators;
	return commit(loading, number, &key, result, failure);
}

static int load_stream(struct loading *loading, struct failure *failure)
{
	_cleanup_free struct store_image *known = malloc(sizeof(*known));
	bool is_known;
	struct stream_result result;
	unsigned int number;
	int r;

	if (!known)
		return failure_errno(failure, ENOMEM, "%s",
				     loading->job.reference.name);
	/* What has the sha256 that is wanted was looked for before. */
	is_known = !*wanted_sha256(loading) &&
		   store_find_reference(loading->store, loading->reference,
					known) == 0 &&
		   may_run(loading, known);
	r = stage_stream(loading, is_known ? &known->validators : NULL, &number,
			 &result, failure);
	if (r == -EALREADY)
		return use(loading, known, failure);
	if (r == 0)
		r = take_stream(loading, number, &result, failure);
	return r < 0 ? r : put(loading, failure);
}

/* --- layers --- */

/* The layers that the store has not, in the order of the image. */
struct missing {
	size_t index[IMAGE_LAYERS_MAX]; /* of the image's layers */
	unsigned int number[IMAGE_LAYERS_MAX];
	int dir_fd[IMAGE_LAYERS_MAX];
	struct crew_job jobs[IMAGE_LAYERS_MAX];
	size_t count;
	bool leans; /* one of the image cannot stand alone above another */
};

static void close_missing(struct missing *missing)
{
	for (size_t i = 0; i < missing->count; i++)
		fd_close(missing->dir_fd[i]);
}

/* An image may have the same layer twice, as the empty one of some builders.
 * The upper one is what counts, and overlayfs takes none twice. */
static bool comes_again(const struct oci_manifest *manifest, size_t index)
{
	for (size_t i = index + 1; i < manifest->layer_count; i++)
		if (digest_equal(&manifest->layers[i].digest,
				 &manifest->layers[index].digest))
			return true;
	return false;
}

static int stage_layer(struct loading *loading, struct layered *layered,
		       size_t index, struct missing *missing,
		       struct failure *failure)
{
	size_t at = missing->count;
	struct stream *stream = &missing->jobs[at].stream;
	int fd = store_stage(loading->store, &missing->number[at], failure);
	int r;

	if (fd < 0)
		return fd;
	missing->index[at] = index;
	missing->dir_fd[at] = fd;
	missing->count++;
	r = layered_stream(layered, index, stream, failure);
	stream->dir_fd = fd;
	stream->mode = UNPACK_LAYER;
	stream->room = &loading->job.room;
	loading->job.total += layered->image->layers.layers[index].size;
	return r;
}

static int find_missing(struct loading *loading, struct layered *layered,
			struct missing *missing, struct failure *failure)
{
	const struct oci_manifest *manifest = &layered->image->layers;
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->layer_count; i++) {
		struct store_layer layer;
		struct digest key;

		if (comes_again(manifest, i))
			continue;
		r = layer_key(manifest, i, &key, failure);
		if (r < 0)
			return r;
		if (store_find_layer(loading->store, &key, &layer) < 0)
			r = stage_layer(loading, layered, i, missing, failure);
		else if (store_hold(loading->store, layer.id) < 0)
			r = failure_errno(failure, ENOMEM, "%s",
					  loading->job.reference.name);
	}
	return r;
}

static int commit_missing(struct loading *loading,
			  const struct layered *layered,
			  const struct missing *missing,
			  struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < missing->count; i++) {
		const struct stream_result *result = &missing->jobs[i].result;
		struct store_layer layer = { .layout = result->layout,
					     .bytes = result->bytes };
		struct digest key;

		r = layer_key(&layered->image->layers, missing->index[i], &key,
			      failure);
		if (r < 0)
			return r;
		(void)digest_text(&key, layer.digest);
		r = store_commit(loading->store, missing->number[i], &layer,
				 failure);
		if (r == 0 && store_hold(loading->store, layer.id) < 0)
			r = failure_errno(failure, ENOMEM, "%s", layer.id);
	}
	return r;
}

static int fetch_missing(struct loading *loading, struct layered *layered,
			 struct missing *missing, struct failure *failure)
{
	struct crew crew = { .jobs = missing->jobs };
	int r = find_missing(loading, layered, missing, failure);

	crew.count = missing->count;
	if (r == 0 && !missing->leans)
		r = image_job_check_room(&loading->job, failure);
	if (r == 0 && !missing->leans)
		r = image_job_crew(&loading->job, &crew, failure);
	for (size_t i = 0; r == 0 && i < missing->count; i++)
		missing->leans |= missing->jobs[i].result.leans_on_lower;
	if (r == 0 && !missing->leans)
		r = commit_missing(loading, layered, missing, failure);
	if (r == 0 && !missing->leans)
		return 0;
	for (size_t i = 0; i < missing->count; i++)
		store_abandon(loading->store, missing->number[i]);
	return r;
}

static int take_layers(struct loading *loading, const struct layered *layered,
		       struct failure *failure)
{
	const struct oci_manifest *manifest = &layered->image->layers;
	int r = 0;

	for (size_t i = 0; r == 0 && i < manifest->layer_count; i++) {
		struct store_layer layer;
		struct digest key;

		if (comes_again(manifest, i))
			continue;
		r = layer_key(manifest, i, &key, failure);
		if (r < 0)
			return r;
		r = store_find_layer(loading->store, &key, &layer);
		r = r < 0 ? failure_errno(failure, -r,
					  "%s: a layer is not in the store",
					  loading->job.reference.name)
			  : add_layer(loading, &layer, failure);
	}
	return r;
}

/* All layers applied in one directory: one layer, known by the manifest. */
static int flatten(struct loading *loading, struct layered *layered,
		   struct failure *failure)
{
	struct stream_result whole = { .layout = IMAGE_LAYOUT_TREE };
	_cleanup_fd int dir_fd = FD_NONE;
	unsigned int number;
	int r;

	dir_fd = store_stage(loading->store, &number, failure);
	if (dir_fd < 0)
		return dir_fd;
	r = layered_apply(&loading->job, layered, dir_fd, failure);
	if (r < 0) {
		store_abandon(loading->store, number);
		return r;
	}
	for (size_t i = 0; i < layered->image->layers.layer_count; i++)
		whole.bytes += layered->jobs[i].result.bytes;
	return commit(loading, number, &layered->image->manifest, &whole,
		      failure);
}

static int make_layers(struct loading *loading, struct layered *layered,
		       struct failure *failure)
{
	struct missing *missing = calloc(1, sizeof(*missing));
	bool leans;
	int r;

	if (!missing)
		return failure_errno(failure, ENOMEM, "%s",
				     loading->job.reference.name);
	r = fetch_missing(loading, layered, missing, failure);
	leans = missing->leans;
	close_missing(missing);
	free(missing);
	if (r < 0)
		return r;
	return leans ? flatten(loading, layered, failure)
		     : take_layers(loading, layered, failure);
}

static int take_image(struct loading *loading, struct layered *layered,
		      struct failure *failure)
{
	const struct oci_image *resolved = layered->image;
	struct store_image *image = loading->image;
	char hex[DIGEST_TEXT_MAX];
	int r;

	(void)digest_hex(&resolved->manifest, hex);
	if (store_find_sha256(loading->store, hex, image) == 0 &&
	    may_run(loading, image))
		return use(loading, image, failure);
	*image = (struct store_image){ 0 };
	str_copy(image->sha256, sizeof(image->sha256), hex);
	str_copy(image->kind, sizeof(image->kind), "layers");
	str_copy(image->signer, sizeof(image->signer), layered->verdict.signer);
	loading->made->start = resolved->config.start;
	r = make_layers(loading, layered, failure);
	return r < 0 ? r : put(loading, failure);
}

static int load_layers(struct loading *loading, struct failure *failure)
{
	struct layered *layered;
	int r = layered_open(&loading->job, &layered, failure);

	if (r < 0)
		return r;
	r = take_image(loading, layered, failure);
	layered_close(layered);
	return r;
}

/* --- the frame --- */

/* What a sha256 names is the same whatever its server says now. Only of a
 * stream: that of a manifest list is not its image's. */
static int load(struct loading *loading, struct failure *failure)
{
	const char *wanted = wanted_sha256(loading);

	if (*wanted &&
	    store_find_sha256(loading->store, wanted, loading->image) == 0 &&
	    may_run(loading, loading->image))
		return put(loading, failure);
	*loading->image = (struct store_image){ 0 };
	return reference_has_layers(&loading->job.reference)
		       ? load_layers(loading, failure)
		       : load_stream(loading, failure);
}

int image_load(const struct image_request *request, struct store *store,
	       struct image_made *ret_made, struct progress *ret_progress,
	       struct failure *failure)
{
	_cleanup_free struct store_image *image = calloc(1, sizeof(*image));
	struct loading loading = { .store = store, .image = image };
	int r;

	if (!image)
		return failure_errno(failure, ENOMEM, "cannot load");
	loading.made = &image->made;
	(void)reference_without_user(request->reference, loading.reference);
	r = http_start(failure);
	if (r == 0)
		r = image_job_open(&loading.job, request, store_fd(store),
				   failure);
	if (r < 0)
		return r;
	loading.job.make_room = give_room;
	loading.job.room_context = store;
	r = load(&loading, failure);
	if (r == 0) {
		*ret_made = *loading.made;
		*ret_progress = image_job_progress(&loading.job);
	}
	image_job_close(&loading.job);
	return r;
}
