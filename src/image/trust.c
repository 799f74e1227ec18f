/* SPDX-License-Identifier: MIT */
#include "image/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#define KEY_FILE_MAX 4096

int trust_add(struct trust *trust, const struct minisign_key *key,
	      const char *name, struct failure *failure)
{
	for (size_t i = 0; i < trust->count; i++)
		if (memcmp(&trust->keys[i], key, sizeof(*key)) == 0)
			return 0;
	if (trust->count == TRUST_KEYS_MAX)
		return failure_set(failure, ENOBUFS,
				   "%s: more than %d keys to be trusted", name,
				   TRUST_KEYS_MAX);
	trust->keys[trust->count++] = *key;
	return 0;
}

int trust_add_file(struct trust *trust, const char *path,
		   struct failure *failure)
{
	char text[KEY_FILE_MAX];
	struct minisign_key key;
	ssize_t n = file_read(AT_FDCWD, path, text, sizeof(text));

	if (n < 0 && n != -EFBIG)
		return failure_errno(failure, (int)-n, "cannot read key %s",
				     path);
	if (n < 0 || minisign_parse_key(view_over(text, (size_t)n), &key) < 0)
		return failure_set(failure, EBADMSG,
				   "%s: this is no public key of minisign, as "
				   "\"minisign -G\" writes to minisign.pub",
				   path);
	return trust_add(trust, &key, path, failure);
}

static bool is_key_file(const char *name)
{
	size_t len = strlen(name), suffix = strlen(TRUST_SUFFIX);

	return name[0] != '.' && len > suffix &&
	       str_eq(name + len - suffix, TRUST_SUFFIX);
}

static int read_dir(struct trust *trust, const char *path,
		    struct failure *failure)
{
	_cleanup_dir DIR *dir = opendir(path);
	char file[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	int r = 0;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return failure_errno(failure, errno, "cannot read %s", path);
	while (r == 0 && (entry = readdir(dir))) {
		if (!is_key_file(entry->d_name))
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		r = trust_add_file(trust, file, failure);
	}
	return r;
}

int trust_read_in(const char *root, struct trust *ret_trust,
		  struct failure *failure)
{
	struct trust trust = { 0 };
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), "%s" TRUST_REQUIRE_FILE, root);
	/* Only the file's absence says that none is needed. */
	trust.required = access(path, F_OK) == 0 || errno != ENOENT;
	snprintf(path, sizeof(path), "%s" TRUST_DIR, root);
	r = read_dir(&trust, path, failure);
	if (r == 0)
		*ret_trust = trust;
	return r;
}

int trust_read(struct trust *ret_trust, struct failure *failure)
{
	return trust_read_in("", ret_trust, failure);
}

bool trust_has(const struct trust *trust, const uint8_t id[static 8])
{
	for (size_t i = 0; i < trust->count; i++)
		if (memcmp(trust->keys[i].id, id, sizeof(trust->keys[i].id)) ==
		    0)
			return true;
	return false;
}

/* NULL: it can be signed. */
static const char *why_unsigned(enum reference_kind kind)
{
	switch (kind) {
	case REFERENCE_DOCKER:
		return "an image of a registry has none";
	case REFERENCE_OCI:
		return "a layout in a directory has none";
	case REFERENCE_STDIN:
		return "a stream has none";
	case REFERENCE_HTTP:
	case REFERENCE_FILE:
	case REFERENCE_OCI_ARCHIVE:
	case REFERENCE_DOCKER_ARCHIVE:
		break;
	}
	return NULL;
}

int trust_permits(const struct trust *trust, const struct reference *reference,
		  struct failure *failure)
{
	const char *why =
		trust->required ? why_unsigned(reference->kind) : NULL;

	if (!why)
		return 0;
	return failure_set(failure, EKEYREJECTED,
			   "%s: a signature is required, and %s; sign a file "
			   "with \"minisign -S\" and load that",
			   reference->name, why);
}
