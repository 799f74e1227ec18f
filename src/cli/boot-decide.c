/* SPDX-License-Identifier: MIT */
/*
 * Where the ISO will be when the live system runs, and whether the machine has
 * the memory for that. In memory that outlives kexec it takes its own size
 * once. In the initrd it is held three times for a moment: as the kernel
 * keeps it for kexec, as it was unpacked, and while it moves on.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/boot.h"
#include "kernel/words.h"

/* A kernel, and the smallest live system that deserves the name. */
#define LIVE_BYTES (256 * MIB)

static uint64_t room_for_initrd(const struct boot *boot, uint64_t initrd)
{
	/* kexec's copy, the unpacked files, and what they were unpacked
	 * from; and the bootstrap, in the next kernel's hands. */
	return 3 * initrd + 2 * boot->return_size + LIVE_BYTES +
	       (boot->arguments->crash ? BOOT_CRASH_BYTES : 0);
}

static int check_memory(const struct boot *boot, uint64_t needed, uint64_t had,
			struct failure *failure)
{
	char need[SIZE_TEXT_MAX], have[SIZE_TEXT_MAX], lack[SIZE_TEXT_MAX];

	if (needed <= had)
		return 0;
	return failure_set(failure, ENOSPC,
			   "%s needs %s of memory by method %s, and this "
			   "machine has %s: %s are missing",
			   boot->source.title, size_text(needed, need),
			   boot_method_name(boot->method), size_text(had, have),
			   size_text(needed - had, lack));
}

int boot_plan_range(struct boot *boot, struct failure *failure)
{
	static char iomem[256 * KIB];
	struct pmem_range ours;
	/* What is set apart for another ISO comes back. */
	bool gives = words_our_range(boot->own_cmdline, &ours);
	ssize_t n = file_read(AT_FDCWD, "/proc/iomem", iomem, sizeof(iomem));

	if (n < 0)
		return failure_errno(failure, (int)-n, "/proc/iomem");
	return pmem_plan(iomem, gives ? &ours : NULL,
			 boot->source.size + boot->return_size, &boot->range,
			 failure);
}

static int plan_pmem(struct boot *boot, struct failure *failure)
{
	uint64_t room = room_for_initrd(boot, boot->choice.initrd_size);
	uint64_t total = memory_now().total;
	struct pmem_range ours;
	int r;

	boot->method = BOOT_PMEM;
	boot->moves = false;
	boot->reserves =
		boot->memory.fd < 0 ||
		pmem_room(boot->memory.device.size) < boot->source.size;
	if (!boot->reserves) {
		boot->range = boot->memory.device.range;
		return check_memory(boot,
				    PMEM_OVERHEAD(boot->range.size) + room,
				    total, failure);
	}
	if (words_our_range(boot->own_cmdline, &ours))
		total += ours.size;
	r = check_memory(boot,
			 boot->source.size + boot->return_size +
				 PMEM_OVERHEAD(boot->source.size) + room,
			 total, failure);
	return r < 0 ? r : boot_plan_range(boot, failure);
}

/* Its medium is a disk all the same: the live system's own kernel gets it, of
 * memory that is free now. */
static int plan_move(struct boot *boot, struct failure *failure)
{
	struct pmem_range other;

	/* Which number a second device gets nobody knows before. */
	if (pmem_words(boot->own_cmdline, &other, 1) > 0)
		return failure_set(failure, ENOTSUP,
				   "%s does not fit into the memory that is "
				   "set apart, and a second one is not used",
				   boot->source.title);
	boot->moves = true;
	return boot_plan_range(boot, failure);
}

static int plan_initrd(struct boot *boot, bool moves, struct failure *failure)
{
	uint64_t size = boot->source.size;
	int r;

	boot->method = BOOT_INITRD;
	boot->reserves = boot->moves = false;
	boot->return_size = moves ? 0 : boot->return_size;
	r = moves ? plan_move(boot, failure) : 0;
	return r < 0 ? r
		     : check_memory(
			       boot,
			       room_for_initrd(boot,
					       size + boot->choice.initrd_size),
			       memory_now().total, failure);
}

/* Whether the live system finds its ISO where that method puts it. */
static int check_medium(const struct boot *boot, enum boot_method method,
			struct failure *failure)
{
	const struct boot_choice *choice = &boot->choice;

	return medium_check(
		choice->medium,
		method == BOOT_PMEM ? MEDIUM_ON_PMEM : MEDIUM_IN_INITRD,
		choice->menu.entries[choice->index].cmdline, failure);
}

int boot_fall_back(struct boot *boot, struct failure *failure)
{
	int r = check_medium(boot, BOOT_INITRD, failure);

	return r < 0 ? r : plan_initrd(boot, false, failure);
}

int boot_decide_initrd(struct boot *boot, struct failure *failure)
{
	bool moves =
		boot->chosen && check_medium(boot, BOOT_INITRD, failure) < 0;
	int r = moves ? check_medium(boot, BOOT_PMEM, failure) : 0;

	return r < 0 ? r : plan_initrd(boot, moves, failure);
}

static bool is_file(const struct boot *boot)
{
	return boot->source.reference.kind == REFERENCE_FILE;
}

int boot_decide(struct boot *boot, struct failure *failure)
{
	enum boot_method asked = boot->arguments->method;
	bool fits = boot->memory.fd >= 0 && boot->source.size > 0 &&
		    boot->source.size <= pmem_room(boot->memory.device.size);
	int r;

	boot->return_size = boot_return_size(boot, NULL);
	/* A file would not be there any more after the kexec that reserves
	 * memory; and nobody knows how much an unknown size needs. */
	if (asked == BOOT_AUTO)
		asked = fits || (!is_file(boot) && boot->source.size > 0)
				? BOOT_PMEM
				: BOOT_INITRD;
	else if (asked == BOOT_PMEM && !fits && is_file(boot))
		return failure_set(failure, ENOTSUP,
				   "%s: a file is gone after the kexec that "
				   "reserves memory for it; give its URL, or "
				   "boot with memmap= (boomerang-boot(8)), or "
				   "use --method initrd",
				   boot->source.title);
	else if (asked == BOOT_PMEM && boot->source.size == 0)
		return failure_set(failure, ENOTSUP,
				   "%s: the server does not say how large it "
				   "is, so no memory can be reserved; use "
				   "--method initrd",
				   boot->source.title);
	if (asked != BOOT_PMEM)
		return boot_decide_initrd(boot, failure);
	r = boot->chosen ? check_medium(boot, BOOT_PMEM, failure) : 0;
	return r < 0 ? r : plan_pmem(boot, failure);
}
