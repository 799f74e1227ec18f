/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/ipparam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);
	struct failure failure = { 0 };
	struct ipparams params;

	if (!text)
		return 0;
	if (ipparam_from_cmdline(text, &params, &failure) < 0 && !failure.err)
		abort();
	for (size_t i = 0; i < params.count; i++)
		if (params.list[i].prefix > 32 ||
		    (params.list[i].method == IPPARAM_STATIC &&
		     !params.list[i].address))
			abort();
	return 0;
}
