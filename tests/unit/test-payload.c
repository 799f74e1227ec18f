/* SPDX-License-Identifier: MIT */
/* What is put together is taken apart as the kernel does it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "kernel/payload.h"
#include "tap.h"
#include "wire/newc.h"

#define ROOM (256 * KIB)

/* One that says where it ends, as all but lz4 do. */
static const char gzip[] = "\x1f\x8b gzip, 17 bytes";
static const char lz4[] = "\x02\x21\x4c\x18 lz4";

static uint8_t bytes[ROOM];

static int memfd_of(const void *content, size_t len)
{
	int fd = memfd_create("content", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, content, len) < 0)
		printf("Bail out! memfd: %m\n");
	return fd;
}

static void add_archive(struct payload *payload, const void *content,
			size_t len)
{
	_cleanup_fd int fd = memfd_of(content, len);

	ok_int(payload_add_archive(payload, fd, "archive", NULL), 0,
	       "an archive is added");
}

/* All that is in it. */
static struct view read_back(struct payload *payload)
{
	struct failure failure = { 0 };
	ssize_t n;

	ok_int(payload_finish(payload, &failure), 0, "it is finished");
	ok_str(failure.text, "", "without a failure");
	n = pread(payload->fd, bytes, sizeof(bytes), 0);
	ok_int(n, (int64_t)payload->size, "its size is what it says");
	return view_over(bytes, n < 0 ? 0 : (size_t)n);
}

/* The zero bytes and entries in front: "path mode; …". */
static void take_entries(struct view *v, char *text, size_t size)
{
	size_t start = v->left;
	size_t len = 0;
	int r = 1;

	text[0] = '\0';
	while (v->left > 0 && *v->at == 0)
		view_skip(v, 1);
	while (r > 0) {
		struct newc_entry entry;

		ok_int((int64_t)(start - v->left) % 4, 0,
		       "an entry begins at a multiple of 4");
		r = newc_parse_entry(v, &entry);
		if (r <= 0)
			break;
		len += (size_t)snprintf(text + len, size - len, "%.*s %o; ",
					(int)entry.name_len, entry.name,
					entry.mode);
		if (S_ISREG(entry.mode))
			len += (size_t)snprintf(text + len, size - len,
						"(%.*s) ", (int)entry.size,
						(const char *)v->at);
		view_skip(v, entry.size + newc_padding(entry.size));
	}
	ok_int(r, 0, "the archive has a trailer");
}

static void test_files_behind(void)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	_cleanup_fd int fd = memfd_of("from fd", 7);
	char text[1024];
	struct view v;

	ok_int(payload_open(&payload, "the test", NULL), 0, "begun");
	add_archive(&payload, gzip, sizeof(gzip) - 1);
	ok_int(payload_add_bytes(&payload, "/live/init", 0755, "12345", 5,
				 NULL),
	       0, "a file of bytes");
	ok_int(payload_add_fd(&payload, "/live/modules/00", 0600, fd, "fd",
			      NULL),
	       0, "a file of a descriptor");
	ok_int(payload_add_bytes(&payload, "/live/modules/01", 0600, "", 0,
				 NULL),
	       0, "an empty file");
	ok_int(payload_add_bytes(&payload, "/etc/plan", 0600, "p", 1, NULL), 0,
	       "a file elsewhere");
	v = read_back(&payload);
	ok(view_starts(v, gzip, sizeof(gzip) - 1), "the archive is in front");
	view_skip(&v, sizeof(gzip) - 1);
	ok_int((int64_t)(sizeof(gzip) - 1) % 4 != 0, 1,
	       "(which is no multiple of 4 long)");
	while (v.left > 0 && *v.at == 0)
		view_skip(&v, 1);
	ok_int((v.at - bytes) % 4, 0, "ours begins at a multiple of 4");
	take_entries(&v, text, sizeof(text));
	ok_str(text,
	       "live 40755; live/init 100755; (12345) "
	       "live/modules 40755; live/modules/00 100600; (from fd) "
	       "live/modules/01 100600; () "
	       "etc 40755; etc/plan 100600; (p) ",
	       "each parent once, each file as it was");
	ok_int((int64_t)v.left, 0, "and nothing more");
}

/* An archive as microcode has it, in front of another one. */
static size_t build_early(uint8_t *buf, size_t size, const char *rest)
{
	struct build b = build_over(buf, size);

	newc_build_entry(&b, &(struct newc_entry){
				     .inode = 1,
				     .mode = S_IFREG | 0644,
				     .links = 1,
				     .size = 3,
				     .name = "kernel/x86/microcode",
				     .name_len = 20,
			     });
	build_bytes(&b, "abc\0", 4);
	newc_build_trailer(&b);
	build_zero(&b, 512 - b.len % 512);
	build_zero(&b, 8192);
	build_bytes(&b, rest, strlen(rest));
	return b.bad ? 0 : b.len;
}

