/* SPDX-License-Identifier: MIT */
/* Names as TFTP and HTTP clients send them: no form of a name may lead out of
 * the directories, and a sealed place is only what was sealed. */
#include <fcntl.h>

#include "base/cleanup.h"
#include "server/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool climbs(const char *place)
{
	for (const char *word = place; word; word = strchr(word, '/')) {
		word += strspn(word, "/");
		if (strcmp(word, "..") == 0 || strncmp(word, "../", 3) == 0)
			return true;
	}
	return place[0] == '/' || place[0] == '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A fixed key: what the corpus names stays the same. */
	static const struct signer signer = { .key = { 1 } };
	static const struct loaders loaders;
	_cleanup_free char *path = strndup((const char *)data, size);
	const struct names names = {
		.signer = &signer,
		.loaders = &loaders,
		.tftp_root_fd = FD_NONE,
		.dir_fd = 1000000, /* never opened */
	};
	struct name name;

	if (!path)
		return 0;
	names_resolve(&names, path, &name);
	if (name.kind == NAME_FILE && climbs(name.place))
		abort();
	if (name.kind == NAME_UPSTREAM)
		abort();
	return 0;
}
