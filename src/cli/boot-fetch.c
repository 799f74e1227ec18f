/* SPDX-License-Identifier: MIT */
/*
 * The ISO into its place, checked on its way. What it must be is known before
 * its first byte is asked for: from the command line, from the list of
 * checksums that its distribution signs, or from what lies beside it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/progress-line.h"
#include "image/digest.h"
#include "image/openpgp.h"
#include "image/whole.h"

#define LIST_MAX      MIB
#define SIGNATURE_MAX (64 * KIB)

/* --- what it must be --- */

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
		if (r == 0)
			text_add(&who, ", signed by %s", signer.name);
	}
	if (r == 0)
		r = find_in_list(boot, &list, demand->sha256, failure);
	http_answer_free(&list);
	return r;
}

int boot_demand(const struct boot *boot, struct boot_demand *ret_demand,
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

/* With --insecure, what cannot be checked is said and passed over. */
static int tolerate(const struct boot *boot, int r,
		    const struct failure *failure)
{
	if (r == 0 || !boot->arguments->insecure || r == -ECANCELED)
		return r;
	log_warning("NOT CHECKED (--insecure): %s", failure->text);
	return 0;
}

/* --- where it goes --- */

/* Which ISO it is, for the bootstrap that comes back. One that was not checked
 * would pass for a checked one the next time. */
static void note_down(struct boot *boot, const char *sha256,
		      const char *checked)
{
	struct kept_iso *record = &boot->record;
	struct failure failure;
	int r;

	if (boot->arguments->insecure)
		return;
	*record = (struct kept_iso){ .size = boot->source.size };
	str_copy(record->sha256, sizeof(record->sha256), sha256);
	str_copy(record->reference, sizeof(record->reference),
		 boot->source.reference.target);
	str_copy(record->title, sizeof(record->title), boot->source.title);
	str_copy(record->checked, sizeof(record->checked), checked);
	kept_seal(record);
	if (!boot_is_in_memory(boot))
		return;
	r = pmem_write_kept(boot->memory.fd, record);
	if (r == 0)
		return;
	/* It is only fetched again then. */
	(void)failure_errno(&failure, -r, "what is kept cannot be noted down");
	log_warning("%s", failure.text);
}

static void tell_checked(const struct verify_verdict *verdict, const char *who)
{
	printf("sha256       %s\n", verdict->sha256);
	if (*who)
		printf("checked by   %s\n", who);
	else if (*verdict->checked)
		printf("checked by   %s\n", verdict->checked);
	else
		printf("checked by   nothing: no checksum is known for it\n");
	if (*verdict->signer)
		printf("signed by    minisign key %s\n", verdict->signer);
	fflush(stdout);
}

/* What came, although it is not what was demanded. */
static int digest_of_all(const struct boot_source *source,
			 struct verify_verdict *verdict,
			 struct failure *failure)
{
	struct reader reader = source->at_fd;
	char hex[DIGEST_TEXT_MAX];
	struct digest digest;
	int r = digest_of_reader(DIGEST_SHA256, &reader, &digest, failure);

	*verdict = (struct verify_verdict){ 0 };
	if (r == 0)
		str_copy(verdict->sha256, sizeof(verdict->sha256),
			 digest_hex(&digest, hex));
	return r;
}

/* Of distributions that sign the ISO itself, which says more than their list of
 * checksums does. */
static int check_signature(const struct boot *boot, int fd, uint64_t size,
			   struct boot_demand *checks, struct failure *failure)
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
	r = openpgp_verify(fd, size, signature.body, signature.size,
			   distro->keys, distro->keys_len, distro->fingerprints,
			   boot->source.title, &signer, &none, failure);
	http_answer_free(&signature);
	if (r < 0)
		return r;
	who = text_over(checks->who, sizeof(checks->who));
	text_add(&who, "its signature, by %s", signer.name);
	return 0;
}

