/* SPDX-License-Identifier: MIT */
#include "image/pack-entry.h"

#include <archive.h>
#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/view.h"

#define OVERLAY_PREFIX "trusted.overlay."
#define OVERLAY_OPAQUE OVERLAY_PREFIX "opaque"

/* A file with more pieces than this is written with its holes as zeros: their
 * list would be what is large. */
#define PIECES_MAX 65536

/* --- attributes --- */

/* Symlinks and nodes are not opened, so theirs go by a name. It leads through
 * the directory's descriptor, and its last part is not followed. */
#define PROC_PATH_MAX (NAME_MAX + 64)

static bool proc_path(const struct pack_file *file,
		      char buf[static PROC_PATH_MAX])
{
	struct text path = text_over(buf, PROC_PATH_MAX);

	text_add(&path, "/proc/self/fd/%d/", file->dir_fd);
	text_put(&path, file->name);
	return !path.cut;
}

static ssize_t list_attributes(const struct pack_file *file, char *buf,
			       size_t size)
{
	char path[PROC_PATH_MAX];

	if (file->fd >= 0)
		return flistxattr(file->fd, buf, size);
	return proc_path(file, path) ? llistxattr(path, buf, size) : 0;
}

static ssize_t get_attribute(const struct pack_file *file, const char *name,
			     void *buf, size_t size)
{
	char path[PROC_PATH_MAX];

	if (file->fd >= 0)
		return fgetxattr(file->fd, name, buf, size);
	return proc_path(file, path) ? lgetxattr(path, name, buf, size) : 0;
}

static int acl_tag(uint16_t tag)
{
	switch (tag) {
	case ACL_USER_OBJ:
		return ARCHIVE_ENTRY_ACL_USER_OBJ;
	case ACL_USER:
		return ARCHIVE_ENTRY_ACL_USER;
	case ACL_GROUP_OBJ:
		return ARCHIVE_ENTRY_ACL_GROUP_OBJ;
	case ACL_GROUP:
		return ARCHIVE_ENTRY_ACL_GROUP;
	case ACL_MASK:
		return ARCHIVE_ENTRY_ACL_MASK;
	case ACL_OTHER:
		return ARCHIVE_ENTRY_ACL_OTHER;
	default:
		return 0;
	}
}

int pack_entry_acl(struct archive_entry *entry, int type, const void *value,
		   size_t len)
{
	struct view acl = view_over(value, len);

	if (view_le32(&acl) != POSIX_ACL_XATTR_VERSION)
		return -EBADMSG;
	while (!acl.bad && acl.left > 0) {
		int tag = acl_tag(view_le16(&acl));
		uint16_t permissions = view_le16(&acl);
		uint32_t id = view_le32(&acl);

		if (acl.bad || tag == 0 || permissions > 7)
			return -EBADMSG;
		if (archive_entry_acl_add_entry(entry, type, permissions, tag,
						(int)id, NULL) != ARCHIVE_OK)
			return -EBADMSG;
	}
	return 0;
}

static int keep_attribute(struct archive_entry *entry, const char *name,
			  const void *value, size_t len)
{
	archive_entry_xattr_add_entry(entry, name, value, len);
	return 0;
}

static int keep_access(struct archive_entry *entry, const char *name _unused,
		       const void *value, size_t len)
{
	return pack_entry_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, value, len);
}

static int keep_default(struct archive_entry *entry, const char *name _unused,
			const void *value, size_t len)
{
	return pack_entry_acl(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, value,
			      len);
}

static int leave_out(struct archive_entry *entry _unused,
		     const char *name _unused, const void *value _unused,
		     size_t len _unused)
{
	return 0;
}

/* The first row that fits; what fits none belongs to this machine (labels of
 * its security modules, caches of its file system). */
static const struct {
	const char *name;
	bool prefix;
	int (*keep)(struct archive_entry *entry, const char *name,
		    const void *value, size_t len);
} kinds[] = {
	{ OVERLAY_PREFIX, true, leave_out },
	{ "user.", true, keep_attribute },
	{ "trusted.", true, keep_attribute },
	{ XATTR_NAME_CAPS, false, keep_attribute },
	{ XATTR_NAME_POSIX_ACL_ACCESS, false, keep_access },
	{ XATTR_NAME_POSIX_ACL_DEFAULT, false, keep_default },
};

