/* SPDX-License-Identifier: MIT */
/* Whole boots in memory, of the simulated machines in boot-sim.h. */
#include "boot-sim.h"
#include "tap.h"

#define SCRIPT(n) " http://192.0.2.2/script/52-54-00-00-00-" n ".ipxe"

static void test_firmware(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_BIOS, "undionly.kpxe");

	ok_str(boot(&sim), "menu 4011 undionly.kpxe" SCRIPT("01"), "BIOS");
	ok_str(boot(&sim), "menu 4011 undionly.kpxe" SCRIPT("01"),
	       "BIOS, again");
	sim = plain(machines, ARCH_BIOS, "undionly.kpxe");
	sim.odd_4011 = true;
	ok_str(boot(&sim), "4011 undionly.kpxe" SCRIPT("02"),
	       "BIOS that asks 4011 without an item");
	sim = plain(machines, ARCH_BIOS, NULL);
	sim.ipxe_rom = true;
	ok_str(boot(&sim), "http://192.0.2.2/script/52-54-00-00-00-03.ipxe",
	       "BIOS with iPXE in its ROM");
	sim = plain(machines, ARCH_BIOS, "undionly.kpxe");
	sim.ipxe_rom = sim.rom_without_http = true;
	ok_str(boot(&sim), "undionly.kpxe" SCRIPT("04"),
	       "an iPXE without HTTP is given one with it");
	sim = plain(machines, ARCH_EFI_X64, "snponly.efi");
	ok_str(boot(&sim), "snponly.efi" SCRIPT("05"), "UEFI");
	sim.odd_4011 = true;
	ok_str(boot(&sim), "4011 snponly.efi" SCRIPT("05"),
	       "UEFI that asks 4011");
	sim = plain(machines, ARCH_EFI_BC, "snponly.efi");
	ok_str(boot(&sim), "snponly.efi" SCRIPT("06"), "UEFI of type 9");
	sim = plain(machines, ARCH_EFI_X64_HTTP, "snponly.efi");
	ok_str(boot(&sim), "snponly.efi" SCRIPT("07"), "UEFI HTTP Boot");
}

static void test_plans(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_BIOS, NULL);

	sim.plan = PLAN_LOCAL;
	ok_str(boot(&sim), "menu disk", "BIOS is told to boot its disk");
	sim.odd_4011 = true;
	ok_str(boot(&sim), "4011 disk", "on 4011, too");
	sim = plain(machines, ARCH_EFI_X64, NULL);
	sim.plan = PLAN_LOCAL;
	ok_str(boot(&sim), "4011 disk", "UEFI is told to boot its disk");
	sim = plain(machines, ARCH_EFI_X64_HTTP, "snponly.efi");
	sim.plan = PLAN_LOCAL;
	boot(&sim);
	ok(strstr(sim.trace, "/script/"), "HTTP Boot is told by the script");
	sim = plain(machines, ARCH_EFI_X64, NULL);
	sim.plan = PLAN_IGNORE;
	ok_str(boot(&sim), "silence", "a machine that is left alone");
	ok_str(decision_reason_name(sim.last.reason), "ignore", "by its name");
	sim = plain(machines, ARCH_EFI_X64, "mine.efi");
	sim.plan_loader = "mine.efi";
	boot(&sim);
	ok(str_after(sim.trace, " mine.efi http:"), "a loader by the plan");
	sim.plan_loader = "a-loader-with-a-name-that-is-so-long-that-it-does-"
			  "not-fit-into-the-field-which-DHCP-has-for-it-and-"
			  "so-on.efi";
	ok_str(boot(&sim), "silence", "a name that does not fit is not sent");
}

static void test_missing(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_EFI_ARM64, NULL);
	char text[DECISION_TEXT_MAX];
	struct pxe_request request = { .client.arch = 12345 };

	sim.loaders = no_loaders;
	ok_str(boot(&sim), "silence", "no loader, no promise");
	ok_str(decision_reason_name(sim.last.reason), "no-loader", "and why");
	sim = plain(machines, ARCH_BIOS, NULL);
	sim.loaders = no_loaders;
	ok_str(boot(&sim), "silence", "nor a menu");
	sim = plain(machines, ARCH_UNKNOWN, NULL);
	ok_str(boot(&sim), "silence", "an architecture that is none");
	ok_str(decision_reason_name(sim.last.reason), "no-arch", "and why");
	sim.last.reason = DECIDED_NO_LOADER;
	ok_str(decision_text(&sim.last, &request, text),
	       "architecture 12345: no boot loader for it", "in words");
}

