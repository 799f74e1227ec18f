/* SPDX-License-Identifier: MIT */
/* The parts of `boomerang swap`, in the order in which they are used. */
#pragma once

#include "cli/image-arguments.h"
#include "takeover/carry.h"
#include "takeover/preflight.h"
#include "takeover/services.h"
#include "takeover/staging.h"

#define SWAP_SSH_KEYS_MAX 16

/* What was asked for. */
struct swap_arguments {
	struct image_arguments image;
	const char *const *command; /* INIT and its arguments */
	size_t command_len;
	enum swap_method method;
	const char *hostname; /* "": the running system's */
	const char *ssh_keys[SWAP_SSH_KEYS_MAX];
	size_t ssh_key_count;
	uint32_t watchdog_s;
	bool dry_run, yes, now;
	bool keep_ssh, keep_storage, drop_network;
	bool bootstrap;
};

/* One swap, as far as it is. */
struct swap {
	const struct swap_arguments *arguments;
	struct preflight_facts facts;
	struct preflight_wanted wanted;
	struct swap_plan plan; /* its method is the one that is used */
	struct staging staging;
	struct carried carried;	  /* what the new system got */
	struct services services; /* that will be stopped */
};

/* Makes the image's root in memory and fits it for this machine.
 * Interruptible; undone by staging_close(). Fills what wanted says of the
 * image, and the plan but for its method. */
int swap_stage(struct swap *swap, struct failure *failure) _must_check;

/* Writes the plan, and what else the stage needs, into the root. */
int swap_write(struct swap *swap, struct failure *failure) _must_check;

/* Prints the rows that are at least as bad as from. Returns how many are
 * refused. */
size_t swap_print_checks(const struct swap *swap, enum check_verdict from);

/* Prints what would be done, with which services and disks. */
void swap_print_plan(const struct swap *swap);

/*
 * Stops services and swap, and hands PID 1 over. On 0 there is no way back, and
 * this process has little time left; on failure everything is as it was
 * before.
 */
int swap_go(struct swap *swap, struct failure *failure) _must_check;
