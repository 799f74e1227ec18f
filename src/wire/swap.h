/* SPDX-License-Identifier: MIT */
/*
 * What `boomerang swap` leaves for the stage, which it makes PID 1: a plan, in
 * a directory of the new root that outlives the swap. Both ends come out of
 * one build (as in wire/control.h).
 *
 *   SWAP_DIR		a tmpfs of its own, with exec: /run may lack it
 *   SWAP_DIR/tree	the new root when the image is an archive or layers
 *   SWAP_DIR/image	its file system when it is a file; then
 *   SWAP_DIR/lower	  where that is mounted,
 *   SWAP_DIR/upper, work	what is changed in it, and
 *   SWAP_DIR/root	  the new root, an overlay of both
 *
 * In the new root, below SWAP_OURS: init (the static program: stage, guard and
 * `boomerang swap --confirm`), plan, network (takeover/network.h), and report,
 * lines for a person that the stage writes.
 */
#pragma once

#include "base/util.h"
#include "wire/control.h"

#define SWAP_DIR     CONTROL_DIR "/swap"
#define SWAP_OURS    "/.boomerang"
#define SWAP_INIT    SWAP_OURS "/init"
#define SWAP_PLAN    SWAP_OURS "/plan"
#define SWAP_NETWORK SWAP_OURS "/network"
#define SWAP_REPORT  SWAP_OURS "/report"

/* How boomerang-init is told that it is the stage: `init --swap ROOT` as PID 1
 * of the old system, `init --swap-release` in the new root. As an exitrd it is
 * called /shutdown. */
#define SWAP_ARGUMENT	      "--swap"
#define SWAP_RELEASE_ARGUMENT "--swap-release"

#define SWAP_MAGIC 0x50415753u /* "SWAP" */

enum swap_method {
	SWAP_AUTO,
	SWAP_PTRACE,
	SWAP_EXITRD,
	SWAP_SOFT_REBOOT,
};

enum swap_flag {
	SWAP_KEEP_NETWORK = 1,
	SWAP_KEEP_STORAGE = 2, /* nothing is released, nothing is masked */
	SWAP_OWN_PROGRAM = 4,  /* start is a program, not an init: the console
				  is its controlling terminal */
};

struct swap_plan {
	uint32_t magic;
	uint32_t flags;	     /* enum swap_flag */
	uint32_t method;     /* enum swap_method, never SWAP_AUTO */
	uint32_t grace_ms;   /* between SIGTERM and SIGKILL */
	uint32_t watchdog_s; /* the dead-man timer, 0: none */
	uint64_t staging;    /* st_dev of SWAP_DIR's tmpfs: what is on it is
				the new system's */
	char image[CONTROL_REF_MAX]; /* for persons; without credentials */
	/* The new PID 1; args_len is not 0, args begin with its path. */
	struct image_start start;
};

/* Whether a plan that was read can be acted upon: magic, a method, texts
 * terminated, start sound. Pure. */
bool swap_plan_is_sound(const struct swap_plan *plan);

/* "ptrace", "soft-reboot", …; NULL for what is none. */
const char *swap_method_name(uint32_t method);
/* Its inverse; -EINVAL. */
int swap_method_parse(const char *name, enum swap_method *ret_method)
	_must_check;
