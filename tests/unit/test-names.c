/* SPDX-License-Identifier: MIT */
/* What stands behind the names that loaders ask for. */
#include "server/names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "tap.h"

#define MAC "52:54:00:12:34:56"

static char top[] = "/tmp/boomerang-names-XXXXXX";
static const struct mac mac = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };
static struct signer signer;
static struct loaders loaders;
static struct names names = { .signer = &signer, .loaders = &loaders };

static const char *const kinds[] = {
	[NAME_ABSENT] = "absent",	  [NAME_FILE] = "file",
	[NAME_UPSTREAM] = "upstream",	  [NAME_IPXE_SCRIPT] = "ipxe",
	[NAME_GRUB_START] = "grub-start", [NAME_GRUB_SCRIPT] = "grub",
};

/* "ipxe mac", "file loader mac place", … */
static const char *describe(const struct name *name)
{
	static const char *const roles[] = {
		[ROLE_OTHER] = "",
		[ROLE_LOADER] = " loader",
		[ROLE_SCRIPT] = "",
		[ROLE_KERNEL] = " kernel",
	};
	static char buf[SIGNER_PLACE_MAX + 64];
	bool right_mac = name->has_mac && mac_eq(&name->mac, &mac);

	snprintf(buf, sizeof(buf), "%s%s%s%s%s", kinds[name->kind],
		 name->kind != NAME_ABSENT ? roles[name->role] : "",
		 right_mac ? " mac" : "", name->place[0] ? " " : "",
		 name->place);
	return buf;
}

