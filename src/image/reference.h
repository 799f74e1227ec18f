/* SPDX-License-Identifier: MIT */
/* What a person types to name an image (design section 5). */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

enum reference_kind {
	REFERENCE_HTTP,	  /* target: the URL, http or https, without fragment */
	REFERENCE_FILE,	  /* target: a path */
	REFERENCE_STDIN,  /* target: "-" */
	REFERENCE_DOCKER, /* target: "https://HOST[:PORT]", or http */
	REFERENCE_OCI,	  /* target: a directory */
	REFERENCE_OCI_ARCHIVE,	  /* target: a file */
	REFERENCE_DOCKER_ARCHIVE, /* target: a file */
};

#define REFERENCE_NAME_MAX 128
#define REFERENCE_REPO_MAX 256
#define REFERENCE_TAG_MAX  256

struct reference {
	enum reference_kind kind;
	char target[CONTROL_REF_MAX];
	char repository[REFERENCE_REPO_MAX]; /* DOCKER: "library/debian" */
	/* OCI, OCI_ARCHIVE: the tag, "": the only one. DOCKER_ARCHIVE: as
	 * typed, "name:tag" or "name", "": the only one. DOCKER: "latest" when
	 * neither tag nor digest was typed; "": the manifest is asked for by
	 * its digest, which sha256 is then. */
	char tag[REFERENCE_TAG_MAX];
	/* What the image must be, 64 lower case digits, "": not said. From
	 * "#sha256:HEX", or "@sha256:HEX" of DOCKER. Of the bytes of a file,
	 * archive or URL; of the manifest (or index) for DOCKER and OCI. */
	char sha256[SHA256_HEX_MAX];
	/* For messages: without user name and password, shortened in the
	 * middle. */
	char name[REFERENCE_NAME_MAX];
};

/*
 * Parses http:// and https:// URLs, file:///path, a path, "-", and the
 * transports of containers-transports(5): docker://, oci:, oci-archive:,
 * docker-archive:. "docker+http://" is docker:// by plain HTTP. Each with an
 * optional #sha256:HEX; a fragment of a URL that is about something else is
 * dropped, and of a path only "#sha256:" with all 64 digits at the very end
 * counts, since "#" may be in names of files. Decides from the text alone,
 * nothing is opened. -EINVAL with *failure for what is none of these, has
 * control characters or white space in a URL, is no lawful name of a
 * repository or tag (OCI distribution-spec, "Pulling manifests"), carries a
 * user name for a registry, or is too long.
 */
int reference_parse(const char *text, struct reference *ret_reference,
		    struct failure *failure) _must_check;

/* Writes a reference as typed, without the user name and the password in its
 * URL. Returns buf. */
const char *reference_without_user(const char *text,
				   char buf[static CONTROL_REF_MAX]);

/* Whether its content is layers that a manifest lists. */
bool reference_has_layers(const struct reference *reference);

/* Whether two names, as typed behind docker:// or listed in a docker-archive,
 * mean the same image: "debian" is "docker.io/library/debian:latest". False
 * when one of them is no lawful name. */
bool reference_same_image(const char *a, const char *b);
