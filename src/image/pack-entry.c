/* SPDX-License-Identifier: MIT */
#include "image/pack-entry.h"

#include <errno.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/view.h"

#define OVERLAY_PREFIX "trusted.overlay."
#define OVERLAY_OPAQUE OVERLAY_PREFIX "opaque"

#define ACL_ENTRY_MAX 32 /* ",group:4294967295:rwx" */
/* What an attribute can take as a record: an ACL becomes longer. */
#define RECORD_MAX (4 * (size_t)XATTR_SIZE_MAX)

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

static const char *acl_tag(uint16_t tag)
{
	switch (tag) {
	case ACL_USER_OBJ:
	case ACL_USER:
		return "user";
	case ACL_GROUP_OBJ:
	case ACL_GROUP:
		return "group";
	case ACL_MASK:
		return "mask";
	case ACL_OTHER:
		return "other";
	default:
		return NULL;
	}
}

/* One entry of an ACL as acl(5) writes it. */
static int put_acl_entry(struct build *text, struct view *acl,
			 mode_t *group_mode)
{
	uint16_t tag = view_le16(acl), permissions = view_le16(acl);
	uint32_t id = view_le32(acl);
	char line[ACL_ENTRY_MAX], who[ACL_ENTRY_MAX] = "";
	const char *name = acl_tag(tag);

	if (acl->bad || !name || permissions > 7)
		return -EBADMSG;
	if (tag == ACL_USER || tag == ACL_GROUP)
		snprintf(who, sizeof(who), "%u", id);
	if (tag == ACL_GROUP_OBJ)
		*group_mode = (mode_t)permissions << 3;
	snprintf(line, sizeof(line), "%s%s:%.10s:%c%c%c",
		 text->len > 0 ? "," : "", name, who,
		 permissions & ACL_READ ? 'r' : '-',
		 permissions & ACL_WRITE ? 'w' : '-',
		 permissions & ACL_EXECUTE ? 'x' : '-');
	build_bytes(text, line, strlen(line));
	return 0;
}

/* From the form of linux/posix_acl_xattr.h. */
static int put_acl(struct build *records, const char *keyword,
		   const void *value, size_t len, mode_t *group_mode)
{
	size_t size = (len / sizeof(struct posix_acl_xattr_entry) + 1) *
		      ACL_ENTRY_MAX;
	_cleanup_free void *bytes = malloc(size);
	struct build text = build_over(bytes, size);
	struct view acl = view_over(value, len);
	int r = bytes ? 0 : -ENOMEM;

	if (r == 0 && view_le32(&acl) != POSIX_ACL_XATTR_VERSION)
		r = -EBADMSG;
	while (r == 0 && acl.left > 0)
		r = put_acl_entry(&text, &acl, group_mode);
	if (r == 0)
		tar_record(records, "", keyword, text.start, text.len);
	return r;
}

/* GNU tar's and star's way to have a "=" in a keyword. */
static void put_attribute(struct build *records, const char *name,
			  const void *value, size_t len)
{
	char buf[3 * XATTR_NAME_MAX + 1];
	struct text keyword = text_over(buf, sizeof(buf));

	for (; *name; name++)
		text_add(&keyword,
			 *name == '=' || *name == '%' ? "%%%02X" : "%c",
			 (unsigned char)*name);
	tar_record(records, "SCHILY.xattr.", buf, value, len);
}

static int keep_attribute(struct pack_entry *entry _unused,
			  struct build *records, const char *name,
			  const void *value, size_t len)
{
	put_attribute(records, name, value, len);
	return 0;
}

/*
 * The group's permissions that stat(2) shows are the mask. Who leaves the ACL
 * out shall not give the owning group more than it had.
 */
static int keep_access(struct pack_entry *entry, struct build *records,
		       const char *name _unused, const void *value, size_t len)
{
	mode_t group_mode = S_IRWXG;
	int r = put_acl(records, "SCHILY.acl.access", value, len, &group_mode);

	if (r == 0)
		entry->tar.mode &= ~(mode_t)S_IRWXG | group_mode;
	return r;
}

static int keep_default(struct pack_entry *entry _unused, struct build *records,
			const char *name _unused, const void *value, size_t len)
{
	mode_t unused;

	return put_acl(records, "SCHILY.acl.default", value, len, &unused);
}

static int leave_out(struct pack_entry *entry _unused,
		     struct build *records _unused, const char *name _unused,
		     const void *value _unused, size_t len _unused)
{
	return 0;
}

/* The first row that fits; what fits none belongs to this machine (labels of
 * its security modules, caches of its file system). */
static const struct {
	const char *name;
	bool prefix;
	int (*keep)(struct pack_entry *entry, struct build *records,
		    const char *name, const void *value, size_t len);
} kinds[] = {
	{ OVERLAY_PREFIX, true, leave_out },
	{ "user.", true, keep_attribute },
	{ "trusted.", true, keep_attribute },
	{ XATTR_NAME_CAPS, false, keep_attribute },
	{ XATTR_NAME_POSIX_ACL_ACCESS, false, keep_access },
	{ XATTR_NAME_POSIX_ACL_DEFAULT, false, keep_default },
};

