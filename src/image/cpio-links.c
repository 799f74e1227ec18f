/* SPDX-License-Identifier: MIT */
#include "image/cpio-links.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static size_t bucket_of(const struct newc_entry *entry)
{
	uint32_t key = entry->inode ^ entry->device_major << 20 ^
		       entry->device_minor << 10;

	return key * 2654435761u >> 22; /* Knuth's multiplicative hash */
}

static bool is_same(const struct cpio_inode *inode,
		    const struct newc_entry *entry)
{
	return inode->inode == entry->inode &&
	       inode->major == entry->device_major &&
	       inode->minor == entry->device_minor &&
	       inode->type == (entry->mode & S_IFMT);
}

struct cpio_inode *cpio_links_find(const struct cpio_links *links,
				   const struct newc_entry *entry)
{
	struct cpio_inode *inode = links->buckets[bucket_of(entry)];

	while (inode && !is_same(inode, entry))
		inode = inode->next;
	return inode;
}

struct cpio_inode *cpio_links_add(struct cpio_links *links,
				  const struct newc_entry *entry,
				  const char *name)
{
	struct cpio_inode **bucket = &links->buckets[bucket_of(entry)];
	struct cpio_inode *inode = malloc(sizeof(*inode));

	if (!inode)
		return NULL;
	*inode = (struct cpio_inode){
		.next = *bucket,
		.inode = entry->inode,
		.major = entry->device_major,
		.minor = entry->device_minor,
		.type = entry->mode & S_IFMT,
		.filled = entry->size > 0,
		.name = strdup(name),
	};
	if (!inode->name) {
		free(inode);
		return NULL;
	}
	*bucket = inode;
	return inode;
}

int cpio_inode_add(struct cpio_inode *inode, const char *name)
{
	size_t len = strlen(name) + 1;
	char *grown = realloc(inode->empty, inode->empty_len + len);

	if (!grown)
		return -ENOMEM;
	memcpy(grown + inode->empty_len, name, len);
	inode->empty = grown;
	inode->empty_len += len;
	return 0;
}

int cpio_inode_rename(struct cpio_inode *inode, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	free(inode->name);
	inode->name = copy;
	return 0;
}

void cpio_links_clear(struct cpio_links *links)
{
	for (size_t i = 0; i < CPIO_LINKS_BUCKETS; i++)
		while (links->buckets[i]) {
			struct cpio_inode *inode = links->buckets[i];

			links->buckets[i] = inode->next;
			free(inode->name);
			free(inode->empty);
			free(inode);
		}
}
