/* SPDX-License-Identifier: MIT */
/*
 * Files made of pieces of a device: what is written for them is read by our own
 * reader of ISOs, by bsdtar(1), and as root also by the kernel, from a loop
 * device.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "../unit/tap.h"
#include "base/fd.h"
#include "base/text.h"
#include "kernel/payload.h"
#include "root/loopdev.h"

#define BLOCK ((uint64_t)ISO_OUT_BLOCK)
#define AREA  (32 * BLOCK) /* of the device, in use already */
#define START AREA
#define END   (512 * KIB)

/* Where all look that are not told another place. */
#define USUAL (ISO_OUT_SYSTEM_AREA * BLOCK)

#define ROOM (256 * KIB)

static struct failure failure;
static uint8_t area[AREA];
static char found[ROOM];
static bool kernel_can, has_bsdtar;

static int make_device(void)
{
	int fd = memfd_create("device", MFD_CLOEXEC);

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = (uint8_t)(i / BLOCK * 31 + i * 7 + i / 256);
	if (fd < 0 || ftruncate(fd, END) < 0 ||
	    pwrite(fd, area, sizeof(area), 0) != sizeof(area))
		printf("Bail out! memfd: %m\n");
	return fd;
}

/* --- the readers --- */

static ssize_t by_us(const struct device_files *files, const char *name)
{
	struct iso_reader file = { 0 };
	struct reader reader;
	struct iso iso;
	int r = reader_over_fd(&reader, files->fd, "device", &failure);

	if (r == 0)
		r = iso_open(&iso, &reader, &failure);
	if (r == 0)
		r = iso_reader_open(&file, &iso, name, &failure);
	if (r == 0)
		r = reader_read(&file.reader, 0, found,
				MIN(ROOM, file.reader.size), &failure);
	return r < 0 ? r : (ssize_t)file.reader.size;
}

static ssize_t by_bsdtar(const struct device_files *files, const char *name)
{
	char command[128];
	size_t len;
	FILE *pipe;

	snprintf(command, sizeof(command), "bsdtar -xOf /proc/%d/fd/%d %s",
		 (int)getpid(), files->fd, name);
	pipe = popen(command, "re");
	len = pipe ? fread(found, 1, ROOM, pipe) : 0;
	return pipe && pclose(pipe) == 0 ? (ssize_t)len : -1;
}

static ssize_t by_kernel(const struct device_files *files, const char *name)
{
	struct device_files mounted = *files;
	char path[LOOPDEV_PATH_MAX];
	_cleanup_fd int loop = loopdev_attach(files->fd, 0, 0, path, &failure);
	_cleanup_fd int fd = FD_NONE;
	int r;

	mounted.path = path;
	r = loop < 0 ? loop : device_files_mount(&mounted, &failure);
	if (r == 0)
		fd = device_files_open(&mounted,
				       str_eq(name, "KERNEL")
					       ? DEVICE_FILE_KERNEL
					       : DEVICE_FILE_INITRD,
				       &failure);
	/* It stays open without the mount. */
	device_files_close(&mounted);
	return fd < 0 ? fd : fd_read_full(fd, found, ROOM);
}

/* bsdtar reads nothing twice, and goes forward only. */
static bool goes_forward(const struct device_files *files)
{
	uint64_t at = 0;

	for (size_t i = DEVICE_FILE_COUNT; i-- > 0;)
		for (size_t j = 0; j < files->files[i].count; j++) {
			const struct iso_out_piece *piece =
				&files->files[i].pieces[j];

			if (piece->at < at)
				return false;
			at = piece->at + piece->size;
		}
	return true;
}

typedef ssize_t (*read_file)(const struct device_files *files,
			     const char *name);

static void check_by(read_file reads, const char *who,
		     const struct device_files *files, const char *name,
		     const void *bytes, size_t len)
{
	failure = (struct failure){ 0 };
	memset(found, 0, sizeof(found));
	ok_int(reads(files, name), (int64_t)len, name);
	ok_str(failure.text, "", who);
	ok(memcmp(found, bytes, len) == 0, "the bytes are right");
}

static void check_file(const struct device_files *files, const char *name,
		       const void *bytes, size_t len)
{
	size_t pieces = MAX(files->files[DEVICE_FILE_INITRD].count,
			    files->files[DEVICE_FILE_KERNEL].count);

	if (pieces <= ISO_EXTENTS_MAX)
		check_by(by_us, "our reader", files, name, bytes, len);
	if (has_bsdtar && goes_forward(files))
		check_by(by_bsdtar, "bsdtar", files, name, bytes, len);
	if (kernel_can)
		check_by(by_kernel, "the kernel", files, name, bytes, len);
}

