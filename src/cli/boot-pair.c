/* SPDX-License-Identifier: MIT */
/* A kernel and initrds of the person's own: plain kexec. */
#include <stdio.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/progress-line.h"
#include "image/whole.h"
#include "kernel/payload.h"

/* A regular file that has what reference names. */
static int fetch(const struct boot *boot, const char *reference,
		 struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("boomerang", MFD_CLOEXEC);
	struct image_request request = boot->arguments->image.request;
	struct progress_meter meter = { 0 };
	struct verify_verdict verdict;
	uint64_t size;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory");
	request.reference = reference;
	request.progress = image_show_progress;
	request.context = &meter;
	r = image_write(&request, fd, memory_now().available, &size, &verdict,
			failure);
	image_hide_progress();
	return r < 0 ? r : TAKE_FD(fd);
}

static int check(const struct boot *boot, int fd, const char *name,
		 struct failure *failure)
{
	struct kernel_facts facts;
	struct reader reader;
	int r = reader_over_fd(&reader, fd, name, failure);

	if (r == 0)
		r = kernel_image_check(&reader, &facts, failure);
	if (r < 0)
		return r;
	if (boot->policy.needs_signature && !facts.is_signed)
		return failure_set(failure, EKEYREJECTED,
				   "%s cannot be started: %s, and it is not "
				   "signed",
				   name, boot->policy.why);
	printf("kernel       %s, %s\n", name,
	       *facts.release ? facts.release : "of unknown release");
	return 0;
}

static int add_initrds(const struct boot *boot, struct payload *payload,
		       struct failure *failure)
{
	const struct boot_arguments *a = boot->arguments;
	int r = payload_open(payload, "the initrd", failure);

	for (size_t i = 0; r == 0 && i < a->initrd_count; i++) {
		_cleanup_fd int fd = fetch(boot, a->initrds[i], failure);

		r = fd < 0 ? fd
			   : payload_add_archive(payload, fd, a->initrds[i],
						 failure);
	}
	return r;
}

int boot_pair(struct boot *boot, struct failure *failure)
{
	const struct boot_arguments *a = boot->arguments;
	_cleanup_payload struct payload payload = { .fd = FD_NONE };
	const char *cmdline = a->append ? a->append : "";
	_cleanup_fd int kernel = FD_NONE;
	int r;

	if (strlen(cmdline) >= KERNEL_CMDLINE_MAX)
		return failure_set(failure, ENOBUFS,
				   "--append has more than %d bytes",
				   KERNEL_CMDLINE_MAX - 1);
	boot_await_network(boot);
	kernel = fetch(boot, a->kernel, failure);
	r = kernel < 0 ? kernel : check(boot, kernel, a->kernel, failure);
	if (r == 0)
		r = add_initrds(boot, &payload, failure);
	if (r < 0 || a->dry_run)
		return r;
	r = boot_confirm(boot, a->kernel, failure);
	if (r == 0)
		r = kexec_load_files(KEXEC_NEXT, kernel,
				     a->initrd_count > 0 ? payload.fd : FD_NONE,
				     cmdline, a->kernel, failure);
	return r < 0 ? r : boot_jump(boot, a->kernel, failure);
}
