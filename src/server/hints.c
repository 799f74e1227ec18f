/* SPDX-License-Identifier: MIT */
/*
 * One row for each way in which a boot stops: what was expected, of which
 * firmware, and how long it may take. The first row that fits counts. Times
 * are those of patient hardware: PXE asks for 4 + 8 + 16 + 32 s, a switch port
 * with spanning tree forwards after 30 to 50 s, a large server's kernel looks
 * at its disks for a minute.
 */
#include "server/hints.h"

#include "base/text.h"

enum where {
	ANYWHERE,
	ON_BIOS,
	ON_UEFI,
	ON_HTTP, /* UEFI HTTP Boot */
	IN_IPXE,
};

static const struct hint {
	enum expectation expectation;
	enum where where;
	int64_t after_s;
	const char *sentence;
} hints[] = {
	{ EXPECT_LOADER, ON_HTTP, 60,
	  "stopped after DHCP: it was offered a loader by HTTP and did not "
	  "fetch it; usual causes: another boot server answered first, a "
	  "firewall on this server's HTTP port, no address from the DHCP "
	  "server, or firmware that allows only https:// for HTTP Boot" },
	{ EXPECT_LOADER, ANYWHERE, 60,
	  "stopped after DHCP: it was offered a loader and did not fetch it; "
	  "usual causes: another boot server answered first, a firewall on "
	  "UDP port 69 or 4011, no address from the DHCP server, or spanning "
	  "tree holding the switch port" },
	{ EXPECT_SCRIPT, IN_IPXE, 60,
	  "stopped in iPXE: it was offered its script and did not ask for it; "
	  "usual causes: a firewall on this server's HTTP port, no address "
	  "from the DHCP server, or an iPXE built without HTTP" },
	{ EXPECT_SCRIPT, ON_BIOS, 60,
	  "stopped in the loader: it was fetched and did not ask for its "
	  "script; usual causes: the loader does not drive this network card "
	  "(the next start tries another), or its DHCP got no answer while "
	  "the switch port came up again" },
	{ EXPECT_SCRIPT, ANYWHERE, 60,
	  "stopped in the loader: it was fetched and did not ask for its "
	  "script; usual causes: Secure Boot refused it (serve with "
	  "--secure-boot, or switch it off), the loader does not drive this "
	  "network card (the next start tries another), or its DHCP got no "
	  "answer while the switch port came up again" },
	{ EXPECT_KERNEL, ANYWHERE, 120,
	  "stopped in the loader: it was told what to boot and did not fetch "
	  "all of it; usual causes: a file that is not there, too little "
	  "memory for the initrd, or a kernel that Secure Boot refuses" },
	{ EXPECT_OUR_KERNEL, ANYWHERE, 120,
	  "stopped in the loader: it was told to boot the bootstrap and did "
	  "not fetch all of it; usual causes: too little memory for its "
	  "initrd, a kernel that Secure Boot refuses, or a network that "
	  "failed on the way" },
	{ EXPECT_BOOTSTRAP, ANYWHERE, 120,
	  "stopped in the kernel: it was fetched and its bootstrap did not "
	  "report; usual causes: the bootstrap has no driver for this network "
	  "card, too little memory, or a kernel panic (see the console; "
	  "console=ttyS0 shows it on a serial line)" },
	{ EXPECT_IMAGE, ANYWHERE, 120,
	  "stopped in the bootstrap: it runs and did not begin to load its "
	  "image; usual causes: image_url= names a host that this machine "
	  "cannot reach or resolve, or its network lost its address" },
	{ EXPECT_PROGRESS, ANYWHERE, 90,
	  "stopped while it loaded the image: nothing came for more than a "
	  "minute; usual causes: the image's server stopped sending, the "
	  "network failed, or the machine was switched off" },
	{ EXPECT_TARGET, ANYWHERE, 120,
	  "stopped before the target: the image is loaded and was not "
	  "entered; usual causes: the machine was switched off, its kernel "
	  "panicked (see the console), or the network failed" },
};

static enum where where_is(const struct hint_facts *facts)
{
	if (facts->ipxe)
		return IN_IPXE;
	if (facts->arch == ARCH_BIOS)
		return ON_BIOS;
	return str_eq(client_firmware_name(facts->arch), "uefi-http") ? ON_HTTP
								      : ON_UEFI;
}

const char *hint_stalled(const struct hint_facts *facts, int64_t silent_ms)
{
	enum where where = where_is(facts);

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		const struct hint *hint = &hints[i];

		if (hint->expectation != facts->expectation)
			continue;
		if (hint->where != ANYWHERE && hint->where != where)
			continue;
		return silent_ms >= hint->after_s * MS_PER_S ? hint->sentence
							     : NULL;
	}
	return NULL;
}
