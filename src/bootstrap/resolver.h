/* SPDX-License-Identifier: MIT */
/* The name servers, in the words of resolv.conf(5). */
#pragma once

#include "base/text.h"
#include "wire/ipparam.h"

#define RESOLVER_TEXT_MAX 1024

/* A text in the making; begin with all zero. */
struct resolver {
	char servers[IPPARAM_NAMESERVERS][IPPARAM_SERVER_MAX];
	size_t count;
	const char *domain; /* "search", not copied; NULL or "": none */
};

/* Adds a server; one that is there already or does not fit is left out. */
void resolver_add(struct resolver *resolver, const char *server);
void resolver_add_address(struct resolver *resolver, uint32_t address);

/* Writes the text of the file. */
void resolver_text(const struct resolver *resolver,
		   char text[static RESOLVER_TEXT_MAX]);

/* Replaces the file at path by one rename, so that no reader sees half of
 * it. Returns 0 or a negative errno. */
int resolver_write(const char *path, const char *text) _must_check;