/* Writes what belongs to the files, also to the usual place. */
static void finish(const struct device_files *files)
{
	uint8_t volume[ISO_OUT_SIZE];

	ok_int(device_files_write(files, &failure), 0, "they are written");
	if (pread(files->fd, volume, sizeof(volume), (off_t)files->start) !=
		    sizeof(volume) ||
	    pwrite(files->fd, volume, sizeof(volume), USUAL) != sizeof(volume))
		printf("Bail out! %m\n");
}

/* --- files of an ISO --- */

struct extent {
	uint64_t at, size;
};

static int read_entry(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *why)
{
	const struct iso_reader *file =
		container_of(reader, struct iso_reader, reader);
	ssize_t n = iso_read(file->iso, &file->entry, offset, buf, len, why);

	return n < 0 ? (int)n : 0;
}

static int put_extents(struct device_file *file, const struct extent *extents,
		       size_t count)
{
	struct iso_reader from = { .reader = { .name = "file",
					       .read = read_entry } };
	struct reader reader;
	struct iso iso = { .reader = &reader };

	if (reader_over_fd(&reader, file->on->fd, "ISO", &failure) < 0)
		return -1;
	reader.size = AREA;
	from.iso = &iso;
	from.entry.extent_count = count;
	for (size_t i = 0; i < count; i++) {
		from.entry.extents[i].start = extents[i].at;
		from.entry.extents[i].size = extents[i].size;
		from.entry.size += extents[i].size;
	}
	from.reader.size = from.entry.size;
	return device_file_put_iso(file, &from, &failure);
}

static size_t bytes_of(const struct extent *extents, size_t count,
		       uint8_t *bytes)
{
	size_t len = 0;

	for (size_t i = 0; i < count; len += extents[i++].size)
		memcpy(bytes + len, area + extents[i].at, extents[i].size);
	return len;
}

/* As the kernel, with an initrd behind it. written: bytes that could not be
 * referred to. */
static void check_extents(const struct extent *extents, size_t count,
			  uint64_t written, const char *what)
{
	static const struct extent other = { 26 * BLOCK, 3 * BLOCK + 5 };
	_cleanup_fd int fd = make_device();
	static uint8_t bytes[ROOM];
	struct device_files files;
	struct device_file file;

	device_files_begin(&files, fd, "device", START, END);
	file = device_file_begin(&files, DEVICE_FILE_KERNEL);
	ok_int(put_extents(&file, extents, count), 0, what);
	ok_int((int64_t)(files.next - START - ISO_OUT_SIZE), (int64_t)written,
	       "as little as possible is written");
	file = device_file_begin(&files, DEVICE_FILE_INITRD);
	ok_int(put_extents(&file, &other, 1), 0, "another one");
	ok_int(device_file_put(&file, "more", 4, &failure), 0, "goes on");
	finish(&files);
	check_file(&files, "KERNEL", bytes, bytes_of(extents, count, bytes));
	memcpy(bytes + bytes_of(&other, 1, bytes), "more", 4);
	check_file(&files, "INITRD", bytes, other.size + 4);
}

static void test_sizes(void)
{
	static const uint64_t sizes[] = { 0, 1, 2047, 2048, 2049, 7 * 2048 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		check_extents(&(struct extent){ 2 * BLOCK, sizes[i] }, 1,
			      sizes[i] % BLOCK, "a file of one extent");
}

static void test_extents(void)
{
	static const struct extent apart[] = { { 6 * BLOCK, 2 * BLOCK },
					       { BLOCK, BLOCK },
					       { 2 * BLOCK, BLOCK },
					       { 3 * BLOCK, 100 } };
	static const struct extent odd[] = { { BLOCK, 100 },
					     { 4 * BLOCK, BLOCK } };
	static const struct extent between = { BLOCK + 512, 2 * BLOCK };
	struct extent many[ISO_EXTENTS_MAX];

	check_extents(apart, ARRAY_SIZE(apart), 100, "several extents");
	check_extents(odd, ARRAY_SIZE(odd), 100 + BLOCK,
		      "a partial block, and another extent");
	check_extents(&between, 1, between.size, "not at a block");
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct extent){ i % 2 * 3 * BLOCK, BLOCK };
	check_extents(many, ARRAY_SIZE(many), 0, "many extents");
}

static void test_too_many_pieces(void)
{
	_cleanup_fd int fd = make_device();
	struct extent many[ISO_EXTENTS_MAX];
	static uint8_t bytes[ROOM];
	struct device_files files;
	struct device_file file;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct extent){ i % 2 * 3 * BLOCK, BLOCK };
	device_files_begin(&files, fd, "device", START, END);
	file = device_file_begin(&files, DEVICE_FILE_INITRD);
	for (size_t i = 0; i < 2; i++)
		ok_int(put_extents(&file, many, ARRAY_SIZE(many)), 0,
		       "extents");
	ok_int((int64_t)files.files[DEVICE_FILE_INITRD].count,
	       ISO_OUT_PIECES_MAX, "no more pieces than there can be");
	finish(&files);
	len = bytes_of(many, ARRAY_SIZE(many), bytes);
	(void)bytes_of(many, ARRAY_SIZE(many), bytes + len);
	check_file(&files, "INITRD", bytes, 2 * len);
}

