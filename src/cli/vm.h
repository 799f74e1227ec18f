/* SPDX-License-Identifier: MIT */
/* `boomerang vm`: what is to run, and the command of QEMU that runs it. */
#pragma once

#include <limits.h>

#include "base/failure.h"

#define VM_DISKS_MAX	 16
#define VM_ARGUMENTS_MAX 96
#define VM_TEXT_MAX	 ((size_t)64 * 1024)

enum vm_accel {
	VM_ACCEL_AUTO, /* KVM where a kernel runs with it */
	VM_ACCEL_KVM,
	VM_ACCEL_TCG,
};

struct vm_machine; /* vm-command.c */

struct vm {
	const struct vm_machine *machine;
	const char *dir; /* NULL: the machine's own */
	bool uefi;
	enum vm_accel accel;
	uint64_t memory_mib;
	const char *append; /* to the kernel's command line, or NULL */
	const char *disks[VM_DISKS_MAX];
	size_t disk_count;
	uint16_t ssh_port; /* of 127.0.0.1 */
};

/* An argv, NULL-terminated, with its own memory. */
struct vm_command {
	const char *argv[VM_ARGUMENTS_MAX];
	size_t count;
	char text[VM_TEXT_MAX];
	size_t used;
	bool full;
};

/* "x86-64" or "arm64"; NULL: there is no such machine. */
const struct vm_machine *vm_machine_find(const char *architecture);

/* Fills *command. What is not there, QEMU or a file, is -ENOENT with *failure,
 * which says where to get it. accel is none but KVM or TCG by now. */
int vm_command_make(const struct vm *vm, struct vm_command *command,
		    struct failure *failure) _must_check;

/*
 * Whether KVM runs a kernel here, tried out for some seconds at most: /dev/kvm
 * may be there, answer, and never get a guest anywhere (nested in a hypervisor
 * that only pretends).
 */
bool vm_kvm_works(const struct vm *vm);

/* For vm_kvm_works(): a guest without devices that prints and stops, and the
 * word that only a kernel that runs prints. -ENOENT as above. */
int vm_command_probe(const struct vm *vm, struct vm_command *command,
		     const char **ret_word, struct failure *failure)
	_must_check;
