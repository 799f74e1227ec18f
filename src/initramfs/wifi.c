/* SPDX-License-Identifier: MIT */
/*
 * A driver names each version of its firmware that it can use, and some name
 * files of boards by a pattern. What the host has of these is taken: for which
 * machine a bootstrap is built is not known here, and a radio without its
 * firmware is no radio.
 */
#include "initramfs/wifi.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "initramfs/modules.h"
#include "initramfs/program.h"
#include "initramfs/system.h"
#include "root/module-set.h"

struct firmware {
	struct manifest *m;
	const char *dir;
	struct wifi_firmware *counts;
};

static void add_supplicant(struct manifest *m)
{
	char source[PATH_MAX];
	struct failure failure;

	if (system_find_program(m, "wpa_supplicant", source)) {
		program_add(m, "/usr/sbin/wpa_supplicant", source);
		return;
	}
	failure_set(&failure, ENOENT,
		    "wpa_supplicant is not installed; install wpasupplicant");
	manifest_fail(m, &failure);
}

/* Adds a file below the directory of firmware, if it is one. */
static bool add_file(const struct firmware *firmware, const char *source)
{
	const char *relative = str_after(source, firmware->dir);
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	struct stat info;

	if (!relative || stat(source, &info) < 0 || !S_ISREG(info.st_mode))
		return false;
	text_add(&text, WIFI_FIRMWARE_DIR "%s", relative);
	manifest_file(firmware->m, path, 0644, source);
	return true;
}

/* Every file that a name, which may be a pattern, stands for. */
static bool add_named(const struct firmware *firmware, const char *name,
		      const char *suffix)
{
	char pattern[PATH_MAX];
	struct text text = text_over(pattern, sizeof(pattern));
	bool any = false;
	glob_t found;

	text_add(&text, "%s/%s%s", firmware->dir, name, suffix);
	if (text.cut || glob(pattern, 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++)
		any |= add_file(firmware, found.gl_pathv[i]);
	globfree(&found);
	return any;
}

static int add_firmware(const char *name, void *context)
{
	static const char *const suffixes[] = { "", ".xz", ".zst" };
	const struct firmware *firmware = context;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		any |= add_named(firmware, name, suffixes[i]);
	firmware->counts->named++;
	firmware->counts->found += any;
	return 0;
}

/* The drivers' alone: those with a cable were chosen to need none. */
static void add_all_firmware(const struct firmware *firmware,
			     const char *modules)
{
	static const char *const no_names[] = { NULL };
	_cleanup_module_set struct module_set set = { 0 };
	struct failure failure;
	int r = module_set_choose(&set, modules, modules_wifi, no_names,
				  &failure);

	if (r == 0)
		r = module_set_firmware(&set, add_firmware, (void *)firmware,
					&failure);
	if (r < 0)
		manifest_fail(firmware->m, &failure);
}

static void add_modules(struct manifest *m, const char *modules,
			const char *wired)
{
	_cleanup_free char *list = NULL;
	struct failure failure;

	if (asprintf(&list, "%s\n%s", wired, modules_wifi) >= 0) {
		modules_add(m, modules, list);
		return;
	}
	list = NULL;
	failure_errno(&failure, ENOMEM, "modules");
	manifest_fail(m, &failure);
}

void wifi_add(struct manifest *m, const char *modules, const char *wired,
	      const char *firmware, struct wifi_firmware *ret_firmware)
{
	char systems[PATH_MAX] = WIFI_FIRMWARE_DIR;
	const struct firmware all = { m, firmware ? firmware : systems,
				      ret_firmware };
	enum manifest_part part = m->part;
	struct failure failure;

	*ret_firmware = (struct wifi_firmware){ 0 };
	(void)!system_find(m, WIFI_FIRMWARE_DIR, systems);
	if (firmware && access(firmware, R_OK | X_OK) < 0) {
		failure_errno(&failure, errno, "%s", firmware);
		manifest_fail(m, &failure);
	}
	m->part = MANIFEST_PROGRAMS;
	add_supplicant(m);
	m->part = MANIFEST_MODULES;
	add_modules(m, modules, wired);
	m->part = MANIFEST_FIRMWARE;
	if (!manifest_failed(m))
		add_all_firmware(&all, modules);
	m->part = part;
}
