/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine: it sends the packets of its firmware, reads the answers
 * as strictly as the worst of them do, "fetches" what they name, and goes on as
 * what it fetched would. What it went through is one line of text.
 */
#pragma once

#include "server/decide.h"

#include "base/text.h"
#include "server/pxe-reply.h"

#define SERVER	0xc0000202 /* 192.0.2.2 */
#define ADDRESS 0xc0000232 /* what the DHCP server gave the machine */

struct sim {
	struct machines *machines;
	struct mac mac;
	uint16_t arch;
	bool ipxe_rom;	       /* its ROM is an iPXE … */
	bool rom_without_http; /* … that cannot fetch the script */
	const char *works;     /* the loader that works on it; NULL: none */
	bool deaf;	       /* fetches nothing (a firewall) */
	bool odd_4011;	       /* asks 4011 whatever was offered */
	enum plan_kind plan;
	const char *plan_loader;
	const char *const *loaders; /* NULL-terminated */
	uint32_t xid;
	struct decision last;
	char trace[512];
	struct text text;
};

struct answer {
	bool there;
	uint8_t bytes[PXE_REPLY_MAX];
	struct dhcp4_message message;
	uint8_t type;
	struct pxe_destination to;
};

struct asking {
	uint8_t type;
	bool ipxe;
	bool to_4011;
	bool has_item;
	struct pxe43_item item;
};

static const char *const bios_loaders[] = { "undionly.kpxe", "ipxe.pxe", NULL };
static const char *const uefi_loaders[] = { "snponly.efi", "ipxe.efi",
					    "shimx64.efi", NULL };
static const char *const no_loaders[] = { NULL };

static bool is_http(const struct sim *sim)
{
	return sim->arch == ARCH_EFI_X64_HTTP ||
	       sim->arch == ARCH_EFI_ARM64_HTTP;
}

static size_t build_request(const struct sim *sim, const struct asking *asking,
			    uint8_t *bytes, size_t size)
{
	struct dhcp4_message head = {
		.op = DHCP4_OP_REQUEST,
		.htype = 1,
		.hlen = 6,
		.xid = sim->xid,
		.ciaddr = asking->to_4011 ? ADDRESS : 0,
	};
	const char *class = is_http(sim) ? "HTTPClient" : "PXEClient";
	struct build b = build_over(bytes, size);
	uint8_t item[16];
	struct build v = build_over(item, sizeof(item));

	memcpy(head.chaddr, sim->mac.bytes, MAC_BYTES);
	dhcp4_begin(&b, &head);
	dhcp4_add_number(&b, DHCP4_MESSAGE_TYPE, asking->type, 1);
	dhcp4_add_number(&b, DHCP4_CLIENT_ARCH, sim->arch, 2);
	dhcp4_add(&b, DHCP4_VENDOR_CLASS, class, strlen(class));
	dhcp4_add(&b, DHCP4_CLIENT_UUID, "\0 0123456789abcdef", 17);
	if (asking->ipxe)
		dhcp4_add(&b, DHCP4_USER_CLASS, "iPXE", 4);
	if (asking->ipxe && sim->rom_without_http)
		dhcp4_add(&b, DHCP4_IPXE, "\x21\1\1", 3);
	if (asking->has_item) {
		pxe43_add_item(&v, asking->item);
		pxe43_end(&v);
		dhcp4_add(&b, DHCP4_VENDOR, item, v.len);
	}
	dhcp4_end(&b);
	return b.len;
}

/* One packet there and, perhaps, one back. */
static bool ask(struct sim *sim, const struct asking *asking,
		struct answer *answer)
{
	const struct pxe_arrival arrival = {
		.port = asking->to_4011 ? PXE_PORT_BOOT_SERVER : PXE_PORT_DHCP,
		.from = asking->to_4011 ? ADDRESS : 0,
		.from_port = 68,
		.server = SERVER,
	};
	struct plan plan = {
		.kind = sim->plan,
		.loader = (char *)sim->plan_loader,
	};
	struct decide_loaders loaders = { .count = 0 };
	struct decide_input input = {
		.plan = &plan,
		.loaders = &loaders,
		.http_port = 80,
	};
	struct pxe_request request;
	struct machine *machine;
	const char *reason;
	uint8_t bytes[1500];
	struct build b = build_over(answer->bytes, sizeof(answer->bytes));
	size_t len = build_request(sim, asking, bytes, sizeof(bytes));
	uint32_t type;

