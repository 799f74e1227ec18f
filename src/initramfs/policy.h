/* SPDX-License-Identifier: MIT */
/* What a bootstrap is told about images: whose it trusts, whether it wants them
 * signed, how much memory those may take that do not run, and who it is to
 * registries; and the table that names ISOs. */
#pragma once

#include "initramfs/manifest.h"

struct policy {
	const char *const *trust; /* public keys of minisign, or their files */
	size_t trust_count;
	bool require_signature;
	const char *cache_size; /* see store_parse_size(); NULL: not said */
	const char *auth;	/* a containers-auth.json(5); NULL: none */
};

/* Adds the files that image/{trust,store,credentials}.h name. Of a key its id
 * names the file, so that the order and names of the keys leave no trace. */
void policy_add(struct manifest *m, const struct policy *policy);
