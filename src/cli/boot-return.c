/* SPDX-License-Identifier: MIT */
/*
 * The way back: the bootstrap's kernel and archive, which the wrapper around
 * the live system's init (kernel/live.h) gives to that system's kernel. kexec
 * holds an initrd twice while it loads it, so they are kept behind the ISO, and
 * only where there is no such place in the initrd.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/boot.h"

/* --- where it is kept --- */

static int copy_to(int device, int fd, const struct live_piece *piece)
{
	off_t from = 0;

	if (lseek(device, (off_t)piece->at, SEEK_SET) < 0)
		return -errno;
	while ((uint64_t)from < piece->size) {
		ssize_t n = sendfile(device, fd, &from,
				     piece->size - (uint64_t)from);

		if (n == 0 || (n < 0 && errno != EINTR))
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* In memory it is then, and nowhere in the page cache besides. */
static int settle(int device, uint64_t from, uint64_t end)
{
	if (fsync(device) < 0)
		return -errno;
	return -posix_fadvise(device, (off_t)from, (off_t)(end - from),
			      POSIX_FADV_DONTNEED);
}

static uint64_t end_of(const struct live_plan *plan)
{
	return MAX(plan->archive.at + plan->archive.size,
		   plan->kernel.at + plan->kernel.size);
}

static bool has_room(const struct boot *boot, const struct self *self,
		     struct live_plan *plan)
{
	plan->archive = (struct live_piece){
		.at = boot_in_blocks(boot->source.size),
		.size = boot_size_of(self->archive_fd),
	};
	plan->kernel = (struct live_piece){
		.at = plan->archive.at +
		      (self->kernel_at > 0
			       ? self->kernel_at
			       : boot_in_blocks(plan->archive.size)),
		.size = boot_size_of(self->kernel_fd),
	};
	/* A kernel that does not see the device finds nothing there, nor one
	 * that is locked down where it gets no driver. */
	return boot->method == BOOT_PMEM && boot_is_in_memory(boot) &&
	       (plan->memory == 0 || !boot->policy.needs_signature) &&
	       end_of(plan) <= pmem_room(boot->memory.device.size);
}

static int keep_in_memory(const struct boot *boot, const struct self *self,
			  const struct live_plan *plan)
{
	int device = boot->memory.fd;
	int r = copy_to(device, self->archive_fd, &plan->archive);

	if (r == 0 && self->kernel_at == 0)
		r = copy_to(device, self->kernel_fd, &plan->kernel);
	return r == 0 ? settle(device, plan->archive.at, end_of(plan)) : r;
}

/* --- what it is --- */

static bool is_signed(int kernel_fd)
{
	struct kernel_facts facts;
	struct reader reader;
	struct failure none;

	return reader_over_fd(&reader, kernel_fd, SELF_KERNEL, &none) == 0 &&
	       kernel_image_check(&reader, &facts, &none) == 0 &&
	       facts.is_signed;
}

static int open_self(const struct boot *boot, struct self *self,
		     struct failure *failure)
{
	int r = boot_self_open(boot, self, failure);

	if (r == 0 && boot->policy.needs_signature &&
	    !is_signed(self->kernel_fd))
		r = failure_set(failure, EKEYREJECTED,
				"%s, and the bootstrap's kernel is not signed",
				boot->policy.why);
	return r;
}

uint64_t boot_return_end(const struct boot *boot, const struct live_plan *plan)
{
	return MAX(end_of(plan), boot->source.size);
}

int boot_keep_return(const struct boot *boot, struct self *ret_self,
		     struct live_plan *plan, struct failure *failure)
{
	_cleanup_self struct self self = SELF_NONE;
	struct failure why;
	int r = open_self(boot, &self, &why);

	if (r < 0) {
		log_warning("no way back from it without firmware: %s",
			    why.text);
		return 0;
	}
	r = boot_self_cmdline(boot, boot->moves, plan->cmdline,
			      sizeof(plan->cmdline), failure);
	if (r < 0)
		return r;
	plan->flags |= LIVE_RETURN | (boot->arguments->crash ? LIVE_CRASH : 0);
	if (has_room(boot, &self, plan)) {
		r = keep_in_memory(boot, &self, plan);
		return r < 0 ? failure_errno(failure, -r, "%s",
					     boot->memory.device.path)
			     : 0;
	}
	plan->kernel = plan->archive = (struct live_piece){ 0 };
	*ret_self = self;
	self = (struct self)SELF_NONE;
	return 0;
}

int boot_add_return(const struct self *self, struct payload *payload,
		    struct failure *failure)
{
	int r;

	if (self->archive_fd < 0)
		return 0;
	r = payload_add_fd(payload, LIVE_KERNEL, 0600, self->kernel_fd,
			   "the bootstrap's kernel", failure);
	return r < 0 ? r
		     : payload_add_fd(payload, LIVE_BOOTSTRAP, 0600,
				      self->archive_fd, "the bootstrap",
				      failure);
}