	answer->there = false;
	if (pxe_request_parse(view_over(bytes, len), &arrival, &request,
			      &reason) < 0)
		return false;
	machine = machines_touch(sim->machines, &request.client, request.xid);
	input.request = &request;
	input.history = &machine->history;
	for (; sim->loaders[loaders.count]; loaders.count++)
		loaders.names[loaders.count] = sim->loaders[loaders.count];
	decide(&input, &sim->last);
	machine->history = sim->last.history;
	if (!decision_answers(&sim->last))
		return false;
	pxe_reply_build(&request, &sim->last, NULL, &b);
	answer->to = pxe_reply_destination(&request, false);
	answer->there = !b.bad &&
			dhcp4_parse(view_over(answer->bytes, b.len),
				    &answer->message) == 0 &&
			answer->message.op == DHCP4_OP_REPLY &&
			answer->message.xid == sim->xid &&
			dhcp4_get_number(&answer->message, DHCP4_MESSAGE_TYPE,
					 1, &type) == 0 &&
			type == (asking->type == DHCP4_DISCOVER ? DHCP4_OFFER
								: DHCP4_ACK);
	return answer->there;
}

static bool has_class(const struct answer *answer, const char *class)
{
	char text[32];

	return dhcp4_get_text(&answer->message, DHCP4_VENDOR_CLASS, text,
			      sizeof(text)) > 0 &&
	       str_eq(text, class);
}

static int sub(const struct answer *answer, uint8_t code, uint8_t *bytes,
	       size_t size, struct view *ret_value)
{
	size_t len;
	int r = dhcp4_get(&answer->message, DHCP4_VENDOR, bytes, size, &len);

	return r < 0 ? r
		     : dhcp4_find_in(view_over(bytes, len), code, ret_value);
}

/* The boot file as plain PXE and iPXE read it, in its field. */
static const char *file_of(const struct answer *answer, char *buf, size_t size)
{
	struct view file = answer->message.file;
	size_t len = MIN(file.left, size - 1);

	memcpy(buf, file.at, len);
	buf[len] = '\0';
	return buf;
}

/* What a loader does after it was fetched. */
static void run_loader(struct sim *sim, const char *name)
{
	const struct asking asking = { DHCP4_DISCOVER, .ipxe = true };
	struct sim loaded = *sim;
	struct answer answer;
	char file[129];

	text_add(&sim->text, " %s", name);
	machines_loader_fetched(sim->machines, &sim->mac);
	if (!sim->works || !str_eq(sim->works, name)) {
		text_add(&sim->text, " dead");
		return;
	}
	loaded.xid ^= 0x5555;
	loaded.rom_without_http = false;
	/* Started by HTTP Boot or by PXE, it is a PXE client. */
	loaded.arch = is_http(sim) ? ARCH_EFI_X64 : sim->arch;
	if (!ask(&loaded, &asking, &answer) ||
	    !has_class(&answer, "PXEClient")) {
		text_add(&sim->text, " silence");
		return;
	}
	text_add(&sim->text, " %s", file_of(&answer, file, sizeof(file)));
	machines_script_asked(sim->machines, &sim->mac);
}

static void fetch(struct sim *sim, const char *file)
{
	char start[64], mac[MAC_TEXT_MAX];
	const char *name;

	(void)snprintf(start, sizeof(start), "%sloader/%s/",
		       is_http(sim) ? "http://192.0.2.2/" : "",
		       mac_name(&sim->mac, mac));
	name = str_after(file, start);
	if (sim->deaf || !name)
		text_add(&sim->text, " unfetched %s", file);
	else
		run_loader(sim, name);
}

