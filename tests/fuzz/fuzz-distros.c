/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/text.h"
#include "iso/distros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of a table that is taken, all that others rely on holds. */
static void check(const struct distro *distro)
{
	char url[256], sha256[SHA256_HEX_MAX];

	if (!distro->name || !distro->title || distro->url_count == 0 ||
	    !distro->signature != !distro->keys ||
	    !distro->fingerprints != !distro->keys ||
	    (distro->signs_iso && !distro->signature))
		abort();
	for (size_t i = 0; i < distro->url_count; i++) {
		if (!str_after(distro->urls[i], "http"))
			abort();
		if (distro->checksums &&
		    distro_url(distro->urls[i], distro->checksums, url,
			       sizeof(url)) == 0 &&
		    !str_after(url, "http"))
			abort();
		(void)!distro_checksum(distro->urls[i], distro->title,
				       strlen(distro->title), sha256);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	_cleanup_distros struct distros distros = { 0 };
	const struct distro *found;
	struct failure failure;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (distros_parse(text, size, "d.ini", &distros, &failure) < 0) {
		if (!str_after(failure.text, "d.ini:"))
			abort();
		return 0;
	}
	for (size_t i = 0; i < distros.count; i++) {
		check(&distros.list[i]);
		if (distros_find(&distros, distros.list[i].name, &found,
				 &failure) < 0 ||
		    found != &distros.list[i])
			abort();
	}
	return 0;
}
