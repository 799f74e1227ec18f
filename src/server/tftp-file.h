/* SPDX-License-Identifier: MIT */
/*
 * What transfers send: files, each opened and mapped once for all who fetch
 * it at the same time, and texts made for one machine.
 */
#pragma once

#include <sys/stat.h>

#include "server/names.h"

struct tftp_file {
	/*
	 * Only for system calls: a page that is gone since the file was
	 * truncated is EFAULT to them, and SIGBUS to anybody who reads it.
	 */
	const char *bytes;
	uint64_t size;
	unsigned int holders;
	int fd; /* FD_NONE: a text */
	struct stat opened;
	struct tftp_file *next;
};

/* Those that are open; zeroed: none. */
struct tftp_files {
	struct tftp_file *first;
};

/* Opens a NAME_FILE, or finds it open already, unchanged. Negative errno of
 * names_open(), -ENOMEM, … */
int tftp_files_open(struct tftp_files *files, const struct name *name,
		    struct tftp_file **ret_file) _must_check;

/* body is malloc()ed, and taken over when it succeeds. -ENOMEM. */
int tftp_files_text(char *body, size_t len, struct tftp_file **ret_file)
	_must_check;

/* Ends one holder's use; NULL is fine. Returns NULL. */
struct tftp_file *tftp_files_drop(struct tftp_files *files,
				  struct tftp_file *file);

/* Whether it is no longer what it was when it was opened. */
bool tftp_file_changed(const struct tftp_file *file);

/* Has the bytes from offset on read from the disk by and by, without waiting
 * for them. */
void tftp_file_ahead(const struct tftp_file *file, uint64_t offset,
		     uint64_t len);
