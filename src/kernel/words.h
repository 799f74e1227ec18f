/* SPDX-License-Identifier: MIT */
/* Kernel command lines for what comes next, made of those that are there. */
#pragma once

#include "base/failure.h"
#include "kernel/pmem.h"

/* Beside a memmap= of ours, with the same value: it is taken out again when
 * another ISO needs another place. One that a person gave is left alone. */
#define WORDS_PMEM "boomerang.pmem"

/* The range of it; false: there is none of ours. */
bool words_our_range(const char *cmdline, struct pmem_range *ret_range);

/*
 * For the bootstrap: the command line, of it or of another system, without what
 * was said to this boot alone (image_url= and its like, BOOT_IMAGE=, initrd=,
 * rdinit=, crashkernel=) and our memory; with range (NULL: as it is) taken out.
 * -ENOBUFS with *failure.
 */
int words_for_bootstrap(const char *cmdline, const struct pmem_range *range,
			char *buf, size_t size, struct failure *failure)
	_must_check;

/* Of another system's command line only what a bootstrap there needs, too:
 * console=, and memory that is taken out. */
int words_of_machine(const char *cmdline, char *buf, size_t size,
		     struct failure *failure) _must_check;

/*
 * For the live system: its own words, then more (NULLs are passed over), and
 * last the memory that own, the bootstrap's command line, takes out, and its
 * main console, and the screen, when neither names one: a live system has a
 * login on one serial line at most. What follows a "--" stays there: it is the
 * init's. -ENOBUFS with *failure.
 */
int words_for_live(const char *live, const char *const *more, size_t count,
		   const char *own, char *buf, size_t size,
		   struct failure *failure) _must_check;
