/* SPDX-License-Identifier: MIT */
/*
 * What an initramfs will contain, as a list in memory: nothing is created on
 * disk, so device nodes and owners need no root. Everything belongs to user
 * and group 0 and has no time.
 *
 * Paths are absolute, as in the running initramfs. They may lead through
 * symlinks that the manifest already has ("/lib" -> "usr/lib"), which are
 * followed as the kernel would; missing parents become directories of mode
 * 0755. Adding the same thing twice is fine, another thing at the same path is
 * a failure.
 *
 * The first failure is kept and everything after it ignored, so that a long
 * list is added without checking each: manifest_check() at its end, which
 * archive_write() does too.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

/* What a size is counted under. */
enum manifest_part {
	MANIFEST_KERNEL,
	MANIFEST_PROGRAMS,
	MANIFEST_SSH,
	MANIFEST_MODULES,
	MANIFEST_FIRMWARE,
	MANIFEST_CERTIFICATES,
	MANIFEST_OTHER,
	MANIFEST_SQUASHED, /* what is in it is of other parts, squash.h */
	MANIFEST_PARTS,
};

struct manifest_entry {
	char *path;  /* without the leading "/" */
	mode_t mode; /* with the type: S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR,
			S_IFBLK */
	enum manifest_part part;
	bool implied;	       /* a parent that nobody asked for */
	char *source;	       /* S_IFREG: the host's file, NULL: bytes */
	char *bytes;	       /* S_IFREG without source; S_IFLNK: the target */
	size_t len;	       /* of bytes */
	unsigned major, minor; /* S_IFCHR, S_IFBLK */
};

struct manifest {
	struct manifest_entry *entries; /* in strcmp() order of path: parents
					   before children */
	size_t count, room;
	enum manifest_part part; /* of what is added from now on */
	const char *sysroot;	 /* where the system's files are, see system.h;
				NULL: it is this machine's */
	uint16_t machine; /* EM_* of <elf.h> that all programs are for; 0: of
				any */
	struct failure failure;
};

/* A manifest is { 0 } when it is empty; this frees it and makes it so. */
void manifest_clear(struct manifest *m);
#define _cleanup_manifest _cleanup(manifest_clear)

/* mode: permission bits only, in all of these. */
void manifest_directory(struct manifest *m, const char *path, mode_t mode);
/* The content of source is read when the archive is written; it must exist. */
void manifest_file(struct manifest *m, const char *path, mode_t mode,
		   const char *source);
/* bytes are copied. */
void manifest_bytes(struct manifest *m, const char *path, mode_t mode,
		    const void *bytes, size_t len);
void manifest_text(struct manifest *m, const char *path, mode_t mode,
		   const char *text);
void manifest_symlink(struct manifest *m, const char *path, const char *target);
void manifest_char_device(struct manifest *m, const char *path, mode_t mode,
			  unsigned major, unsigned minor);
void manifest_block_device(struct manifest *m, const char *path, mode_t mode,
			   unsigned major, unsigned minor);

/* Moves all that is below the directory at path, a path without symlinks, to
 * *ret_below, which is empty before; the directory stays. */
void manifest_move_below(struct manifest *m, const char *path,
			 struct manifest *ret_below);

/* What stands at path (a symlink there is not followed), or NULL. Valid until
 * something is added. */
const struct manifest_entry *manifest_find(const struct manifest *m,
					   const char *path);

/* Whether a failure is kept; no use in doing more. */
static inline bool manifest_failed(const struct manifest *m)
{
	return m->failure.err != 0;
}

/* Keeps this failure, unless there is one already. */
void manifest_fail(struct manifest *m, const struct failure *failure);

/* 0, or the first failure as a negative errno and in *failure. */
int manifest_check(const struct manifest *m, struct failure *failure)
	_must_check;
