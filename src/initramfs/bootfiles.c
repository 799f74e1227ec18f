/* SPDX-License-Identifier: MIT */
#include "initramfs/bootfiles.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/newfile.h"
#include "base/path.h"
#include "base/text.h"
#include "initramfs/bootscript.h"
#include "initramfs/contents.h"
#include "initramfs/kernel.h"
#include "initramfs/modules.h"
#include "initramfs/program.h"
#include "initramfs/squash.h"
#include "initramfs/ssh.h"
#include "initramfs/tools.h"
#include "wire/boot-plan.h"
#include "wire/usr-files.h"

#define KERNEL_CACHE ".cache/kernel"
#define HOST_KEY     "ssh_host_ed25519_key"
#define SCRIPT_MAX   8192

static int out_path(const struct bootfiles_options *options, const char *name,
		    char path[static PATH_MAX], struct failure *failure)
{
	struct text text = text_over(path, PATH_MAX);

	text_add(&text, "%s/%s", options->out, name);
	return text.cut ? failure_errno(failure, ENAMETOOLONG, "%s",
					options->out)
			: 0;
}

static int choose_kernel(const struct bootfiles_options *options,
			 uint16_t machine, struct kernel *ret_kernel,
			 struct failure *failure)
{
	struct kernel kernel;
	int r;

	if (!options->kernel) {
		r = options->sysroot
			    ? kernel_find_in(options->sysroot, &kernel, failure)
			    : kernel_find(KERNEL_CACHE, &kernel, failure);
		if (r < 0)
			return r;
	} else if (!str_copy(kernel.image, PATH_MAX, options->kernel) ||
		   !str_copy(kernel.modules, PATH_MAX, options->modules)) {
		return failure_errno(failure, ENAMETOOLONG, "--kernel");
	}
	r = kernel_check(&kernel, machine, failure);
	if (r == 0)
		*ret_kernel = kernel;
	return r;
}

static void add_programs(struct manifest *m,
			 const struct bootfiles_options *options,
			 const char *made_key)
{
	bool rescue = options->profile == BOOTFILES_RESCUE;
	struct ssh_options ssh = options->ssh;

	m->part = MANIFEST_PROGRAMS;
	contents_add_programs(m, options->program, options->init);
	if (rescue) {
		tools_add(m, "rescue");
		manifest_symlink(m, "/usr/bin/sh", "bash");
	}
	m->part = MANIFEST_SSH;
	if (rescue)
		tools_add(m, "ssh");
	ssh.made_key = made_key;
	if (rescue || ssh.key_count > 0 || ssh.host_key)
		ssh_add(m, &ssh);
	m->part = MANIFEST_PROGRAMS;
	contents_add_busybox(m);
}

static void add_modules(struct manifest *m,
			const struct bootfiles_options *options,
			const struct kernel *kernel,
			struct wifi_firmware *ret_firmware)
{
	const char *list = options->profile == BOOTFILES_RESCUE
				   ? modules_default
				   : modules_minimal;

	m->part = MANIFEST_MODULES;
	if (options->wifi)
		wifi_add(m, kernel->modules, list, options->firmware,
			 ret_firmware);
	else
		modules_add(m, kernel->modules, list);
	modules_add_early(m, kernel->modules);
}

static void fill_manifest(struct manifest *m,
			  const struct bootfiles_options *options,
			  const struct kernel *kernel, const char *made_key,
			  struct wifi_firmware *ret_firmware,
			  struct squash_sizes *ret_squashed)
{
	m->part = MANIFEST_OTHER;
	contents_add_skeleton(m);
	contents_add_etc(m, options->version);
	policy_add(m, &options->policy);
	m->part = MANIFEST_KERNEL;
	/* To become another kernel is for a person to ask, where live ISOs
	 * can be booted. */
	if (options->profile == BOOTFILES_RESCUE && m->machine == EM_X86_64)
		manifest_file(m, SELF_KERNEL, 0644, kernel->image);
	add_programs(m, options, made_key);
	m->part = MANIFEST_CERTIFICATES;
	contents_add_certificates(m, options->authorities,
				  options->authority_count);
	add_modules(m, options, kernel, ret_firmware);
	squash_directory(m, USR, USR_SQUASHFS, options->level, ret_squashed);
}

