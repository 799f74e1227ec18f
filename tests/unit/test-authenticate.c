/* SPDX-License-Identifier: MIT */
/* WWW-Authenticate, as registries send it and as RFC 9110 allows it. */
#include <errno.h>

#include "image/authenticate.h"
#include "tap.h"

static const struct {
	const char *fields;
	int r;
	bool basic, bearer;
	const char *realm, *service, *scope;
} cases[] = {
	{ "Bearer realm=\"https://auth.docker.io/token\",service=\"registry."
	  "docker.io\",scope=\"repository:library/debian:pull\"\n",
	  0, false, true, "https://auth.docker.io/token", "registry.docker.io",
	  "repository:library/debian:pull" },
	{ "Basic realm=\"Registry\"\n", 0, true, false, "", "", "" },
	{ "basic\n", 0, true, false, "", "", "" },
	{ "", 0, false, false, "", "", "" },
	{ "Basic realm=a\nBearer realm=b\n", 0, true, true, "b", "", "" },
	{ "Basic realm=\"a, Bearer realm=b\"", 0, true, false, "", "", "" },
	{ "Basic realm=a, Bearer realm=b,service=c", 0, true, true, "b", "c",
	  "" },
	{ "Bearer realm = \"b\" , , service = c,Basic", 0, true, true, "b", "c",
	  "" },
	{ "Bearer realm=one, Bearer realm=two", 0, false, true, "one", "", "" },
	{ "Bearer REALM=\"a\\\"b\\\\\"", 0, false, true, "a\"b\\", "", "" },
	{ "Negotiate YW/Jj==, Bearer realm=b", 0, false, true, "b", "", "" },
	{ "Negotiate, Basic realm=a", 0, true, false, "", "", "" },
	{ "Digest realm=\"d\", nonce=\"n\", Bearer realm=b", 0, false, true,
	  "b", "", "" },
	{ "Bearer realm=b, Digest realm=d", 0, false, true, "b", "", "" },
	{ "Bearer error=\"invalid_token\",realm=\"b\"", 0, false, true, "b", "",
	  "" },
	{ "Bearer realm=\"no end", -EBADMSG },
	{ "Bearer realm=\"no end\\", -EBADMSG },
	{ "Bearer realm=\"two\nlines\"", -EBADMSG },
	{ "Bearer realm=\"\x1b[2J\"", -EBADMSG },
	{ "Bearer (comment)", -EBADMSG },
	{ "\"Bearer\"", -EBADMSG },
	{ "=", -EBADMSG },
};

static void test_long(void)
{
	struct challenge challenge;
	char fields[2000];

	snprintf(fields, sizeof(fields), "Bearer realm=%01023d", 0);
	ok_int(challenge_parse(fields, &challenge), 0, "a long realm");
	snprintf(fields, sizeof(fields), "Bearer realm=%01024d", 0);
	ok_int(challenge_parse(fields, &challenge), -EBADMSG, "a longer one");
	snprintf(fields, sizeof(fields), "Digest nonce=%01500d", 0);
	ok_int(challenge_parse(fields, &challenge), 0, "what nobody wants");
	snprintf(fields, sizeof(fields), "%0500d", 0);
	ok_int(challenge_parse(fields, &challenge), -EBADMSG, "a long scheme");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct challenge challenge;
		int r = challenge_parse(cases[i].fields, &challenge);

		ok_int(r, cases[i].r, cases[i].fields);
		if (r < 0 || cases[i].r < 0)
			continue;
		ok(challenge.basic == cases[i].basic &&
			   challenge.bearer == cases[i].bearer,
		   "its schemes");
		ok_str(challenge.realm, cases[i].realm, "realm");
		ok_str(challenge.service, cases[i].service, "service");
		ok_str(challenge.scope, cases[i].scope, "scope");
	}
	test_long();
	return tap_done();
}
