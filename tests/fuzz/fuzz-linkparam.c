/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/linkparam.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);
	struct failure failure = { 0 };
	struct linkparams params;

	if (!text)
		return 0;
	if (linkparam_from_cmdline(text, &params, &failure) < 0 && !failure.err)
		abort();
	for (size_t i = 0; i < params.vlan_count; i++)
		if (!params.vlans[i].id || params.vlans[i].id > 4094 ||
		    !*params.vlans[i].device)
			abort();
	for (size_t i = 0; i < params.bond_count; i++)
		if (!params.bonds[i].member_count ||
		    params.bonds[i].member_count > LINKPARAM_MEMBERS ||
		    params.bonds[i].option_count > LINKPARAM_OPTIONS)
			abort();
	return 0;
}