/* Goes to 4011 and fetches what is named there. */
static void ask_4011(struct sim *sim, const struct pxe43_item *item)
{
	struct asking asking = { DHCP4_REQUEST, .to_4011 = true };
	struct answer answer;
	struct pxe43_item back = { 0 };
	struct view value;
	uint8_t bytes[256];
	char file[129];
	uint32_t id;

	if (item) {
		asking.has_item = true;
		asking.item = *item;
	}
	text_add(&sim->text, " 4011");
	if (!ask(sim, &asking, &answer) || !has_class(&answer, "PXEClient")) {
		text_add(&sim->text, " silence");
		return;
	}
	if (item &&
	    sub(&answer, PXE43_BOOT_ITEM, bytes, sizeof(bytes), &value) == 0) {
		back.type = view_be16(&value);
		back.layer = view_be16(&value);
	}
	if (item && (back.type != item->type || back.layer != item->layer)) {
		text_add(&sim->text, " another item");
		return;
	}
	if (answer.to.port != 68 || answer.to.from_port != 4011 ||
	    answer.to.address != ADDRESS || answer.to.broadcast ||
	    answer.message.siaddr != SERVER ||
	    dhcp4_get_number(&answer.message, DHCP4_SERVER_ID, 4, &id) < 0 ||
	    id != SERVER) {
		text_add(&sim->text, " astray");
		return;
	}
	file_of(&answer, file, sizeof(file));
	if (file[0])
		fetch(sim, file);
	else
		text_add(&sim->text, " disk"); /* PXE-E21 */
}

/* What a plain ROM does with a menu: the first item, at once. */
static void take_menu(struct sim *sim, const struct answer *answer)
{
	uint8_t bytes[256];
	struct pxe43_item item = { 0 };
	struct view value;

	text_add(&sim->text, " menu");
	if (sub(answer, PXE43_MENU_PROMPT, bytes, sizeof(bytes), &value) < 0 ||
	    view_u8(&value) != 0) {
		text_add(&sim->text, " waits");
		return;
	}
	if (sub(answer, PXE43_BOOT_MENU, bytes, sizeof(bytes), &value) < 0) {
		text_add(&sim->text, " of nothing");
		return;
	}
	item.type = view_be16(&value);
	if (item.type == PXE43_TYPE_LOCAL) {
		text_add(&sim->text, " disk");
		return;
	}
	if (sub(answer, PXE43_BOOT_SERVERS, bytes, sizeof(bytes), &value) < 0 ||
	    view_be16(&value) != item.type || view_u8(&value) != 1 ||
	    view_be32(&value) != SERVER) {
		text_add(&sim->text, " without server");
		return;
	}
	ask_4011(sim, &item);
}

static void take_offer(struct sim *sim, const struct answer *answer)
{
	struct view value;
	uint8_t bytes[256];
	char file[129], url[256];
	bool menu =
		sub(answer, PXE43_BOOT_MENU, bytes, sizeof(bytes), &value) == 0;

	if (!answer->to.broadcast || answer->to.port != 68) {
		text_add(&sim->text, " astray");
		return;
	}
	if (is_http(sim)) {
		if (has_class(answer, "HTTPClient") &&
		    dhcp4_get_text(&answer->message, DHCP4_BOOT_FILE, url,
				   sizeof(url)) > 0)
			fetch(sim, url);
		return;
	}
	if (!has_class(answer, "PXEClient"))
		return;
	file_of(answer, file, sizeof(file));
	if (sim->odd_4011)
		ask_4011(sim, NULL);
	else if (menu)
		take_menu(sim, answer);
	else if (!file[0])
		ask_4011(sim, NULL);
	else if (sim->ipxe_rom && str_after(file, "http:"))
		text_add(&sim->text, " %s", file);
	else
		fetch(sim, file);
}

/* Switches it on. What happened, in words. */
static const char *boot(struct sim *sim)
{
	const struct asking asking = {
		DHCP4_DISCOVER,
		.ipxe = sim->ipxe_rom,
	};
	struct answer answer;

	sim->text = text_over(sim->trace, sizeof(sim->trace));
	sim->xid += 0x1000001;
	if (ask(sim, &asking, &answer))
		take_offer(sim, &answer);
	else
		text_add(&sim->text, " silence");
	return sim->trace[0] ? sim->trace + 1 : "nothing";
}

static struct sim plain(struct machines *machines, uint16_t arch,
			const char *works)
{
	static uint8_t number;
	bool bios = arch == ARCH_BIOS;

	return (struct sim){
		.machines = machines,
		.mac.bytes = { 0x52, 0x54, 0, 0, 0, ++number },
		.arch = arch,
		.works = works,
		.plan = PLAN_LINUX,
		.loaders = bios ? bios_loaders : uefi_loaders,
	};
}
