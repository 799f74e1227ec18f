/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "cli/vm.h"

#define PROCESSORS	 "2"
#define COMMAND_LINE_MAX 4096

struct vm_machine {
	const char *architecture;
	const char *qemu, *qemu_package;
	const char *machine, *uefi_machine;
	const char *dir; /* what `make` builds for it */
	/* Firmware: what it runs, and its variables, of which only the run
	 * knows changes. The first pair that is there. */
	const char *code[3], *variables[3];
	const char *firmware_package;
	const char *probe, *probe_word;
};

static const struct vm_machine machines[] = {
	{
		.architecture = "x86-64",
		.qemu = "qemu-system-x86_64",
		.qemu_package = "qemu-system-x86",
		.machine = "pc",
		.uefi_machine = "q35",
		.dir = "out",
		.code = { "/usr/share/OVMF/OVMF_CODE_4M.fd",
			  "/usr/share/OVMF/OVMF_CODE.fd",
			  "/usr/share/edk2/ovmf/OVMF_CODE.fd" },
		.variables = { "/usr/share/OVMF/OVMF_VARS_4M.fd",
			       "/usr/share/OVMF/OVMF_VARS.fd",
			       "/usr/share/edk2/ovmf/OVMF_VARS.fd" },
		.firmware_package = "ovmf",
		.probe = "console=ttyS0 earlyprintk=ttyS0 panic=-1",
		.probe_word = "Command line:",
	},
	{
		.architecture = "arm64",
		.qemu = "qemu-system-aarch64",
		.qemu_package = "qemu-system-arm",
		.machine = "virt",
		.uefi_machine = "virt",
		.dir = "out-arm64",
		.code = { "/usr/share/AAVMF/AAVMF_CODE.fd",
			  "/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw" },
		.variables = { "/usr/share/AAVMF/AAVMF_VARS.fd",
			       "/usr/share/edk2/aarch64/vars-template-pflash.raw" },
		.firmware_package = "qemu-efi-aarch64",
		.probe = "console=ttyAMA0 earlycon panic=-1",
		.probe_word = "Linux version",
	},
};

const struct vm_machine *vm_machine_find(const char *architecture)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (str_eq(architecture, machines[i].architecture))
			return &machines[i];
	return NULL;
}

/* --- words --- */

/* One word more, put together. */
static void _printf(2, 3)
	add(struct vm_command *command, const char *format, ...)
{
	struct text text = text_over(command->text + command->used,
				     sizeof(command->text) - command->used);
	va_list args;

	if (command->full || command->count + 2 > VM_ARGUMENTS_MAX ||
	    command->used == sizeof(command->text)) {
		command->full = true;
		return;
	}
	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	command->full = text.cut;
	command->argv[command->count++] = text.buf;
	command->used += text.len + 1;
}

/* A name within one of QEMU's option lists, in which a comma is two. */
static void double_commas(const char *name, char doubled[static 2 * PATH_MAX])
{
	size_t len = 0;

	for (const char *at = name; *at && len + 3 < 2 * PATH_MAX; at++) {
		doubled[len++] = *at;
		if (*at == ',')
			doubled[len++] = ',';
	}
	doubled[len] = '\0';
}

/* --- what there must be --- */

static bool is_in_path(const char *program)
{
	const char *path = getenv("PATH");
	char candidate[PATH_MAX];

	while (path && *path) {
		size_t len = strcspn(path, ":");
		struct text text = text_over(candidate, sizeof(candidate));

		text_add(&text, "%.*s/%s", (int)len, path, program);
		if (!text.cut && access(candidate, X_OK) == 0)
			return true;
		path += len + (path[len] == ':');
	}
	return false;
}

static int find_qemu(const struct vm_machine *machine, struct failure *failure)
{
	if (is_in_path(machine->qemu))
		return 0;
	return failure_set(failure, ENOENT,
			   "%s is not installed; on Debian: apt install %s",
			   machine->qemu, machine->qemu_package);
}

static int find_firmware(const struct vm_machine *machine, size_t *ret_which,
			 struct failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(machine->code); i++)
		if (machine->code[i] && access(machine->code[i], R_OK) == 0 &&
		    access(machine->variables[i], R_OK) == 0) {
			*ret_which = i;
			return 0;
		}
	return failure_set(failure, ENOENT,
			   "there is no UEFI for a virtual machine; on Debian: "
			   "apt install %s",
			   machine->firmware_package);
}

static int find_file(const struct vm *vm, const char *name,
		     char ret_path[static PATH_MAX], struct failure *failure)
{
	const char *dir = vm->dir ? vm->dir : vm->machine->dir;
	struct text text = text_over(ret_path, PATH_MAX);

	text_add(&text, "%s/%s", dir, name);
	if (text.cut)
		return failure_errno(failure, ENAMETOOLONG, "%s", dir);
	if (access(ret_path, R_OK) == 0)
		return 0;
	return failure_errno(failure, errno, "%s (`boomerang build` writes it)",
			     ret_path);
}

/* --- parts --- */