static void test_refused(void)
{
	static const struct extent behind = { AREA - BLOCK, 2 * BLOCK };
	static const struct extent far = { 1ULL << 60, 2 * BLOCK };
	static const struct extent odd = { 100, 3 * BLOCK };
	_cleanup_fd int fd = make_device();
	struct device_files files;
	struct device_file file;

	device_files_begin(&files, fd, "/dev/null", START, END);
	file = device_file_begin(&files, DEVICE_FILE_INITRD);
	ok_int(put_extents(&file, &behind, 1), -EBADMSG, "behind the ISO");
	ok_int(put_extents(&file, &far, 1), -EBADMSG, "behind the device");
	ok_int((int64_t)file.out->count, 0, "nothing is referred to");
	finish(&files);
	ok(device_files_mount(&files, &failure) < 0, "no device of blocks");
	ok(files.mount_fd < 0, "is not mounted");
	device_files_begin(&files, fd, "device", START,
			   START + ISO_OUT_SIZE + 2 * BLOCK);
	file = device_file_begin(&files, DEVICE_FILE_INITRD);
	ok_int(put_extents(&file, &odd, 1), -ENOSPC, "no room");
	device_files_begin(&files, fd, "device", 8 * GIB, 9 * GIB);
	file = device_file_begin(&files, DEVICE_FILE_INITRD);
	file.size = ISO_OUT_FILE_MAX;
	ok_int(device_file_put(&file, "more", 4, &failure), -EFBIG,
	       "more than 4 GiB");
}

/* --- an initrd --- */

#define LZ4_SIZE (2 * BLOCK + 1000)

/* An ISO, of which the initrd cannot tell where it ends. */
static void make_iso(int fd)
{
	static const struct iso_out_file files[] = {
		{ "INITRD", 1, { { 4 * BLOCK, LZ4_SIZE } } },
		{ "KERNEL", 2, { { 9 * BLOCK, BLOCK }, { BLOCK, BLOCK + 1 } } },
	};
	uint8_t volume[ISO_OUT_SIZE];

	memcpy(area + 4 * BLOCK, "\x02\x21\x4c\x18", 4);
	if (iso_out_build(USUAL, AREA, files, ARRAY_SIZE(files), volume) < 0 ||
	    pwrite(fd, area, AREA, 0) != AREA ||
	    pwrite(fd, volume, sizeof(volume), USUAL) != sizeof(volume))
		printf("Bail out! %m\n");
}

static void test_initrd(void)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	_cleanup_fd int fd = make_device();
	struct device_files files;
	uint8_t first[3 * BLOCK];
	struct reader reader;
	struct iso iso;
	ssize_t len;

	make_iso(fd);
	if (reader_over_fd(&reader, fd, "ISO", &failure) < 0)
		return;
	reader.size = AREA;
	ok_int(iso_open(&iso, &reader, &failure), 0, "an ISO");
	device_files_begin(&files, fd, "/dev/null", START, END);
	payload_open_on(&payload, "the test", &files);
	ok_int(payload_add_iso_file(&payload, &iso, "initrd", &failure), 0,
	       "an archive without an end");
	ok_int(payload_add_iso_file(&payload, &iso, "kernel", &failure), 0,
	       "another one");
	ok_int(payload_add_bytes(&payload, "/plan", 0600, "OURS", 4, &failure),
	       0, "a file of ours");
	ok(payload_finish(&payload, &failure) < 0, "no device of blocks");
	finish(&files);
	len = (kernel_can ? by_kernel : by_us)(&files, "INITRD");
	ok_int(len, (int64_t)payload.size, "it has its size");
	memcpy(first, area + 9 * BLOCK, BLOCK);
	memcpy(first + BLOCK, area + BLOCK, BLOCK + 1);
	ok(len > 0 && memcmp(found, first, 2 * BLOCK + 1) == 0,
	   "what has an end is the first");
	ok(memmem(found + 2 * BLOCK, BLOCK * 2, "OURS", 4), "then ours");
	ok_int((len - (ssize_t)LZ4_SIZE) % (ssize_t)BLOCK, 0, "at a block");
	ok(memcmp(found + len - LZ4_SIZE, area + 4 * BLOCK, LZ4_SIZE) == 0,
	   "what has none is the last");
}

int main(void)
{
	_cleanup_fd int can =
		geteuid() == 0 ? fsopen("iso9660", FSOPEN_CLOEXEC) : FD_NONE;

	kernel_can = can >= 0;
	has_bsdtar = system("bsdtar --version >/dev/null 2>&1") == 0;
	if (!kernel_can)
		puts("# without root or iso9660, no kernel reads it");
	test_sizes();
	test_extents();
	test_too_many_pieces();
	test_refused();
	test_initrd();
	return tap_done();
}
