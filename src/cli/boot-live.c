/* SPDX-License-Identifier: MIT */
/*
 * Into the live system: its own kernel, and its own initrd with an archive of
 * ours behind it. In that is what its kernel needs to see the ISO, and the
 * bootstrap, which its kernel is given for the way back.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/boot.h"
#include "cli/sibling.h"
#include "kernel/live-modules.h"
#include "kernel/payload.h"
#include "kernel/words.h"

/* There is no other (boot_decide_initrd()). */
#define FIRST_DEVICE "/dev/pmem0"

/* --- the parts --- */

static int add_initrds(const struct boot *boot, const struct boot_entry *entry,
		       struct payload *payload, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < entry->initrd_count; i++)
		r = payload_add_iso_file(payload, &boot->choice.iso,
					 entry->initrds[i], failure);
	return r;
}

/* Whether the live system sees the ISO as a disk. */
static bool is_on_device(const struct boot *boot)
{
	return boot->method == BOOT_PMEM || boot->moves;
}

static const char *path_of_device(const struct boot *boot)
{
	return boot->moves ? FIRST_DEVICE : boot->memory.device.path;
}

static int find_modules(const struct boot *boot, struct live_modules *modules,
			struct failure *failure)
{
	return live_modules_find(
		&boot->choice.iso, boot->source.fd, boot->choice.kernel.release,
		is_on_device(boot) ? live_modules_pmem : live_modules_file,
		modules, failure);
}

/* An ISO whose kernel cannot see the memory may still be read in the initrd,
 * most often with what that has itself. */
static int choose_modules(struct boot *boot, struct live_modules *modules,
			  struct failure *failure)
{
	struct failure why;
	int r;

	if (!medium_is_needed(boot->choice.medium))
		return 0;
	r = find_modules(boot, modules, &why);
	if ((r == -ENOENT || r == -ENOPKG) && boot->method == BOOT_PMEM &&
	    boot->arguments->method == BOOT_AUTO &&
	    boot_fall_back(boot, failure) == 0) {
		log_warning("%s; it goes along in the initrd", why.text);
		r = find_modules(boot, modules, &why);
	}
	if ((r == -ENOENT || r == -ENOPKG) && !is_on_device(boot)) {
		log_warning("%s", why.text);
		return 0;
	}
	if (r < 0)
		*failure = why;
	return r;
}

static int add_modules(const struct live_modules *modules,
		       struct payload *payload, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < modules->count; i++) {
		char path[64];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, LIVE_MODULES "/%02zu", i);
		r = payload_add_bytes(payload, path, 0600,
				      modules->list[i].bytes,
				      modules->list[i].len, failure);
	}
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

/* --- together --- */

/* All that is put together besides the ISO's initrds. */
struct parts {
	struct live_modules modules;
	struct live_plan plan;
	struct self self; /* the way back, unless memory keeps it */
};

static void parts_clear(struct parts *parts)
{
	live_modules_clear(&parts->modules);
	self_close(&parts->self);
}
#define _cleanup_parts _cleanup(parts_clear)

static int find_parts(struct boot *boot, struct parts *parts,
		      struct failure *failure)
{
	struct live_plan *plan = &parts->plan;

	plan->magic = LIVE_PLAN_MAGIC;
	if (is_on_device(boot))
		str_copy(plan->device, sizeof(plan->device),
			 strrchr(path_of_device(boot), '/') + 1);
	/* No modules then, choose_modules(). */
	if (!medium_is_needed(boot->choice.medium) && boot->method == BOOT_PMEM)
		plan->memory = boot->memory.device.range.start;
	plan->flags = boot->moves ? LIVE_MOVE : 0;
	plan->module_count = (uint32_t)parts->modules.count;
	return boot_keep_return(boot, &parts->self, plan, failure);
}

static int assemble(const struct boot *boot, const struct boot_entry *entry,
		    const struct parts *parts, struct payload *payload,
		    struct failure *failure)
{
	int r = add_initrds(boot, entry, payload, failure);

	if (r == 0)
		r = add_init(boot, payload, failure);
	if (r == 0)
		r = add_modules(&parts->modules, payload, failure);
	if (r == 0)
		r = boot_add_return(&parts->self, payload, failure);
	if (r == 0)
		r = payload_add_bytes(payload, LIVE_PLAN, 0600, &parts->plan,
				      sizeof(parts->plan), failure);
	if (r == 0 && boot->moves)
		r = payload_add_bytes(payload, LIVE_KEPT, 0600, &boot->record,
				      sizeof(boot->record), failure);
	if (r == 0 && boot->method == BOOT_INITRD)
		r = payload_add_reader(payload, LIVE_ISO, 0600,
				       boot->source.reader, failure);
	return r < 0 ? r : payload_finish(payload, failure);
}

