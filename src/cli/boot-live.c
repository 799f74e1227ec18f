/* SPDX-License-Identifier: MIT */
/*
 * Into the live system: its own kernel, and its own initrd with an archive of
 * ours behind it. In that is what its kernel needs to see the ISO, and the
 * bootstrap, which its kernel is given for the way back.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/sibling.h"
#include "kernel/live-modules.h"
#include "kernel/payload.h"
#include "kernel/words.h"

/* --- the parts --- */

/* kexec takes regular files only. */
static int copy_kernel(const struct boot *boot, const char *path,
		       struct failure *failure)
{
	_cleanup_fd int fd = memfd_create("vmlinuz", MFD_CLOEXEC);
	_cleanup_free char *bytes = NULL;
	size_t len;
	int r;

	if (fd < 0)
		return failure_errno(failure, errno, "no memory for %s", path);
	r = iso_read_whole(&boot->choice.iso, path, 256 * MIB, &bytes, &len,
			   failure);
	if (r < 0)
		return r;
	r = fd_write_all(fd, bytes, len);
	return r < 0 ? failure_errno(failure, -r, "no memory for %s", path)
		     : TAKE_FD(fd);
}

static int add_initrds(const struct boot *boot, const struct boot_entry *entry,
		       struct payload *payload, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->initrd_count; i++)
		r = payload_add_iso_file(payload, &boot->choice.iso,
					 entry->initrds[i], failure);
	return r;
}

static int add_modules(const struct boot *boot, struct payload *payload,
		       struct live_plan *plan, struct failure *failure)
{
	_cleanup_live_modules struct live_modules modules = { 0 };
	const char *const *names = boot->method == BOOT_PMEM
					   ? live_modules_pmem
					   : live_modules_file;
	int r = live_modules_find(&boot->choice.iso, boot->source.fd,
				  boot->choice.kernel.release, names, &modules,
				  failure);

	for (size_t i = 0; r == 0 && i < modules.count; i++) {
		char path[64];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, LIVE_MODULES "/%02zu", i);
		r = payload_add_bytes(payload, path, 0600,
				      modules.list[i].bytes,
				      modules.list[i].len, failure);
	}
	plan->module_count = (uint32_t)modules.count;
	return r;
}

static int add_init(const struct boot *boot, struct payload *payload,
		    struct failure *failure)
{
	char path[PATH_MAX] = "/init";
	_cleanup_fd int fd = FD_NONE;
	int r = boot->in_bootstrap
			? 0
			: sibling_find("boomerang-init", path, failure);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(failure, errno, "%s", path);
	return payload_add_fd(payload, LIVE_INIT, 0755, fd, path, failure);
}

static bool is_signed(int kernel_fd)
{
	struct kernel_facts facts;
	struct reader reader;
	struct failure none;

	return reader_over_fd(&reader, kernel_fd, SELF_KERNEL, &none) == 0 &&
	       kernel_image_check(&reader, &facts, &none) == 0 &&
	       facts.is_signed;
}

/* The way back is worth much, and yet less than the way there: what fails here
 * is said and passed over. */
static int add_way_back(struct boot *boot, struct payload *payload,
			struct live_plan *plan, struct failure *failure)
{
	_cleanup_self struct self self = { FD_NONE, FD_NONE };
	struct failure why;
	int r = boot->in_bootstrap
			? self_pack(&self, &why)
			: self_open(&self, boot->arguments->bootstrap, &why);

	if (r == 0 && boot->policy.needs_signature &&
	    !is_signed(self.kernel_fd))
		r = failure_set(&why, EKEYREJECTED, "%s", boot->policy.why);
	if (r < 0) {
		log_warning("no way back from it without firmware: %s",
			    why.text);
		return 0;
	}
	r = words_for_bootstrap(boot->own_cmdline, NULL, plan->cmdline,
				sizeof(plan->cmdline), failure);
	if (r == 0)
		r = payload_add_fd(payload, LIVE_KERNEL, 0600, self.kernel_fd,
				   "the bootstrap's kernel", failure);
	if (r == 0)
		r = payload_add_fd(payload, LIVE_BOOTSTRAP, 0600,
				   self.archive_fd, "the bootstrap", failure);
	plan->flags = LIVE_RETURN | (boot->arguments->crash ? LIVE_CRASH : 0);
	return r;
}

/* --- together --- */

static int assemble(struct boot *boot, const struct boot_entry *entry,
		    struct payload *payload, struct failure *failure)
{
	struct live_plan plan = { .magic = LIVE_PLAN_MAGIC };
	int r = payload_open(payload, boot->source.title, failure);

	if (r == 0)
		r = add_initrds(boot, entry, payload, failure);
	if (r == 0)
		r = add_init(boot, payload, failure);
	if (r == 0 && medium_is_needed(boot->choice.medium))
		r = add_modules(boot, payload, &plan, failure);
	if (r == 0)
		r = add_way_back(boot, payload, &plan, failure);
	if (r == 0)
		r = payload_add_bytes(payload, LIVE_PLAN, 0600, &plan,
				      sizeof(plan), failure);
	if (r == 0 && boot->method == BOOT_INITRD)
		r = payload_add_reader(payload, LIVE_ISO, 0600,
				       boot->source.reader, failure);
	return r < 0 ? r : payload_finish(payload, failure);
}

static int make_cmdline(const struct boot *boot, const struct boot_entry *entry,
			char *buf, size_t size, struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	const struct medium_place_at at = {
		.place = boot->method == BOOT_PMEM ? MEDIUM_ON_PMEM
						   : MEDIUM_IN_INITRD,
		.path = boot->method == BOOT_PMEM ? boot->memory.device.path
						  : LIVE_ISO,
		.label = boot->choice.iso.label,
	};
	const char *const more[] = {
		distro ? distro->append : NULL,
		boot->arguments->append,
		boot->arguments->crash ? BOOT_CRASH_WORD : NULL,
		"rdinit=" LIVE_INIT,
	};
	char live[KERNEL_CMDLINE_MAX];

	if (medium_cmdline(boot->choice.medium, &at, entry->cmdline, live,
			   sizeof(live)) < 0)
		return failure_set(failure, ENOBUFS,
				   "\"%s\" has a longer command line than a "
				   "kernel takes",
				   entry->title);
	return words_for_live(live, more, ARRAY_SIZE(more), boot->own_cmdline,
			      buf, size, failure);
}

static int load(struct boot *boot, const struct boot_entry *entry,
		struct failure *failure)
{
	_cleanup_payload struct payload payload = { .fd = FD_NONE };
	_cleanup_fd int kernel = FD_NONE;
	char cmdline[KERNEL_CMDLINE_MAX];
	int r = make_cmdline(boot, entry, cmdline, sizeof(cmdline), failure);

	if (r == 0)
		r = assemble(boot, entry, &payload, failure);
	if (r < 0)
		return r;
	kernel = copy_kernel(boot, entry->kernel, failure);
	if (kernel < 0)
		return kernel;
	printf("command line %s\n", cmdline);
	fflush(stdout);
	return kexec_load_files(KEXEC_NEXT, kernel, payload.fd, cmdline,
				entry->title, failure);
}

int boot_live(struct boot *boot, struct failure *failure)
{
	const struct boot_entry *entry =
		&boot->choice.menu.entries[boot->choice.index];
	int r = boot_confirm(boot, entry->title, failure);

	if (r == 0)
		r = load(boot, entry, failure);
	return r < 0 ? r : boot_jump(boot, entry->title, failure);
}