static int add_attribute(struct archive_entry *entry,
			 const struct pack_file *file, const char *name,
			 void *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ssize_t len;

		if (kinds[i].prefix ? !str_after(name, kinds[i].name)
				    : !str_eq(name, kinds[i].name))
			continue;
		if (kinds[i].keep == leave_out)
			return 0;
		len = get_attribute(file, name, value, XATTR_SIZE_MAX);
		if (len < 0)
			return -errno;
		return kinds[i].keep(entry, name, value, (size_t)len);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names: file systems list them in any. */
static int add_attributes(struct archive_entry *entry,
			  const struct pack_file *file, const char *list,
			  size_t len)
{
	_cleanup_free const char **names = calloc(len / 2 + 1, sizeof(*names));
	_cleanup_free void *value = malloc(XATTR_SIZE_MAX);
	size_t count = 0;
	int r = 0;

	if (!names || !value)
		return -ENOMEM;
	for (const char *name = list; name < list + len && *name;
	     name += strlen(name) + 1)
		names[count++] = name;
	qsort(names, count, sizeof(*names), compare_names);
	/* libarchive writes the one that was added last first. */
	while (count > 0 && r == 0)
		r = add_attribute(entry, file, names[--count], value);
	return r;
}

int pack_entry_attributes(struct archive_entry *entry,
			  const struct pack_file *file)
{
	ssize_t len = list_attributes(file, NULL, 0);
	_cleanup_free char *list = NULL;

	if (len <= 0)
		return len == 0 || errno == ENOTSUP ? 0 : -errno;
	list = malloc(XATTR_LIST_MAX + 1);
	if (!list)
		return -ENOMEM;
	len = list_attributes(file, list, XATTR_LIST_MAX);
	if (len < 0)
		return -errno;
	list[len] = '\0';
	return add_attributes(entry, file, list, (size_t)len);
}

bool pack_is_opaque(const struct pack_file *dir)
{
	char value;

	return get_attribute(dir, OVERLAY_OPAQUE, &value, 1) == 1 &&
	       value == 'y';
}

bool pack_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* --- the rest --- */

/* The pieces that are no holes. */
static int add_pieces(struct archive_entry *entry, const struct pack_file *file)
{
	off_t at = 0, size = file->st.st_size;
	size_t count = 0;

	if (file->st.st_blocks >= DIV_ROUND_UP(size, 512))
		return 0;
	while (at < size) {
		off_t data = lseek(file->fd, at, SEEK_DATA);

		if (data < 0 && errno != ENXIO)
			return -errno;
		if (data < 0 || data >= size)
			break;
		at = lseek(file->fd, data, SEEK_HOLE);
		if (at < 0)
			return -errno;
		archive_entry_sparse_add_entry(entry, data,
					       MIN(at, size) - data);
		if (++count > PIECES_MAX) {
			archive_entry_sparse_clear(entry);
			return 0;
		}
	}
	/* Nothing but a hole has one piece, which is empty. */
	if (count == 0)
		archive_entry_sparse_add_entry(entry, 0, 0);
	return 0;
}

static int add_target(struct archive_entry *entry, const struct pack_file *file)
{
	char target[PATH_MAX];
	ssize_t len =
		readlinkat(file->dir_fd, file->name, target, sizeof(target));

	if (len < 0)
		return -errno;
	if (len == sizeof(target))
		return -ENAMETOOLONG;
	target[len] = '\0';
	archive_entry_copy_symlink(entry, target);
	return 0;
}

int pack_entry_describe(struct archive_entry *entry,
			const struct pack_file *file)
{
	const struct stat *st = &file->st;

	archive_entry_set_mode(entry, st->st_mode);
	archive_entry_set_uid(entry, st->st_uid);
	archive_entry_set_gid(entry, st->st_gid);
	archive_entry_set_mtime(entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	archive_entry_set_size(entry, 0);
	if (S_ISLNK(st->st_mode))
		return add_target(entry, file);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		archive_entry_set_rdevmajor(entry, major(st->st_rdev));
		archive_entry_set_rdevminor(entry, minor(st->st_rdev));
	}
	if (!S_ISREG(st->st_mode))
		return 0;
	archive_entry_set_size(entry, st->st_size);
	return add_pieces(entry, file);
}
