/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/ipparam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct ipparam *param)
{
	if (param->method == IPPARAM_STATIC6 &&
	    (!ipv6_is_host(&param->address6) || param->prefix < 1 ||
	     param->prefix > 128))
		abort();
	if (param->method != IPPARAM_STATIC6 && param->prefix > 32)
		abort();
	if (param->method == IPPARAM_STATIC && !param->address)
		abort();
}

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
		check(&params.list[i]);
	return 0;
}
