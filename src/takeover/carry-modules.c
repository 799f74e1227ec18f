/* SPDX-License-Identifier: MIT */
/*
 * An image of another system has the modules of another kernel, and those of
 * this one lie on the disk that is released: without a copy nothing could be
 * loaded any more, not even the file system for what is to come there.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "root/module-set.h"
#include "takeover/carry-file.h"
#include "takeover/carry.h"
#include "wire/module-files.h"

#define LOADED_MAX     1024
#define LOADED_TEXT    (256 * 1024)
#define LOADED_LISTING "/proc/modules"

/* 25 MB of Debian's Linux 6.1. */
const char carry_modules_list[] =
	"ext4\nxfs\nbtrfs\nvfat\nexfat\n"
	"nls_cp437\nnls_ascii\nnls_iso8859-1\nnls_utf8\n"
	"isofs\nsquashfs\nerofs\noverlay\nfuse\nloop\nnbd\n"
	"dm-mod\ndm-crypt\ndm-snapshot\ndm-thin-pool\ndm-mirror\n"
	"dm-raid\ndm-verity\nraid0\nraid1\nraid10\nraid456\n"
	"virtio_blk\nvirtio_scsi\nvirtio_net\nsd_mod\nsr_mod\n"
	"nvme\nahci\nusb-storage\nuas\nxhci-pci\nehci-pci\n"
	"usbhid\nhid-generic\n"
	"8021q\nbonding\nbridge\ntun\nveth\n"
	"xts\naesni-intel\nsoftdog\n";

struct copying {
	int root_fd;
	const struct module_set *set;
	uint64_t bytes;
	struct failure *failure;
};

static bool image_has_them(int root_fd, const char *release)
{
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, MODULES_DIR "/%s/modules.dep", release);
	return carry_file_exists(root_fd, path);
}

static int copy_module(struct copying *copying, const char *relative)
{
	char source[PATH_MAX], directory[PATH_MAX];
	struct text text = text_over(source, sizeof(source));
	struct carry_file file = { directory, NULL, 0755, 0644 };
	uint64_t bytes = 0;
	char *slash;
	int r;

	text_add(&text, "%s%s", copying->set->dir, relative);
	text = text_over(directory, sizeof(directory));
	text_add(&text, MODULES_DIR "/%s%s", copying->set->release, relative);
	slash = strrchr(directory, '/');
	*slash = '\0';
	file.name = slash + 1;
	r = carry_file_copy(copying->root_fd, source, &file, &bytes,
			    copying->failure);
	copying->bytes += bytes;
	return r < 0 ? r : 0;
}

static int copy_index(const char *name, const void *bytes, size_t len,
		      void *context)
{
	struct copying *copying = context;
	char directory[PATH_MAX];
	struct text text = text_over(directory, sizeof(directory));
	const struct carry_file file = { directory, name, 0755, 0644 };

	text_add(&text, MODULES_DIR "/%s", copying->set->release);
	copying->bytes += len;
	return carry_file_write(copying->root_fd, &file, bytes, len,
				copying->failure);
}

/* The first word of each line of /proc/modules, in place. */
static void split_loaded(char *text, const char *names[static LOADED_MAX])
{
	char *rest = text, *line;
	size_t count = 0;

	while (count < LOADED_MAX - 1 && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, " ")] = '\0';
		if (*line)
			names[count++] = line;
	}
	names[count] = NULL;
}

static int copy_set(int root_fd, const struct module_set *set,
		    uint64_t *ret_bytes, struct failure *failure)
{
	struct failure found = { 0 };
	struct copying copying = { root_fd, set, 0, &found };
	int r = 0;

	for (size_t i = 0; i < set->count && r == 0; i++)
		r = copy_module(&copying, set->paths[i]);
	if (r == 0)
		r = module_set_index(set, copy_index, &copying, failure);
	if (r < 0 && found.err && failure)
		*failure = found;
	if (r == 0)
		*ret_bytes = copying.bytes;
	return r;
}

int carry_modules(int root_fd, const char *list, uint64_t *ret_bytes,
		  struct failure *failure)
{
	_cleanup_module_set struct module_set set = { 0 };
	_cleanup_free char *loaded = calloc(1, LOADED_TEXT);
	const char *names[LOADED_MAX];
	char dir[PATH_MAX], indexes[PATH_MAX];
	struct text text = text_over(dir, sizeof(dir));
	struct utsname kernel;
	int r;

	if (!loaded || uname(&kernel) < 0)
		return failure_errno(failure, errno, "the kernel's modules");
	*ret_bytes = 0;
	text_add(&text, MODULES_DIR "/%s", kernel.release);
	text = text_over(indexes, sizeof(indexes));
	text_add(&text, "%s/modules.dep", dir);
	if (access(indexes, F_OK) < 0 ||
	    image_has_them(root_fd, kernel.release))
		return 0;
	if (file_read(AT_FDCWD, LOADED_LISTING, loaded, LOADED_TEXT) < 0)
		loaded[0] = '\0';
	split_loaded(loaded, names);
	r = module_set_choose(&set, dir, list, names, failure);
	return r < 0 ? r : copy_set(root_fd, &set, ret_bytes, failure);
}
