/* SPDX-License-Identifier: MIT */
/* The chain of dhcp-server.c for machines that are only imagined. */
#include "server/dhcp-links.h"
#include "server/dhcp-server.h"
#include "server/pxe-reply.h"
#include "wire/ipv4.h"

#include <stdio.h>

#define LINE_MAX_BYTES 1024

struct step {
	uint8_t type;
	enum pxe_port port;
	bool ipxe;
	const char *name;
};

static const struct step steps[] = {
	{ DHCP4_DISCOVER, PXE_PORT_DHCP, false, "DISCOVER" },
	{ DHCP4_REQUEST, PXE_PORT_BOOT_SERVER, false, "REQUEST to 4011" },
	{ DHCP4_DISCOVER, PXE_PORT_DHCP, true, "DISCOVER" },
};

static const uint16_t usual[] = { ARCH_BIOS, ARCH_EFI_X64, ARCH_EFI_X64_HTTP,
				  ARCH_EFI_ARM64 };

struct explanation {
	const struct serve_context *context;
	const struct plan *plan;
	uint32_t server;
	void (*line)(void *to, const char *text);
	void *to;
};

static void explain_step(const struct explanation *e, const struct step *step,
			 const struct mac *mac, uint16_t arch)
{
	const struct decide_loaders loaders =
		decide_loaders(e->context->names->loaders, arch);
	const struct boot_history fresh = { .arch = arch };
	struct pxe_request request = {
		.arrival = { .port = step->port, .server = e->server },
		.type = step->type,
		.pxe = true,
		.ipxe_http = true,
		.client = { .mac = *mac, .arch = arch, .ipxe = step->ipxe },
	};
	struct decide_input input = {
		.request = &request,
		.plan = e->plan,
		.history = &fresh,
		.loaders = &loaders,
		.http_port = e->context->settings->http_port,
	};
	char text[DECISION_TEXT_MAX], line[LINE_MAX_BYTES];
	struct failure failure = { 0 };
	struct decision decision;

	decide(&input, &decision);
	/* Steps that this firmware does not make. */
	if (decision.reason == DECIDED_NOT_ASKED)
		return;
	decision_text(&decision, &request, text);
	if (decision.reason == DECIDED_NO_LOADER)
		loaders_missing(e->context->names->loaders, arch, &failure);
	(void)snprintf(line, sizeof(line), "%s: %s%s%s", step->name,
		       failure.text[0] ? failure.text : text,
		       decision.file[0] ? ": " : "", decision.file);
	e->line(e->to, line);
}

void dhcp_explain(const struct serve_context *context, const struct mac *mac,
		  uint16_t arch, const struct plan *plan,
		  void (*line)(void *to, const char *text), void *to)
{
	const struct explanation e = {
		.context = context,
		.plan = plan,
		.server = dhcp_links_guess(context->settings),
		.line = line,
		.to = to,
	};
	size_t count = arch == ARCH_UNKNOWN ? ARRAY_SIZE(usual) : 1;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
			explain_step(&e, &steps[k], mac,
				     arch == ARCH_UNKNOWN ? usual[i] : arch);
}
