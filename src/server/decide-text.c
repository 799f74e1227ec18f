/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "server/decide.h"

struct words {
	const char *name;
	const char *text; /* behind "what it is: " */
};

static const struct words reasons[DECISION_REASONS] = {
	[DECIDED_MENU] = { "menu", "offered a boot menu" },
	[DECIDED_LOADER] = { "loader", "offered" },
	[DECIDED_SCRIPT] = { "script", "offered its script" },
	[DECIDED_LOCAL] = { "local", "told to boot from its disk" },
	[DECIDED_NOT_PXE] = { "not-pxe", "does not want to boot" },
	[DECIDED_NOT_ASKED] = { "not-asked", "did not ask" },
	[DECIDED_OTHER_SERVER] = { "other-server", "asks another server" },
	[DECIDED_IGNORE] = { "ignore", "left alone" },
	[DECIDED_NO_ARCH] = { "no-arch",
			      "does not say what it is (DHCP option 93 is "
			      "missing), left alone" },
	[DECIDED_NO_LOADER] = { "no-loader", "no boot loader for it" },
};

static const struct words troubles[DECISION_TROUBLES] = {
	[TROUBLE_NONE] = { "", "" },
	[TROUBLE_LOADER_FAILED] = { "loader-failed",
				    "was fetched and did not ask for its "
				    "script; the next one is tried" },
	[TROUBLE_LOADERS_FAILED] = { "loaders-failed",
				     "every loader was fetched and none asked "
				     "for its script; Secure Boot or a network "
				     "card that none of them drives are usual "
				     "causes" },
	[TROUBLE_LOADER_UNTOUCHED] = { "loader-untouched",
				       "keeps asking and fetches no loader; a "
				       "firewall before UDP 4011 or 69, or "
				       "another boot server, are usual causes" },
	[TROUBLE_SCRIPT_UNTOUCHED] = { "script-untouched",
				       "its iPXE keeps asking and does not "
				       "fetch its script; a firewall before "
				       "our HTTP port is the usual cause" },
};

const char *decision_reason_name(enum decision_reason reason)
{
	return reasons[reason].name;
}

const char *decision_trouble_name(enum decision_trouble trouble)
{
	return troubles[trouble].name;
}

static void add_who(struct text *text, const struct pxe_request *request)
{
	const struct client *client = &request->client;

	if (client->ipxe)
		text_add(text, "iPXE%s on ",
			 request->ipxe_http ? "" : " without HTTP");
	if (client->arch == ARCH_UNKNOWN)
		text_add(text, "unknown firmware: ");
	else if (client->arch == ARCH_BIOS)
		text_add(text, "BIOS: ");
	else if (str_eq(client_arch_name(client->arch), "unknown"))
		text_add(text, "architecture %u: ", client->arch);
	else
		text_add(text, "UEFI%s %s: ",
			 str_eq(client_firmware_name(client->arch), "uefi-http")
				 ? " HTTP Boot"
				 : "",
			 client_arch_name(client->arch));
}

const char *decision_text(const struct decision *decision,
			  const struct pxe_request *request,
			  char buf[static DECISION_TEXT_MAX])
{
	struct text text = text_over(buf, DECISION_TEXT_MAX);
	const char *loader = strrchr(decision->file, '/');

	add_who(&text, request);
	text_add(&text, "%s", reasons[decision->reason].text);
	if (decision->reason == DECIDED_LOADER && loader)
		text_add(&text, " %s", loader + 1);
	return buf;
}

const char *decision_trouble_text(const struct decision *decision,
				  const struct pxe_request *request,
				  char buf[static DECISION_TEXT_MAX])
{
	struct text text = text_over(buf, DECISION_TEXT_MAX);

	add_who(&text, request);
	if (decision->trouble == TROUBLE_LOADER_FAILED)
		text_add(&text, "%s ",
			 decision->failed ? decision->failed : "its loader");
	text_add(&text, "%s", troubles[decision->trouble].text);
	if (decision->trouble == TROUBLE_LOADER_FAILED &&
	    request->client.arch != ARCH_BIOS)
		text_add(&text, " (Secure Boot refuses what is not signed)");
	return buf;
}
