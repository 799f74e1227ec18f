/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uevent u;

	if (uevent_parse(view_over(data, size), &u) == 0 &&
	    strlen(u.action) + strlen(u.devpath) + strlen(u.subsystem) +
			    strlen(u.modalias) + strlen(u.devname) >
		    2 * size)
		abort();
	return 0;
}
