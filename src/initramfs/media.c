/* SPDX-License-Identifier: MIT */
#include "initramfs/media.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/newfile.h"
#include "base/path.h"
#include "base/text.h"
#include "initramfs/bootscript.h"
#include "initramfs/media-text.h"
#include "initramfs/media-tools.h"
#include "initramfs/scratch.h"

/* GRUB for disks; grubx64.efi is the one for networks. */
#define LOADER_GRUB "grubx64-disk.efi"
#define BOOT_CONFIG "EFI/debian/grub.cfg" /* where that one looks */
#define MENU	    "boot/grub/grub.cfg"
#define FACTS	    "boot/grub/build.cfg"
#define UEFI_FIRST  "EFI/BOOT/BOOTX64.EFI"
#define UEFI_NEXT   "EFI/BOOT/grubx64.efi" /* what the shim starts */

/* A file of a medium, and what it is: a loader, a file of out, or a text. */
struct part {
	const char *name; /* NULL: no more of them */
	const char *loader;
	const char *output;
	void (*text)(struct text *text);
};

static const struct medium {
	const char *file;
	const char *label;
	struct part tree[8]; /* of the ISO 9660 file system */
	struct part fat[8];
} media[MEDIA_KINDS] = {
	[MEDIA_BOOTSTRAP] = {
		"bootstrap.iso", "BOOMERANG",
		{
			{ MENU, .text = media_text_bootstrap },
			{ BOOT_CONFIG, .text = media_text_uefi },
			{ BOOTSCRIPT_KERNEL, .output = BOOTSCRIPT_KERNEL },
			{ BOOTSCRIPT_INITRAMFS,
			  .output = BOOTSCRIPT_INITRAMFS },
		},
		{
			{ UEFI_FIRST, .loader = "shimx64.efi" },
			{ UEFI_NEXT, .loader = LOADER_GRUB },
			{ BOOT_CONFIG, .text = media_text_uefi },
			{ "parameters.cfg", .text = media_text_parameters },
		},
	},
	[MEDIA_IPXE] = {
		"ipxe.iso", "BOOMIPXE",
		{
			{ MENU, .text = media_text_ipxe },
			{ BOOT_CONFIG, .text = media_text_uefi },
			{ "ipxe.lkrn", .loader = "ipxe.lkrn" },
			{ "ipxe.efi", .loader = "ipxe.efi" },
			{ "boot.ipxe", .text = media_text_script },
		},
		{
			{ UEFI_FIRST, .loader = LOADER_GRUB },
			{ BOOT_CONFIG, .text = media_text_uefi },
			{ "boot.ipxe", .text = media_text_script },
			{ "parameters.cfg", .text = media_text_server },
		},
	},
};

/* Where a medium is put together. */
struct place {
	const struct media_options *options;
	const struct medium *medium;
	struct failure *failure;
	char scratch[PATH_MAX];
	char tree[PATH_MAX];
	char fat[PATH_MAX];
	char image[PATH_MAX];
};

static int join(const char *directory, const char *name,
		char path[static PATH_MAX], struct failure *failure)
{
	struct text text = text_over(path, PATH_MAX);

	text_add(&text, "%s/%s", directory, name);
	return text.cut ? failure_errno(failure, ENAMETOOLONG, "%s", directory)
			: 0;
}

static int loader_path(const struct media_options *options, const char *name,
		       char path[static PATH_MAX], struct failure *failure)
{
	char directory[PATH_MAX];
	int r = 0;

	if (options->loaders)
		return join(options->loaders, name, path, failure);
	r = join(options->out, "loaders", directory, failure);
	return r < 0 ? r : join(directory, name, path, failure);
}

/* --- what is needed --- */

static int check_loaders(const struct media_options *options,
			 const struct part *parts, struct failure *failure)
{
	char path[PATH_MAX];

	for (const struct part *part = parts; part->name; part++) {
		int r = 0;

		if (!part->loader)
			continue;
		r = loader_path(options, part->loader, path, failure);
		if (r == 0 && access(path, R_OK) < 0)
			r = failure_errno(failure, errno,
					  "%s (make loaders fetches it, "
					  "--loaders says where it is)",
					  path);
		if (r < 0)
			return r;
	}
	return 0;
}

int media_check(const struct media_options *options, struct failure *failure)
{
	int r = media_tools_check(failure);

	for (size_t i = 0; r == 0 && i < MEDIA_KINDS; i++) {
		r = check_loaders(options, media[i].tree, failure);
		if (r == 0)
			r = check_loaders(options, media[i].fat, failure);
	}
	return r;
}

/* --- putting it together --- */

/* A file at path, of what part is. */
static int put(const struct place *place, const struct part *part,
	       const char *path)
{
	char buf[MEDIA_TEXT_MAX], source[PATH_MAX];
	struct text text = text_over(buf, sizeof(buf));
	uint64_t size;
	int r = 0;

	if (part->text) {
		part->text(&text);
		return newfile_write(path, 0644, text.buf, text.len,
				     place->failure);
	}
	r = part->loader ? loader_path(place->options, part->loader, source,
				       place->failure)
			 : join(place->options->out, part->output, source,
				place->failure);
	return r < 0 ? r
		     : newfile_copy(path, 0644, source, &size, place->failure);
}

