/* SPDX-License-Identifier: MIT */
/*
 * A live system's initrd is told on the command line where its medium is: by a
 * label, a UUID, the path of an ISO in some file system. The table below has a
 * row for each dialect: which of these words exist, all of which are taken out,
 * and which words say instead that the medium is one certain device, or a file
 * of the initramfs. A device is named wherever a dialect can: a stick with the
 * same label may be plugged in.
 *
 * Words that have the medium copied to memory are taken out as well: it is
 * there. So are those that write behind it.
 *
 * What each dialect understands is documented by live-boot(7), casper(7),
 * dracut.cmdline(7), mkinitcpio-archiso's README.bootparams, Anaconda's
 * boot-options, linuxrc's parameters and the stage-1 of NixOS.
 */
#include "iso/medium.h"

#include <errno.h>

#include "base/text.h"
#include "wire/cmdline.h"

#define DROPPED_MAX 12
#define ADDED_MAX   3

struct dialect {
	enum medium medium;
	const char *key; /* speaks it who has this word; NULL: all others */
	const char *drop[DROPPED_MAX];
	/* {path} and {label} are replaced. No word: it finds it by itself. */
	const char *on_pmem[ADDED_MAX];
	const char *in_initrd[ADDED_MAX];
};

/* Without overlayfs dracut 059 waits for a device-mapper device that a squashfs
 * with the root itself in it never gets. */
#define DRACUT_WORDS \
	"root=live:{path}", "rd.live.image", "rd.live.overlay.overlayfs=1"

static const struct dialect dialects[] = {
	{
		.medium = MEDIUM_LIVE_BOOT,
		.drop = { "live-media", "findiso", "fromiso", "isofrom",
			  "iso-scan/filename", "bootfrom", "fetch", "httpfs",
			  "ftpfs", "netboot", "nfsroot", "toram" },
		.on_pmem = { "live-media={path}" },
	},
	{
		.medium = MEDIUM_CASPER,
		.drop = { "live-media", "findiso", "fromiso", "isofrom",
			  "iso-scan/filename", "bootfrom", "iso-url", "url",
			  "netboot", "nfsroot", "toram" },
		.on_pmem = { "live-media={path}" },
	},
	/* KIWI's module knows but a label, and would make a partition behind
	 * the ISO for what is to stay. */
	{
		.medium = MEDIUM_DRACUT,
		.key = "rd.live.overlay.persistent",
		.drop = { "root", "iso-scan/filename", "rd.live.ram",
			  "rd.live.overlay.persistent",
			  "rd.live.overlay.cowfs" },
		.on_pmem = { "root=live:CDLABEL={label}" },
	},
	{
		.medium = MEDIUM_DRACUT,
		.drop = { "root", "iso-scan/filename", "rd.live.ram",
			  "rd.live.image", "rd.live.overlay.overlayfs" },
		.on_pmem = { DRACUT_WORDS },
		.in_initrd = { DRACUT_WORDS },
	},
	/* Manjaro's. */
	{
		.medium = MEDIUM_ARCHISO,
		.key = "misobasedir",
		.drop = { "misodevice", "misolabel", "img_dev", "img_loop",
			  "img_label", "copytoram" },
		.on_pmem = { "misodevice={path}", "copytoram=n" },
	},
	{
		.medium = MEDIUM_ARCHISO,
		.drop = { "archisodevice", "archisolabel", "archisosearchuuid",
			  "archisosearchfilename", "archiso_http_srv",
			  "archiso_nfs_srv", "archiso_nbd_srv", "img_dev",
			  "img_loop", "img_label", "copytoram" },
		.on_pmem = { "archisodevice={path}", "copytoram=n" },
	},
	{
		.medium = MEDIUM_TINYCORE,
		.drop = { "iso" },
	},
	/* A whole repository, not only the installer, is on the medium. */
	{
		.medium = MEDIUM_ANACONDA,
		.key = "inst.repo",
		.drop = { "inst.stage2", "inst.repo", "iso-scan/filename" },
		.on_pmem = { "inst.stage2=hd:{path}", "inst.repo=hd:{path}:/" },
	},
	{
		.medium = MEDIUM_ANACONDA,
		.drop = { "inst.stage2", "iso-scan/filename" },
		.on_pmem = { "inst.stage2=hd:{path}" },
	},
	{
		.medium = MEDIUM_YAST,
		.drop = { "install", "instsys" },
		.on_pmem = { "install=hd:/?device={path}" },
	},
	/* It looks through all block devices. */
	{
		.medium = MEDIUM_ALPINE,
		.drop = { "alpine_dev" },
	},
	{
		.medium = MEDIUM_NIXOS,
		.drop = { "root", "findiso", "copytoram" },
		.on_pmem = { "root={path}" },
	},
	{ .medium = MEDIUM_INITRD },
};

/* --- names --- */

