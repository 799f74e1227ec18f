/* SPDX-License-Identifier: MIT */
/*
 * One table says what each kind of firmware is answered at each of its steps;
 * a quirk of a kind is a change of its row.
 *
 * A plain BIOS ROM is offered a menu of one item that takes itself at once,
 * asks port 4011 for it and gets the loader's name there: what all of them
 * implement, as installation servers have used it for decades. UEFI gets
 * everything in the OFFER, because firmware is known that never asks 4011,
 * and is answered on 4011, too, because edk2 does ask. UEFI HTTP Boot looks
 * for a URL in option 67. iPXE, from wherever it came, gets the URL of its
 * script, unless it cannot fetch it; then it is given an iPXE that can.
 *
 * A loader that was fetched whole works if its machine then asks for its
 * script (machines.h). A machine whose firmware comes back instead is offered
 * the next loader; one whose loader has worked before may also have been
 * switched off in between, so it must fail LOADER_PATIENCE times. Requests are
 * counted by their transaction, as firmware repeats them.
 */
#include "server/decide.h"

#include "base/text.h"
#include "wire/ipv4.h"

#define LOADER_PATIENCE	 3
#define UNTOUCHED_ROUNDS 4
#define HTTP_PORT	 80

enum kind {
	KIND_BIOS,
	KIND_UEFI,
	KIND_UEFI_HTTP,
	KIND_IPXE,
	KIND_IPXE_WITHOUT_HTTP,
	KINDS,
};

enum step {
	STEP_DISCOVER,
	STEP_REQUEST, /* on 67: it chose us, or has its address elsewhere */
	STEP_BOOT_SERVER,
	STEPS,
};

enum file_form {
	FILE_NONE,
	FILE_TFTP,   /* the loader's name for TFTP */
	FILE_HTTP,   /* its URL */
	FILE_SCRIPT, /* the script's URL */
};

struct rule {
	enum decision_reason reason;
	enum vendor_form vendor;
	enum file_form file;
};

#define SILENT                                            \
	{                                                 \
		DECIDED_NOT_ASKED, VENDOR_NONE, FILE_NONE \
	}

/* HTTP Boot and iPXE are not told by DHCP to boot from their disk, for which
 * it has no words there, but by the script that comes next. */
static const struct rule rules[KINDS][STEPS][2] = {
	[KIND_BIOS] = {
		[STEP_DISCOVER] = {
			{ DECIDED_MENU, VENDOR_MENU, FILE_NONE },
			{ DECIDED_LOCAL, VENDOR_LOCAL_MENU, FILE_NONE },
		},
		[STEP_REQUEST] = {
			{ DECIDED_LOADER, VENDOR_ITEM, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_LOCAL_MENU, FILE_NONE },
		},
		[STEP_BOOT_SERVER] = {
			{ DECIDED_LOADER, VENDOR_ITEM, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_ITEM, FILE_NONE },
		},
	},
	[KIND_UEFI] = {
		[STEP_DISCOVER] = {
			{ DECIDED_LOADER, VENDOR_NONE, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_USE_FILE, FILE_NONE },
		},
		[STEP_REQUEST] = {
			{ DECIDED_LOADER, VENDOR_NONE, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_USE_FILE, FILE_NONE },
		},
		[STEP_BOOT_SERVER] = {
			{ DECIDED_LOADER, VENDOR_NONE, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_USE_FILE, FILE_NONE },
		},
	},
	[KIND_UEFI_HTTP] = {
		[STEP_DISCOVER] = {
			{ DECIDED_LOADER, VENDOR_NONE, FILE_HTTP },
			{ DECIDED_LOADER, VENDOR_NONE, FILE_HTTP },
		},
		[STEP_REQUEST] = {
			{ DECIDED_LOADER, VENDOR_NONE, FILE_HTTP },
			{ DECIDED_LOADER, VENDOR_NONE, FILE_HTTP },
		},
		[STEP_BOOT_SERVER] = { SILENT, SILENT },
	},
	[KIND_IPXE] = {
		[STEP_DISCOVER] = {
			{ DECIDED_SCRIPT, VENDOR_USE_FILE, FILE_SCRIPT },
			{ DECIDED_SCRIPT, VENDOR_USE_FILE, FILE_SCRIPT },
		},
		[STEP_REQUEST] = {
			{ DECIDED_SCRIPT, VENDOR_USE_FILE, FILE_SCRIPT },
			{ DECIDED_SCRIPT, VENDOR_USE_FILE, FILE_SCRIPT },
		},
		[STEP_BOOT_SERVER] = {
			{ DECIDED_SCRIPT, VENDOR_ITEM, FILE_SCRIPT },
			{ DECIDED_SCRIPT, VENDOR_ITEM, FILE_SCRIPT },
		},
	},
	[KIND_IPXE_WITHOUT_HTTP] = {
		[STEP_DISCOVER] = {
			{ DECIDED_LOADER, VENDOR_USE_FILE, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_LOCAL_MENU, FILE_NONE },
		},
		[STEP_REQUEST] = {
			{ DECIDED_LOADER, VENDOR_USE_FILE, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_LOCAL_MENU, FILE_NONE },
		},
		[STEP_BOOT_SERVER] = {
			{ DECIDED_LOADER, VENDOR_ITEM, FILE_TFTP },
			{ DECIDED_LOCAL, VENDOR_ITEM, FILE_NONE },
		},
	},
};