/* snponly.efi stops; ipxe.efi works; later all is well. */
static void test_fallback(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_EFI_X64, "ipxe.efi");

	ok_str(boot(&sim), "snponly.efi dead", "a loader that does not work");
	boot(&sim);
	ok(str_after(sim.trace, " ipxe.efi http:"), "the next one is offered");
	ok_str(decision_trouble_name(sim.last.trouble), "loader-failed",
	       "and why");
	for (int i = 0; i < 5; i++)
		boot(&sim);
	ok_str(decision_trouble_name(sim.last.trouble), "", "it works");
	ok(str_after(sim.trace, " ipxe.efi http:"), "and is kept");
	sim.works = NULL;
	for (int i = 0; i < 3; i++)
		boot(&sim);
	ok_str(sim.trace, " ipxe.efi dead",
	       "one that has worked is given some tries");
	boot(&sim);
	ok_str(sim.trace, " shimx64.efi dead", "but not for ever");
	boot(&sim);
	ok_str(sim.trace, " snponly.efi dead", "then all begins again");
	ok_str(decision_trouble_name(sim.last.trouble), "loaders-failed",
	       "and is called a loop");
	sim.arch = ARCH_BIOS;
	sim.loaders = bios_loaders;
	sim.works = "undionly.kpxe";
	boot(&sim);
	ok(str_after(sim.trace, " menu 4011 undionly.kpxe http:"),
	   "other firmware on the same machine begins with its first");
}

/* Firmware that tries both, one after the other. */
static void test_pxe_then_http(struct machines *machines)
{
	struct pxe_request request = { .client.arch = ARCH_EFI_X64_HTTP };
	struct sim sim = plain(machines, ARCH_EFI_X64, NULL);
	char text[DECISION_TEXT_MAX];

	boot(&sim);
	sim.arch = ARCH_EFI_X64_HTTP;
	boot(&sim);
	ok_str(decision_trouble_text(&sim.last, &request, text),
	       "UEFI HTTP Boot x86_64: snponly.efi was fetched and did not ask "
	       "for its script; the next one is tried (Secure Boot refuses "
	       "what is not signed)",
	       "in words");
	ok_str(sim.trace, " ipxe.efi dead",
	       "HTTP Boot behind PXE gets the next loader");
	sim.arch = ARCH_EFI_X64;
	boot(&sim);
	ok_str(sim.trace, " shimx64.efi dead", "and PXE behind HTTP Boot");
}

static void test_wanted_loader(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_EFI_X64, NULL);

	sim.plan_loader = "mine.efi";
	boot(&sim);
	boot(&sim);
	ok_str(sim.trace, " mine.efi dead", "a wanted loader has no next");
	ok_str(decision_trouble_name(sim.last.trouble), "loaders-failed",
	       "nor is one promised");
}

static void test_repeats(struct machines *machines)
{
	const struct asking discover = { DHCP4_DISCOVER };
	struct sim sim = plain(machines, ARCH_EFI_X64, NULL);
	struct answer answer;
	int troubles = 0;

	boot(&sim);
	for (int i = 0; i < 10; i++) {
		(void)ask(&sim, &discover, &answer);
		troubles += sim.last.trouble != TROUBLE_NONE;
	}
	ok_int(troubles, 0, "a repeated DISCOVER is not another boot");
	boot(&sim);
	ok_str(sim.trace, " ipxe.efi dead", "a new one is");
	ok_str(decision_trouble_name(sim.last.trouble), "loader-failed",
	       "and says why it gets another loader");
}

