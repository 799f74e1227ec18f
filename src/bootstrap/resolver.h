/* SPDX-License-Identifier: MIT */
/* The name servers, in the words of resolv.conf(5). */
#pragma once

#include "base/text.h"
#include "wire/ipparam.h"

#define RESOLVER_TEXT_MAX   2048
#define RESOLVER_DOMAINS    6  /* MAXDNSRCH, of before glibc 2.26 */
#define RESOLVER_SERVER_MAX 64 /* with "%eth0" behind a link-local one */

/* A text in the making; begin with all zero. */
struct resolver {
	char servers[IPPARAM_NAMESERVERS][RESOLVER_SERVER_MAX];
	size_t count;
	const char *domains[RESOLVER_DOMAINS]; /* "search", not copied */
	size_t domain_count;
};

/* Adds a server; one that is there already or does not fit is left out. */
void resolver_add(struct resolver *resolver, const char *server);
void resolver_add_address(struct resolver *resolver, uint32_t address);
/* link_name: where a link-local address is good. */
void resolver_add_address6(struct resolver *resolver,
			   const struct ipv6 *address, const char *link_name);

/* Adds a domain to search; "", one that is there already or does not fit is
 * left out. */
void resolver_add_domain(struct resolver *resolver, const char *domain);

/* Writes the text of the file. */
void resolver_text(const struct resolver *resolver,
		   char text[static RESOLVER_TEXT_MAX]);

/* Replaces the file at path by one rename, so that no reader sees half of
 * it. Returns 0 or a negative errno. */
int resolver_write(const char *path, const char *text) _must_check;
