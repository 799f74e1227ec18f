/* SPDX-License-Identifier: MIT */
/*
 * One table says which file starts on which firmware and in which order they
 * are tried. Every DISCOVER of firmware asks for a loader, so which of the
 * table's files are there is remembered for a second; a file that comes or
 * goes meanwhile is a failed fetch, which the machine survives.
 */
#include "server/loaders.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/text.h"

#define PACKAGE_DIR "/usr/lib/ipxe"

enum loader_family {
	FAMILY_NONE,
	FAMILY_BIOS,
	FAMILY_IA32,
	FAMILY_X64,
	FAMILY_ARM64,
};

struct loader {
	enum loader_family family;
	bool starts_securely; /* signed by whom UEFI firmware trusts */
	const char *file;
	const char *needs; /* beside it, or it stops; NULL: nothing */
};

static const struct loader table[] = {
	{ FAMILY_BIOS, false, "undionly.kpxe", NULL },
	{ FAMILY_BIOS, false, "ipxe.pxe", NULL },
	{ FAMILY_X64, false, "snponly.efi", NULL },
	{ FAMILY_X64, false, "ipxe.efi", NULL },
	{ FAMILY_X64, true, "shimx64.efi", "grubx64.efi" },
	{ FAMILY_IA32, false, "snponly-i386.efi", NULL },
	{ FAMILY_IA32, false, "ipxe-i386.efi", NULL },
	{ FAMILY_ARM64, true, "shimaa64.efi", "grubaa64.efi" },
	{ FAMILY_ARM64, false, "snponly-arm64.efi", NULL },
	{ FAMILY_ARM64, false, "ipxe-arm64.efi", NULL },
	{ FAMILY_ARM64, false, "grubaa64.efi", NULL },
};

struct loader_presence {
	int64_t looked_ms; /* clock_ms() */
	bool there[ARRAY_SIZE(table)];
};

static enum loader_family family_of(uint16_t arch)
{
	switch (arch) {
	case ARCH_BIOS:
		return FAMILY_BIOS;
	case ARCH_EFI_IA32:
	case ARCH_EFI_IA32_HTTP:
		return FAMILY_IA32;
	case ARCH_EFI_X64:
	case ARCH_EFI_BC:
	case ARCH_EFI_X64_HTTP:
		return FAMILY_X64;
	case ARCH_EFI_ARM64:
	case ARCH_EFI_ARM64_HTTP:
		return FAMILY_ARM64;
	}
	return FAMILY_NONE;
}

/* BIOS knows no signatures. Without Secure Boot, arm64's GRUB needs no shim
 * in front of it. */
static bool is_wanted(const struct loaders *loaders,
		      const struct loader *loader)
{
	if (loader->family == FAMILY_BIOS)
		return true;
	if (loader->family == FAMILY_ARM64 || loaders->secure_boot)
		return loader->starts_securely == loaders->secure_boot;
	return true;
}

/* Opens base/below; a directory that is not there is left out. */
static int open_dir(struct loaders *loaders, const char *base,
		    const char *below, bool confined)
{
	struct loader_dir *dir = &loaders->dirs[loaders->dir_count];

	if (!base)
		return 0;
	if (asprintf(&dir->path, "%s%s", base, below) < 0)
		return -ENOMEM;
	dir->confined = confined;
	dir->fd = open(dir->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd >= 0)
		loaders->dir_count++;
	else
		free(dir->path);
	return 0;
}

int loaders_open(struct loaders *loaders, const struct serve_settings *settings,
		 struct failure *failure)
{
	int r;

	*loaders = (struct loaders){ .secure_boot = settings->secure_boot };
	loaders->presence = calloc(1, sizeof(*loaders->presence));
	r = loaders->presence ? 0 : -ENOMEM;
	if (r == 0)
		r = open_dir(loaders, settings->tftp_root, "", true);
	if (r == 0)
		r = open_dir(loaders, settings->dir, "/loaders", true);
	if (r == 0)
		r = open_dir(loaders, PACKAGE_DIR, "", false);
	if (r < 0) {
		loaders_close(loaders);
		return failure_errno(failure, -r, "boot loaders");
	}
	return 0;
}

void loaders_close(struct loaders *loaders)
{
	while (loaders->dir_count > 0) {
		struct loader_dir *dir = &loaders->dirs[--loaders->dir_count];

		dir->fd = fd_close(dir->fd);
		free(TAKE_PTR(dir->path));
	}
	free(TAKE_PTR(loaders->presence));
}

int loaders_find(const struct loaders *loaders, const char *name)
{
	for (size_t i = 0; i < loaders->dir_count; i++) {
		const struct loader_dir *dir = &loaders->dirs[i];
		_cleanup_fd int fd = FD_NONE;
		struct stat st;

		if (dir->confined)
			fd = path_open_in_root(dir->fd, name, O_PATH, 0);
		else
			fd = openat(dir->fd, name, O_PATH | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			return (int)i;
	}
	return -ENOENT;
}

static const struct loader_presence *presence(const struct loaders *loaders)
{
	struct loader_presence *presence = loaders->presence;
	int64_t now = clock_ms();

	if (presence->looked_ms != 0 &&
	    now - presence->looked_ms < LOADERS_FRESH_MS)
		return presence;
	presence->looked_ms = now;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct loader *loader = &table[i];

		presence->there[i] =
			loaders_find(loaders, loader->file) >= 0 &&
			(!loader->needs ||
			 loaders_find(loaders, loader->needs) >= 0);
	}
	return presence;
}

const char *loaders_pick(const struct loaders *loaders, uint16_t arch,
			 unsigned int index)
{
	const struct loader_presence *found = presence(loaders);
	enum loader_family family = family_of(arch);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].family == family && found->there[i] &&
		    is_wanted(loaders, &table[i]) && index-- == 0)
			return table[i].file;
	return NULL;
}

/* "snponly.efi, ipxe.efi or shimx64.efi with grubx64.efi". */
static void list_files(const struct loaders *loaders, enum loader_family family,
		       struct text *text)
{
	const struct loader *wanted[ARRAY_SIZE(table)];
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].family == family && is_wanted(loaders, &table[i]))
			wanted[count++] = &table[i];
	for (size_t i = 0; i < count; i++)
		text_add(text, "%s%s%s%s",
			 i == 0		  ? ""
			 : i + 1 == count ? " or "
					  : ", ",
			 wanted[i]->file, wanted[i]->needs ? " with " : "",
			 wanted[i]->needs ? wanted[i]->needs : "");
}

void loaders_missing(const struct loaders *loaders, uint16_t arch,
		     struct failure *failure)
{
	enum loader_family family = family_of(arch);
	char what[128], files[160], where[192];
	struct text text;

	text = text_over(what, sizeof(what));
	if (arch == ARCH_BIOS)
		text_add(&text, "BIOS");
	else
		text_add(&text, "%s UEFI (architecture %u)",
			 client_arch_name(arch), arch);
	text = text_over(files, sizeof(files));
	list_files(loaders, family, &text);
	if (text.len == 0) {
		(void)failure_set(failure, ENOENT,
				  "no loader for %s: %s; give these machines "
				  "an iPXE of their own",
				  what,
				  loaders->secure_boot
					  ? "none that is signed is known"
					  : "none is known");
		return;
	}
	text = text_over(where, sizeof(where));
	for (size_t i = 0; i < loaders->dir_count; i++)
		text_add(&text, "%s%s", i > 0 ? " or " : "",
			 loaders->dirs[i].path);
	(void)failure_set(failure, ENOENT, "no loader for %s: put %s into %s",
			  what, files,
			  where[0] ? where : "the directory of --tftp-root");
}
