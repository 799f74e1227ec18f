/* SPDX-License-Identifier: MIT */
/* Each row of hints.c: what is said, to whom, and from when on. */
#include "server/hints.h"

#include "tap.h"

static const struct row {
	const char *name;
	enum expectation expectation;
	uint16_t arch;
	bool ipxe;
	int64_t after_s; /* 0: never */
	const char *part;
} rows[] = {
	{ "nothing is expected", EXPECT_NOTHING, ARCH_BIOS, false, 0, NULL },
	{ "a loader by BIOS", EXPECT_LOADER, ARCH_BIOS, false, 60,
	  "UDP port 69 or 4011" },
	{ "a loader by UEFI", EXPECT_LOADER, ARCH_EFI_X64, false, 60,
	  "UDP port 69 or 4011" },
	{ "a loader by UEFI HTTP", EXPECT_LOADER, ARCH_EFI_X64_HTTP, false, 60,
	  "https://" },
	{ "a loader by arm64 HTTP", EXPECT_LOADER, ARCH_EFI_ARM64_HTTP, false,
	  60, "https://" },
	{ "the script by BIOS", EXPECT_SCRIPT, ARCH_BIOS, false, 60,
	  "does not drive this network card" },
	{ "the script by UEFI", EXPECT_SCRIPT, ARCH_EFI_X64, false, 60,
	  "Secure Boot refused it" },
	{ "the script by UEFI HTTP", EXPECT_SCRIPT, ARCH_EFI_X64_HTTP, false,
	  60, "Secure Boot refused it" },
	{ "the script by iPXE", EXPECT_SCRIPT, ARCH_BIOS, true, 60,
	  "stopped in iPXE" },
	{ "the script by who knows whom", EXPECT_SCRIPT, ARCH_UNKNOWN, false,
	  60, "stopped in the loader" },
	{ "a foreign kernel", EXPECT_KERNEL, ARCH_BIOS, true, 120,
	  "a file that is not there" },
	{ "our kernel", EXPECT_OUR_KERNEL, ARCH_EFI_X64, true, 120,
	  "told to boot the bootstrap" },
	{ "the bootstrap", EXPECT_BOOTSTRAP, ARCH_EFI_X64, true, 120,
	  "did not report" },
	{ "the image", EXPECT_IMAGE, ARCH_EFI_X64, true, 120, "image_url=" },
	{ "progress", EXPECT_PROGRESS, ARCH_EFI_X64, true, 90,
	  "while it loaded the image" },
	{ "the target", EXPECT_TARGET, ARCH_EFI_X64, true, 120,
	  "before the target" },
};

static void one(const struct row *row)
{
	const struct hint_facts facts = { .expectation = row->expectation,
					  .arch = row->arch,
					  .ipxe = row->ipxe };
	const char *said = hint_stalled(&facts, row->after_s * MS_PER_S);

	if (!row->after_s) {
		ok(!hint_stalled(&facts, INT64_MAX), row->name);
		return;
	}
	ok(!hint_stalled(&facts, row->after_s * MS_PER_S - 1), row->name);
	ok(said && strstr(said, row->part) && !strchr(said, '\n'), row->name);
	ok(said && strstr(said, "; usual causes: "), row->name);
}

int main(void)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		one(&rows[i]);
		seen |= 1u << rows[i].expectation;
	}
	ok(seen == (1u << EXPECTATIONS) - 1, "every expectation has a row");
	return tap_done();
}
