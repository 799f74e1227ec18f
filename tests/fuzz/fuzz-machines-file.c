/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/text.h"
#include "server/machines-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct bootstrap bootstrap = {
		.dir = "out",
		.cmdline = "quiet",
		.complete = true,
	};
	static const struct machines_context context = {
		.name = "m.ini",
		.dir = "/etc/boomerang",
		.bootstrap = &bootstrap,
	};
	static const struct mac macs[] = {
		{ { 0 } },
		{ { 0x52, 0x54, 0, 0xab, 0, 1 } },
	};
	_cleanup_free char *text = malloc(size + 1);
	struct machines_file *file = NULL;
	struct failure failure;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (machines_file_parse(&context, text, size, &file, &failure) < 0) {
		if (!str_after(failure.text, "m.ini:"))
			abort();
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(macs); i++)
		(void)machines_file_find(file, &macs[i]);
	machines_file_free(file);
	return 0;
}
