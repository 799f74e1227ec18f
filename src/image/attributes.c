/* SPDX-License-Identifier: MIT */
#include "image/attributes.h"

#include <archive.h>
#include <errno.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/text.h"
#include "wire/build.h"

#define ACL_BYTES_MAX 4096 /* 511 entries */

static uint32_t acl_tag(int tag)
{
	static const struct {
		int archive;
		uint32_t kernel;
	} tags[] = {
		{ ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ },
		{ ARCHIVE_ENTRY_ACL_USER, ACL_USER },
		{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ },
		{ ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP },
		{ ARCHIVE_ENTRY_ACL_MASK, ACL_MASK },
		{ ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].archive == tag)
			return tags[i].kernel;
	return 0;
}

/* The kernel wants users, then groups, each by number; the rest in the order
 * of their tags, which are numbered so. */
static int compare_acl(const void *a, const void *b)
{
	const struct posix_acl_xattr_entry *x = a, *y = b;

	if (x->e_tag != y->e_tag)
		return x->e_tag < y->e_tag ? -1 : 1;
	return x->e_id < y->e_id ? -1 : x->e_id > y->e_id;
}

ssize_t attributes_acl(struct archive_entry *entry, int type, void *buf,
		       size_t size)
{
	struct build b = build_over(buf, size);
	int t, permissions, tag, id;
	const char *name;

	if (archive_entry_acl_reset(entry, type) == 0)
		return 0;
	build_le(&b, POSIX_ACL_XATTR_VERSION, 4);
	while (archive_entry_acl_next(entry, type, &t, &permissions, &tag, &id,
				      &name) == ARCHIVE_OK) {
		uint32_t kernel_tag = acl_tag(tag);
		bool named = kernel_tag == ACL_USER || kernel_tag == ACL_GROUP;

		if (kernel_tag == 0 || (named && id < 0))
			return 0;
		build_le(&b, kernel_tag, 2);
		build_le(&b, (uint32_t)permissions & 7, 2);
		build_le(&b, named ? (uint32_t)id : (uint32_t)ACL_UNDEFINED_ID,
			 4);
	}
	if (b.bad)
		return -ENOBUFS;
	qsort(b.start + 4, (b.len - 4) / sizeof(struct posix_acl_xattr_entry),
	      sizeof(struct posix_acl_xattr_entry), compare_acl);
	return (ssize_t)b.len;
}

mode_t attributes_mode(struct archive_entry *entry)
{
	mode_t mode = archive_entry_mode(entry) & ALLPERMS;
	int type, permissions, tag, id;
	const char *name;

	archive_entry_acl_reset(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
	while (archive_entry_acl_next(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
				      &type, &permissions, &tag, &id,
				      &name) == ARCHIVE_OK)
		if (tag == ARCHIVE_ENTRY_ACL_MASK)
			mode = (mode & ~(mode_t)S_IRWXG) |
			       ((mode_t)permissions << 3 & S_IRWXG);
	return mode;
}

static int set(int fd, const char *name, const char *attribute,
	       const void *value, size_t size)
{
	int r = fd >= 0 ? fsetxattr(fd, attribute, value, size, 0)
			: lsetxattr(name, attribute, value, size, 0);

	return r < 0 ? -errno : 0;
}

/* Running out of room is never a matter of this attribute alone. */
static bool may_lose(const struct attributes_rules *rules,
		     const char *attribute, int r)
{
	if (str_eq(attribute, XATTR_NAME_CAPS))
		return rules->capabilities_may_go;
	return r != -ENOSPC && r != -ENOMEM;
}

static bool is_of_overlayfs(const char *attribute)
{
	return str_after(attribute, XATTR_TRUSTED_PREFIX "overlay.") ||
	       str_after(attribute, XATTR_USER_PREFIX "overlay.");
}

struct setting {
	int fd;
	const char *name; /* with fd negative */
	const struct attributes_rules *rules;
	struct attributes_late *late;
	uint64_t *lost;
	int count;
};

static int keep_late(struct setting *setting, const void *value, size_t size)
{
	void *copy = malloc(MAX(size, (size_t)1));

	if (!copy)
		return -ENOMEM;
	if (size > 0)
		memcpy(copy, value, size);
	free(setting->late->value);
	*setting->late = (struct attributes_late){ copy, size };
	return 0;
}

static int set_one(struct setting *setting, const char *attribute,
		   const void *value, size_t size)
{
	int r = -EPERM;

	if (setting->late && str_eq(attribute, XATTR_NAME_POSIX_ACL_DEFAULT))
		return keep_late(setting, value, size);
	if (!setting->rules->for_overlay || !is_of_overlayfs(attribute))
		r = set(setting->fd, setting->name, attribute, value, size);
	if (r < 0 && !may_lose(setting->rules, attribute, r))
		return r;
	*setting->lost += r < 0;
	setting->count += r == 0;
	return 0;
}

static int set_acl(struct setting *setting, struct archive_entry *entry,
		   int type, const char *attribute)
{
	uint8_t value[ACL_BYTES_MAX];
	ssize_t len = attributes_acl(entry, type, value, sizeof(value));

	if (len > 0)
		return set_one(setting, attribute, value, (size_t)len);
	*setting->lost += len < 0;
	return 0;
}

static int set_all(struct setting *setting, struct archive_entry *entry)
{
	const char *attribute;
	const void *value;
	size_t size;
	int r;

	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &attribute, &value, &size) ==
	       ARCHIVE_OK) {
		r = attribute ? set_one(setting, attribute, value, size) : 0;
		if (r < 0)
			return r;
	}
	if (setting->fd < 0)
		return 0;
	r = set_acl(setting, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS,
		    XATTR_NAME_POSIX_ACL_ACCESS);
	if (r < 0)
		return r;
	return set_acl(setting, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT,
		       XATTR_NAME_POSIX_ACL_DEFAULT);
}

int attributes_set(struct archive_entry *entry, int fd, const char *name,
		   const struct attributes_rules *rules,
		   struct attributes_late *ret_late, uint64_t *lost)
{
	struct setting setting = {
		.fd = fd,
		.name = name,
		.rules = rules,
		.late = ret_late,
		.lost = lost,
	};
	int r = set_all(&setting, entry);

	return r < 0 ? r : setting.count;
}

int attributes_set_late(int fd, const struct attributes_late *late,
			uint64_t *lost)
{
	int r;

	if (!late->value)
		return 0;
	r = set(fd, "", XATTR_NAME_POSIX_ACL_DEFAULT, late->value, late->size);
	if (r == -ENOSPC || r == -ENOMEM)
		return r;
	*lost += r < 0;
	return 0;
}

int attributes_clear(int fd)
{
	char names[XATTR_LIST_MAX];
	ssize_t len = flistxattr(fd, names, sizeof(names));

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = names; name < names + len;
	     name += strlen(name) + 1)
		(void)fremovexattr(fd, name);
	return 0;
}
