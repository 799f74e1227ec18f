/* SPDX-License-Identifier: MIT */
/* What a machine is booted from: kernel, initramfs and boot scripts. */
#pragma once

#include "initramfs/archive.h"
#include "initramfs/policy.h"
#include "initramfs/ssh.h"
#include "initramfs/wifi.h"

/* What a bootstrap is for. */
enum bootfiles_profile {
	BOOTFILES_RESCUE,  /* to load images, and for people at work */
	BOOTFILES_MINIMAL, /* to load images and return from them */
};

struct bootfiles_options {
	const char *out;     /* the directory to write, made if missing */
	const char *sysroot; /* see system.h; NULL: this machine */
	const char *kernel;  /* its image; NULL, and modules too: found */
	const char *modules; /* its directory lib/modules/RELEASE */
	enum bootfiles_profile profile;
	struct ssh_options ssh;		/* made_key is set here */
	const char *const *authorities; /* PEM files */
	size_t authority_count;
	struct policy policy; /* of images */
	bool wifi;
	const char *firmware;	/* see wifi_add() */
	int level;		/* of compression, see archive_write() */
	const char *parameters; /* more for the kernel's command line, or "" */
	const char *version;	/* boomerang's */
	const char *program;	/* boomerang, for the initramfs */
	const char *init;	/* boomerang-init */
};

struct bootfiles_report {
	char kernel[256]; /* where it came from */
	uint64_t kernel_size;
	struct archive_sizes sizes;
	struct wifi_firmware firmware; /* zeros without wifi */
};

/*
 * Writes out/vmlinuz, out/bootstrap.img, out/boot.ipxe, out/grub.cfg and
 * out/cmdline, each complete or not at all.
 */
int bootfiles_build(const struct bootfiles_options *options,
		    struct bootfiles_report *ret_report,
		    struct failure *failure) _must_check;