/* Architectures without a row have firmware that nobody knows how to boot:
 * as UEFI, for which there is then no loader. */
static enum kind kind_of(const struct pxe_request *request)
{
	if (request->client.ipxe)
		return request->ipxe_http ? KIND_IPXE : KIND_IPXE_WITHOUT_HTTP;
	switch (request->client.arch) {
	case ARCH_BIOS:
		return KIND_BIOS;
	case ARCH_EFI_IA32_HTTP:
	case ARCH_EFI_X64_HTTP:
	case ARCH_EFI_ARM64_HTTP:
		return KIND_UEFI_HTTP;
	}
	return KIND_UEFI;
}

static enum step step_of(const struct pxe_request *request)
{
	if (request->arrival.port == PXE_PORT_BOOT_SERVER)
		return STEP_BOOT_SERVER;
	return request->type == DHCP4_DISCOVER ? STEP_DISCOVER : STEP_REQUEST;
}

/*
 * On 67 a REQUEST is ours only when it names us: an answer to one that is
 * meant for the DHCP server would be taken for that server's. Where that has
 * our address, who asks for a lease (RFC 2131 section 4.3.2: without one)
 * means it. An INFORM is a question to whoever knows.
 */
static bool is_named(const struct pxe_request *request)
{
	if (request->server_id != request->arrival.server)
		return false;
	return !request->arrival.shared || request->ciaddr != 0;
}

static enum decision_reason early_dhcp(const struct pxe_request *request)
{
	switch (request->type) {
	case DHCP4_DISCOVER:
	case DHCP4_INFORM:
		return DECISION_REASONS;
	case DHCP4_REQUEST:
		return is_named(request) ? DECISION_REASONS
					 : DECIDED_OTHER_SERVER;
	}
	return DECIDED_NOT_ASKED;
}

enum decision_reason decide_early(const struct pxe_request *request)
{
	enum decision_reason reason = DECISION_REASONS;

	if (!request->pxe)
		return DECIDED_NOT_PXE;
	if (request->arrival.port == PXE_PORT_DHCP)
		reason = early_dhcp(request);
	else if (request->type != DHCP4_REQUEST &&
		 request->type != DHCP4_INFORM)
		reason = DECIDED_NOT_ASKED;
	if (reason == DECISION_REASONS && request->client.arch == ARCH_UNKNOWN)
		return DECIDED_NO_ARCH;
	return reason;
}

static const char *pick_loader(const struct decide_input *input,
			       const struct boot_history *history)
{
	if (input->plan->loader)
		return input->plan->loader;
	if (history->loader < input->loaders->count)
		return input->loaders->names[history->loader];
	return input->loaders->count > 0 ? input->loaders->names[0] : NULL;
}

/* Firmware begins from the start: did the loader it was given last work? */
static void judge_loader(const struct decide_input *input,
			 struct decision *decision)
{
	struct boot_history *h = &decision->history;
	/* One that is wanted for this machine has no next. */
	size_t count = input->plan->loader ? 1 : input->loaders->count;

