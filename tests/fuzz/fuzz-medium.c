/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/text.h"
#include "iso/medium.h"
#include "wire/cmdline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Words that name another medium are gone, and what is left is no longer than
 * what was there and what is added. */
static void check(enum medium medium, enum medium_place place, const char *text)
{
	const struct medium_place_at at = {
		.place = place,
		.path = place == MEDIUM_ON_PMEM ? "/dev/pmem0" : "/live.iso",
		.label = "a label",
	};
	size_t size = strlen(text) + 160;
	_cleanup_free char *buf = malloc(size);
	char value[64];

	if (!buf)
		return;
	if (medium_cmdline(medium, &at, text, buf, size) < 0)
		abort();
	if (medium == MEDIUM_LIVE_BOOT &&
	    (cmdline_has(buf, "findiso") || cmdline_has(buf, "toram")))
		abort();
	if (medium == MEDIUM_NIXOS && place == MEDIUM_ON_PMEM &&
	    (cmdline_last(buf, "root", value, sizeof(value)) < 0 ||
	     !str_eq(value, at.path)))
		abort();
	for (size_t small = 1; small < MIN(size, 24); small++)
		(void)!medium_cmdline(medium, &at, text, buf, small);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (int m = MEDIUM_UNKNOWN; m <= MEDIUM_INITRD; m++) {
		check((enum medium)m, MEDIUM_ON_PMEM, text);
		check((enum medium)m, MEDIUM_IN_INITRD, text);
	}
	return 0;
}
