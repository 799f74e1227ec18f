/* SPDX-License-Identifier: MIT */
/*
 * A live medium has its menu several times, one for each firmware; the one for
 * GRUB is most often the complete one. Those that only find another one
 * (EFI/BOOT/grub.cfg) come behind it, since that is then read as it is.
 */
#include <errno.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "iso/boot-menu.h"
#include "iso/boot-search.h"

#define CONFIGURATION_MAX (512 * KIB)
/* That editors of some systems put in front of what they write. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct source {
	const struct iso *iso;
	struct failure failure; /* of what was no lack of a file */
	int error;
};

struct configuration {
	const char *path;
	int (*read)(const struct boot_files *files, const char *path,
		    struct boot_menu *menu);
};

static const struct configuration configurations[] = {
	{ "/boot/grub/grub.cfg", grub_menu },
	{ "/boot/grub2/grub.cfg", grub_menu },
	{ "/boot/grub/x86_64-efi/grub.cfg", grub_menu },
	{ "/grub/grub.cfg", grub_menu },
	{ "/grub2/grub.cfg", grub_menu },
	{ "/grub.cfg", grub_menu },
	{ "/EFI/BOOT/grub.cfg", grub_menu },
	{ "/EFI/fedora/grub.cfg", grub_menu },
	{ "/EFI/debian/grub.cfg", grub_menu },
	{ "/EFI/ubuntu/grub.cfg", grub_menu },
	{ "/boot/grub/loopback.cfg", grub_menu },
	{ "/isolinux/isolinux.cfg", syslinux_menu },
	{ "/boot/isolinux/isolinux.cfg", syslinux_menu },
	{ "/boot/x86_64/loader/isolinux.cfg", syslinux_menu },
	{ "/boot/syslinux/isolinux.cfg", syslinux_menu },
	{ "/boot/syslinux/syslinux.cfg", syslinux_menu },
	{ "/syslinux/isolinux.cfg", syslinux_menu },
	{ "/syslinux/syslinux.cfg", syslinux_menu },
	{ "/isolinux/syslinux.cfg", syslinux_menu },
	{ "/isolinux.cfg", syslinux_menu },
	{ "/syslinux.cfg", syslinux_menu },
	{ "/loader/entries", loader_entries_menu },
	{ "/boot/loader/entries", loader_entries_menu },
};

/* What an ISO says wrong about one file is a lack of that file; what the
 * server or the disk fails at is an error of all. */
static int judge(struct source *source, int r, const struct failure *failure)
{
	if (r >= 0 || r == -ENOMEM)
		return r;
	if (r != -ENOENT && r != -EBADMSG && r != -EFBIG && r != -EISDIR &&
	    r != -ENOTDIR && r != -ELOOP && r != -EINVAL) {
		source->failure = *failure;
		source->error = r;
		return r;
	}
	return -ENOENT;
}

static int read_file(void *context, const char *path, char **ret_text,
		     size_t *ret_len)
{
	struct source *source = context;
	struct failure failure = { 0 };
	int r = iso_read_whole(source->iso, path, CONFIGURATION_MAX, ret_text,
			       ret_len, &failure);

	if (r == 0 && str_after(*ret_text, BYTE_ORDER_MARK)) {
		*ret_len -= strlen(BYTE_ORDER_MARK);
		memmove(*ret_text, *ret_text + strlen(BYTE_ORDER_MARK),
			*ret_len + 1);
	}
	return judge(source, r, &failure);
}

static bool file_exists(void *context, const char *path)
{
	struct source *source = context;
	struct failure failure = { 0 };
	struct iso_entry entry;
	int r = iso_find(source->iso, path, &entry, &failure);

	return judge(source, r, &failure) >= 0;
}

struct listing {
	int (*each)(const char *name, void *context);
	void *context;
};

static int list_entry(const struct iso_entry *entry, void *context)
{
	const struct listing *listing = context;

	return listing->each(entry->name, listing->context);
}

static int list_directory(void *context, const char *path,
			  int (*each)(const char *name, void *each_context),
			  void *each_context)
{
	struct source *source = context;
	struct listing listing = { each, each_context };
	struct failure failure = { 0 };
	struct iso_entry entry;
	int r = iso_find(source->iso, path, &entry, &failure);

	if (r == 0 && entry.type != ISO_DIRECTORY)
		return -ENOENT;
	if (r == 0)
		r = iso_list(source->iso, &entry, list_entry, &listing,
			     &failure);
	return judge(source, r, &failure);
}