/* Where the ISO is, of which both are then a part. Returns the kernel. */
static int assemble_on_device(const struct boot *boot,
			      const struct boot_entry *entry,
			      const struct parts *parts,
			      struct payload *payload, struct failure *failure)
{
	_cleanup_device_files struct device_files files = DEVICE_FILES_NONE;
	int r;

	device_files_begin(&files, boot->memory.fd, boot->memory.device.path,
			   boot_return_end(boot, &parts->plan),
			   pmem_room(boot->memory.device.size));
	r = boot_kernel_refer(boot, &files, failure);
	if (r < 0)
		return r;
	payload_open_on(payload, boot->source.title, &files);
	r = assemble(boot, entry, parts, payload, failure);
	return r < 0 ? r
		     : device_files_open(&files, DEVICE_FILE_KERNEL, failure);
}

static int assemble_in_memory(const struct boot *boot,
			      const struct boot_entry *entry,
			      const struct parts *parts,
			      struct payload *payload, struct failure *failure)
{
	int r = payload_open(payload, boot->source.title, failure);

	if (r == 0)
		r = assemble(boot, entry, parts, payload, failure);
	return r < 0 ? r : boot_kernel_copy(boot, failure);
}

static int assemble_anywhere(const struct boot *boot,
			     const struct boot_entry *entry,
			     const struct parts *parts, struct payload *payload,
			     struct failure *failure)
{
	int kernel;

	/* There may be no room behind the ISO, and what is wrong with the ISO
	 * itself is wrong again. */
	if (boot->method == BOOT_PMEM && boot_is_in_memory(boot)) {
		kernel = assemble_on_device(boot, entry, parts, payload,
					    failure);
		if (kernel >= 0)
			return kernel;
		payload_close(payload);
	}
	return assemble_in_memory(boot, entry, parts, payload, failure);
}

static int make_cmdline(const struct boot *boot, const struct boot_entry *entry,
			char *buf, size_t size, struct failure *failure)
{
	const struct distro *distro = boot->source.distro;
	const struct medium_place_at at = {
		.place = is_on_device(boot) ? MEDIUM_ON_PMEM : MEDIUM_IN_INITRD,
		.path = is_on_device(boot) ? path_of_device(boot) : LIVE_ISO,
		.label = boot->choice.iso.label,
	};
	const char *const more[] = {
		distro ? distro->append : NULL,
		boot->arguments->append,
		boot->arguments->crash ? BOOT_CRASH_WORD : NULL,
		"rdinit=" LIVE_INIT,
	};
	char live[KERNEL_CMDLINE_MAX], own[KERNEL_CMDLINE_MAX];
	int r;

	if (medium_cmdline(boot->choice.medium, &at, entry->cmdline, live,
			   sizeof(live)) < 0)
		return failure_set(failure, ENOBUFS,
				   "\"%s\" has a longer command line than a "
				   "kernel takes",
				   entry->title);
	/* With the range that is taken out from then on. */
	r = words_for_bootstrap(boot->own_cmdline,
				boot->moves ? &boot->range : NULL, own,
				sizeof(own), failure);
	return r < 0 ? r
		     : words_for_live(live, more, ARRAY_SIZE(more), own, buf,
				      size, failure);
}

static int load(struct boot *boot, const struct boot_entry *entry,
		struct failure *failure)
{
	_cleanup_parts struct parts parts = { .self = SELF_NONE };
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	_cleanup_fd int kernel = FD_NONE;
	char cmdline[KERNEL_CMDLINE_MAX];
	int r = choose_modules(boot, &parts.modules, failure);

	if (r == 0)
		r = make_cmdline(boot, entry, cmdline, sizeof(cmdline),
				 failure);
	if (r == 0)
		r = find_parts(boot, &parts, failure);
	if (r == 0)
		r = kernel = assemble_anywhere(boot, entry, &parts, &payload,
					       failure);
	if (r < 0)
		return r;
	/* The kernel needs all that there is. */
	parts_clear(&parts);
	malloc_trim(0);
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
