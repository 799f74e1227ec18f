/* SPDX-License-Identifier: MIT */
#include "initramfs/media-tools.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/spawn.h"
#include "base/text.h"

#define GRUB_DIRECTORY "/usr/lib/grub/i386-pc"
#define GRUB_SECTOR    GRUB_DIRECTORY "/boot_hybrid.img"

/* The first second that FAT knows. */
#define EPOCH "315532800"

/* 8 MiB: the loaders, and room for who edits a file. */
#define FAT_SECTORS "16384"

#define ARGUMENTS_MAX 80
#define SAID_MAX      16384

enum tool { TOOL_ENV, TOOL_GRUB, TOOL_MFORMAT, TOOL_MMD, TOOL_MCOPY, TOOL_ISO };

static const struct {
	const char *name, *package;
} tools[] = {
	[TOOL_ENV] = { "env", "coreutils" },
	[TOOL_GRUB] = { "grub-mkimage", "grub-common" },
	[TOOL_MFORMAT] = { "mformat", "mtools" },
	[TOOL_MMD] = { "mmd", "mtools" },
	[TOOL_MCOPY] = { "mcopy", "mtools" },
	[TOOL_ISO] = { "xorriso", "xorriso" },
};

static int find(enum tool tool, char path[static PATH_MAX],
		struct failure *failure)
{
	int r = host_find_program(tools[tool].name, path);

	if (r < 0)
		return failure_set(failure, -r,
				   "%s is needed for --iso; install the "
				   "package %s",
				   tools[tool].name, tools[tool].package);
	return 0;
}

int media_tools_check(struct failure *failure)
{
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(tools); i++)
		r = find((enum tool)i, path, failure);
	if (r == 0 && access(GRUB_SECTOR, R_OK) < 0)
		return failure_set(failure, errno,
				   "%s is needed for --iso; install the "
				   "package grub-pc-bin",
				   GRUB_SECTOR);
	return r;
}

/* Runs argv; what it says counts only when it fails. */
static int run_quietly(const char *const *argv, const char *program,
		       struct failure *failure)
{
	_cleanup_fd int said = memfd_create("said", MFD_CLOEXEC);
	const struct spawn what = {
		.argv = argv,
		.fd = { FD_NONE, said, said },
		.extra_fd = FD_NONE,
	};
	off_t start = 0;
	int r;

	if (said < 0)
		return failure_errno(failure, errno, "%s", program);
	r = spawn_wait(&what, failure);
	if (r <= 0)
		return r;
	(void)!sendfile(STDERR_FILENO, said, &start, SAID_MAX);
	return failure_set(failure, ECHILD, "%s failed, status %d", program, r);
}

/* arguments: NULL at the end. */
static int run(enum tool tool, const char *const *arguments,
	       struct failure *failure)
{
	char env[PATH_MAX], program[PATH_MAX];
	const char *argv[ARGUMENTS_MAX] = {
		env,	"-i", "LC_ALL=C", "TZ=UTC", "SOURCE_DATE_EPOCH=" EPOCH,
		program
	};
	size_t count = 6;
	int r = find(TOOL_ENV, env, failure);

	if (r == 0)
		r = find(tool, program, failure);
	while (r == 0 && *arguments) {
		if (count == ARRAY_SIZE(argv) - 1)
			return failure_errno(failure, E2BIG, "%s", program);
		argv[count++] = *arguments++;
	}
	return r < 0 ? r : run_quietly(argv, program, failure);
}

int media_tools_grub(const char *path, struct failure *failure)
{
	/* What the menus use; "part" and "fat" for the file on a USB stick. */
	static const char *const modules[] = {
		"biosdisk", "iso9660", "part_gpt", "part_msdos", "fat",
		"normal",   "linux",   "linux16",  "configfile", "serial",
		"terminal", "test",    "true",	   "regexp",	 "echo",
		"sleep",    "minicmd", "ls",	   "cat",	 "read",
		"reboot",   "halt",    NULL,
	};
	const char *arguments[ARRAY_SIZE(modules) + 8] = {
		"-O", "i386-pc-eltorito", "-d", GRUB_DIRECTORY,
		"-p", "/boot/grub",	  "-o", path,
	};

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		arguments[8 + i] = modules[i];
	return run(TOOL_GRUB, arguments, failure);
}

int media_tools_fat(const char *path, const char *label,
		    struct failure *failure)
{
	const char *const arguments[] = {
		"-i", path, "-C",	"-T", FAT_SECTORS, "-h", "16", "-s",
		"32", "-N", "b007b007", "-v", label,	   "::", NULL,
	};

	return run(TOOL_MFORMAT, arguments, failure);
}

int media_tools_fat_mkdir(const char *path, const char *directory,
			  struct failure *failure)
{
	char name[64] = "::";
	const char *const arguments[] = { "-i", path, name, NULL };

	snprintf(name, sizeof(name), "::%s", directory);
	return run(TOOL_MMD, arguments, failure);
}

int media_tools_fat_put(const char *path, const char *name, const char *source,
			struct failure *failure)
{
	char target[64];
	const char *const arguments[] = { "-i", path, source, target, NULL };

	snprintf(target, sizeof(target), "::%s", name);
	return run(TOOL_MCOPY, arguments, failure);
}

/*
 * A CD finds GRUB and the FAT by its boot catalog, BIOS on a stick GRUB behind
 * the sector that GRUB has for this, and UEFI on a stick the FAT as the second
 * partition. Some BIOSes start nothing without an active partition.
 */
int media_tools_iso(const char *path, const char *label, const char *tree,
		    const char *fat, const struct media_order *order,
		    struct failure *failure)
{
	static const char *const how[] = {
		"--set_all_file_dates",
		"=" EPOCH,
		"-quiet",
		"-r",
		"-J",
		"--grub2-mbr",
		GRUB_SECTOR,
		"-partition_offset",
		"16",
		"--mbr-force-bootable",
		"-appended_part_as_gpt",
		"-b",
		MEDIA_TOOLS_GRUB,
		"-no-emul-boot",
		"-boot-load-size",
		"4",
		"-boot-info-table",
		"--grub2-boot-info",
		"-eltorito-alt-boot",
		"-e",
		"--interval:appended_partition_2:all::",
		"-no-emul-boot",
	};
	const char *arguments[ARGUMENTS_MAX] = {
		"-report_about",
		"WARNING",
		"-as",
		"mkisofs",
		"-o",
		path,
		"-V",
		label,
		"-append_partition",
		"2",
		"0xef",
		fat,
	};
	char weights[ARRAY_SIZE(order->names)][8];
	char names[ARRAY_SIZE(order->names)][64];
	size_t count = 12;

	for (size_t i = 0; i < ARRAY_SIZE(how); i++)
		arguments[count++] = how[i];
	/* Otherwise by their numbers in the file system they come from. */
	for (size_t i = 0; i < order->count; i++) {
		snprintf(weights[i], sizeof(weights[i]), "%zu", 1000 - i);
		snprintf(names[i], sizeof(names[i]), "/%s", order->names[i]);
		arguments[count++] = "--sort-weight";
		arguments[count++] = weights[i];
		arguments[count++] = names[i];
	}
	arguments[count++] = tree;
	return run(TOOL_ISO, arguments, failure);
}
