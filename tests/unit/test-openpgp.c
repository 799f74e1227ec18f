/* SPDX-License-Identifier: MIT */
#include "image/openpgp.h"

#include <errno.h>

#include "base/text.h"
#include "tap.h"

#define A    "1111111111111111111111111111111111111111"
#define B    "2222222222222222222222222222222222222222"
#define SUB  "3333333333333333333333333333333333333333"
#define GOOD "[GNUPG:] GOODSIG 1111111111111111 An Na <a@x>\n"
#define VALID_BY(primary, hash)                                         \
	"[GNUPG:] VALIDSIG " SUB " 2026-11-21 1795000000 0 4 0 1 " hash \
	" 00 " primary "\n"
#define VALID VALID_BY(A, "8")

static struct openpgp_signer signer;
static struct failure failure;

static int judge(const char *status, const char *fingerprints)
{
	signer = (struct openpgp_signer){ 0 };
	failure = (struct failure){ 0 };
	return openpgp_judge(status, fingerprints, "SUMS", &signer, &failure);
}

static void test_good(void)
{
	static const char *const texts[] = {
		"[GNUPG:] NEWSIG\n" GOOD VALID,
		"gpgv: noise\n" GOOD "[GNUPG:] SIG_ID x\n" VALID "\n\n",
		/* Somebody else has signed it, too. */
		"[GNUPG:] ERRSIG 4444444444444444 1 8 00 1795000000 9 -\n"
		"[GNUPG:] NO_PUBKEY 4444444444444444\n" GOOD VALID,
		GOOD VALID "[GNUPG:] NO_PUBKEY 4444444444444444\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		ok_int(judge(texts[i], NULL), 0, "a good signature");
		ok_str(signer.name, "An Na <a@x>", "by name");
		ok_str(signer.fingerprint, A, "and primary key");
	}
	ok_int(judge(GOOD VALID, A), 0, "of who may sign");
	ok_int(judge(GOOD VALID, B "  " A), 0, "of one of two");
	ok_int(judge("[GNUPG:] GOODSIG 1 a\x1b[1m\n" VALID, A), 0, "a name");
	ok_str(signer.name, "a?[1m", "that would paint the terminal");
}

static void test_bad(void)
{
	static const struct {
		const char *status, *says;
	} cases[] = {
		{ "", "SUMS: it has no signature" },
		{ "[GNUPG:] NODATA 4\n", "SUMS: it has no signature" },
		{ GOOD, "SUMS: it has no signature" },
		{ VALID, "SUMS: it has no signature" },
		{ "GOODSIG 1 a\nVALIDSIG\n", "SUMS: it has no signature" },
		{ GOOD "[GNUPG:] VALIDSIG " SUB "\n", "SUMS: it has no" },
		{ GOOD VALID_BY(A, "x"), "SUMS: it has no signature" },
		{ GOOD VALID_BY("../x", "8"), "SUMS: it has no signature" },
		{ GOOD VALID_BY(A A, "8"), "SUMS: it has no signature" },
		{ GOOD VALID_BY(A, "2"), "SUMS: its signature is of a digest" },
		{ GOOD VALID_BY(B, "8"), "SUMS: it is signed by 2222" },
		/* A subkey's own fingerprint is not what is asked for. */
		{ GOOD VALID_BY(SUB, "8"), "SUMS: it is signed by 3333" },
		{ "[GNUPG:] BADSIG 1 a\n", "SUMS: its signature does not fit" },
		{ GOOD VALID "[GNUPG:] BADSIG 1 a\n",
		  "SUMS: its signature does" },
		{ "[GNUPG:] BADSIG 1 a\n" GOOD VALID,
		  "SUMS: its signature does" },
		{ "[GNUPG:] EXPKEYSIG 1 a\n" VALID,
		  "SUMS: the key that signed" },
		{ "[GNUPG:] REVKEYSIG 1 a\n" VALID,
		  "SUMS: the key that signed" },
		{ "[GNUPG:] EXPSIG 1 a\n" VALID,
		  "SUMS: its signature has exp" },
		/* A good line without its own valid one lends itself to none. */
		{ GOOD "[GNUPG:] EXPKEYSIG 1 a\n" VALID, "SUMS: the key that" },
		{ "[GNUPG:] NO_PUBKEY 44\n",
		  "SUMS: it is signed by the key 44," },
		{ "[GNUPG:] NO_PUBKEY\n", "SUMS: it is signed by the key ?" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ok_int(judge(cases[i].status, A), -EKEYREJECTED, cases[i].says);
		if (!ok(str_after(failure.text, cases[i].says) != NULL,
			"and says so"))
			printf("# says \"%s\"\n", failure.text);
	}
	ok_int(judge(GOOD VALID, ""), -EKEYREJECTED, "when nobody may sign");
	ok_int(judge(GOOD VALID, "1111"), -EKEYREJECTED, "a short one is none");
}

int main(void)
{
	test_good();
	test_bad();
	return tap_done();
}
