/* SPDX-License-Identifier: MIT */
/* The second half is with gpgv itself; tests/unit/openpgp/README says how the
 * files came about. */
#include "image/openpgp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/whole-file.h"
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
		/* A good line whose valid one lacks takes no other. */
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

/* --- with gpgv --- */

#define FILES  "tests/unit/openpgp/"
#define SIGNER "D449471CB5A433A3FB1FA04C7C363A454297CA9F"

struct file {
	char *bytes;
	size_t len;
};

/* NULL: an empty one. */
static struct file load(const char *name)
{
	_cleanup_fd int fd = FD_NONE;
	struct file file = { 0 };
	char path[128];

	if (!name)
		return file;
	snprintf(path, sizeof(path), FILES "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ok_int(whole_file_read(fd, 65536, &file.bytes, &file.len), 0, path);
	return file;
}

static char *signed_text;

/* signature NULL: message is clear-signed. */
static int verify(const char *message, const char *signature,
		  const char *keys_name, const char *fingerprints)
{
	struct file sig = load(signature), keys = load(keys_name);
	_cleanup_fd int fd = FD_NONE;
	char path[128];
	struct stat st;
	int r;

	free(signed_text);
	snprintf(path, sizeof(path), FILES "%s", message);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	failure = (struct failure){ 0 };
	r = fstat(fd, &st) < 0
		    ? -errno
		    : openpgp_verify(fd, (uint64_t)st.st_size, sig.bytes,
				     sig.len, keys.bytes, keys.len,
				     fingerprints, message, &signer,
				     &signed_text, &failure);
	free(sig.bytes);
	free(keys.bytes);
	return r;
}

static void test_gpgv(void)
{
	ok_int(verify("sums", "sums.signer.sig", "signer.gpg", SIGNER), 0,
	       "a detached signature");
	ok_str(signer.fingerprint, SIGNER, "of the signer");
	ok_str(signer.name, "A Signer <signer@example.org>", "by name");
	ok(!signed_text, "without a text");
	ok_int(verify("sums", "sums.signer.asc", "signer.gpg", NULL), 0,
	       "an armoured one");
	ok_int(verify("sums.clear", NULL, "signer.gpg", SIGNER), 0,
	       "a clear-signed message");
	ok_str(signed_text,
	       "0123456789abcdef0123456789abcdef"
	       "0123456789abcdef0123456789abcdef  a.iso\n- dash\n",
	       "and its text");
	ok_int(verify("sums.clear", "sums.signer.sig", "signer.gpg", NULL),
	       -EKEYREJECTED, "a signature of something else");
	ok_int(verify("sums", "sums.else.sig", "signer.gpg", NULL),
	       -EKEYREJECTED, "a signature by somebody else");
	ok(strstr(failure.text, "not trusted"), "is called that");
	ok_int(verify("sums", "sums.signer.sig", "signer.gpg", A),
	       -EKEYREJECTED, "by one who may not sign");
	ok_int(verify("sums", "sums.sha1.sig", "signer.gpg", NULL),
	       -EKEYREJECTED, "of a SHA-1");
	ok_int(verify("sums", "sums.expired.sig", "expired.gpg", NULL),
	       -EKEYREJECTED, "of an expired key");
	ok_int(verify("sums", "sums.future.sig", "future.gpg", NULL), 0,
	       "of tomorrow: the clock may be wrong");
	ok_int(verify("sums", NULL, "signer.gpg", NULL), -EKEYREJECTED,
	       "no signature at all");
	ok_int(verify("sums", "sums", "signer.gpg", NULL), -EKEYREJECTED,
	       "what is no signature");
	ok_int(verify("sums", "sums.signer.sig", "sums", NULL), -EKEYREJECTED,
	       "keys that are none");
	ok_int(verify("sums.before", NULL, "signer.gpg", NULL), -EKEYREJECTED,
	       "a text that stands before the signed one");
}

/* Longer than any buffer on its way, of which only the first part counts. */
static void test_length(void)
{
	struct file sig = load("sums.signer.sig"), keys = load("signer.gpg");
	struct file sums = load("sums");
	FILE *file = tmpfile();
	uint64_t len = sums.len;

	if (!ok(file && sums.bytes, "a file"))
		return;
	ok(fwrite(sums.bytes, 1, sums.len, file) == sums.len, "with a message");
	ok_int(fflush(file), 0, "written");
	ok_int(ftruncate(fileno(file), 8 << 20), 0, "and 8 MiB behind it");
	for (int whole = 0; whole < 2; whole++) {
		int r = openpgp_verify(fileno(file), whole ? 8 << 20 : len,
				       sig.bytes, sig.len, keys.bytes, keys.len,
				       NULL, "device", &signer, &signed_text,
				       &failure);

		ok_int(r, whole ? -EKEYREJECTED : 0,
		       whole ? "all of it was not signed"
			     : "its beginning was");
	}
	fclose(file);
	free(sig.bytes);
	free(keys.bytes);
	free(sums.bytes);
}

static void test_no_gpgv(void)
{
	_cleanup_free char *path = strdup(getenv("PATH"));

	setenv("PATH", "/nonexistent", 1);
	ok_int(verify("sums", "sums.signer.sig", "signer.gpg", NULL), -ENOENT,
	       "without gpgv");
	ok(strstr(failure.text, "there is no gpgv"), "which is said");
	setenv("PATH", path, 1);
}

int main(void)
{
	test_good();
	test_bad();
	if (system("command -v gpgv >/dev/null") == 0) {
		test_gpgv();
		test_length();
	}
	test_no_gpgv();
	free(signed_text);
	return tap_done();
}