static int make_record_room(struct pack_entry *entry, struct build *records)
{
	size_t room = 2 * (records->len + RECORD_MAX);
	uint8_t *bytes;

	if (entry->record_room - records->len >= RECORD_MAX)
		return 0;
	bytes = realloc(entry->records, room);
	if (!bytes)
		return -ENOMEM;
	entry->records = records->start = bytes;
	entry->record_room = records->size = room;
	return 0;
}

static int add_attribute(struct pack_entry *entry, struct build *records,
			 const struct pack_file *file, const char *name,
			 void *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		ssize_t len;
		int r;

		if (kinds[i].prefix ? !str_after(name, kinds[i].name)
				    : !str_eq(name, kinds[i].name))
			continue;
		if (kinds[i].keep == leave_out)
			return 0;
		len = get_attribute(file, name, value, XATTR_SIZE_MAX);
		if (len < 0)
			return -errno;
		r = make_record_room(entry, records);
		return r < 0 ? r
			     : kinds[i].keep(entry, records, name, value,
					     (size_t)len);
	}
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names: file systems list them in any. */
static int add_attributes(struct pack_entry *entry,
			  const struct pack_file *file, const char *list,
			  size_t len)
{
	_cleanup_free const char **names = calloc(len / 2 + 1, sizeof(*names));
	_cleanup_free void *value = malloc(XATTR_SIZE_MAX);
	struct build records = build_over(entry->records, entry->record_room);
	size_t count = 0;
	int r = 0;

	if (!names || !value)
		return -ENOMEM;
	for (const char *name = list; name < list + len && *name;
	     name += strlen(name) + 1)
		names[count++] = name;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count && r == 0; i++)
		r = add_attribute(entry, &records, file, names[i], value);
	entry->tar.records = view_over(records.start, records.len);
	return r < 0 ? r : records.bad ? -ENOBUFS : 0;
}

int pack_entry_attributes(struct pack_entry *entry,
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

static int add_piece(struct pack_entry *entry, uint64_t at, uint64_t len)
{
	size_t count = entry->tar.piece_count;

	if (count == entry->piece_room) {
		size_t room = count ? count * 2 : 64;
		struct tar_piece *pieces =
			reallocarray(entry->pieces, room, sizeof(*pieces));

		if (!pieces)
			return -ENOMEM;
		entry->pieces = pieces;
		entry->piece_room = room;
	}
	entry->pieces[count] = (struct tar_piece){ at, len };
	entry->tar.pieces = entry->pieces;
	entry->tar.piece_count++;
	return 0;
}

/* The pieces that are no holes, in whole blocks. */
static int add_pieces(struct pack_entry *entry, const struct pack_file *file)
{
	off_t at = 0, size = file->st.st_size;
	int r = 0;

	if (file->st.st_blocks >= DIV_ROUND_UP(size, 512))
		return 0;
	entry->tar.sparse = true;
	while (at < size && r == 0) {
		off_t data = lseek(file->fd, at, SEEK_DATA);

		if (data < 0 && errno != ENXIO)
			return -errno;
		if (data < 0 || data >= size)
			break;
		at = lseek(file->fd, data, SEEK_HOLE);
		if (at < 0)
			return -errno;
		data -= data % TAR_BLOCK_BYTES;
		at = MIN(DIV_ROUND_UP(at, TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES,
			 size);
		r = add_piece(entry, (uint64_t)data, (uint64_t)(at - data));
		if (entry->tar.piece_count > PIECES_MAX) {
			entry->tar.sparse = false;
			return 0;
		}
	}
	return r;
}

static int add_target(struct pack_entry *entry, const struct pack_file *file)
{
	ssize_t len = readlinkat(file->dir_fd, file->name, entry->target,
				 sizeof(entry->target));

	if (len < 0)
		return -errno;
	if (len == sizeof(entry->target))
		return -ENAMETOOLONG;
	entry->target[len] = '\0';
	entry->tar.link = entry->target;
	return 0;
}

static enum tar_type type_of(mode_t mode)
{
	static const struct {
		mode_t format;
		enum tar_type type;
	} types[] = {
		{ S_IFDIR, TAR_DIRECTORY }, { S_IFLNK, TAR_SYMLINK },
		{ S_IFCHR, TAR_CHARACTER }, { S_IFBLK, TAR_BLOCK },
		{ S_IFIFO, TAR_FIFO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((mode & S_IFMT) == types[i].format)
			return types[i].type;
	return TAR_FILE;
}

int pack_entry_describe(struct pack_entry *entry, const struct pack_file *file)
{
	const struct stat *st = &file->st;

	entry->tar = (struct tar_entry){
		.type = type_of(st->st_mode),
		.mode = st->st_mode & ALLPERMS,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.mtime = st->st_mtim,
	};
	if (S_ISLNK(st->st_mode))
		return add_target(entry, file);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		entry->tar.major = major(st->st_rdev);
		entry->tar.minor = minor(st->st_rdev);
	}
	if (!S_ISREG(st->st_mode))
		return 0;
	entry->tar.size = (uint64_t)st->st_size;
	return add_pieces(entry, file);
}

void pack_entry_free(struct pack_entry *entry)
{
	free(entry->pieces);
	free(entry->records);
}
