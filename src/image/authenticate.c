/* SPDX-License-Identifier: MIT */
/*
 * A field is a list of challenges, and each challenge a scheme with a list of
 * parameters, both separated by commas. So whether a word begins a new
 * challenge is said by what follows it only: a parameter has "=" behind it.
 * What looks like one too is token68 ("Negotiate YWJj=="), which stands alone
 * behind its scheme.
 */
#include "image/authenticate.h"

#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/text.h"

#define TOKEN_MAX 128

struct cursor {
	const char *at;
	bool bad;
};

static bool is_token(char c)
{
	return isalnum((unsigned char)c) ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68(char c)
{
	return isalnum((unsigned char)c) || (c != '\0' && strchr("-._~+/", c));
}

static bool is_end(char c)
{
	return c == '\0' || c == '\n';
}

static void skip_space(struct cursor *cursor)
{
	cursor->at += strspn(cursor->at, " \t\r");
}

/* Between elements any number of commas may stand (RFC 9110 section 5.6.1). */
static void skip_separators(struct cursor *cursor)
{
	cursor->at += strspn(cursor->at, " \t\r\n,");
}

static void take_token(struct cursor *cursor, char token[static TOKEN_MAX])
{
	size_t n = 0;

	while (n < TOKEN_MAX - 1 && is_token(cursor->at[n]))
		n++;
	cursor->bad = cursor->bad || n == 0 || is_token(cursor->at[n]);
	memcpy(token, cursor->at, n);
	token[n] = '\0';
	cursor->at += n;
}

/* Passes over a token68 when one stands here. */
static void skip_token68(struct cursor *cursor)
{
	struct cursor ahead = *cursor;

	if (!is_token68(*ahead.at))
		return;
	while (is_token68(*ahead.at))
		ahead.at++;
	ahead.at += strspn(ahead.at, "=");
	skip_space(&ahead);
	if (*ahead.at == ',' || is_end(*ahead.at))
		*cursor = ahead;
}

/* token or quoted-string, into value; NULL: nobody wants it. */
static void take_value(struct cursor *cursor, char *value, size_t size)
{
	bool quoted = *cursor->at == '"';
	size_t n = 0;

	cursor->at += quoted;
	while (quoted ? *cursor->at != '"' : is_token(*cursor->at)) {
		cursor->at += quoted && *cursor->at == '\\';
		if (iscntrl((unsigned char)*cursor->at) ||
		    (value && n == size - 1)) {
			cursor->bad = true;
			return;
		}
		if (value)
			value[n++] = *cursor->at;
		cursor->at++;
	}
	if (value)
		value[n] = '\0';
	cursor->at += quoted;
}

/* Takes "=" and the value behind the name of a parameter. */
static void take_parameter(struct cursor *cursor, const char *name,
			   struct challenge *into)
{
	char *value = NULL;
	size_t size = 0;

	if (into && strcasecmp(name, "realm") == 0) {
		value = into->realm;
		size = sizeof(into->realm);
	} else if (into && strcasecmp(name, "service") == 0) {
		value = into->service;
		size = sizeof(into->service);
	} else if (into && strcasecmp(name, "scope") == 0) {
		value = into->scope;
		size = sizeof(into->scope);
	}
	cursor->at++;
	skip_space(cursor);
	take_value(cursor, value, size);
}

/* Takes a scheme; returns where its parameters go, or NULL. */
static struct challenge *begin(struct cursor *cursor, const char *scheme,
			       struct challenge *challenge)
{
	bool bearer = strcasecmp(scheme, "Bearer") == 0 && !challenge->bearer;

	if (strcasecmp(scheme, "Basic") == 0)
		challenge->basic = true;
	challenge->bearer = challenge->bearer || bearer;
	skip_token68(cursor);
	return bearer ? challenge : NULL;
}

int challenge_parse(const char *fields, struct challenge *ret_challenge)
{
	struct cursor cursor = { .at = fields };
	struct challenge challenge = { 0 }, *into = NULL;
	char token[TOKEN_MAX];

	for (skip_separators(&cursor); *cursor.at && !cursor.bad;
	     skip_separators(&cursor)) {
		take_token(&cursor, token);
		skip_space(&cursor);
		if (*cursor.at == '=')
			take_parameter(&cursor, token, into);
		else
			into = begin(&cursor, token, &challenge);
	}
	if (cursor.bad)
		return -EBADMSG;
	*ret_challenge = challenge;
	return 0;
}