/* The kernel's command line, as other loaders get it. */
static int read_cmdline(const struct place *place, char **ret_line)
{
	_cleanup_free char *line = NULL;
	char path[PATH_MAX];
	size_t len;
	int r = join(place->options->out, "cmdline", path, place->failure);

	if (r < 0)
		return r;
	r = host_read(path, MEDIA_TEXT_MAX, &line, &len);
	if (r < 0)
		return failure_errno(place->failure, -r, "%s", path);
	str_trim_end(line);
	if (!bootscript_parameters_fit(line))
		return failure_set(place->failure, EINVAL,
				   "%s has what GRUB cannot be given", path);
	*ret_line = TAKE_PTR(line);
	return 0;
}

static int put_facts(const struct place *place)
{
	_cleanup_free char *cmdline = NULL;
	char buf[MEDIA_TEXT_MAX], path[PATH_MAX];
	struct text text = text_over(buf, sizeof(buf));
	int r = join(place->tree, FACTS, path, place->failure);

	if (r == 0)
		r = read_cmdline(place, &cmdline);
	if (r < 0)
		return r;
	media_text_build(&text, &(struct media_facts){
					.version = place->options->version,
					.cmdline = cmdline,
					.server = place->options->server,
					.label = place->medium->label,
				});
	return text.cut ? failure_set(place->failure, E2BIG,
				      "--server: too long for a boot script")
			: newfile_write(path, 0644, text.buf, text.len,
					place->failure);
}

static int make_tree(const struct place *place)
{
	static const char *const directories[] = { "boot/grub", "EFI/debian" };
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++) {
		r = join(place->tree, directories[i], path, place->failure);
		if (r == 0 && (r = path_mkdirs(path, 0755)) < 0)
			r = failure_errno(place->failure, -r, "%s", path);
	}
	for (const struct part *part = place->medium->tree;
	     r == 0 && part->name; part++) {
		r = join(place->tree, part->name, path, place->failure);
		if (r == 0)
			r = put(place, part, path);
	}
	if (r == 0)
		r = put_facts(place);
	if (r == 0)
		r = join(place->tree, MEDIA_TOOLS_GRUB, path, place->failure);
	return r < 0 ? r : media_tools_grub(path, place->failure);
}

static int make_fat(const struct place *place)
{
	static const char *const directories[] = { "EFI", "EFI/BOOT",
						   "EFI/debian" };
	struct failure *failure = place->failure;
	char path[PATH_MAX];
	int r = join(place->scratch, "part", path, failure);

	if (r == 0)
		r = media_tools_fat(place->fat, place->medium->label, failure);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(directories); i++)
		r = media_tools_fat_mkdir(place->fat, directories[i], failure);
	for (const struct part *part = place->medium->fat; r == 0 && part->name;
	     part++) {
		r = put(place, part, path);
		if (r == 0)
			r = media_tools_fat_put(place->fat, part->name, path,
						failure);
	}
	return r;
}

static int make_image(const struct place *place)
{
	const struct medium *medium = place->medium;
	struct media_order order = {
		.names = { MEDIA_TOOLS_GRUB, FACTS },
		.count = 2,
	};

	for (const struct part *part = medium->tree; part->name; part++)
		order.names[order.count++] = part->name;
	return media_tools_iso(place->image, medium->label, place->tree,
			       place->fat, &order, place->failure);
}

static int build(struct place *place, uint64_t *ret_size)
{
	struct failure *failure = place->failure;
	char path[PATH_MAX];
	int r = join(place->scratch, "tree", place->tree, failure);

	if (r == 0)
		r = join(place->scratch, "fat", place->fat, failure);
	if (r == 0)
		r = join(place->scratch, "image", place->image, failure);
	if (r == 0)
		r = join(place->options->out, place->medium->file, path,
			 failure);
	if (r == 0)
		r = make_tree(place);
	if (r == 0)
		r = make_fat(place);
	if (r == 0)
		r = make_image(place);
	if (r == 0)
		r = newfile_copy(path, 0644, place->image, ret_size, failure);
	return r;
}

int media_build(const struct media_options *options,
		uint64_t ret_size[static MEDIA_KINDS], struct failure *failure)
{
	uint64_t size[MEDIA_KINDS];
	int r = 0;

	for (size_t i = 0; r == 0 && i < MEDIA_KINDS; i++) {
		struct place place = {
			.options = options,
			.medium = &media[i],
			.failure = failure,
		};

		r = scratch_make(place.scratch, failure);
		if (r < 0)
			return r;
		r = build(&place, &size[i]);
		scratch_remove(place.scratch);
	}
	if (r == 0)
		memcpy(ret_size, size, sizeof(size));
	return r;
}
