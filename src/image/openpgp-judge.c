/* SPDX-License-Identifier: MIT */
/*
 * gpgv writes a line GOODSIG, or another that says why not, for each signature,
 * and behind it a VALIDSIG with the fingerprints. The exit status is of no use
 * here: it fails for a second signature by somebody who is not asked for, and
 * not for one of an expired key.
 */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "image/openpgp.h"

#define PREFIX	   "[GNUPG:] "
#define FIELDS_MAX 12

/* RFC 9580 section 9.5: MD5, SHA-1 and RIPEMD-160 come before SHA-256. */
#define HASH_SHA256 8

struct judge {
	const char *fingerprints;
	bool open; /* GOODSIG, and its VALIDSIG is to come */
	struct openpgp_signer signer;
	bool found; /* signer is one that may sign */
	bool bad;
	char why[200]; /* of what was no good */
};

struct fields {
	size_t count;
	char *list[FIELDS_MAX]; /* the last has all the rest */
};

static void note(struct judge *judge, const char *format, const char *what)
{
	struct text text = text_over(judge->why, sizeof(judge->why));

	text_add(&text, format, what);
}

/* --- one line each --- */

static void on_good(struct judge *judge, const struct fields *fields)
{
	struct text name =
		text_over(judge->signer.name, sizeof(judge->signer.name));

	for (size_t i = 2; i < fields->count; i++)
		text_add(&name, "%s%s", i > 2 ? " " : "", fields->list[i]);
	str_make_printable(judge->signer.name);
	judge->open = true;
}

static bool may_sign(const struct judge *judge, const char *fingerprint)
{
	const char *rest = judge->fingerprints;
	size_t len = strlen(fingerprint);

	if (!rest)
		return true;
	while (*rest) {
		size_t one = strcspn(rest, " ");

		if (one == len && strncasecmp(rest, fingerprint, len) == 0)
			return true;
		rest += one + strspn(rest + one, " ");
	}
	return false;
}

static void on_valid(struct judge *judge, const struct fields *fields)
{
	const char *primary = fields->count > 10 ? fields->list[10] : NULL;
	uint64_t hash;

	if (!judge->open || judge->found)
		return;
	judge->open = false;
	if (!primary || str_to_u64(fields->list[8], UINT8_MAX, &hash) < 0 ||
	    strspn(primary, "0123456789ABCDEFabcdef") != strlen(primary) ||
	    !str_copy(judge->signer.fingerprint,
		      sizeof(judge->signer.fingerprint), primary))
		return;
	if (hash < HASH_SHA256)
		note(judge, "%s",
		     "its signature is of a digest that can be forged");
	else if (!may_sign(judge, primary))
		note(judge, "it is signed by %.65s, who may not sign it",
		     primary);
	else
		judge->found = true;
}

static void on_wrong(struct judge *judge, const struct fields *fields _unused)
{
	judge->bad = true;
	note(judge, "%s",
	     "its signature does not fit: it was changed, or is not whole");
}

static void on_stranger(struct judge *judge, const struct fields *fields)
{
	note(judge,
	     "it is signed by the key %.40s, which is not trusted for "
	     "it",
	     fields->count > 1 ? fields->list[1] : "?");
}

static void on_expired(struct judge *judge, const struct fields *fields _unused)
{
	note(judge, "%s",
	     "the key that signed it has expired; is the clock right? A newer "
	     "table of distributions may know a newer key");
}

static void on_expired_signature(struct judge *judge,
				 const struct fields *fields _unused)
{
	note(judge, "%s", "its signature has expired");
}

static void on_revoked(struct judge *judge, const struct fields *fields _unused)
{
	note(judge, "%s", "the key that signed it was revoked");
}

static const struct {
	const char *keyword;
	void (*on)(struct judge *judge, const struct fields *fields);
} lines[] = {
	{ "GOODSIG", on_good },	     { "VALIDSIG", on_valid },
	{ "BADSIG", on_wrong },	     { "NO_PUBKEY", on_stranger },
	{ "EXPKEYSIG", on_expired }, { "EXPSIG", on_expired_signature },
	{ "REVKEYSIG", on_revoked },
};

/* --- all of them --- */

static void take_line(struct judge *judge, char *line)
{
	struct fields fields = { 0 };
	char *rest = line;

	while (rest && fields.count < FIELDS_MAX - 1)
		fields.list[fields.count++] = strsep(&rest, " ");
	if (rest)
		fields.list[fields.count++] = rest;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (str_eq(fields.list[0], lines[i].keyword)) {
			judge->open &= lines[i].on == on_valid;
			lines[i].on(judge, &fields);
		}
}

int openpgp_judge(const char *status, const char *fingerprints,
		  const char *name, struct openpgp_signer *ret_signer,
		  struct failure *failure)
{
	struct judge judge = {
		.fingerprints = fingerprints,
		.why = "it has no signature",
	};
	char line[1024];

	while (*status) {
		size_t len = strcspn(status, "\n");
		const char *rest = str_after(status, PREFIX);

		if (rest && len < sizeof(line)) {
			len -= strlen(PREFIX);
			memcpy(line, rest, len);
			line[len] = '\0';
			take_line(&judge, line);
			status = rest;
		}
		status += len + (status[len] == '\n');
	}
	if (!judge.found || judge.bad)
		return failure_set(failure, EKEYREJECTED, "%s: %s", name,
				   judge.why);
	*ret_signer = judge.signer;
	return 0;
}
