/* SPDX-License-Identifier: MIT */
#include "bootstrap/matcher.h"

#include "tap.h"

static bool finds(const char *pattern, const char *text, size_t piece)
{
	struct matcher matcher;
	size_t len = strlen(text);
	bool found = false;

	matcher_init(&matcher, pattern);
	for (size_t at = 0; at < len; at += piece)
		found |=
			matcher_feed(&matcher, text + at, MIN(piece, len - at));
	return found;
}

int main(void)
{
	static const struct {
		const char *pattern, *text;
		bool found;
	} cases[] = {
		{ "RETURN_TO_BOOTSTRAP", "RETURN_TO_BOOTSTRAP", true },
		{ "RETURN_TO_BOOTSTRAP", "xxRETURN_RETURN_TO_BOOTSTRAPx",
		  true },
		{ "RETURN_TO_BOOTSTRAP", "RETURN_TO_BOOTSTRARETURN_TO_BOOTSTRA",
		  false },
		{ "RETURN_TO_BOOTSTRAP", "RETURN_TO_RETURN_TO_BOOTSTRAP",
		  true },
		{ "RETURN_TO_BOOTSTRAP", "RETURN_TO_BOOTSTRA\nP", false },
		{ "RETURN_TO_BOOTSTRAP", "", false },
		{ "aabaaa", "aabaabaaa", true },
		{ "abab", "abaab", false },
		{ "a", "bbba", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t piece = 1; piece < 24; piece += 5)
			ok(finds(cases[i].pattern, cases[i].text, piece) ==
				   cases[i].found,
			   cases[i].text);
	return tap_done();
}
