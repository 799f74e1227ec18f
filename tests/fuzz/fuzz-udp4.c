/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/udp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted can be built, and is read back as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free uint8_t *out = malloc(size + UDP4_HEADERS);
	struct build b = build_over(out, size + UDP4_HEADERS);
	struct udp4_packet packet, back;
	bool strict = udp4_parse(view_over(data, size), false, &packet) == 0;

	if (!out)
		return 0;
	if (udp4_parse(view_over(data, size), true, &packet) < 0) {
		if (strict)
			abort();
		return 0;
	}
	udp4_build(&b, &packet);
	if (b.bad || udp4_parse(view_over(out, b.len), false, &back) < 0 ||
	    back.payload.left != packet.payload.left ||
	    back.source != packet.source)
		abort();
	return 0;
}