static int write_to(struct boot *boot, int fd, uint64_t max,
		    const struct boot_demand *demand, struct failure *failure)
{
	struct image_request request = boot->arguments->image.request;
	struct boot_source *source = &boot->source;
	char reference[CONTROL_REF_MAX + SHA256_HEX_MAX];
	struct text text = text_over(reference, sizeof(reference));
	struct progress_meter meter = { 0 };
	struct boot_demand checks = *demand;
	struct verify_verdict verdict;
	uint64_t size = 0;
	int r;

	text_add(&text, "%s", source->reference.target);
	if (*source->reference.sha256)
		text_add(&text, "#sha256:%s", source->reference.sha256);
	request.reference = reference;
	request.sha256 = demand->sha256;
	request.progress = image_show_progress;
	request.context = &meter;
	r = image_write(&request, fd, max, &size, &verdict, failure);
	image_hide_progress();
	if (r < 0 && r != -EKEYREJECTED)
		return r;
	if (r < 0 && (size == 0 || tolerate(boot, r, failure) < 0))
		return r;
	if (reader_over_fd(&source->at_fd, fd, source->title, failure) < 0)
		return -failure->err;
	source->at_fd.size = source->size = size;
	if (r < 0 && digest_of_all(source, &verdict, failure) < 0)
		return -failure->err;
	source->ranged = ranged_close(source->ranged);
	source->reader = &source->at_fd;
	source->fd = fd;
	if (r == 0) {
		r = check_signature(boot, fd, size, &checks, failure);
		if (r < 0 && tolerate(boot, r, failure) < 0)
			return r;
	}
	tell_checked(&verdict, r < 0 ? "nothing: --insecure" : checks.who);
	note_down(boot, verdict.sha256,
		  r < 0 ? "" : (*checks.who ? checks.who : verdict.checked));
	return 0;
}

static int fetch_to_memory(struct boot *boot, const struct boot_demand *demand,
			   struct failure *failure)
{
	int r = pmem_write_kept(boot->memory.fd, NULL);

	if (r < 0)
		return failure_errno(failure, -r, "%s",
				     boot->memory.device.path);
	boot->memory.has_kept = false;
	return write_to(boot, boot->memory.fd,
			pmem_room(boot->memory.device.size), demand, failure);
}

static int fetch_to_memfd(struct boot *boot, const struct boot_demand *demand,
			  struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("live.iso", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory for the ISO");
	r = write_to(boot, fd, UINT64_MAX, demand, failure);
	if (r == 0)
		(void)TAKE_FD(fd); /* it is the source's now */
	return r;
}

/* A local file stays where it is, but is checked all the same. */
static int check_file(struct boot *boot, const struct boot_demand *demand,
		      struct failure *failure)
{
	const char *wanted = *demand->sha256 ? demand->sha256
					     : boot->source.reference.sha256;
	struct verify_verdict verdict;
	int r = digest_of_all(&boot->source, &verdict, failure);

	if (r == 0 && *wanted && !str_eq(wanted, verdict.sha256)) {
		r = failure_set(failure, EKEYREJECTED,
				"%s: its sha256 is %s, and should be %s",
				boot->source.title, verdict.sha256, wanted);
		r = tolerate(boot, r, failure);
	}
	if (r < 0)
		return r;
	tell_checked(&verdict, demand->who);
	note_down(boot, verdict.sha256, demand->who);
	return 0;
}

int boot_fetch(struct boot *boot, struct failure *failure)
{
	struct boot_demand demand = { 0 };
	int r;

	if (boot_is_in_memory(boot))
		return 0;
	r = tolerate(boot, boot_demand(boot, &demand, failure), failure);
	if (r < 0)
		return r;
	if (boot->method == BOOT_PMEM)
		return fetch_to_memory(boot, &demand, failure);
	return boot->source.reference.kind == REFERENCE_FILE
		       ? check_file(boot, &demand, failure)
		       : fetch_to_memfd(boot, &demand, failure);
}
