/* SPDX-License-Identifier: MIT */
/* A kernel image, for each machine it may be asked about. */
#include <stdlib.h>

#include "base/text.h"
#include "kernel/image-check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *at;
};

static int read_bytes(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *failure)
{
	const struct bytes *bytes = reader->context;

	(void)failure;
	if (len > 0)
		memcpy(buf, bytes->at + offset, len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kernel_machine machines[] = {
		{ 0 },
		{ .has_5level = true },
		{ .is_arm64 = true },
	};
	const struct bytes bytes = { .at = data };
	const struct reader reader = {
		.name = "x",
		.size = size,
		.read = read_bytes,
		.context = (void *)&bytes,
	};
	struct kernel_facts facts;
	struct failure failure;

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++) {
		failure = (struct failure){ 0 };
		if (kernel_image_check_for(&machines[i], &reader, &facts,
					   &failure) < 0) {
			if (!*failure.text)
				abort();
			continue;
		}
		if (!str_is_terminated(facts.release, sizeof(facts.release)))
			abort();
	}
	return 0;
}