static const char *const names[] = {
	[MEDIUM_UNKNOWN] = "unknown",	[MEDIUM_LIVE_BOOT] = "live-boot",
	[MEDIUM_CASPER] = "casper",	[MEDIUM_DRACUT] = "dracut",
	[MEDIUM_ARCHISO] = "archiso",	[MEDIUM_TINYCORE] = "tinycore",
	[MEDIUM_ANACONDA] = "anaconda", [MEDIUM_YAST] = "yast",
	[MEDIUM_ALPINE] = "alpine",	[MEDIUM_NIXOS] = "nixos",
	[MEDIUM_INITRD] = "initrd",
};

const char *medium_name(enum medium medium)
{
	return names[medium];
}

int medium_parse(const char *name, enum medium *ret_medium)
{
	for (size_t i = MEDIUM_UNKNOWN + 1; i < ARRAY_SIZE(names); i++) {
		if (str_eq(name, names[i])) {
			*ret_medium = (enum medium)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool medium_is_needed(enum medium medium)
{
	return medium != MEDIUM_TINYCORE && medium != MEDIUM_INITRD;
}

/* --- recognising --- */

/* A word that only this initrd reads, with what its value begins with. */
static const struct {
	enum medium medium;
	const char *key, *value;
} word_signs[] = {
	{ MEDIUM_LIVE_BOOT, "boot", "live" },
	{ MEDIUM_CASPER, "boot", "casper" },
	{ MEDIUM_ARCHISO, "archisobasedir", "" },
	{ MEDIUM_ARCHISO, "archisolabel", "" },
	{ MEDIUM_ARCHISO, "misobasedir", "" },
	{ MEDIUM_ANACONDA, "inst.stage2", "" },
	{ MEDIUM_ANACONDA, "inst.repo", "" },
	{ MEDIUM_NIXOS, "init", "/nix/store/" },
	{ MEDIUM_DRACUT, "root", "live:" },
};

/* The directories of the kernels of Debian's installer, which stand on a live
 * medium, too; its netboot image is the one that has all in its initrd. */
static const char *const installer_kernels[] = { "/install", "/d-i" };

static const struct {
	enum medium medium;
	const char *path;
} path_signs[] = {
	{ MEDIUM_INITRD, "/.disk/mini-info" },
	{ MEDIUM_CASPER, "/casper" },
	{ MEDIUM_LIVE_BOOT, "/live" },
	{ MEDIUM_ARCHISO, "/arch/x86_64" },
	{ MEDIUM_ARCHISO, "/manjaro/x86_64" },
	{ MEDIUM_DRACUT, "/LiveOS" },
	{ MEDIUM_NIXOS, "/nix-store.squashfs" },
	{ MEDIUM_ALPINE, "/.alpine-release" },
	{ MEDIUM_ALPINE, "/boot/modloop-lts" },
	{ MEDIUM_ANACONDA, "/images/install.img" },
	{ MEDIUM_YAST, "/boot/x86_64/root" },
	{ MEDIUM_TINYCORE, "/boot/core.gz" },
	{ MEDIUM_TINYCORE, "/boot/corepure64.gz" },
};

static enum medium by_words(const char *cmdline)
{
	char value[256];

	for (size_t i = 0; i < ARRAY_SIZE(word_signs); i++)
		if (cmdline_last(cmdline, word_signs[i].key, value,
				 sizeof(value)) >= 0 &&
		    str_after(value, word_signs[i].value))
			return word_signs[i].medium;
	return MEDIUM_UNKNOWN;
}

static bool is_there(const struct iso *iso, const char *path)
{
	struct iso_entry found;

	return iso_find(iso, path, &found, NULL) == 0;
}

static enum medium by_content(const struct iso *iso)
{
	for (size_t i = 0; i < ARRAY_SIZE(path_signs); i++)
		if (is_there(iso, path_signs[i].path))
			return path_signs[i].medium;
	return MEDIUM_UNKNOWN;
}

static bool is_installer(const struct iso *iso, const char *kernel)
{
	for (size_t i = 0; i < ARRAY_SIZE(installer_kernels); i++)
		if (str_after(kernel, installer_kernels[i]))
			return is_there(iso, "/.disk/info");
	return false;
}

static int add_name(const struct iso_entry *entry, void *context)
{
	struct text *text = context;

	text_add(text, "%s%s", text->len > 0 ? ", " : "", entry->name);
	return text->cut;
}

int medium_recognise(const struct iso *iso, const struct boot_entry *entry,
		     enum medium table, enum medium *ret_medium,
		     struct failure *failure)
{
	struct iso_entry root = iso_root(iso);
	enum medium medium = by_words(entry->cmdline ? entry->cmdline : "");
	char found[160];
	struct text text = text_over(found, sizeof(found));
	int r;

	if (medium == MEDIUM_UNKNOWN && entry->kernel &&
	    is_installer(iso, entry->kernel))
		return failure_set(failure, ENOTSUP,
				   "%s is Debian's installer, which looks for "
				   "its medium on CDs and USB sticks only; "
				   "boot its netboot kernel instead",
				   entry->title ? entry->title : entry->kernel);
	if (medium == MEDIUM_UNKNOWN)
		medium = table != MEDIUM_UNKNOWN ? table : by_content(iso);
	if (medium != MEDIUM_UNKNOWN) {
		*ret_medium = medium;
		return 0;
	}
	r = iso_list(iso, &root, add_name, &text, failure);
	if (r < 0)
		return r;
	return failure_set(failure, ENOTSUP,
			   "nobody here knows how the live system in \"%s\" "
			   "finds its medium: in it are %s",
			   iso->label, *found ? found : "no files");
}

/* --- where it is --- */

static bool has_key(const char *cmdline, const char *key)
{
	return !key || cmdline_has(cmdline, key);
}

/* The row for a medium whose entry has these words; the last one of a medium
 * is for all. NULL: MEDIUM_UNKNOWN. */
static const struct dialect *find_dialect(enum medium medium,
					  const char *cmdline)
{
	for (size_t i = 0; i < ARRAY_SIZE(dialects); i++)
		if (dialects[i].medium == medium &&
		    has_key(cmdline, dialects[i].key))
			return &dialects[i];
	return NULL;
}

int medium_check(enum medium medium, enum medium_place place,
		 const char *cmdline, struct failure *failure)
{
	const struct dialect *dialect = find_dialect(medium, cmdline);

	if (!dialect)
		return failure_set(failure, ENOTSUP,
				   "how the live system finds its medium is "
				   "not known");
	if (place == MEDIUM_ON_PMEM || !medium_is_needed(medium) ||
	    dialect->in_initrd[0])
		return 0;
	return failure_set(failure, ENOTSUP,
			   "a live system of the kind %s finds its medium on "
			   "a disk, not in its initrd: --method pmem is the "
			   "one for it",
			   medium_name(medium));
}

/* --- the command line --- */

/* As udev writes a label into a name below /dev/disk/by-label: util-linux's
 * blkid_encode_string(). */
static void add_label(struct text *text, const char *label)
{
	static const char plain[] = "#+-.:=@_";

	for (; *label; label++) {
		unsigned char c = (unsigned char)*label;

		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			text_add(text, "%c", c);
		else if ((c >= '0' && c <= '9') || c >= 0x80 ||
			 strchr(plain, c))
			text_add(text, "%c", c);
		else
			text_add(text, "\\x%02x", c);
	}
}

static void add_template(struct text *text, const char *template,
			 const struct medium_place_at *at)
{
	if (text->len > 0)
		text_put(text, " ");
	while (*template) {
		size_t plain = strcspn(template, "{");

		text_add(text, "%.*s", (int)plain, template);
		template += plain;
		if (str_after(template, "{path}")) {
			text_put(text, at->path);
			template = str_after(template, "{path}");
		} else if (str_after(template, "{label}")) {
			add_label(text, at->label);
			template = str_after(template, "{label}");
		}
	}
}

static bool is_dropped(const struct dialect *dialect,
		       const struct cmdline_word *word)
{
	for (size_t i = 0; i < DROPPED_MAX && dialect->drop[i]; i++)
		if (cmdline_is(word, dialect->drop[i]))
			return true;
	return false;
}

/* Behind it words are for init, or for the system to be installed. */
static bool is_separator(const struct cmdline_word *word)
{
	return cmdline_is(word, "--") || cmdline_is(word, "---");
}

/* A word as it stands there. A quote that nothing ends would take in what is
 * added behind it. */
static void add_word(struct text *text, const uint8_t *start,
		     const uint8_t *end)
{
	bool quoted = false;

	for (const uint8_t *at = start; at < end; at++)
		quoted ^= *at == '"';
	text_add(text, "%s%.*s%s", text->len > 0 ? " " : "", (int)(end - start),
		 (const char *)start, quoted ? "\"" : "");
}

static void add_words(struct text *text, const struct dialect *dialect,
		      const struct medium_place_at *at)
{
	const char *const *words = at->place == MEDIUM_ON_PMEM
					   ? dialect->on_pmem
					   : dialect->in_initrd;

	for (size_t i = 0; i < ADDED_MAX && words[i]; i++)
		add_template(text, words[i], at);
}

int medium_cmdline(enum medium medium, const struct medium_place_at *at,
		   const char *cmdline, char *buf, size_t size)
{
	const struct dialect *dialect = find_dialect(medium, cmdline);
	struct cmdline words = cmdline_over(cmdline);
	struct text text = text_over(buf, size);
	const uint8_t *start = words.rest.at;
	struct cmdline_word word;
	bool added = false;

	while (cmdline_next(&words, &word)) {
		const uint8_t *end = words.rest.at;

		while (strchr(" \t\n\v\f\r", *start))
			start++;
		if (is_separator(&word) && !added && dialect) {
			add_words(&text, dialect, at);
			added = true;
		}
		if (!dialect || !is_dropped(dialect, &word))
			add_word(&text, start, end);
		start = end;
	}
	if (!added && dialect)
		add_words(&text, dialect, at);
	return text.cut ? -ENOBUFS : 0;
}