static void check_late(const void *archive, size_t len, bool is_late)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	char text[1024];
	struct view v;

	ok_int(payload_open(&payload, "the test", NULL), 0, "begun");
	add_archive(&payload, archive, len);
	add_archive(&payload, gzip, sizeof(gzip) - 1);
	ok_int(payload_add_bytes(&payload, "/plan", 0600, "p", 1, NULL), 0,
	       "a file of ours");
	v = read_back(&payload);
	if (!is_late) {
		ok(view_starts(v, archive, len), "an archive stays in front");
		return;
	}
	ok(view_starts(v, gzip, sizeof(gzip) - 1), "others go before lz4");
	view_skip(&v, DIV_ROUND_UP(sizeof(gzip) - 1, 4) * 4);
	take_entries(&v, text, sizeof(text));
	ok_str(text, "plan 100600; (p) ", "ours, too");
	ok_int((v.at - bytes) % 4, 0, "it begins at a multiple of 4");
	ok_int((int64_t)v.left, (int64_t)len, "and is the last");
	ok(view_starts(v, archive, len), "as it was");
}

static void test_lz4(void)
{
	static uint8_t early[16384];
	size_t len;

	check_late(lz4, sizeof(lz4) - 1, true);
	len = build_early(early, sizeof(early), lz4);
	ok(len > 8192, "an archive with zeros behind it");
	check_late(early, len, true);
	len = build_early(early, sizeof(early), gzip);
	check_late(early, len, false);
	/* What is cut short or damaged is the kernel's to refuse. */
	check_late(early, 3, false);
	check_late(early, 200, false);
	check_late("070701 but nothing behind it", 28, false);
	check_late("", 0, false);
}

/* A hostile size leads behind the end. */
static void test_hostile(void)
{
	uint8_t buf[1024];
	struct build b = build_over(buf, sizeof(buf));

	newc_build_entry(&b, &(struct newc_entry){
				     .mode = S_IFREG | 0644,
				     .links = 1,
				     .size = UINT32_MAX,
				     .name = "a",
				     .name_len = 1,
			     });
	check_late(buf, b.len, false);
}

static int read_zeros(const struct reader *reader, uint64_t offset, void *buf,
		      size_t len, struct failure *failure)
{
	(void)offset;
	if (reader->context)
		return failure_set(failure, EIO, "the server is gone");
	memset(buf, 0, len);
	return 0;
}

static void test_refused(void)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;
	struct reader reader = {
		.name = "an ISO",
		.size = 4 * GIB,
		.read = read_zeros,
	};
	char path[PAYLOAD_PATH_MAX + 16];
	struct failure failure;

	ok_int(payload_open(&payload, "the test", NULL), 0, "begun");
	ok_int(payload_add_reader(&payload, "/live.iso", 0600, &reader,
				  &failure),
	       -EFBIG, "a file of 4 GiB");
	ok_str(failure.text,
	       "/live.iso: more than 4 GiB do not fit into an initramfs",
	       "is refused with a sentence");
	reader.size = 10;
	reader.context = &reader;
	ok_int(payload_add_reader(&payload, "/live.iso", 0600, &reader,
				  &failure),
	       -EIO, "one that cannot be read");
	ok_str(failure.text, "the server is gone", "says why");
	memset(path, 'd', sizeof(path));
	path[0] = path[sizeof(path) - 8] = '/';
	path[sizeof(path) - 1] = '\0';
	ok_int(payload_add_bytes(&payload, path, 0600, "", 0, &failure),
	       -ENAMETOOLONG, "a path that is too long");
	ok_int(payload_add_archive(&payload, FD_NONE, "nothing", &failure),
	       -EBADF, "no file");
}

static void test_reading_only(void)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE;

	ok_int(payload_open(&payload, "the test", NULL), 0, "begun");
	read_back(&payload);
	ok_int(fcntl(payload.fd, F_GETFL) & O_ACCMODE, O_RDONLY,
	       "a finished one can only be read");
}

static void test_behind(void)
{
	_cleanup_payload struct payload payload = PAYLOAD_NONE, none;
	_cleanup_fd int fd = memfd_of(gzip, sizeof(gzip) - 1);
	char text[1024];
	struct stat st;
	struct view v;

	ok_int(payload_open_behind(&payload, fd, "the test", NULL), 0,
	       "begun behind what a memfd has");
	ok_int(payload_add_bytes(&payload, "/plan", 0600, "p", 1, NULL), 0,
	       "a file");
	v = read_back(&payload);
	ok(view_starts(v, gzip, sizeof(gzip) - 1), "that is in front");
	view_skip(&v, DIV_ROUND_UP(sizeof(gzip) - 1, 4) * 4);
	take_entries(&v, text, sizeof(text));
	ok_str(text, "plan 100600; (p) ", "of the file");
	ok(fstat(fd, &st) == 0 && (uint64_t)st.st_size == payload.size,
	   "all in the same memory");
	ok_int(payload_open_behind(&none, FD_NONE, "nothing", NULL), -ENOENT,
	       "there is none");
}

int main(void)
{
	test_files_behind();
	test_behind();
	test_lz4();
	test_hostile();
	test_refused();
	test_reading_only();
	return tap_done();
}