/* What names a kernel that is not there can start nothing. */
static void drop_missing(const struct boot_files *files, struct boot_menu *menu)
{
	size_t kept = 0, chosen = SIZE_MAX;

	for (size_t i = 0; i < menu->count; i++) {
		struct boot_entry *entry = &menu->entries[i];

		if (!entry->other_system &&
		    !files->exists(files->context, entry->kernel)) {
			boot_entry_clear(entry);
			continue;
		}
		if (i == menu->chosen)
			chosen = kept;
		menu->entries[kept++] = *entry;
	}
	menu->count = kept;
	menu->chosen = chosen;
}

/* The default, or when that starts no Linux, the first that does. */
static bool choose(struct boot_menu *menu)
{
	if (menu->chosen < menu->count &&
	    !menu->entries[menu->chosen].other_system)
		return true;
	for (size_t i = 0; i < menu->count; i++)
		if (!menu->entries[i].other_system) {
			menu->chosen = i;
			return true;
		}
	return false;
}

static int read_one(const struct boot_files *files,
		    const struct configuration *configuration,
		    struct text *failed, struct boot_menu *ret_menu)
{
	_cleanup_boot_menu struct boot_menu menu = { 0 };
	int r = configuration->read(files, configuration->path, &menu);

	if (r == -ENOMEM || r == -ENOENT)
		return r;
	/* Of one that is too much, the beginning is good enough. */
	drop_missing(files, &menu);
	if (!choose(&menu)) {
		text_add(failed, "%s%s", failed->len > 0 ? ", " : "",
			 configuration->path);
		return -ENOENT;
	}
	*ret_menu = menu;
	menu = (struct boot_menu){ 0 };
	return 0;
}

static bool is_known(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(configurations); i++)
		if (strcasecmp(configurations[i].path, path) == 0)
			return true;
	return false;
}

/* Configurations in unusual places; -ENOENT: none of use. */
static int read_others(const struct boot_files *files, struct text *failed,
		       struct boot_menu *ret_menu)
{
	struct boot_found found;
	int r = boot_search(files, &found);

	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	for (size_t i = 0; i < found.count; i++) {
		const char *path = found.paths[i];
		bool is_grub = strcasecmp(strrchr(path, '/'), "/grub.cfg") == 0;
		const struct configuration other = { path,
						     is_grub ? grub_menu
							     : syslinux_menu };

		if (is_known(path))
			continue;
		r = read_one(files, &other, failed, ret_menu);
		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

int boot_menu_of_files(const struct boot_files *files, const char *name,
		       struct boot_menu *ret_menu, struct failure *failure)
{
	char failed[256];
	struct text text = text_over(failed, sizeof(failed));
	int r = -ENOENT;

	for (size_t i = 0; r == -ENOENT && i < ARRAY_SIZE(configurations); i++)
		r = read_one(files, &configurations[i], &text, ret_menu);
	if (r == -ENOENT)
		r = read_others(files, &text, ret_menu);
	if (r == -ENOMEM)
		return failure_errno(failure, ENOMEM, "the boot menu");
	if (r == 0)
		return 0;
	if (text.len == 0)
		return failure_set(failure, ENOENT,
				   "%s: has no configuration of GRUB, SYSLINUX "
				   "or systemd-boot",
				   name);
	return failure_set(failure, ENODATA,
			   "%s: no entry of %s starts a Linux kernel that is "
			   "there",
			   name, failed);
}

/* Tells a medium that boots by something else from one that boots nothing. */
static int explain(const struct iso *iso, struct failure *failure)
{
	struct iso_boot_image images[ISO_BOOT_IMAGES_MAX];
	struct failure none;
	const char *why = "and no boot record: it does not boot at all";

	if (iso_boot_images(iso, images, &none) > 0)
		why = "though it boots: not Linux, or by another boot loader";
	return failure_set(failure, ENODATA,
			   "%s: has no configuration of GRUB, SYSLINUX or "
			   "systemd-boot, %s",
			   iso->reader->name, why);
}

int boot_menu_read(const struct iso *iso, struct boot_menu *ret_menu,
		   struct failure *failure)
{
	struct source source = { .iso = iso };
	const struct boot_files files = {
		.read = read_file,
		.exists = file_exists,
		.list = list_directory,
		.label = *iso->label ? iso->label : NULL,
		.uuid = *iso->uuid ? iso->uuid : NULL,
		.context = &source,
	};
	int r = boot_menu_of_files(&files, iso->reader->name, ret_menu,
				   failure);

	if (source.error == 0)
		return r == -ENOENT ? explain(iso, failure) : r;
	/* What was not there may only not have been read. */
	if (r == 0)
		boot_menu_clear(ret_menu);
	*failure = source.failure;
	return source.error;
}
