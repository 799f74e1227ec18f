/* SPDX-License-Identifier: MIT */
/*
 * boomerang vm: the bootstrap in a virtual machine, with nothing but what is in
 * its directory and as an ordinary user. QEMU takes this process's place.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/architecture.h"
#include "cli/commands.h"
#include "cli/vm.h"

#define MEMORY_MIB     2048
#define MEMORY_MIB_MIN 256
#define MEMORY_MIB_MAX ((uint64_t)1 << 24)

/* --- options --- */

/* "2G", "2048M", "2048": of MiB. */
static int set_memory(const char *word, struct vm *vm)
{
	char digits[16];
	size_t len = strlen(word);
	uint64_t unit = 1, value;

	if (len > 0 && (word[len - 1] == 'G' || word[len - 1] == 'M')) {
		unit = word[len - 1] == 'G' ? 1024 : 1;
		len--;
	}
	if (len < sizeof(digits)) {
		memcpy(digits, word, len);
		digits[len] = '\0';
		if (str_to_u64(digits, MEMORY_MIB_MAX / unit, &value) == 0 &&
		    value * unit >= MEMORY_MIB_MIN) {
			vm->memory_mib = value * unit;
			return STATUS_OK;
		}
	}
	return command_misuse("vm", "--memory is a size such as 2G or 1536M, "
				    "256M at least");
}

static int set_accel(const char *word, struct vm *vm)
{
	static const char *const names[] = {
		[VM_ACCEL_AUTO] = "auto",
		[VM_ACCEL_KVM] = "kvm",
		[VM_ACCEL_TCG] = "tcg",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(word, names[i])) {
			vm->accel = (enum vm_accel)i;
			return STATUS_OK;
		}
	return command_misuse("vm", "--accel is auto, kvm or tcg");
}

static int set_machine(const char *word, struct vm *vm)
{
	vm->machine = vm_machine_find(word);
	return vm->machine ? STATUS_OK
			   : command_misuse("vm", "--arch is x86-64 or arm64");
}

static int add_disk(const char *path, struct vm *vm)
{
	if (vm->disk_count == VM_DISKS_MAX)
		return command_misuse("vm", "takes at most %d disks",
				      VM_DISKS_MAX);
	vm->disks[vm->disk_count++] = path;
	return STATUS_OK;
}

static int set_option(struct vm *vm, bool *dry_run, int option, char **argv)
{
	switch (option) {
	case 'a':
		return set_accel(optarg, vm);
	case 'A':
		return set_machine(optarg, vm);
	case 'd':
		return add_disk(optarg, vm);
	case 'm':
		return set_memory(optarg, vm);
	case 'n':
		*dry_run = true;
		return STATUS_OK;
	case 'p':
		vm->append = optarg;
		return STATUS_OK;
	case 'u':
		vm->uefi = true;
		return STATUS_OK;
	}
	return command_bad_option(option, argv);
}

static int parse(int argc, char **argv, struct vm *vm, bool *dry_run)
{
	static const struct option options[] = {
		{ "accel", required_argument, NULL, 'a' },
		{ "append", required_argument, NULL, 'p' },
		{ "arch", required_argument, NULL, 'A' },
		{ "disk", required_argument, NULL, 'd' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "memory", required_argument, NULL, 'm' },
		{ "uefi", no_argument, NULL, 'u' },
		{ 0 },
	};
	int option, status = STATUS_OK;

	while (status == STATUS_OK &&
	       (option = getopt_long(argc, argv, ":", options, NULL)) != -1)
		status = set_option(vm, dry_run, option, argv);
	if (status != STATUS_OK)
		return status;
	if (argc - optind > 1)
		return command_misuse(argv[0], "runs one directory at a time");
	vm->dir = argv[optind];
	return STATUS_OK;
}

/* --- running --- */

/* One that is free now. Nobody holds it until QEMU does, which then says so. */
static int find_port(uint16_t *ret_port, struct failure *failure)
{
	_cleanup_fd int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return failure_errno(failure, errno,
				     "no port for SSH can be found");
	*ret_port = ntohs(address.sin_port);
	return 0;
}

/* As a shell reads it back. */
static void print_command(const struct vm_command *command)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_=+:,./@%";

	for (size_t i = 0; i < command->count; i++) {
		const char *word = command->argv[i];

		printf("%s", i > 0 ? " " : "");
		if (word[0] && word[strspn(word, plain)] == '\0') {
			printf("%s", word);
			continue;
		}
		putchar('\'');
		for (; *word; word++)
			if (*word == '\'')
				printf("'\\''");
			else
				putchar(*word);
		putchar('\'');
	}
	putchar('\n');
}

static void print_hints(const struct vm *vm)
{
	printf("%s by %s. To leave: Ctrl+A X, or poweroff at the prompt.\n",
	       "The bootstrap runs in QEMU",
	       vm->accel == VM_ACCEL_KVM ? "KVM" : "emulation (no KVM here)");
	printf("SSH, if it was built with a key: "
	       "ssh -p %u root@127.0.0.1\n",
	       vm->ssh_port);
	fflush(stdout);
}

static int run(struct vm *vm, bool dry_run, struct vm_command *command,
	       struct failure *failure)
{
	int r = find_port(&vm->ssh_port, failure);

	/* Before a probe of seconds: what is missing. */
	if (r == 0)
		r = vm_command_make(vm, command, failure);
	if (r == 0 && vm->accel == VM_ACCEL_AUTO) {
		vm->accel = vm_kvm_works(vm) ? VM_ACCEL_KVM : VM_ACCEL_TCG;
		r = vm_command_make(vm, command, failure);
	}
	if (r < 0)
		return r;
	if (dry_run) {
		print_command(command);
		return 0;
	}
	print_hints(vm);
	execvp(command->argv[0], (char *const *)(uintptr_t)command->argv);
	return failure_errno(failure, errno, "%s", command->argv[0]);
}

int cmd_vm(int argc, char **argv)
{
	const struct vm_machine *here = vm_machine_find(architecture_here());
	struct vm vm = {
		.machine = here ? here : vm_machine_find("x86-64"),
		.memory_mib = MEMORY_MIB,
	};
	_cleanup_free struct vm_command *command = malloc(sizeof(*command));
	struct failure failure = { 0 };
	bool dry_run = false;
	int status = parse(argc, argv, &vm, &dry_run);

	if (status != STATUS_OK)
		return status;
	if (!command)
		(void)failure_errno(&failure, ENOMEM, "cannot start");
	if (command && run(&vm, dry_run, command, &failure) == 0)
		return STATUS_OK;
	log_error("boomerang vm: %s", failure.text);
	return STATUS_FAILED;
}
