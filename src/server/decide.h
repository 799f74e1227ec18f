/* SPDX-License-Identifier: MIT */
/*
 * What a machine is answered: request, plan and what was tried before in, an
 * answer with a named reason out. No I/O, nothing kept.
 */
#pragma once

#include "server/loaders.h"
#include "server/machines.h"
#include "server/plan.h"
#include "server/pxe-request.h"

#define DECISION_FILE_MAX 128 /* the longest name made here, with its NUL */
#define DECISION_LOADERS  4
#define DECISION_TEXT_MAX 160

enum decision_reason {
	/* It is answered: */
	DECIDED_MENU,	/* a menu of one item, which it asks 4011 for */
	DECIDED_LOADER, /* the name of a loader */
	DECIDED_SCRIPT, /* the URL of its iPXE script */
	DECIDED_LOCAL,	/* told to boot from its disk */
	/* Or not: */
	DECIDED_NOT_PXE,      /* an ordinary DHCP client */
	DECIDED_NOT_ASKED,    /* a message that needs no answer of ours */
	DECIDED_OTHER_SERVER, /* it has chosen another server */
	DECIDED_IGNORE,	      /* the plan says so */
	DECIDED_NO_ARCH,      /* it does not say what it is (option 93) */
	DECIDED_NO_LOADER,    /* there is none for it */
	DECISION_REASONS,
};

/* What is wrong with a machine that keeps coming back. */
enum decision_trouble {
	TROUBLE_NONE,
	TROUBLE_LOADER_FAILED,	  /* so that the next one is offered */
	TROUBLE_LOADERS_FAILED,	  /* all of them; from the first again */
	TROUBLE_LOADER_UNTOUCHED, /* offered again and again, never fetched */
	TROUBLE_SCRIPT_UNTOUCHED, /* the same with the script */
	DECISION_TROUBLES,
};

/* What the value of option 43 is. */
enum vendor_form {
	VENDOR_NONE,
	VENDOR_USE_FILE,   /* "this reply is all there is" */
	VENDOR_MENU,	   /* this server, on 4011 */
	VENDOR_LOCAL_MENU, /* the local disk */
	VENDOR_ITEM,	   /* the item that was asked for */
};

struct decision {
	enum decision_reason reason;
	enum decision_trouble trouble;
	/* The rest counts with the first four reasons. */
	enum vendor_form vendor;
	bool http_class;     /* it is an HTTPClient, not a PXEClient */
	bool file_in_option; /* for HTTPClients, who look nowhere else */
	char file[DECISION_FILE_MAX]; /* a name or a URL; "": none */
	struct boot_history history;  /* to be kept instead of the old */
	const char *failed;	      /* the loader that did, NULL: not known */
};

/* What there is for an architecture, in the order in which it is tried. */
struct decide_loaders {
	const char *names[DECISION_LOADERS];
	size_t count;
};

struct decide_input {
	const struct pxe_request *request;
	const struct plan *plan;
	const struct boot_history *history;
	const struct decide_loaders *loaders; /* for request->client.arch */
	uint16_t http_port;
};

struct decide_loaders decide_loaders(const struct loaders *loaders,
				     uint16_t arch);

void decide(const struct decide_input *input, struct decision *ret_decision);

static inline bool decision_answers(const struct decision *decision)
{
	return decision->reason <= DECIDED_LOCAL;
}

/* What can be said without knowing the plan: DECIDED_NOT_PXE,
 * DECIDED_NOT_ASKED, DECIDED_OTHER_SERVER or DECIDED_NO_ARCH when there is no
 * need to ask for it, DECISION_REASONS otherwise. */
enum decision_reason decide_early(const struct pxe_request *request);

/* "menu", "loader", … for machines. */
const char *decision_reason_name(enum decision_reason reason);
/* "loader-failed", …; "" with TROUBLE_NONE. */
const char *decision_trouble_name(enum decision_trouble trouble);

/* What was answered as one line for a person: "BIOS: offered undionly.kpxe".
 * Writes into buf and returns it. */
const char *decision_text(const struct decision *decision,
			  const struct pxe_request *request,
			  char buf[static DECISION_TEXT_MAX]);
/* The same for its trouble: what it is and what usually causes it. */
const char *decision_trouble_text(const struct decision *decision,
				  const struct pxe_request *request,
				  char buf[static DECISION_TEXT_MAX]);
