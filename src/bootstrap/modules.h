/* SPDX-License-Identifier: MIT */
/*
 * Kernel modules for the devices that are there and for those that come: the
 * part of udev that a bootstrap needs.
 */
#pragma once

/*
 * They come as a squashfs (wire/module-files.h), which takes a fifth of their
 * memory: makes it the directory that modprobe(8) knows. Before anything asks
 * for a module; waits for one modprobe. A failure is logged.
 */
void modules_mount(void);

/*
 * A worker_body that does not end: loads the modules that every load needs,
 * then those of all devices in sysfs, then follows the kernel's uevents.
 */
int modules_run(void *unused, int link);
