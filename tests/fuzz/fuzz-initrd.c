/* SPDX-License-Identifier: MIT */
/*
 * A hostile initrd. One that is read comes back byte for byte when nothing is
 * changed; when its first entry is removed, what is written can be read, and
 * does not have it. Its special files as text are read back, too.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"
#include "initramfs/cpio-plan.h"
#include "initramfs/cpio-special.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_bytes(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, _unused struct failure *failure)
{
	memcpy(buf, (const uint8_t *)reader->context + offset, len);
	return 0;
}

/* What the plan writes, for the caller to free. */
static uint8_t *write_plan(const struct cpio_plan *plan,
			   const struct reader *file, size_t *ret_size)
{
	_cleanup_fd int fd = memfd_create("initrd", MFD_CLOEXEC);
	uint8_t *bytes;
	struct stat st;

	if (fd < 0 || cpio_plan_write(plan, file, fd, NULL) < 0 ||
	    fstat(fd, &st) < 0)
		abort();
	*ret_size = (size_t)st.st_size;
	bytes = malloc(*ret_size + 1);
	if (!bytes || pread(fd, bytes, *ret_size, 0) != st.st_size)
		abort();
	return bytes;
}

static void check_unchanged(const struct cpio_plan *plan,
			    const struct reader *file)
{
	_cleanup_free uint8_t *bytes = NULL;
	size_t size;

	bytes = write_plan(plan, file, &size);
	if (size != file->size || memcmp(bytes, file->context, size) != 0)
		abort();
}

static void check_removed(struct cpio_plan *plan, const struct reader *file)
{
	const char *path = plan->catalog->items[0].path;
	_cleanup_catalog struct cpio_catalog again = { 0 };
	_cleanup_free uint8_t *bytes = NULL;
	struct reader reader = { .name = "again", .read = read_bytes };
	struct failure failure = { 0 };
	bool any = false;

	if (cpio_plan_remove(plan, path, NULL) < 0)
		abort();
	for (size_t i = 0; i < plan->catalog->count; i++)
		any |= plan->changes[i].fate != CPIO_DROP;
	bytes = write_plan(plan, file, &reader.size);
	reader.context = bytes;
	if (cpio_catalog_read(&again, &reader, &failure) < 0) {
		if (any)
			abort();
		return;
	}
	if (cpio_catalog_find(&again, path) != CPIO_ITEM_NONE)
		abort();
}

static void check_special(const struct cpio_catalog *catalog)
{
	const struct cpio_item *item = &catalog->items[0];
	_cleanup_specials struct cpio_specials specials = { 0 };
	_cleanup_free char *text = NULL;
	const struct cpio_special *row;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		abort();
	cpio_special_write(out, &item->entry, item->path);
	fclose(out);
	if (cpio_specials_parse(&specials, view_over(text, len), "text", NULL) <
	    0)
		abort();
	row = cpio_specials_find(&specials, item->path);
	if (!row || row->mode != item->entry.mode ||
	    row->uid != item->entry.uid || row->gid != item->entry.gid)
		abort();
}

/* Compressors take up to 100 MB of memory each, which takes its time. */
static bool is_cheap(const struct cpio_catalog *catalog)
{
	for (size_t i = 0; i < catalog->segment_count; i++)
		if (catalog->segments[i].compression > COMPRESSION_GZIP)
			return false;
	return catalog->count > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_catalog struct cpio_catalog catalog = { 0 };
	_cleanup_plan struct cpio_plan plan = { 0 };
	_cleanup_specials struct cpio_specials specials = { 0 };
	const struct reader file = {
		.name = "initrd",
		.size = size,
		.read = read_bytes,
		.context = (void *)(uintptr_t)data,
	};

	(void)!cpio_specials_parse(&specials, view_over(data, size), "text",
				   NULL);
	if (cpio_catalog_read(&catalog, &file, NULL) < 0)
		return 0;
	if (cpio_plan_open(&plan, &catalog, NULL) < 0)
		abort();
	check_unchanged(&plan, &file);
	if (catalog.count > 0)
		check_special(&catalog);
	if (is_cheap(&catalog))
		check_removed(&plan, &file);
	return 0;
}
