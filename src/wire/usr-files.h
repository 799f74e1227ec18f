/* SPDX-License-Identifier: MIT */
/*
 * The bootstrap's /usr, with all programs and modules, is one squashfs: in
 * memory it takes a third. An overlay makes it writable, of which /usr in the
 * root is the upper directory: what is put there from outside, and what is
 * changed, is an ordinary file of the root.
 */
#pragma once

#define USR	     "/usr"
#define USR_BOOT     "/boot"
#define USR_SQUASHFS USR_BOOT "/usr.squashfs"
#define USR_LOWER    USR_BOOT "/usr"	  /* while it is mounted */
#define USR_WORK     USR_BOOT "/usr.work" /* the overlay's own */
