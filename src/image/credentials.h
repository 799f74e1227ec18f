/* SPDX-License-Identifier: MIT */
/* Names and passwords for registries, where other tools keep them
 * (containers-auth.json(5); docker's config.json is its ancestor). */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

#define CREDENTIALS_BOOTSTRAP "/etc/boomerang/auth.json"
#define CREDENTIALS_FILE_MAX  (256 * KIB)

/*
 * Searches one such file's text for who to be at a registry. host: with its
 * port when it was typed; Docker Hub goes by all of its names. The most
 * specific entry wins: "host/group" before "host".
 *
 * *ret_basic: the credentials of the scheme Basic (RFC 7617), base64 of
 * "user:password", to be freed. -ENODATA: no entry, or one without a password
 * (a credential helper's, which is not asked). -EBADMSG: not such a file, or
 * the entry is damaged.
 */
int credentials_parse(struct view json, const char *host,
		      const char *repository, char **ret_basic) _must_check;

/*
 * Searches, in this order: $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, /run/containers/UID/auth.json,
 * $XDG_CONFIG_HOME/containers/auth.json, ~/.config/containers/auth.json,
 * $DOCKER_CONFIG/config.json, ~/.docker/config.json, CREDENTIALS_BOOTSTRAP. A
 * file that is not there, or another person's, is passed over; one that cannot
 * be understood is a failure. -ENODATA, without failure: none has an entry.
 */
int credentials_find(const char *host, const char *repository, char **ret_basic,
		     struct failure *failure) _must_check;
