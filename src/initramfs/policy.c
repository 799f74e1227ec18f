/* SPDX-License-Identifier: MIT */
#include "initramfs/policy.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "image/credentials.h"
#include "image/store.h"
#include "image/trust.h"
#include "iso/distros.h"

/* A key itself, as minisign prints it, or a file with one. */
static int take_key(struct trust *trust, const char *text,
		    struct failure *failure)
{
	struct minisign_key key;

	if (minisign_parse_key(view_over(text, strlen(text)), &key) == 0)
		return trust_add(trust, &key, text, failure);
	return trust_add_file(trust, text, failure);
}

static void add_key(struct manifest *m, const struct minisign_key *key)
{
	char path[sizeof(TRUST_DIR) + MINISIGN_ID_TEXT_MAX +
		  sizeof(TRUST_SUFFIX)];
	char id[MINISIGN_ID_TEXT_MAX], text[MINISIGN_KEY_TEXT_MAX];

	snprintf(path, sizeof(path), TRUST_DIR "/%s" TRUST_SUFFIX,
		 minisign_id_text(key->id, id));
	manifest_text(m, path, 0644, minisign_key_text(key, text));
}

static int add_keys(struct manifest *m, const struct policy *policy,
		    struct failure *failure)
{
	struct trust trust = { 0 };

	for (size_t i = 0; i < policy->trust_count; i++) {
		int r = take_key(&trust, policy->trust[i], failure);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < trust.count; i++)
		add_key(m, &trust.keys[i]);
	return 0;
}

static int add_cache_size(struct manifest *m, const char *size,
			  struct failure *failure)
{
	char line[64];
	struct text text = text_over(line, sizeof(line));
	uint64_t bytes;

	text_add(&text, "%s\n", size);
	/* Shares are of the memory of a machine that is not known yet. */
	if (text.cut || store_parse_size(size, UINT64_MAX, &bytes) < 0)
		return failure_set(failure, EINVAL,
				   "--cache-size: \"%s\" is no size; bytes, "
				   "with K, M, G or T, or a share such as 30%%",
				   size);
	manifest_text(m, STORE_SIZE_FILE, 0644, line);
	return 0;
}

static int add_auth(struct manifest *m, const char *path,
		    struct failure *failure)
{
	_cleanup_free char *json = NULL, *basic = NULL;
	size_t len;
	int r = host_read(path, CREDENTIALS_FILE_MAX, &json, &len);

	if (r == 0)
		r = credentials_parse(view_over(json, len), "localhost", "",
				      &basic);
	if (r == -EBADMSG)
		return failure_set(failure, EBADMSG,
				   "%s: this is no containers-auth.json(5)",
				   path);
	if (r < 0 && r != -ENODATA)
		return failure_errno(failure, -r, "%s", path);
	manifest_file(m, CREDENTIALS_BOOTSTRAP, 0600, path);
	return 0;
}

/* The table that names ISOs, when this machine has another one than the
 * program. */
static int add_distros(struct manifest *m, struct failure *failure)
{
	_cleanup_distros struct distros distros = { 0 };
	int r;

	if (access(DISTROS_PATH, F_OK) < 0)
		return 0;
	r = distros_load(&distros, failure);
	if (r == 0)
		manifest_file(m, DISTROS_PATH, 0644, DISTROS_PATH);
	return r;
}

void policy_add(struct manifest *m, const struct policy *policy)
{
	struct failure failure;
	int r = add_keys(m, policy, &failure);

	if (r == 0 && policy->cache_size)
		r = add_cache_size(m, policy->cache_size, &failure);
	if (r == 0 && policy->auth)
		r = add_auth(m, policy->auth, &failure);
	if (r == 0)
		r = add_distros(m, &failure);
	if (policy->require_signature)
		manifest_text(m, TRUST_REQUIRE_FILE, 0644, "");
	if (r < 0)
		manifest_fail(m, &failure);
}
