/* SPDX-License-Identifier: MIT */
/* What is written is decompressed and read back by our own parser. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zstd.h>

#include "base/fd.h"
#include "initramfs/archive.h"
#include "tap.h"
#include "wire/newc.h"

#define ROOM (4 * MIB)

static char packed[ROOM], unpacked[ROOM], again[ROOM];

static void fill(struct manifest *m)
{
	m->part = MANIFEST_OTHER;
	manifest_directory(m, "/tmp", 01777);
	manifest_text(m, "/etc/one", 0640, "12345");
	manifest_symlink(m, "/link", "etc/one");
	manifest_char_device(m, "/dev/console", 0600, 5, 1);
	m->part = MANIFEST_PROGRAMS;
	manifest_file(m, "/exe", 0755, "/proc/self/exe");
}

/* Writes m and decompresses it; returns the unpacked length. */
static size_t write_to(const struct manifest *m, char *bytes,
		       struct archive_sizes *ret_sizes)
{
	_cleanup_fd int fd = memfd_create("archive", MFD_CLOEXEC);
	ssize_t n;
	size_t len;

	ok_int(archive_write(m, fd, 3, ret_sizes, NULL), 0, "written");
	n = pread(fd, packed, sizeof(packed), 0);
	ok_int(n, (int64_t)ret_sizes->compressed, "its compressed size");
	len = ZSTD_decompress(bytes, ROOM, packed, (size_t)n);
	ok(!ZSTD_isError(len), "one zstd frame");
	ok_int((int64_t)len, (int64_t)ret_sizes->unpacked, "its unpacked size");
	return len;
}

static void test_content(const char *bytes, size_t len)
{
	static const struct {
		const char *path;
		uint32_t mode;
		const char *data;
	} rows[] = {
		/* First what is no file, then the files by part. */
		{ "dev", S_IFDIR | 0755, "" },
		{ "dev/console", S_IFCHR | 0600, "" },
		{ "etc", S_IFDIR | 0755, "" },
		{ "link", S_IFLNK | 0777, "etc/one" },
		{ "tmp", S_IFDIR | 01777, "" },
		{ "exe", S_IFREG | 0755, NULL },
		{ "etc/one", S_IFREG | 0640, "12345" },
	};
	struct view v = view_over(bytes, len);
	struct newc_entry entry;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const uint8_t *data;

		if (!ok(newc_parse_entry(&v, &entry) == 1, rows[i].path))
			return;
		data = view_take(&v, entry.size);
		view_skip(&v, newc_padding(entry.size));
		ok(!v.bad && entry.name_len == strlen(rows[i].path) &&
			   !memcmp(entry.name, rows[i].path, entry.name_len),
		   "its place in the order");
		ok_int(entry.mode, rows[i].mode, "its mode");
		ok_int(entry.inode, (int64_t)i + 1, "its inode");
		ok(entry.uid == 0 && entry.gid == 0 && entry.mtime == 0,
		   "root's, without a time");
		if (rows[i].data)
			ok(entry.size == strlen(rows[i].data) &&
				   !memcmp(data, rows[i].data, entry.size),
			   "its data");
		if (S_ISCHR(entry.mode))
			ok(entry.node_major == 5 && entry.node_minor == 1,
			   "its device number");
	}
	ok_int(newc_parse_entry(&v, &entry), 0, "the trailer");
	ok_int((int64_t)v.left, 0, "nothing behind it");
}

int main(void)
{
	_cleanup_manifest struct manifest m = { 0 };
	struct archive_sizes sizes;
	struct failure failure = { 0 };
	struct stat st;
	uint64_t packed_sum = 0;
	size_t len;

	fill(&m);
	len = write_to(&m, unpacked, &sizes);
	test_content(unpacked, len);
	ok(stat("/proc/self/exe", &st) == 0 &&
		   sizes.part[MANIFEST_PROGRAMS] == (uint64_t)st.st_size,
	   "programs are counted");
	ok_int((int64_t)sizes.part[MANIFEST_OTHER], 5 + 7, "and the rest");
	for (int i = 0; i < MANIFEST_PARTS; i++)
		packed_sum += sizes.packed[i];
	ok(packed_sum <= sizes.compressed && packed_sum + 64 > sizes.compressed,
	   "what the parts became is all but the end");
	ok(sizes.packed[MANIFEST_PROGRAMS] > sizes.packed[MANIFEST_OTHER],
	   "each its own");
	ok(write_to(&m, again, &sizes) == len && !memcmp(unpacked, again, len),
	   "the same again");
	manifest_directory(&m, "relative", 0755);
	ok_int(archive_write(&m, FD_NONE, 3, &sizes, &failure), -EINVAL,
	       "a manifest that failed is not written");
	ok(failure.text[0] != '\0', "and says why");
	return tap_done();
}
