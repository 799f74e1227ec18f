/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = strndup((const char *)data, size);
	struct cmdline_word word;
	struct cmdline cmdline;
	char buf[16];

	if (!text)
		return 0;
	cmdline = cmdline_over(text);
	while (cmdline_next(&cmdline, &word))
		(void)cmdline_is(&word, "console");
	if (cmdline_last(text, "console", buf, sizeof(buf)) >= 0 &&
	    !cmdline_has(text, "console"))
		abort();
	return 0;
}
