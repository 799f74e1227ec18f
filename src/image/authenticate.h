/* SPDX-License-Identifier: MIT */
/* What a server wants to see before it answers: the field WWW-Authenticate
 * (RFC 9110 section 11.6.1). Pure. */
#pragma once

#include "base/util.h"

/* Which of the schemes that boomerang knows are offered. */
struct challenge {
	bool basic;  /* RFC 7617 */
	bool bearer; /* RFC 6750, and docker's token authentication */
	/* Of the first "Bearer"; "": not said. */
	char realm[1024]; /* the URL that gives tokens */
	char service[256];
	char scope[1024];
};

/*
 * Reads the values of all such fields, one a line, of which each may have
 * several challenges. Other schemes are passed over. -EBADMSG for what does
 * not follow the grammar, has control characters in a value or is too long.
 */
int challenge_parse(const char *fields, struct challenge *ret_challenge)
	_must_check;
