/* SPDX-License-Identifier: MIT */
#include "initramfs/squash.h"
#include "tap.h"

static void test_share_out(void)
{
	const struct squash_sizes squashed = {
		.plain = { [MANIFEST_SSH] = 1000, [MANIFEST_MODULES] = 5000 },
		.quick = { [MANIFEST_SSH] = 300, [MANIFEST_MODULES] = 900 },
	};
	struct archive_sizes sizes = {
		.part = { [MANIFEST_MODULES] = 10, [MANIFEST_SQUASHED] = 800 },
		.packed = { [MANIFEST_MODULES] = 5, [MANIFEST_SQUASHED] = 808 },
		.unpacked = 900,
		.compressed = 820,
	};

	squash_share_out(&squashed, &sizes);
	ok_int((int64_t)sizes.part[MANIFEST_SSH], 1000, "a part's content");
	ok_int((int64_t)sizes.part[MANIFEST_MODULES], 5010,
	       "which it has elsewhere, too");
	ok_int((int64_t)sizes.packed[MANIFEST_SSH], 202, "a quarter of it");
	ok_int((int64_t)sizes.packed[MANIFEST_MODULES], 611, "and the rest");
	ok(sizes.part[MANIFEST_SQUASHED] == 0 &&
		   sizes.packed[MANIFEST_SQUASHED] == 0,
	   "nothing is left for itself");
	ok_int((int64_t)sizes.unpacked, 900 - 800 + 6000, "all, unpacked");
	ok_int((int64_t)sizes.compressed, 820, "what is loaded is the same");
}

static void test_nothing(void)
{
	const struct squash_sizes nothing = { .plain = { 0 } };
	struct archive_sizes sizes = {
		.part = { [MANIFEST_SQUASHED] = 4096 },
		.packed = { [MANIFEST_SQUASHED] = 4100 },
		.unpacked = 5000,
	};

	squash_share_out(&nothing, &sizes);
	ok_int((int64_t)sizes.unpacked, 904, "an empty one");
}

int main(void)
{
	test_share_out();
	test_nothing();
	return tap_done();
}