static int write_initramfs(const struct bootfiles_options *options,
			   uint16_t machine, const struct kernel *kernel,
			   struct bootfiles_report *report,
			   struct failure *failure)
{
	_cleanup_newfile struct newfile file = NEWFILE_NONE;
	_cleanup_manifest struct manifest manifest = {
		.sysroot = options->sysroot,
		.machine = machine,
	};
	struct squash_sizes squashed = { 0 };
	char path[PATH_MAX], made_key[PATH_MAX];
	int r;

	r = out_path(options, HOST_KEY, made_key, failure);
	if (r == 0)
		r = out_path(options, BOOTSCRIPT_INITRAMFS, path, failure);
	if (r < 0)
		return r;
	fill_manifest(&manifest, options, kernel, made_key, &report->firmware,
		      &squashed);
	r = manifest_check(&manifest, failure);
	if (r == 0)
		r = newfile_begin(path, 0644, &file, failure);
	if (r == 0)
		r = archive_write(&manifest, file.fd, options->level,
				  &report->sizes, failure);
	if (r == 0)
		r = newfile_finish(&file, failure);
	if (r == 0)
		squash_share_out(&squashed, &report->sizes);
	return r;
}

static int write_script(const struct bootfiles_options *options,
			const char *name, const struct text *script,
			struct failure *failure)
{
	char path[PATH_MAX];
	int r = out_path(options, name, path, failure);

	if (r < 0)
		return r;
	if (script->cut)
		return failure_set(failure, E2BIG,
				   "--cmdline: too long for a boot script");
	return newfile_write(path, 0644, script->buf, script->len, failure);
}

static int write_scripts(const struct bootfiles_options *options,
			 uint16_t machine, struct failure *failure)
{
	char ipxe_text[SCRIPT_MAX], grub_text[SCRIPT_MAX];
	char cmdline_text[SCRIPT_MAX];
	struct text ipxe = text_over(ipxe_text, sizeof(ipxe_text));
	struct text grub = text_over(grub_text, sizeof(grub_text));
	struct text cmdline = text_over(cmdline_text, sizeof(cmdline_text));
	int r;

	bootscript_cmdline(&cmdline, machine, options->parameters);
	bootscript_ipxe(&ipxe, machine, options->parameters);
	bootscript_grub(&grub, machine, options->version, options->parameters);
	r = write_script(options, "boot.ipxe", &ipxe, failure);
	if (r == 0)
		r = write_script(options, "grub.cfg", &grub, failure);
	if (r == 0)
		r = write_script(options, "cmdline", &cmdline, failure);
	return r;
}

int bootfiles_build(const struct bootfiles_options *options,
		    struct bootfiles_report *ret_report,
		    struct failure *failure)
{
	struct bootfiles_report report = { 0 };
	struct kernel kernel;
	char path[PATH_MAX];
	uint16_t machine;
	int r;

	r = program_machine(options->init, &machine, failure);
	if (r == 0)
		r = choose_kernel(options, machine, &kernel, failure);
	if (r < 0)
		return r;
	(void)str_copy(report.kernel, sizeof(report.kernel), kernel.image);
	r = path_mkdirs(options->out, 0755);
	if (r < 0)
		return failure_errno(failure, -r, "%s", options->out);
	r = write_initramfs(options, machine, &kernel, &report, failure);
	if (r == 0)
		r = out_path(options, BOOTSCRIPT_KERNEL, path, failure);
	if (r == 0)
		r = newfile_copy(path, 0644, kernel.image, &report.kernel_size,
				 failure);
	if (r == 0)
		r = write_scripts(options, machine, failure);
	if (r == 0)
		*ret_report = report;
	return r;
}
