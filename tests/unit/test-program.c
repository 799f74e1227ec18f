/* SPDX-License-Identifier: MIT */
/* This program itself, as one that needs a loader and libraries. */
#include <elf.h>
#include <errno.h>
#include <limits.h>

#include "initramfs/program.h"
#include "tap.h"

/* Whether a file of this name is in the manifest. */
static bool has_name(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++) {
		const char *slash = strrchr(m->entries[i].path, '/');

		if (slash && strcmp(slash + 1, name) == 0)
			return true;
	}
	return false;
}

static void test_dynamic(void)
{
	_cleanup_manifest struct manifest m = { 0 };

	manifest_symlink(&m, "/lib", "usr/lib");
	manifest_symlink(&m, "/lib64", "usr/lib64");
	program_add(&m, "/usr/bin/it", "/proc/self/exe");
	program_add(&m, "/usr/bin/again", "/proc/self/exe");
	ok_int(manifest_check(&m, NULL), 0, "a program that runs");
	ok(has_name(&m, "it"), "is there");
	ok(has_name(&m, "libc.so.6"), "with the C library");
	for (size_t i = 0; i < m.count; i++)
		ok(strncmp(m.entries[i].path, "lib", 3) != 0 ||
			   !strchr(m.entries[i].path, '/'),
		   "nothing stands below a symlink");
}

static void test_failures(const char *corpus)
{
	char path[PATH_MAX];
	struct failure failure = { 0 };

	{
		_cleanup_manifest struct manifest m = { 0 };

		snprintf(path, sizeof(path), "%s/dynamic", corpus);
		program_add(&m, "/usr/bin/it", path);
		ok_int(manifest_check(&m, &failure), -ENOENT,
		       "a library that is nowhere");
		ok(strstr(failure.text, "libf.so"), "is named");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		program_add_static(&m, "/init", "/proc/self/exe");
		ok_int(manifest_check(&m, NULL), -ENOEXEC,
		       "a dynamic program where a static one is needed");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		snprintf(path, sizeof(path), "%s/static", corpus);
		program_add_static(&m, "/init", path);
		ok_int(manifest_check(&m, NULL), 0, "a static one");
		ok_int((int64_t)m.count, 1, "needs nothing");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		program_add(&m, "/x", "/etc/passwd");
		ok_int(manifest_check(&m, NULL), -EBADMSG, "not a program");
	}
	{
		_cleanup_manifest struct manifest m = { 0 };

		program_add(&m, "/x", "/nonexistent");
		ok_int(manifest_check(&m, NULL), -ENOENT, "no program");
	}
}

static void test_machine(void)
{
	_cleanup_manifest struct manifest m = { .machine = EM_S390 };
	struct failure failure = { 0 };
	uint16_t machine = 0;

	ok_int(program_machine("/proc/self/exe", &machine, &failure), 0,
	       "what this program is for");
	ok(machine == EM_X86_64 || machine == EM_AARCH64, "is known");
	program_add(&m, "/usr/bin/it", "/proc/self/exe");
	ok_int(manifest_check(&m, &failure), -ENOEXEC,
	       "a program for another machine");
	ok(strstr(failure.text, machine == EM_X86_64 ? "x86-64" : "arm64"),
	   "is told by its name");
}

/* The C library and its loader need each other. */
static void test_after_failure(void)
{
	_cleanup_manifest struct manifest m = { 0 };

	manifest_directory(&m, "relative", 0755);
	program_add(&m, "/usr/bin/it", "/proc/self/exe");
	ok_int(manifest_check(&m, NULL), -EINVAL,
	       "after a failure nothing is followed");
}

int main(int argc, char **argv)
{
	test_dynamic();
	test_machine();
	test_after_failure();
	test_failures(argc > 1 ? argv[1] : "tests/fuzz/corpus/elf-file");
	return tap_done();
}
