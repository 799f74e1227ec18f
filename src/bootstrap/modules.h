/* SPDX-License-Identifier: MIT */
/*
 * Kernel modules for the devices that are there and for those that come: the
 * part of udev that a bootstrap needs.
 */
#pragma once

/* Loads what this kernel needs to mount /usr (wire/module-files.h), without
 * a program. A failure is logged. */
void modules_load_early(void);

/*
 * A worker_body that does not end: loads the modules that every load needs,
 * then those of all devices in sysfs, then follows the kernel's uevents.
 */
int modules_run(void *unused, int link);
