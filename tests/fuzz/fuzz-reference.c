/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/text.h"
#include "image/digest.h"
#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

/* What is accepted can be used without another look at it; what is refused is
 * refused in words. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	struct failure failure = { 0 };
	struct reference reference;
	struct digest digest;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (reference_parse(text, &reference, &failure) < 0) {
		require(failure.text[0]);
		return 0;
	}
	require(reference.target[0] && reference.name[0]);
	require(!reference.sha256[0] ||
		digest_parse_sha256(reference.sha256, &digest) == 0);
	if (reference.kind == REFERENCE_DOCKER) {
		require(str_after(reference.target, "http"));
		require(!strpbrk(reference.target + 8, "/@ ?#"));
		require(reference.repository[0] &&
			!strpbrk(reference.repository, " @:?#%\\") &&
			!strstr(reference.repository, ".."));
		require(reference.tag[0] || reference.sha256[0]);
		require(!strpbrk(reference.tag, "/@ :?#%"));
	}
	(void)reference_same_image(text, reference.tag);
	return 0;
}
