/* SPDX-License-Identifier: MIT */
/* What a person means who names something of the store. */
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/text.h"
#include "image/reference.h"
#include "image/store-internal.h"
#include "image/store-record.h"

#define BEGINNING_MIN 4 /* digits of an ID */

/* --- what was meant --- */

static bool has_id(const struct store_image *image, const char *which)
{
	return str_eq(image->id, which);
}

static bool has_reference(const struct store_image *image, const char *which)
{
	char typed[CONTROL_REF_MAX];

	return str_eq(image->reference, reference_without_user(which, typed));
}

static bool begins_with(const struct store_image *image, const char *which)
{
	return strlen(which) >= BEGINNING_MIN && str_after(image->id, which);
}

typedef bool (*match_function)(const struct store_image *image,
			       const char *which);

static size_t count_matches(const struct store *store, match_function match,
			    const char *which)
{
	size_t count = 0;

	for (size_t i = 0; i < store->image_count; i++)
		count += match(&store->images[i], which);
	return count;
}

static const struct store_kept *kept_named(const struct store_kept *kept,
					   size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(kept[i].name, name))
			return &kept[i];
	return NULL;
}

/* --- what there is instead --- */

static const char *reference_with(const struct store *store, const char *part)
{
	for (size_t i = 0; i < store->image_count; i++)
		if (*part && strstr(store->images[i].reference, part))
			return store->images[i].reference;
	return NULL;
}

static int refuse_unknown(const struct store *store,
			  const struct store_kept *kept, size_t kept_count,
			  const char *which, struct failure *failure)
{
	size_t room = 2 * store->image_count + kept_count, count = 0;
	_cleanup_free const char **names = calloc(room + 1, sizeof(*names));
	const char *nearest = NULL;

	for (size_t i = 0; names && i < store->image_count; i++) {
		names[count++] = store->images[i].id;
		names[count++] = store->images[i].reference;
	}
	for (size_t i = 0; names && i < kept_count; i++)
		names[count++] = kept[i].name;
	if (names)
		nearest = nearest_name(which, names, count);
	if (!nearest)
		nearest = reference_with(store, which);
	if (nearest)
		return failure_set(failure, ENODATA,
				   "%.100s: no image or changes are kept under "
				   "this name; did you mean %.160s?",
				   which, nearest);
	return failure_set(failure, ENODATA,
			   "%.160s: no image or changes are kept under this "
			   "name; see `images`",
			   which);
}

/* --- dropping it --- */

static int refuse_running(const char *which, struct failure *failure)
{
	return failure_set(failure, EBUSY,
			   "%.160s: runs now; `return` to the bootstrap first",
			   which);
}

static int fail(const char *which, int r, struct failure *failure)
{
	return failure_errno(failure, -r, "%.160s: cannot be dropped", which);
}

/* All that match: several may have come by one reference, one after the
 * other. */
static int drop_images(struct store *store, match_function match,
		       const char *which, uint64_t *ret_bytes,
		       struct failure *failure)
{
	uint64_t bytes = 0, one = 0;

	for (size_t i = 0; i < store->image_count; i++)
		if (match(&store->images[i], which) && store->images[i].running)
			return refuse_running(which, failure);
	for (size_t i = store->image_count; i-- > 0;) {
		int r;

		if (!match(&store->images[i], which))
			continue;
		r = store_remove_image(store, i, &one);
		if (r < 0)
			return fail(which, r, failure);
		bytes += one;
	}
	*ret_bytes = bytes;
	return 0;
}

static int drop_kept(struct store *store, const struct store_kept *kept,
		     uint64_t *ret_bytes, struct failure *failure)
{
	int r;

	if (kept->running)
		return refuse_running(kept->name, failure);
	r = store_remove_kept(store, kept);
	if (r < 0)
		return fail(kept->name, r, failure);
	*ret_bytes = kept->bytes;
	return 0;
}

int store_drop(struct store *store, const char *which, uint64_t *ret_bytes,
	       struct failure *failure)
{
	_cleanup_free struct store_kept *kept = NULL;
	const struct store_kept *named;
	size_t kept_count = 0, begin;
	int r = store_list_kept(store, &kept, &kept_count);

	if (r < 0)
		return fail(which, r, failure);
	(void)store_mark_running(store);
	if (count_matches(store, has_id, which) > 0)
		return drop_images(store, has_id, which, ret_bytes, failure);
	if (count_matches(store, has_reference, which) > 0)
		return drop_images(store, has_reference, which, ret_bytes,
				   failure);
	named = kept_named(kept, kept_count, which);
	if (named)
		return drop_kept(store, named, ret_bytes, failure);
	begin = count_matches(store, begins_with, which);
	if (begin > 1)
		return failure_set(failure, ENOTUNIQ,
				   "%s: %zu images have IDs that begin so; "
				   "name one",
				   which, begin);
	if (begin == 1)
		return drop_images(store, begins_with, which, ret_bytes,
				   failure);
	return refuse_unknown(store, kept, kept_count, which, failure);
}