	if (h->loader_fetches >= (h->worked ? LOADER_PATIENCE : 1)) {
		decision->trouble = TROUBLE_LOADER_FAILED;
		decision->failed = pick_loader(input, h);
		*h = (struct boot_history){
			.arch = h->arch,
			.loader = (uint8_t)(h->loader + 1),
		};
	}
	if (h->loader >= count) {
		/* It may also be gone from the disk of this server. */
		if (decision->trouble == TROUBLE_LOADER_FAILED)
			decision->trouble = TROUBLE_LOADERS_FAILED;
		h->loader = 0;
	}
	if (h->rounds < UINT16_MAX)
		h->rounds++;
	if (h->rounds >= UNTOUCHED_ROUNDS && h->loader_fetches == 0)
		decision->trouble = TROUBLE_LOADER_UNTOUCHED;
}

static void judge(const struct decide_input *input, enum kind kind,
		  struct decision *decision)
{
	const struct pxe_request *request = input->request;
	struct boot_history *h = &decision->history;
	bool begun;

	*h = *input->history;
	begun = h->rounds > 0 || h->ipxe_rounds > 0;
	if (kind != KIND_IPXE &&
	    !client_arch_is_alike(h->arch, request->client.arch))
		*h = (struct boot_history){ .arch = request->client.arch };
	else if (begun && h->xid == request->xid)
		return;
	h->xid = request->xid;
	if (kind != KIND_IPXE) {
		judge_loader(input, decision);
		return;
	}
	if (h->ipxe_rounds < UINT16_MAX)
		h->ipxe_rounds++;
	if (h->ipxe_rounds >= UNTOUCHED_ROUNDS)
		decision->trouble = TROUBLE_SCRIPT_UNTOUCHED;
}

/* "http://192.0.2.1:8080/". */
static void add_base(struct text *file, const struct decide_input *input)
{
	char address[IPV4_TEXT_MAX];

	text_add(file, "http://%s",
		 ipv4_text(input->request->arrival.server, address));
	if (input->http_port != HTTP_PORT)
		text_add(file, ":%u", input->http_port);
	text_add(file, "/");
}

/* False: there is no loader, or its name is too long to be told. */
static bool name_file(const struct decide_input *input, enum file_form form,
		      struct decision *decision)
{
	const char *loader = pick_loader(input, &decision->history);
	struct text file = text_over(decision->file, sizeof(decision->file));
	char mac[MAC_TEXT_MAX];

	if ((form == FILE_TFTP || form == FILE_HTTP) && !loader)
		return false;
	mac_name(&input->request->client.mac, mac);
	if (form == FILE_HTTP || form == FILE_SCRIPT)
		add_base(&file, input);
	if (form != FILE_NONE) {
		text_put(&file, form == FILE_SCRIPT ? "script/" : "loader/");
		text_put(&file, mac);
		text_put(&file, form == FILE_SCRIPT ? ".ipxe" : "/");
	}
	if (form == FILE_HTTP || form == FILE_TFTP)
		text_put(&file, loader);
	return !file.cut;
}

void decide(const struct decide_input *input, struct decision *ret_decision)
{
	const struct pxe_request *request = input->request;
	enum kind kind = kind_of(request);
	enum step step = step_of(request);
	const struct rule *rule;

	*ret_decision = (struct decision){
		.reason = decide_early(request),
		.history = *input->history,
	};
	if (ret_decision->reason != DECISION_REASONS)
		return;
	ret_decision->reason = DECIDED_IGNORE;
	if (input->plan->kind == PLAN_IGNORE)
		return;
	rule = &rules[kind][step][input->plan->kind == PLAN_LOCAL];
	ret_decision->reason = rule->reason;
	if (!decision_answers(ret_decision))
		return;
	if (step == STEP_DISCOVER && rule->reason != DECIDED_LOCAL)
		judge(input, kind, ret_decision);
	ret_decision->vendor = rule->vendor;
	ret_decision->http_class = ret_decision->file_in_option =
		kind == KIND_UEFI_HTTP;
	/* A menu promises a loader. */
	if (!name_file(input, rule->file, ret_decision) ||
	    (rule->reason == DECIDED_MENU &&
	     !pick_loader(input, &ret_decision->history)))
		ret_decision->reason = DECIDED_NO_LOADER;
}
