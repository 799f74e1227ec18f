/* SPDX-License-Identifier: MIT */
#include "root/examine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "root/os-release.h"
#include "tap.h"

/* --- os-release --- */

static void test_values(void)
{
	static const struct {
		const char *file, *value;
	} rows[] = {
		{ "NAME=plain\n", "plain" },
		{ "NAME=plain", "plain" },
		{ "NAME=\"in quotes\"\n", "in quotes" },
		{ "NAME='it is $1'\n", "it is $1" },
		{ "NAME=\"a \\\"b\\\" \\$c \\\\\"\n", "a \"b\" $c \\" },
		{ "NAME='a\\b'\n", "a\\b" },
		{ "NAME=two words\n", "two" },
		{ "NAME=\n", "" },
		{ "NAME=\"\"\nID=x\n", "" },
		{ "NAME=\"open\nID=x\n", "open" },
		{ "NAME=back\\\n", "back\\" },
		{ "NAME=first\nNAME=last\n", "last" },
		{ "# NAME=comment\n\r\nNAME=dos\r\n", "dos" },
		{ "NAME=\"\033[31mred\"\n", "?[31mred" },
		{ "NAME=0123456789012345678901234567890123456789\n",
		  "0123456789012345678901234567890" },
	};
	char value[32];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found = os_release_find(rows[i].file, "NAME", value,
					     sizeof(value));

		ok_str(found ? value : NULL, rows[i].value, rows[i].file);
	}
	ok(!os_release_find("NAMES=x\nMY_NAME=y\nNAME\n", "NAME", value, 32),
	   "other variables are not it");
}

/* --- roots --- */

static void put(int root_fd, const char *path, const void *bytes, size_t len)
{
	char dir[256];
	int fd;

	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	(void)!path_mkdirs_in_root(root_fd, dir, 0755);
	fd = path_open_in_root(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC,
			       0755);
	(void)!write(fd, bytes, len);
	close(fd);
}

static void put_text(int root_fd, const char *path, const char *text)
{
	put(root_fd, path, text, strlen(text));
}

static void put_elf(int root_fd, const char *path, uint8_t machine, bool big)
{
	uint8_t head[64] = { 0x7f, 'E', 'L', 'F', 2, big ? 2 : 1, 1 };

	head[big ? 19 : 18] = machine;
	put(root_fd, path, head, sizeof(head));
}

static void debian(int fd)
{
	put_text(fd, "/usr/lib/os-release",
		 "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
		 "VERSION_ID=\"12\"\nID=debian\n");
	put_text(fd, "/etc/x", "");
	(void)!symlinkat("../usr/lib/os-release", fd, "etc/os-release");
	put_elf(fd, "/usr/lib/systemd/systemd", 62, false);
	(void)!mkdirat(fd, "sbin", 0755);
	(void)!symlinkat("/usr/lib/systemd/systemd", fd, "sbin/init");
}

static void alpine(int fd)
{
	put_text(fd, "/etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\n");
	put_elf(fd, "/bin/busybox", 183, false);
	(void)!mkdirat(fd, "sbin", 0755);
	(void)!symlinkat("/bin/busybox", fd, "sbin/init");
}

static void script(int fd)
{
	put_text(fd, "/init", "#!/bin/sh -e\nexec /foo\n");
	put_elf(fd, "/bin/sh", 22, true);
	(void)!path_mkdirs_in_root(fd, "/package/admin/s6-overlay", 0755);
}

static void sysvinit(int fd)
{
	put_elf(fd, "/sbin/init", 3, false);
	put_text(fd, "/etc/inittab", "id:2:initdefault:\n");
}

static void no_init(int fd)
{
	put_elf(fd, "/bin/sh", 243, false);
}

static void hostile(int fd)
{
	(void)!mkdirat(fd, "etc", 0755);
	(void)!mkdirat(fd, "sbin", 0755);
	(void)!symlinkat("/../../../../../etc/os-release", fd,
			 "etc/os-release");
	(void)!mkfifoat(fd, "sbin/init", 0755);
	put_text(fd, "/init", "#!/init\n");
}

static void test_roots(void)
{
	static const struct {
		void (*make)(int fd);
		struct examined want;
	} rows[] = {
		{ debian,
		  { "Debian GNU/Linux 12 (bookworm)", "debian", "12", "x86-64",
		    "/sbin/init", "systemd" } },
		{ alpine,
		  { "Alpine Linux", "alpine", "", "arm64", "/sbin/init",
		    "busybox" } },
		{ script, { "", "", "", "s390x", "/init", "s6" } },
		{ sysvinit, { "", "", "", "i386", "/sbin/init", "sysvinit" } },
		{ no_init, { "", "", "", "riscv64", "", "" } },
		{ hostile, { "", "", "", "", "/init", "unknown" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct examined *want = &rows[i].want;
		char dir[] = "/tmp/test-examine-XXXXXX";
		struct examined is;
		int fd;

		if (!mkdtemp(dir))
			continue;
		fd = open(dir, O_RDONLY | O_DIRECTORY);
		rows[i].make(fd);
		examine_root(fd, &is);
		ok_str(is.distribution, want->distribution, "distribution");
		ok_str(is.id, want->id, "id");
		ok_str(is.version, want->version, "version");
		ok_str(is.architecture, want->architecture, "architecture");
		ok_str(is.init, want->init, "init");
		ok_str(is.init_kind, want->init_kind, "kind of init");
		close(fd);
		ok_int(path_remove_tree(AT_FDCWD, dir), 0, "is removed");
	}
}

int main(void)
{
	test_values();
	test_roots();
	return tap_done();
}
