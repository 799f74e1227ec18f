/* SPDX-License-Identifier: MIT */
/* The verbs of `boomerang initramfs`, as cmd-image.h has those of `boomerang
 * image`. */
#pragma once

int cmd_initramfs_edit(int argc, char **argv);
int cmd_initramfs_list(int argc, char **argv);
int cmd_initramfs_pack(int argc, char **argv);
int cmd_initramfs_unpack(int argc, char **argv);