static void add_machine(const struct vm *vm, struct vm_command *command)
{
	add(command, "%s", vm->machine->qemu);
	add(command, "-machine");
	add(command, "%s",
	    vm->uefi ? vm->machine->uefi_machine : vm->machine->machine);
	add(command, "-accel");
	add(command, "%s",
	    vm->accel == VM_ACCEL_KVM ? "kvm" : "tcg,thread=multi");
	add(command, "-cpu");
	add(command, "%s", vm->accel == VM_ACCEL_KVM ? "host" : "max");
	add(command, "-nodefaults");
	add(command, "-no-user-config");
	add(command, "-display");
	add(command, "none");
}

static int add_firmware(const struct vm *vm, struct vm_command *command,
			struct failure *failure)
{
	size_t which = 0;
	int r;

	if (!vm->uefi)
		return 0;
	r = find_firmware(vm->machine, &which, failure);
	if (r < 0)
		return r;
	add(command, "-drive");
	add(command, "if=pflash,unit=0,format=raw,readonly=on,file=%s",
	    vm->machine->code[which]);
	add(command, "-drive");
	add(command, "if=pflash,unit=1,format=raw,snapshot=on,file=%s",
	    vm->machine->variables[which]);
	return 0;
}

static int add_kernel(const struct vm *vm, struct vm_command *command,
		      struct failure *failure)
{
	char kernel[PATH_MAX], initrd[PATH_MAX], path[PATH_MAX];
	char line[COMMAND_LINE_MAX] = "";
	ssize_t n = 0;
	int r = find_file(vm, "vmlinuz", kernel, failure);

	if (r == 0)
		r = find_file(vm, "bootstrap.img", initrd, failure);
	if (r == 0)
		r = find_file(vm, "cmdline", path, failure);
	if (r == 0)
		n = file_read_line(AT_FDCWD, path, line, sizeof(line));
	if (n < 0)
		r = failure_errno(failure, (int)-n, "%s", path);
	if (r < 0)
		return r;
	add(command, "-kernel");
	add(command, "%s", kernel);
	add(command, "-initrd");
	add(command, "%s", initrd);
	add(command, "-append");
	add(command, "%s%s%s", line, vm->append ? " " : "",
	    vm->append ? vm->append : "");
	return 0;
}

/* QEMU would guess, and warn of it. */
static int disk_format(const char *path, const char **ret_format,
		       struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDWR | O_CLOEXEC);
	char magic[4] = "";

	ssize_t n = fd < 0 ? -errno : fd_read_full(fd, magic, sizeof(magic));

	if (n < 0)
		return failure_errno(failure, (int)-n, "%s", path);
	*ret_format = memcmp(magic, "QFI\xfb", 4) == 0 ? "qcow2" : "raw";
	return 0;
}

static int add_disks(const struct vm *vm, struct vm_command *command,
		     struct failure *failure)
{
	for (size_t i = 0; i < vm->disk_count; i++) {
		char doubled[2 * PATH_MAX];
		const char *format = "raw";
		int r = disk_format(vm->disks[i], &format, failure);

		if (r < 0)
			return r;
		double_commas(vm->disks[i], doubled);
		add(command, "-drive");
		add(command, "if=virtio,format=%s,file=%s", format, doubled);
	}
	return 0;
}

static int check(const struct vm_command *command, struct failure *failure)
{
	return command->full ? failure_set(failure, E2BIG,
					   "the command for QEMU gets too long")
			     : 0;
}

int vm_command_make(const struct vm *vm, struct vm_command *command,
		    struct failure *failure)
{
	int r = find_qemu(vm->machine, failure);

	if (r < 0)
		return r;
	*command = (struct vm_command){ .count = 0 };
	add_machine(vm, command);
	add(command, "-smp");
	add(command, PROCESSORS);
	add(command, "-m");
	add(command, "%llu", (unsigned long long)vm->memory_mib);
	r = add_firmware(vm, command, failure);
	if (r == 0)
		r = add_kernel(vm, command, failure);
	if (r < 0)
		return r;
	/* Its ROM would only try to boot over the network. */
	add(command, "-netdev");
	add(command, "user,id=net,hostfwd=tcp:127.0.0.1:%u-:22", vm->ssh_port);
	add(command, "-device");
	add(command, "virtio-net-pci,netdev=net,romfile=");
	add(command, "-device");
	add(command, "virtio-rng-pci");
	r = add_disks(vm, command, failure);
	add(command, "-serial");
	add(command, "mon:stdio");
	return r == 0 ? check(command, failure) : r;
}

int vm_command_probe(const struct vm *vm, struct vm_command *command,
		     const char **ret_word, struct failure *failure)
{
	struct vm guest = { .machine = vm->machine, .accel = VM_ACCEL_KVM };
	char kernel[PATH_MAX];
	int r = find_qemu(vm->machine, failure);

	if (r == 0)
		r = find_file(vm, "vmlinuz", kernel, failure);
	if (r < 0)
		return r;
	*command = (struct vm_command){ .count = 0 };
	add_machine(&guest, command);
	add(command, "-m");
	add(command, "512");
	add(command, "-no-reboot");
	add(command, "-kernel");
	add(command, "%s", kernel);
	add(command, "-append");
	add(command, "%s", vm->machine->probe);
	add(command, "-serial");
	add(command, "stdio");
	*ret_word = vm->machine->probe_word;
	return check(command, failure);
}
