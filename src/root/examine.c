/* SPDX-License-Identifier: MIT */
/*
 * Nothing here is believed beyond being shown: files are opened inside of the
 * root, only when they are regular, and read to a bound.
 */
#include "root/examine.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "root/init.h"
#include "root/os-release.h"
#include "wire/view.h"

#define FILE_MAX      4096
#define SCRIPTS_DEPTH 4

/* Reads the head of a regular file of the root; its length or a negative
 * errno. There is a NUL behind it. */
static ssize_t read_head(int root_fd, const char *path,
			 char ret_head[static FILE_MAX + 1])
{
	_cleanup_fd int there = path_open_in_root(root_fd, path, O_PATH, 0);
	_cleanup_fd int fd = FD_NONE;
	struct stat st;
	ssize_t len;

	if (there < 0)
		return there;
	if (fstat(there, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	fd = path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	len = fd_read_full(fd, ret_head, FILE_MAX);
	if (len >= 0)
		ret_head[len] = '\0';
	return len;
}

static bool exists(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);

	return fd >= 0;
}

/* --- the distribution --- */

static void find_distribution(int root_fd, struct examined *examined)
{
	char file[FILE_MAX + 1];

	if (read_head(root_fd, "/etc/os-release", file) < 0 &&
	    read_head(root_fd, "/usr/lib/os-release", file) < 0)
		return;
	os_release_find(file, "ID", examined->id, sizeof(examined->id));
	os_release_find(file, "VERSION_ID", examined->version,
			sizeof(examined->version));
	if (!os_release_find(file, "PRETTY_NAME", examined->distribution,
			     sizeof(examined->distribution)))
		os_release_find(file, "NAME", examined->distribution,
				sizeof(examined->distribution));
}

/* --- the architecture --- */

static const char *machine_name(uint16_t machine, bool big_endian)
{
	static const struct {
		uint16_t machine;
		bool big_endian;
		const char *name;
	} machines[] = {
		{ EM_X86_64, false, "x86-64" },
		{ EM_AARCH64, false, "arm64" },
		{ EM_386, false, "i386" },
		{ EM_ARM, false, "arm" },
		{ EM_RISCV, false, "riscv64" },
		{ EM_PPC64, false, "ppc64le" },
		{ EM_PPC64, true, "ppc64" },
		{ EM_S390, true, "s390x" },
		{ EM_LOONGARCH, false, "loong64" },
		{ EM_MIPS, false, "mipsel" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine &&
		    machines[i].big_endian == big_endian)
			return machines[i].name;
	return "unknown";
}

/* Of an ELF; NULL for what is none. */
static const char *elf_machine(struct view head)
{
	struct view at = view_at(head, offsetof(Elf64_Ehdr, e_machine));
	bool big_endian;

	if (at.bad || !view_starts(head, ELFMAG, SELFMAG))
		return NULL;
	big_endian = head.at[EI_DATA] == ELFDATA2MSB;
	return machine_name(big_endian ? view_be16(&at) : view_le16(&at),
			    big_endian);
}

/* Of the program at path, or of what interprets it. */
static const char *program_machine(int root_fd, const char *path)
{
	char program[PATH_MAX], interpreter[PATH_MAX], head[FILE_MAX + 1];
	uint16_t machine;

	(void)str_copy(program, sizeof(program), path);
	for (int depth = 0; depth <= SCRIPTS_DEPTH; depth++) {
		ssize_t len = read_head(root_fd, program, head);
		const char *name;

		if (len < 0)
			return NULL;
		name = elf_machine(view_over(head, (size_t)len));
		if (name || init_examine(head, (size_t)len, EM_NONE,
					 interpreter, &machine) < 0)
			return name;
		(void)str_copy(program, sizeof(program), interpreter);
	}
	return NULL;
}

static void find_architecture(int root_fd, struct examined *examined)
{
	const char *const programs[] = { examined->init, "/bin/sh",
					 "/usr/bin/sh", "/bin/busybox" };
	const char *name = NULL;

	for (size_t i = 0; !name && i < ARRAY_SIZE(programs); i++)
		if (programs[i][0])
			name = program_machine(root_fd, programs[i]);
	str_copy(examined->architecture, sizeof(examined->architecture),
		 name ? name : "");
}

/* --- init --- */

/* How the file is called that the init's path leads to. */
static void final_name(int root_fd, const char *path,
		       char ret_name[static PATH_MAX])
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);
	char link[32], target[PATH_MAX];
	struct text text = text_over(link, sizeof(link));
	const char *slash;
	ssize_t len;

	text_add(&text, "/proc/self/fd/%d", fd);
	len = readlink(link, target, sizeof(target) - 1);
	target[MAX(len, 0)] = '\0';
	slash = strrchr(target, '/');
	(void)str_copy(ret_name, PATH_MAX, slash ? slash + 1 : target);
}

const char *examine_init_kind(int root_fd, const char *path)
{
	/* The first row that fits: by what the init is called in the end, and
	 * by a file that only this kind of init has. */
	static const struct {
		const char *name; /* NULL: any */
		const char *file; /* NULL: any */
		const char *kind;
	} kinds[] = {
		{ "systemd", NULL, "systemd" },
		{ "busybox", NULL, "busybox" },
		{ "openrc-init", NULL, "openrc" },
		{ "runit-init", NULL, "runit" },
		{ "runit", NULL, "runit" },
		{ "s6-svscan", NULL, "s6" },
		{ NULL, "/package/admin/s6-overlay", "s6" },
		{ NULL, "/etc/s6-linux-init", "s6" },
		{ "init", "/etc/inittab", "sysvinit" },
	};
	char name[PATH_MAX];

	final_name(root_fd, path, name);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if ((!kinds[i].name || str_eq(kinds[i].name, name)) &&
		    (!kinds[i].file || exists(root_fd, kinds[i].file)))
			return kinds[i].kind;
	return "unknown";
}

static void find_init(int root_fd, struct examined *examined)
{
	const char *path = init_usual(root_fd);

	if (!path)
		return;
	str_copy(examined->init, sizeof(examined->init), path);
	str_copy(examined->init_kind, sizeof(examined->init_kind),
		 examine_init_kind(root_fd, path));
}

void examine_root(int root_fd, struct examined *ret_examined)
{
	*ret_examined = (struct examined){ 0 };
	find_distribution(root_fd, ret_examined);
	find_init(root_fd, ret_examined);
	find_architecture(root_fd, ret_examined);
}
