/* SPDX-License-Identifier: MIT */
/*
 * Kernel uevents as NETLINK_KOBJECT_UEVENT carries them (lib/kobject_uevent.c
 * of the kernel): "ACTION@DEVPATH", then "KEY=VALUE"s, each ended by NUL. The
 * reader must check with SCM_CREDENTIALS or the sender's port that the kernel
 * sent it.
 */
#pragma once

#include "wire/view.h"

/* Strings inside the message; "" where the message has no such key. */
struct uevent {
	const char *action;  /* "add", "remove", "change", … */
	const char *devpath; /* without /sys */
	const char *subsystem;
	const char *modalias;
	const char *devname; /* without /dev */
};

/*
 * Reads one message. -EBADMSG: not one of the kernel's (udev's copies begin
 * with "libudev"), cut, or with another ACTION or DEVPATH inside than in its
 * head.
 */
int uevent_parse(struct view message, struct uevent *ret_uevent) _must_check;