static void test_names(void)
{
	static const struct {
		const char *path, *is;
	} cases[] = {
		{ "script/" MAC ".ipxe", "ipxe mac" },
		{ "/script/52-54-00-12-34-56.ipxe", "ipxe mac" },
		{ "/script/" MAC, "absent" },
		{ "/script/" MAC ".ipxe/x", "absent" },
		{ "/script/x" MAC ".ipxe", "absent" },
		{ "/script/.ipxe", "absent" },
		{ "/grub/grub.cfg", "grub-start" },
		{ "/debian-installer/amd64/grub/grub.cfg", "grub-start" },
		{ "grub.cfg", "grub-start" },
		{ "/grub/" MAC ".cfg", "grub mac" },
		{ "/grub/grub.cfg-01-52-54-00-12-34-56", "grub mac" },
		{ "/boot/grub/grub.cfg-01-52-54-00-12-34-56", "grub mac" },
		{ "/grub/grub.cfg-01-52-54-00",
		  "file grub/grub.cfg-01-52-54-00" },
		{ "/loader/" MAC "/grub/grub.cfg", "grub mac" },
		{ "/grub/x86_64-efi/command.lst",
		  "file grub/x86_64-efi/command.lst" },
		{ "loader/" MAC "/snponly.efi", "file loader mac snponly.efi" },
		{ "//snponly.efi", "file loader snponly.efi" },
		{ "/loader/" MAC "//grubx64.efi", "file mac grubx64.efi" },
		{ "\\loader\\" MAC "\\snponly.efi",
		  "file loader mac snponly.efi" },
		{ "/loader/" MAC "/in-root.txt", "file mac in-root.txt" },
		{ "/loader/" MAC, "absent" },
		{ "/loader/" MAC "/", "absent" },
		{ "/loader/nobody/snponly.efi", "absent" },
		{ "autoexec.ipxe", "absent" },
		{ "/loader/" MAC "/autoexec.ipxe", "absent mac" },
		{ "images/a.img", "file images/a.img" },
		{ "/./images/a.img", "absent" },
		{ "/images/../../etc/passwd", "absent" },
		{ "..", "absent" },
		{ "/images/...", "file images/..." },
		{ "", "absent" },
		{ "/", "absent" },
		{ "file/", "file file" },
		{ "file/forged/vmlinuz", "absent" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct name name;

		names_resolve(&names, cases[i].path, &name);
		ok_str(describe(&name), cases[i].is, cases[i].path);
	}
}

static void test_sealed(void)
{
	static const struct {
		const char *place, *is;
	} cases[] = {
		{ "/boot/vmlinuz", "file kernel mac /boot/vmlinuz" },
		{ "file:///boot/vmlinuz", "file kernel mac /boot/vmlinuz" },
		{ "./images/a.img", "file kernel mac images/a.img" },
		{ "http://h/k", "upstream kernel mac http://h/k" },
		{ "https://h/k", "upstream kernel mac https://h/k" },
		{ "ftp://h/k", "absent mac" },
		{ "relative", "absent mac" },
		{ "", "absent mac" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char token[SIGNER_TOKEN_MAX], path[SIGNER_TOKEN_MAX + 32];
		struct name name;

		ok_int(signer_seal(&signer, &mac, cases[i].place, token), 0,
		       "seals");
		snprintf(path, sizeof(path), "/file/%s/any%%20name", token);
		names_resolve(&names, path, &name);
		ok_str(describe(&name), cases[i].is, cases[i].place);
		path[10] = path[10] == 'x' ? 'y' : 'x';
		names_resolve(&names, path, &name);
		ok_str(describe(&name), "absent", "altered");
	}
}

static int open_path(const char *path, char text[static 32])
{
	struct name name;
	_cleanup_fd int fd = FD_NONE;
	uint64_t size;
	int64_t mtime;
	ssize_t n;

	names_resolve(&names, path, &name);
	if (name.kind != NAME_FILE)
		return -EINVAL;
	fd = names_open(&name, &size, &mtime);
	if (fd < 0)
		return fd;
	n = fd_read_full(fd, text, 31);
	text[MAX(n, 0)] = '\0';
	return (uint64_t)n == size && mtime > 0 ? 0 : -EIO;
}

static void test_open(void)
{
	char text[32], token[SIGNER_TOKEN_MAX], path[SIGNER_TOKEN_MAX + 32];

	ok_int(open_path("images/a.img", text), 0, "a file");
	ok_str(text, "image", "its bytes");
	ok_int(open_path("in-root.txt", text), 0, "tftp-root comes first");
	ok_str(text, "root", "its bytes");
	ok_int(open_path("images/none", text), -ENOENT, "no file");
	ok_int(open_path("images", text), -ENOENT, "a directory");
	ok_int(open_path("fifo", text), -ENOENT, "a FIFO, without waiting");
	ok_int(open_path("passwd", text), -ENOENT, "a link that leaves");
	ok_int(open_path("up/passwd", text), -ENOENT, "through a link");
	ok_int(open_path("inside", text), 0, "a link that stays");
	ok_str(text, "image", "its bytes");
	ok_int(open_path("host_key", text), -EACCES, "not for everybody");
	ok_int(signer_seal(&signer, &mac, "./host_key", token), 0, "sealed");
	(void)snprintf(path, sizeof(path), "file/%s/host_key", token);
	ok_int(open_path(path, text), 0, "it is for who was told of it");
}

static void fill(int dir_fd)
{
	mkdirat(dir_fd, "root", 0755);
	mkdirat(dir_fd, "dir", 0755);
	mkdirat(dir_fd, "dir/images", 0755);
	mkdirat(dir_fd, "dir/loaders", 0755);
	if (file_create(dir_fd, "dir/images/a.img", "image") < 0 ||
	    file_create(dir_fd, "dir/loaders/snponly.efi", "loader") < 0 ||
	    file_create(dir_fd, "dir/in-root.txt", "dir") < 0 ||
	    file_create(dir_fd, "root/in-root.txt", "root") < 0 ||
	    symlinkat("/etc/passwd", dir_fd, "dir/passwd") < 0 ||
	    symlinkat("/images/a.img", dir_fd, "dir/inside") < 0 ||
	    symlinkat("../../../../../etc", dir_fd, "dir/up") < 0 ||
	    file_create(dir_fd, "dir/host_key", "secret") < 0 ||
	    fchmodat(dir_fd, "dir/host_key", 0600, 0) < 0 ||
	    mkfifoat(dir_fd, "dir/fifo", 0644) < 0)
		ok(false, "files to serve");
}

int main(void)
{
	char dir[64];
	struct serve_settings settings = { .dir = dir };
	_cleanup_fd int top_fd = FD_NONE, root_fd = FD_NONE, dir_fd = FD_NONE;

	if (!ok(mkdtemp(top) != NULL, "a directory"))
		return tap_done();
	snprintf(dir, sizeof(dir), "%s/dir", top);
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fill(top_fd);
	names.tftp_root_fd = root_fd =
		openat(top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	names.dir_fd = dir_fd =
		openat(top_fd, "dir", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ok_int(signer_init(&signer), 0, "a key");
	ok_int(loaders_open(&loaders, &settings, NULL), 0, "loaders");
	test_names();
	test_sealed();
	test_open();
	loaders_close(&loaders);
	ok_int(path_remove_tree(AT_FDCWD, top), 0, "cleans up");
	return tap_done();
}
