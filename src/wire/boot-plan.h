/* SPDX-License-Identifier: MIT */
/*
 * What one system tells the next across kexec when an ISO is to be booted; each
 * is a file of the archive that goes with it. Both ends come out of one build
 * (as in wire/control.h).
 *
 * BOOT_PLAN, for a bootstrap that was started with memory reserved: fetch the
 * ISO into it and go on.
 *
 * Below LIVE_DIR, for the wrapper around the live system's own init: init
 * (boomerang-init itself, which the kernel runs by rdinit=), plan, modules/NN
 * in the order in which they are loaded, and, to come back where that is not
 * kept with the ISO, vmlinuz and bootstrap.img. All of it is removed before the
 * live system's init starts.
 */
#pragma once

#include "base/util.h"
#include "wire/control.h"

#define BOOT_PLAN "/etc/boomerang/boot"

/* The bootstrap's own kernel, in the bootstrap: to start itself again. */
#define SELF_KERNEL "/boot/vmlinuz"

#define BOOT_PLAN_MAGIC 0x54424d42u /* "BMBT" */
#define LIVE_PLAN_MAGIC 0x564c4d42u /* "BMLV" */

/* COMMAND_LINE_SIZE of x86, with the NUL. */
#define KERNEL_CMDLINE_MAX 2048

enum boot_method {
	BOOT_AUTO,
	BOOT_PMEM,
	BOOT_INITRD,
};

enum boot_flag {
	BOOT_INSECURE = 1, /* a check that fails only warns */
	BOOT_CRASH = 2,	   /* come back after a panic, too */
	BOOT_REQUIRE_SIGNATURE = 4,
};

#define BOOT_KEYS_MAX 32

/* A public key of minisign that is believed. */
struct boot_key {
	uint8_t id[8], key[32];
};

struct boot_plan {
	uint32_t magic;
	uint32_t flags;			 /* enum boot_flag */
	uint32_t method;		 /* enum boot_method */
	char reference[CONTROL_REF_MAX]; /* a distribution's name, or a URL */
	char sha256[SHA256_HEX_MAX];	 /* "": not said */
	char entry[256]; /* title that was chosen, "": default */
	char append[1024];
	uint32_t key_count;
	struct boot_key keys[BOOT_KEYS_MAX];
};

#define LIVE_DIR       "/boomerang"
#define LIVE_INIT      LIVE_DIR "/init"
#define LIVE_PLAN      LIVE_DIR "/plan"
#define LIVE_MODULES   LIVE_DIR "/modules"
#define LIVE_KERNEL    LIVE_DIR "/vmlinuz"
#define LIVE_BOOTSTRAP LIVE_DIR "/bootstrap.img"
#define LIVE_ISO       LIVE_DIR "/live.iso" /* BOOT_INITRD: stays, or moves */
#define LIVE_KEPT      LIVE_DIR "/kept"	    /* LIVE_MOVE: wire/kept.h */

enum live_flag {
	LIVE_RETURN = 1, /* load the bootstrap for kexec */
	LIVE_CRASH = 2,	 /* and for a panic */
	LIVE_MOVE = 4,	 /* LIVE_ISO, with LIVE_KEPT, to the device */
};

/* A part of a device. */
struct live_piece {
	uint64_t at, size; /* bytes */
};

struct live_plan {
	uint32_t magic;
	uint32_t flags; /* enum live_flag */
	uint32_t module_count;
	char device[32]; /* that has the ISO, or will: "pmem0"; "": none */
	/* The physical address of the device, for a kernel that is given no
	 * driver for it; 0: it is. */
	uint64_t memory;
	/* Where the bootstrap is on it, behind the ISO, where it takes its
	 * memory once; of size 0: it is LIVE_KERNEL and LIVE_BOOTSTRAP. */
	struct live_piece kernel, archive;
	char cmdline[KERNEL_CMDLINE_MAX]; /* of the bootstrap */
};

/* Whether what was read can be acted upon: magic, method, texts terminated. */
bool boot_plan_is_sound(const struct boot_plan *plan);
bool live_plan_is_sound(const struct live_plan *plan);

/* "auto", "pmem", "initrd". */
const char *boot_method_name(uint32_t method);
int boot_method_parse(const char *name, enum boot_method *ret_method)
	_must_check;
