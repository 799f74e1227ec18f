/* SPDX-License-Identifier: MIT */
/* The parts of `boomerang boot`, in the order in which they are used. */
#pragma once

#include "cli/image-arguments.h"
#include "image/ranged.h"
#include "image/verify.h"
#include "iso/boot-menu.h"
#include "iso/distros.h"
#include "iso/medium.h"
#include "kernel/image-check.h"
#include "kernel/kexec.h"
#include "kernel/payload.h"
#include "kernel/pmem.h"
#include "kernel/self.h"
#include "wire/boot-plan.h"

#define BOOT_DIR_DEFAULT "out" /* of `boomerang build` */

/* What a panic leaves the bootstrap: the kernel unpacks an archive into half
 * of its memory at most, and the bootstrap's is over 100 MB then. */
#define BOOT_CRASH_BYTES (512 * MIB)
#define BOOT_CRASH_WORD	 "crashkernel=512M"

/* What was asked for. */
struct boot_arguments {
	struct image_arguments image; /* its reference: what was typed */
	const char *entry, *append;   /* NULL: not said */
	const char *bootstrap;	      /* the directory that has it */
	const char *kernel;	      /* a pair instead of an ISO */
	const char *initrds[BOOT_INITRDS_MAX];
	size_t initrd_count;
	enum boot_method method;
	bool dry_run, insecure, yes, crash;
	bool resume;   /* it is a boot_plan that asks */
	bool in_menus; /* nothing was typed: the person chooses */
};

/* The ISO, wherever it is at the moment. */
struct boot_source {
	const struct distro *distro; /* NULL: an address was typed */
	struct reference reference;  /* of the ISO itself */
	char title[128];
	uint64_t size; /* bytes; 0: not known */
	/* NULL: it cannot be read before all of it was fetched. */
	const struct reader *reader;
	int fd; /* of a local file, a memfd, or of the pmem device */
	struct reader at_fd;
	struct ranged *ranged;
};

/* The memory that outlives kexec, when there is some. */
struct boot_memory {
	struct pmem_device device;
	int fd;
	bool has_kept;
	struct kept_iso kept; /* an ISO that is there, when has_kept */
};

/* What of the ISO is booted. */
struct boot_choice {
	struct iso iso;
	struct boot_menu menu;
	size_t index; /* of the entry */
	enum medium medium;
	struct kernel_facts kernel;
	uint64_t initrd_size; /* bytes, of all its initrds */
};

/* The sha256 that the ISO must have and who says so; "": nothing says. */
struct boot_demand {
	char sha256[SHA256_HEX_MAX];
	char who[160];
	bool is_signed; /* by a key of the table of distributions */
};

/* One boot, as far as it is. */
struct boot {
	const struct boot_arguments *arguments;
	bool in_bootstrap;
	struct distros distros;
	struct boot_memory memory;
	struct boot_source source;
	struct boot_choice choice;
	bool chosen;
	struct boot_demand demand;
	enum boot_method method; /* never BOOT_AUTO once chosen */
	bool reserves;		 /* range must be taken out first */
	bool moves; /* method initrd: the live system's kernel takes range out,
		       and the ISO goes there from its initrd */
	struct kept_iso record; /* of what was fetched */
	uint64_t return_size;	/* bytes behind the ISO, boot_return_size() */
	struct pmem_range range;
	struct kexec_policy policy;
	char own_cmdline[KERNEL_CMDLINE_MAX]; /* of the bootstrap */
};

/* Opens what the others use, undone by boot_close(), which is fine after any
 * failure of it. */
int boot_open(struct boot *boot, struct failure *failure) _must_check;
void boot_close(struct boot *boot);

/* Finds the ISO that was asked for, without fetching it. */
int boot_find(struct boot *boot, struct failure *failure) _must_check;

/* Whether the ISO that is asked for lies in memory already, unchanged. */
bool boot_is_kept(const struct boot *boot);

/* Whether the ISO itself lies in the pmem device. */
bool boot_is_in_memory(const struct boot *boot);

/* Asks the person what to boot: fills in the arguments' reference. */
int boot_ask(struct boot *boot, struct boot_arguments *arguments,
	     struct failure *failure) _must_check;

/* Reads what the ISO offers, chooses, and refuses what cannot work. */
int boot_look(struct boot *boot, struct failure *failure) _must_check;

/* The chosen kernel as a regular file: a memfd; or as DEVICE_FILE_KERNEL, of
 * the device that has the ISO. */
int boot_kernel_copy(const struct boot *boot, struct failure *failure)
	_must_check;
