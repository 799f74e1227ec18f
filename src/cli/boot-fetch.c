/* SPDX-License-Identifier: MIT */
/* The ISO into its place, checked on its way; or checked where it is. */
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
#include "image/whole.h"

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
	else if (!*verdict->signer)
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

/* What the checks said of what is there now: 0, or -EKEYREJECTED with *failure.
 * With --insecure the ISO is taken all the same, under its own digest. */
static int conclude(struct boot *boot, int judged,
		    struct verify_verdict *verdict, struct failure *failure)
{
	struct boot_demand checks = boot->demand;
	int r = judged;

	if (r < 0 && boot_tolerate(boot, r, failure) < 0)
		return r;
	if (r < 0 && digest_of_all(&boot->source, verdict, failure) < 0)
		return -failure->err;
	if (r == 0) {
		r = boot_check_signature(boot, &checks, failure);
		if (r < 0 && boot_tolerate(boot, r, failure) < 0)
			return r;
	}
	tell_checked(verdict, r < 0 ? "nothing: --insecure" : checks.who);
	note_down(boot, verdict->sha256,
		  r < 0 ? "" : (*checks.who ? checks.who : verdict->checked));
	return 0;
}

static int write_to(struct boot *boot, int fd, uint64_t max,
		    struct failure *failure)
{
	struct image_request request = boot->arguments->image.request;
	struct boot_source *source = &boot->source;
	char reference[CONTROL_REF_MAX + SHA256_HEX_MAX];
	struct text text = text_over(reference, sizeof(reference));
	struct progress_meter meter = { 0 };
	struct verify_verdict verdict;
	struct trust trust;
	uint64_t size = 0;
	int r;

	boot_trust(boot, &trust);
	text_add(&text, "%s", source->reference.target);
	if (*source->reference.sha256)
		text_add(&text, "#sha256:%s", source->reference.sha256);
	request.reference = reference;
	request.sha256 = boot->demand.sha256;
	request.trust = &trust;
	request.progress = image_show_progress;
	request.context = &meter;
	r = image_write(&request, fd, max, &size, &verdict, failure);
	image_hide_progress();
	/* A check that fails when all is there may be tolerated. */
	if (r < 0 && (r != -EKEYREJECTED || size == 0))
		return r;
	if (reader_over_fd(&source->at_fd, fd, source->title, failure) < 0)
		return -failure->err;
	source->at_fd.size = source->size = size;
	source->ranged = ranged_close(source->ranged);
	source->reader = &source->at_fd;
	source->fd = fd;
	return conclude(boot, r, &verdict, failure);
}

static int fetch_to_memory(struct boot *boot, struct failure *failure)
{
	int r = pmem_write_kept(boot->memory.fd, NULL);

	if (r < 0)
		return failure_errno(failure, -r, "%s",
				     boot->memory.device.path);
	boot->memory.has_kept = false;
	return write_to(boot, boot->memory.fd,
			pmem_room(boot->memory.device.size), failure);
}

static int fetch_to_memfd(struct boot *boot, struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("live.iso", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory for the ISO");
	r = write_to(boot, fd, UINT64_MAX, failure);
	/* It is the source's now. */
	if (boot->source.fd == fd)
		(void)TAKE_FD(fd);
	return r;
}

static int check_in_place(struct boot *boot, struct failure *failure)
{
	struct verify_verdict verdict;
	int r = boot_verify(boot, &verdict, failure);

	return r < 0 && r != -EKEYREJECTED
		       ? r
		       : conclude(boot, r, &verdict, failure);
}

int boot_fetch(struct boot *boot, struct failure *failure)
{
	bool in_memory = boot_is_in_memory(boot);

	/* It was checked when it came there; a live system, which could have
	 * noted down what it liked, is not asked whether it is signed. */
	if (in_memory && !boot->arguments->image.trust.required)
		return 0;
	if (in_memory || boot->source.reference.kind == REFERENCE_FILE)
		return boot->method == BOOT_PMEM && !in_memory
			       ? fetch_to_memory(boot, failure)
			       : check_in_place(boot, failure);
	return boot->method == BOOT_PMEM ? fetch_to_memory(boot, failure)
					 : fetch_to_memfd(boot, failure);
}
