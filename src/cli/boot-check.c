/* SPDX-License-Identifier: MIT */
/*
 * What an ISO must be is known before its first byte is asked for, and before
 * anything ends: from the command line, from the list of checksums that its
 * distribution signs, or from what lies beside it. Where a signature is
 * required, one counts that a key of the table of distributions made, of the
 * list or of the ISO, or minisign's by a key that is trusted.
 */
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/host.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "image/openpgp.h"

#define LIST_MAX      MIB
#define SIGNATURE_MAX (64 * KIB)
#define PIECE	      MIB

/* --- what the distribution says --- */

/* A file of the distribution's: at its URL, or beside the ISO. */
static int ask_for(const struct boot *boot, const char *file, size_t max,
		   struct http_answer *ret, struct failure *failure)
{
	char url[CONTROL_REF_MAX];
	const struct http_question question = {
		.url = url,
		.name = url,
		.size_max = max,
	};
	int r = distro_url(boot->source.reference.target, file, url,
			   sizeof(url));

	if (r < 0)
		return failure_errno(failure, -r, "%s", file);
	r = http_ask(&question, ret, failure);
	if (r == 0 && ret->status != 200) {
		r = failure_set(failure, ENOENT, "%s: the server says %ld", url,
				ret->status);
		http_answer_free(ret);
	}
	return r;
}

static int memfd_of(const void *bytes, size_t len, struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("boomerang", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, len);

	return r < 0 ? failure_errno(failure, -r, "no memory") : TAKE_FD(fd);
}

/* Of a clear-signed list only what was signed counts: *list is that then. */
static int check_list(const struct boot *boot, struct http_answer *list,
		      struct openpgp_signer *signer, struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	struct http_answer signature = { 0 };
	_cleanup_free char *signed_text = NULL;
	_cleanup_fd int fd = memfd_of(list->body, list->size, failure);
	bool detached = *distro->signature;
	int r = fd < 0 ? fd : 0;

	if (r == 0 && detached)
		r = ask_for(boot, distro->signature, SIGNATURE_MAX, &signature,
			    failure);
	if (r < 0)
		return r;
	r = openpgp_verify(fd, list->size, detached ? signature.body : NULL,
			   signature.size, distro->keys, distro->keys_len,
			   distro->fingerprints, distro->checksums, signer,
			   &signed_text, failure);
	http_answer_free(&signature);
	if (r == 0 && signed_text) {
		free(list->body);
		list->size = strlen(signed_text);
		list->body = TAKE_PTR(signed_text);
	}
	return r;
}

static int find_in_list(const struct boot *boot, const struct http_answer *list,
			char *ret_sha256, struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	int r = distro_checksum(boot->source.reference.target, list->body,
				list->size, ret_sha256);

	return r < 0 ? failure_set(failure, EKEYREJECTED,
				   "%s has no sha256 of %s: the table of "
				   "distributions is older than it; try "
				   "`boomerang distros update`",
				   distro->checksums, boot->source.title)
		     : 0;
}

static int demand_of_list(const struct boot *boot, struct boot_demand *demand,
			  struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	struct text who = text_over(demand->who, sizeof(demand->who));
	struct openpgp_signer signer;
	struct http_answer list;
	const char *slash = strrchr(distro->checksums, '/');
	int r = ask_for(boot, distro->checksums, LIST_MAX, &list, failure);

	if (r < 0)
		return r;
	text_add(&who, "%s", slash ? slash + 1 : distro->checksums);
	if (distro->signature && !distro->signs_iso) {
		r = check_list(boot, &list, &signer, failure);
		demand->is_signed = r == 0;
		if (r == 0)
			text_add(&who, ", signed by %s", signer.name);
	}
	if (r == 0)
		r = find_in_list(boot, &list, demand->sha256, failure);
	http_answer_free(&list);
	return r;
}

static int find_demand(const struct boot *boot, struct boot_demand *ret_demand,
		       struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	const char *asked = boot->arguments->image.request.sha256;
	struct boot_demand demand = { 0 };
	int r = 0;

	if (asked && *asked) {
		str_copy(demand.sha256, sizeof(demand.sha256), asked);
		str_copy(demand.who, sizeof(demand.who), "--sha256");
	} else if (distro && distro->checksums) {
		r = demand_of_list(boot, &demand, failure);
	} else if (distro && distro->sha256) {
		str_copy(demand.sha256, sizeof(demand.sha256), distro->sha256);
		str_copy(demand.who, sizeof(demand.who),
			 "the table of distributions");
	}
	if (r == 0)
		*ret_demand = demand;
	return r;
}

