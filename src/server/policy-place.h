/* SPDX-License-Identifier: MIT */
/* Where files are, as persons and the API write it, made into the places of
 * plan.h. */
#pragma once

#include "base/failure.h"
#include "server/plan.h"

/* What relative ones are relative to; either may be NULL. */
struct place_base {
	const char *dir; /* an absolute path */
	const char *url; /* "http://host/prefix/v1", as RFC 3986 resolves it */
};

/*
 * An http or https URL, "file:///path", or one relative to base (with base.url
 * everything else is a URL reference, with base.dir a path). *ret_place is
 * malloc()ed. -EINVAL with *failure, which does not name the field.
 */
int place_resolve(const struct place_base *base, const char *text,
		  char **ret_place, struct failure *failure) _must_check;

/* The same for an image, which may also be of a registry, as it is. */
int place_resolve_image(const struct place_base *base, const char *text,
			char **ret_place, struct failure *failure) _must_check;

/* A place on another host. */
bool place_is_url(const char *place);

/* An image that only the bootstrap can fetch: docker:// or docker+http://. */
bool place_is_registry(const char *place);

/* For a journal, which is to have no password: of a URL with a user what
 * follows that, other places as they are. */
const char *place_without_user(const char *place);

/* A regular file of this host can be read now. URLs are not asked, and what is
 * in the served directory is not looked at. */
int place_check(const char *place, struct failure *failure) _must_check;
/* The same for all places of a plan. */
int place_check_all(const struct plan *plan, struct failure *failure)
	_must_check;