static void test_loops(struct machines *machines)
{
	struct sim sim = plain(machines, ARCH_BIOS, NULL);
	const char *trouble = "";

	sim.deaf = true;
	for (int i = 0; i < 3; i++)
		boot(&sim);
	ok_str(decision_trouble_name(sim.last.trouble), "", "three tries");
	for (int i = 0; i < 2; i++) {
		boot(&sim);
		ok(strstr(sim.trace, "undionly.kpxe"),
		   "a loader that was never fetched is not given up");
	}
	sim.deaf = false;
	sim.xid += 99;
	(void)ask(&sim, &(struct asking){ DHCP4_DISCOVER },
		  &(struct answer){ 0 });
	trouble = decision_trouble_name(sim.last.trouble);
	ok_str(trouble, "loader-untouched",
	       "a loop without a fetch by its name");
	sim = plain(machines, ARCH_BIOS, NULL);
	sim.ipxe_rom = true;
	for (int i = 0; i < 5; i++)
		boot(&sim);
	ok_str(decision_trouble_name(sim.last.trouble), "script-untouched",
	       "an iPXE that never asks for its script");
	machines_script_asked(machines, &sim.mac);
	boot(&sim);
	ok_str(decision_trouble_name(sim.last.trouble), "",
	       "is forgiven when it does");
}

/* Which messages are ours at all. */
static void test_early(void)
{
	static const struct {
		const char *what;
		enum pxe_port port;
		uint8_t type;
		bool pxe;
		uint16_t arch;
		uint32_t server_id;
		const char *reason; /* NULL: the plan is asked for */
		bool shared;
		uint32_t ciaddr;
	} rows[] = {
		{ "a DISCOVER", 0, DHCP4_DISCOVER, true, 0, 0, NULL },
		{ "an ordinary DISCOVER", 0, DHCP4_DISCOVER, false, 0, 0,
		  "not-pxe" },
		{ "a REQUEST to the DHCP server", 0, DHCP4_REQUEST, true, 0,
		  0xc0000201, "other-server" },
		{ "a REQUEST to nobody", 0, DHCP4_REQUEST, true, 0, 0,
		  "other-server" },
		{ "a REQUEST to us", 0, DHCP4_REQUEST, true, 0, SERVER, NULL },
		{ "a REQUEST for a lease to our address, which is also a DHCP "
		  "server's",
		  0, DHCP4_REQUEST, true, 0, SERVER, "other-server", true, 0 },
		{ "the same of a machine that has its lease", 0, DHCP4_REQUEST,
		  true, 0, SERVER, NULL, true, 0xc0000264 },
		{ "an INFORM", 0, DHCP4_INFORM, true, 0, 0, NULL },
		{ "a RELEASE", 0, DHCP4_RELEASE, true, 0, SERVER, "not-asked" },
		{ "a DECLINE", 0, DHCP4_DECLINE, true, 0, SERVER, "not-asked" },
		{ "an OFFER as a request", 0, DHCP4_OFFER, true, 0, 0,
		  "not-asked" },
		{ "a REQUEST to 4011", PXE_PORT_BOOT_SERVER, DHCP4_REQUEST,
		  true, 0, 0, NULL },
		{ "an INFORM to 4011", PXE_PORT_BOOT_SERVER, DHCP4_INFORM, true,
		  0, 0, NULL },
		{ "a DISCOVER to 4011", PXE_PORT_BOOT_SERVER, DHCP4_DISCOVER,
		  true, 0, 0, "not-asked" },
		{ "no architecture", 0, DHCP4_DISCOVER, true, ARCH_UNKNOWN, 0,
		  "no-arch" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pxe_request request = {
			.arrival = { .port = rows[i].port,
				     .server = SERVER,
				     .shared = rows[i].shared },
			.ciaddr = rows[i].ciaddr,
			.type = rows[i].type,
			.pxe = rows[i].pxe,
			.server_id = rows[i].server_id,
			.client.arch = rows[i].arch,
		};
		enum decision_reason reason = decide_early(&request);

		if (rows[i].reason)
			ok(reason != DECISION_REASONS &&
				   str_eq(decision_reason_name(reason),
					  rows[i].reason),
			   rows[i].what);
		else
			ok(reason == DECISION_REASONS, rows[i].what);
	}
}

int main(void)
{
	static struct machines machines;

	if (machines_init(&machines) < 0)
		return 1;
	test_firmware(&machines);
	test_plans(&machines);
	test_missing(&machines);
	test_fallback(&machines);
	test_pxe_then_http(&machines);
	test_wanted_loader(&machines);
	test_repeats(&machines);
	test_loops(&machines);
	test_early();
	machines_done(&machines);
	return tap_done();
}
