/* SPDX-License-Identifier: MIT */
/* Looking into a file system that lies in a file. */
#pragma once

#include "root/disk.h"

/*
 * Mounts the part, read-only, in a child, at no place that has a name, and
 * looks for an os-release or an init. 1: there is one; part->subdirectory says
 * where. 0: there is none. A negative errno when it cannot be mounted: -EPERM
 * without root. Nothing is left behind.
 */
int disk_look(int fd, struct disk_part *part) _must_check;
