/* SPDX-License-Identifier: MIT */
/* What inject.c has to know of a process, out of /proc/PID. */
#pragma once

#include <sys/types.h>

#include "base/failure.h"

struct look {
	pid_t tracer; /* 0: none */
	uint32_t threads;
	uint32_t seccomp; /* 0: none, 1: strict, 2: filters */
	char state;	  /* 'S', 'R', 'T', 'Z', … */
};

int look_at(pid_t pid, struct look *ret_look, struct failure *failure)
	_must_check;

/* -EOPNOTSUPP with *failure unless its program is one of x86-64 proper. */
int look_at_program(pid_t pid, struct failure *failure) _must_check;

/* The words for why ptrace(2) refused pid with err, a positive errno. Returns
 * -err. */
int look_why_refused(pid_t pid, int err, struct failure *failure);

/* The address of a syscall instruction in its memory. */
int look_for_syscall(pid_t pid, uint64_t *ret_address, struct failure *failure)
	_must_check;

/* Memory that may be borrowed while the process is stopped. */
struct look_scratch {
	uint64_t stack_pointer;
	bool has_threads; /* others run on, and their memory is taboo */
	size_t size;
};

/*
 * size bytes, aligned to 16: below what the stack pointer's owner may use, or,
 * when there is no room, in any memory that is written to by nobody else.
 */
int look_for_scratch(pid_t pid, const struct look_scratch *want,
		     uint64_t *ret_address, struct failure *failure)
	_must_check;

/* All of it, or a negative errno. */
int look_read(pid_t pid, uint64_t address, void *buf, size_t size) _must_check;
int look_write(pid_t pid, uint64_t address, const void *buf, size_t size)
	_must_check;
