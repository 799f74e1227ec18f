/* SPDX-License-Identifier: MIT */
/* SHA256SUMS and FILE.sha256, in the forms that sha256sum and others write. */
#include <errno.h>

#include "image/checksum-list.h"
#include "tap.h"

#define A      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define A_UP   "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"
#define B      "0000000000000000000000000000000000000000000000000000000000000000"
#define A_LONG A A

static const struct {
	const char *text;
	const char *name;
	int in_list; /* what SHA256SUMS answers */
	int alone;   /* what FILE.sha256 answers */
} cases[] = {
	{ A "  x\n", "x", 0, 0 },
	{ A "  x", "x", 0, 0 },
	{ A " *x\n", "x", 0, 0 },
	{ A " x\n", "x", 0, 0 },
	{ A "\tx\n", "x", 0, 0 },
	{ A "  x\r\n", "x", 0, 0 },
	{ "\xef\xbb\xbf" A "  x\n", "x", 0, 0 },
	{ A_UP "  x\n", "x", 0, 0 },
	{ A "  ./x\n", "x", 0, 0 },
	{ A "  dir/x\n", "x", -ENODATA, 0 },
	{ A "   x\n", " x", 0, 0 },
	{ A "  a b\n", "a b", 0, 0 },
	{ "SHA256 (x) = " A "\n", "x", 0, 0 },
	{ "SHA256 (x) = " A "\r\n", "x", 0, 0 },
	{ "SHA256 (a) = b) = " A "\n", "a) = b", 0, 0 },
	{ "\\" A "  a\\nb\\\\c\\rd\n", "a\nb\\c\rd", 0, 0 },
	{ "\\SHA256 (a\\nb) = " A "\n", "a\nb", 0, 0 },
	{ A "  a\\nb\n", "a\\nb", 0, 0 },
	{ "# sums\n\n" B "  y\n" A "  x\n" B "  z\n", "x", 0, 0 },
	{ A "  x\n" A " *x\n", "x", 0, 0 },
	{ "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" A
	  "  x\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n",
	  "x", 0, 0 },
	{ A "\n", "x", -ENODATA, 0 },
	{ A, "x", -ENODATA, 0 },
	{ A "  -\n", "x", -ENODATA, 0 },
	{ A "  x\n" B "  x\n", "x", -EBADMSG, -EBADMSG },
	{ A "  x\n" B "\n", "x", 0, -EBADMSG },
	{ A "  xy\n", "x", -ENODATA, -ENODATA },
	{ A "  X\n", "x", -ENODATA, -ENODATA },
	{ A "  \n", "", -ENODATA, 0 },
	{ A "x\n", "x", -ENODATA, -ENODATA },
	{ A_LONG "  x\n", "x", -ENODATA, -ENODATA },
	{ "SHA512 (x) = " A_LONG "\n", "x", -ENODATA, -ENODATA },
	{ "SHA256 (x) = " A "0\n", "x", -ENODATA, -ENODATA },
	{ "SHA256 (x)= " A "\n", "x", -ENODATA, -ENODATA },
	{ "SHA256 (", "x", -ENODATA, -ENODATA },
	{ "\\" A "  a\\zb\n", "a\\zb", -ENODATA, -ENODATA },
	{ "g" A "  x\n", "x", -ENODATA, -ENODATA },
	{ "<!DOCTYPE html><p>not found", "x", -ENODATA, -ENODATA },
	{ "", "x", -ENODATA, -ENODATA },
	{ "\n\r\n", "x", -ENODATA, -ENODATA },
};

static void check(const char *text, const char *name, bool alone, int want)
{
	char sha256[SHA256_HEX_MAX] = "";
	int r = checksum_list_find(view_over(text, strlen(text)), name, alone,
				   sha256);

	ok_int(r, want, text);
	ok_str(sha256, want == 0 ? A : "", alone ? "alone" : "in a list");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		check(cases[i].text, cases[i].name, false, cases[i].in_list);
		check(cases[i].text, cases[i].name, true, cases[i].alone);
	}
	return tap_done();
}