int boot_tolerate(const struct boot *boot, int r, const struct failure *failure)
{
	if (r == 0 || !boot->arguments->insecure || r == -ECANCELED)
		return r;
	log_warning("NOT CHECKED (--insecure): %s", failure->text);
	return 0;
}

int boot_check_signature(const struct boot *boot, struct boot_demand *checks,
			 struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	struct http_answer signature;
	struct openpgp_signer signer;
	struct text who;
	char *none;
	int r;

	if (!distro || !distro->signs_iso)
		return 0;
	r = ask_for(boot, distro->signature, SIGNATURE_MAX, &signature,
		    failure);
	if (r < 0)
		return r;
	r = openpgp_verify(boot->source.fd, boot->source.size, signature.body,
			   signature.size, distro->keys, distro->keys_len,
			   distro->fingerprints, boot->source.title, &signer,
			   &none, failure);
	http_answer_free(&signature);
	if (r < 0)
		return r;
	who = text_over(checks->who, sizeof(checks->who));
	text_add(&who, "its signature, by %s", signer.name);
	return 0;
}

/* --- before anything is done --- */

/* Whether a key of the table vouches for it, now or when it is there. */
static bool is_vouched(const struct boot *boot)
{
	const struct distro *distro = boot->source.distro;

	return boot->demand.is_signed || (distro && distro->signs_iso);
}

void boot_trust(const struct boot *boot, struct trust *ret_trust)
{
	*ret_trust = boot->arguments->image.trust;
	ret_trust->required &= !is_vouched(boot);
}

static int open_verifier(const struct boot *boot, struct verifier **ret,
			 struct failure *failure)
{
	const struct boot_source *source = &boot->source;
	struct trust trust;
	const struct verify_wishes wishes = {
		.reference = &source->reference,
		.sha256 = { boot->demand.sha256, source->reference.sha256 },
		.trust = &trust,
	};
	int r = http_start(failure);

	boot_trust(boot, &trust);
	return r < 0 ? r : verify_open(&wishes, source->title, ret, failure);
}

static int ask_for_signature(const struct boot *boot, struct failure *failure)
{
	struct verifier *verifier = NULL;
	struct failure why;
	int r = open_verifier(boot, &verifier, &why);

	verify_close(verifier);
	if (r == -EKEYREJECTED)
		return failure_set(failure, EKEYREJECTED,
				   "%s; an ISO of the table of distributions "
				   "needs none when their key signs its "
				   "checksums",
				   why.text);
	if (r < 0)
		*failure = why;
	return r;
}

/* A system that is left for the bootstrap may lack what that has. */
static bool can_judge(const struct boot *boot)
{
	const struct distro *distro = boot->source.distro;
	char path[PATH_MAX];

	return !distro || !distro->signature ||
	       host_find_program("gpgv", path) == 0;
}

int boot_permit(struct boot *boot, struct failure *failure)
{
	bool required = boot->arguments->image.trust.required;
	int r;

	if (boot->reserves && !can_judge(boot))
		return 0;
	/* It was checked when it came there. */
	if (boot_is_in_memory(boot) && !required)
		return 0;
	if (boot_is_in_memory(boot))
		boot_await_network(boot);
	r = boot_tolerate(boot, find_demand(boot, &boot->demand, failure),
			  failure);
	if (r == 0 && required && !is_vouched(boot))
		r = ask_for_signature(boot, failure);
	return r;
}

/* --- what is there already --- */

static int read_all(const struct reader *reader, struct verifier *verifier,
		    struct failure *failure)
{
	_cleanup_free uint8_t *buf = malloc(PIECE);
	int r = buf ? 0 : failure_errno(failure, ENOMEM, "%s", reader->name);

	for (uint64_t at = 0; r == 0 && at < reader->size; at += PIECE) {
		size_t len = MIN(PIECE, reader->size - at);

		if (image_interrupted())
			return failure_set(failure, ECANCELED, "cancelled");
		r = reader_read(reader, at, buf, len, failure);
		if (r == 0)
			verify_add(verifier, view_over(buf, len));
	}
	return r;
}

int boot_verify(const struct boot *boot, struct verify_verdict *ret_verdict,
		struct failure *failure)
{
	struct verifier *verifier = NULL;
	int r = open_verifier(boot, &verifier, failure);

	if (r == 0)
		r = read_all(&boot->source.at_fd, verifier, failure);
	if (r == 0)
		r = verify_finish(verifier, ret_verdict, failure);
	verify_close(verifier);
	return r;
}