int boot_kernel_refer(const struct boot *boot, struct device_files *files,
		      struct failure *failure) _must_check;

/* Whether the running kernel, when it is locked down, would start the chosen
 * one: -EKEYREJECTED with *failure, it would not. 0 also when it cannot be
 * asked. Nothing is loaded afterwards. */
int boot_kernel_try(const struct boot *boot, struct failure *failure)
	_must_check;

/* Decides where the ISO will be, and whether all of it fits. */
int boot_decide(struct boot *boot, struct failure *failure) _must_check;

/* Decides once more, for method initrd, when the ISO is at hand. */
int boot_decide_initrd(struct boot *boot, struct failure *failure) _must_check;

/* Method pmem does not work after all: the ISO goes into the initrd, when its
 * medium is found there and it fits. */
int boot_fall_back(struct boot *boot, struct failure *failure) _must_check;

/* Which memory is taken out for the ISO and return_size. */
int boot_plan_range(struct boot *boot, struct failure *failure) _must_check;

/* For a person: the ISO; what of it is booted; how; and what it must be. */
void boot_print_source(const struct boot *boot);
void boot_print_choice(const struct boot *boot);
void boot_print_method(const struct boot *boot);
void boot_print_demand(const struct boot *boot);

/*
 * What must be known of the ISO before anything ends: boot->demand, from the
 * table's list and its signature; and where a signature is required, that there
 * is one. -EKEYREJECTED with *failure.
 */
int boot_permit(struct boot *boot, struct failure *failure) _must_check;

/* Brings the ISO to its place, checked; or checks it where it is. Interruptible.
 */
int boot_fetch(struct boot *boot, struct failure *failure) _must_check;

/* Its parts. What is believed of what lies beside the ISO: when a key of the
 * table vouches for it, no other signature is required. */
void boot_trust(const struct boot *boot, struct trust *ret_trust);
/* Checks all of a source that has a descriptor. */
int boot_verify(const struct boot *boot, struct verify_verdict *ret_verdict,
		struct failure *failure) _must_check;
/* Of a distribution that signs the ISO itself, which says more than a list does:
 * that signature, and in *checks whose it is. */
int boot_check_signature(const struct boot *boot, struct boot_demand *checks,
			 struct failure *failure) _must_check;
/* With --insecure, what cannot be checked is said and passed over. */
int boot_tolerate(const struct boot *boot, int r, const struct failure *failure)
	_must_check;

/* The bootstrap itself: this one, or the one of a build. */
int boot_self_open(const struct boot *boot, struct self *ret_self,
		   struct failure *failure) _must_check;

/* Its command line; reserve: with boot->range taken out. */
int boot_self_cmdline(const struct boot *boot, bool reserve, char *buf,
		      size_t size, struct failure *failure) _must_check;

/* Bytes that it takes behind an ISO; of_self NULL: about, before it was
 * packed. */
uint64_t boot_return_size(const struct boot *boot, const struct self *of_self);
uint64_t boot_in_blocks(uint64_t size);
uint64_t boot_size_of(int fd); /* of a file */

/*
 * The bootstrap that comes back after the live system: into the memory behind
 * the ISO where there is room for it, and into the plan, where it is; otherwise
 * *ret_self is what boot_add_return() shall put into the payload. What fails is
 * said and passed over: the way there is worth more.
 */
int boot_keep_return(const struct boot *boot, struct self *ret_self,
		     struct live_plan *plan, struct failure *failure)
	_must_check;
int boot_add_return(const struct self *self, struct payload *payload,
		    struct failure *failure) _must_check;
/* The first byte behind the ISO and it. */
uint64_t boot_return_end(const struct boot *boot, const struct live_plan *plan);

/* These return only with a failure, or 0 when the jump was asked for. */
/* Into the bootstrap once more, with memory taken out and this plan. */
int boot_reserve(struct boot *boot, struct failure *failure) _must_check;
/* Into the live system. */
int boot_live(struct boot *boot, struct failure *failure) _must_check;
/* Into a kernel and initrds of the person's own. */
int boot_pair(struct boot *boot, struct failure *failure) _must_check;

/* Ends this system in an orderly way and starts the kernel that is loaded;
 * what: its name, for persons. */
int boot_jump(const struct boot *boot, const char *what,
	      struct failure *failure) _must_check;

/* Asks a person on a running system; nothing in the bootstrap. */
int boot_confirm(const struct boot *boot, const char *what,
		 struct failure *failure) _must_check;

/* Waits until the bootstrap has its network, some seconds at most. */
void boot_await_network(const struct boot *boot);
