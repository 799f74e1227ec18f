/* SPDX-License-Identifier: MIT */
/*
 * The texts that loaders are given: iPXE scripts and GRUB configurations,
 * made of a plan. script_* are pure; texts_ask() asks the policy first.
 */
#pragma once

#include "server/names.h"
#include "server/policy.h"
#include "server/timeline.h"

#define SCRIPT_MAX ((size_t)64 * 1024)

/* How a client reaches this server, as it did when it asked. */
struct script_base {
	char http[64]; /* "http://192.0.2.1:80", no slash at the end */
};

/*
 * Writes the iPXE script of a plan (any kind: PLAN_IGNORE and PLAN_LOCAL are
 * scripts that go on with the next boot device). Places become URLs under
 * base, sealed for the machine; the kernel's command line gets
 * boomerang_server= when the kernel is the served directory's bootstrap.
 * -ENOBUFS: longer than size; -EINVAL: a name that no script can hold.
 */
int script_ipxe(const struct plan *plan, const struct client *client,
		const struct signer *signer, const struct script_base *base,
		char *buf, size_t size, size_t *ret_len) _must_check;

/* The same for GRUB 2: files of this host by the device that GRUB itself came
 * from (TFTP or HTTP), others by HTTP. */
int script_grub(const struct plan *plan, const struct client *client,
		const struct signer *signer, const struct script_base *base,
		char *buf, size_t size, size_t *ret_len) _must_check;

/* grub.cfg, which sends each machine to grub/MAC.cfg. */
const char *script_grub_start(void);

/* Embedded in who asks. */
struct text_request {
	enum name_kind kind; /* NAME_IPXE_SCRIPT, NAME_GRUB_SCRIPT */
	struct script_base base;
	const struct signer *signer;
	struct question question; /* client set by the asker */
	/* What the text does, by whose word, and what it lets the machine do
	 * next; set before made is called. */
	enum plan_kind given;
	char origin[TIMELINE_TEXT_MAX];
	enum expectation expectation;
	/* The body is malloc()ed and the callee's; NULL with r < 0, and failure
	 * says why. */
	void (*made)(struct text_request *request, int r, char *body,
		     size_t len, const struct failure *failure);
};

/* made is called once, now or later. Cancel with policy_cancel() of its
 * question. */
void texts_ask(struct policy *policy, struct text_request *request);

/* Tells the timeline of a text that was made and goes to its machine. */
void texts_tell(const struct text_request *request, struct timeline *timeline);
