/* SPDX-License-Identifier: MIT */
#include "root/init.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "wire/view.h"

#define HEAD_MAX     4096 /* the program headers and PT_INTERP's text lie in it */
#define SCRIPT_DEPTH 4 /* the kernel's own limit of interpreters of scripts */

#if defined(__x86_64__)
#define THIS_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define THIS_MACHINE EM_AARCH64
#else
#error "boomerang runs on x86-64 and arm64"
#endif

/* In the order in which the kernel and the common initramfs tools look. */
static const char *const usual_places[] = {
	"/sbin/init",		"/usr/sbin/init", "/usr/lib/systemd/systemd",
	"/lib/systemd/systemd", "/etc/init",	  "/bin/init",
	"/usr/bin/init",	"/init",
};

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "arm64";
	case EM_386:
		return "i386";
	case EM_ARM:
		return "32-bit arm";
	case EM_RISCV:
		return "riscv";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	default:
		return "another architecture";
	}
}

/* "#!" line: the interpreter is its first word. */
static int examine_script(struct view head,
			  char ret_interpreter[static PATH_MAX])
{
	const char *line = (const char *)head.at + 2;
	size_t left = head.left - 2, start = 0, end;

	while (start < left && (line[start] == ' ' || line[start] == '\t'))
		start++;
	for (end = start; end < left; end++)
		if (line[end] == ' ' || line[end] == '\t' ||
		    line[end] == '\n' || line[end] == '\0')
			break;
	if (end == start || end == left || end - start >= PATH_MAX)
		return -ENOEXEC;
	memcpy(ret_interpreter, line + start, end - start);
	ret_interpreter[end - start] = '\0';
	return 0;
}

/* PT_INTERP of a 64-bit little-endian ELF (elf(5)). */
static int find_interpreter(struct view head,
			    char ret_interpreter[static PATH_MAX])
{
	struct view at = view_at(head, offsetof(Elf64_Ehdr, e_phoff));
	uint64_t table_offset = view_le64(&at);
	uint16_t size, count;

	at = view_at(head, offsetof(Elf64_Ehdr, e_phentsize));
	size = view_le16(&at);
	count = view_le16(&at);
	if (at.bad || size < sizeof(Elf64_Phdr))
		return -EBADMSG;
	ret_interpreter[0] = '\0';
	for (uint16_t i = 0; i < count; i++) {
		struct view entry, text;
		uint64_t offset, length;

		if (table_offset > head.left)
			return -EBADMSG;
		entry = view_at(head, table_offset + (size_t)i * size);
		if (view_le32(&entry) != PT_INTERP && !entry.bad)
			continue;
		view_skip(&entry, 4); /* p_flags */
		offset = view_le64(&entry);
		view_skip(&entry, 16); /* p_vaddr, p_paddr */
		length = view_le64(&entry);
		if (entry.bad || offset > head.left)
			return -EBADMSG;
		text = view_at(head, offset);
		text = view_sub(&text, length);
		if (text.bad || length == 0 || length > PATH_MAX ||
		    text.at[length - 1] != '\0')
			return -EBADMSG;
		memcpy(ret_interpreter, text.at, length);
		return 0;
	}
	return 0;
}

int init_examine(const void *bytes, size_t len, uint16_t machine,
		 char ret_interpreter[static PATH_MAX], uint16_t *ret_machine)
{
	struct view head = view_over(bytes, len);
	struct view at = view_at(head, offsetof(Elf64_Ehdr, e_machine));

	if (view_starts(head, "#!", 2))
		return examine_script(head, ret_interpreter);
	if (!view_starts(head, ELFMAG, SELFMAG))
		return -ENOEXEC;
	*ret_machine = view_le16(&at);
	if (at.bad)
		return -EBADMSG;
	if (*ret_machine != machine)
		return -EPROTONOSUPPORT;
	return find_interpreter(head, ret_interpreter);
}

/* Whether the program at path can be started, and what interprets it. */
static int check_program(int root_fd, const char *path,
			 char ret_interpreter[static PATH_MAX],
			 struct failure *failure)
{
	_cleanup_fd int there = path_open_in_root(root_fd, path, O_PATH, 0);
	_cleanup_fd int fd = FD_NONE;
	char head[HEAD_MAX];
	uint16_t machine = 0;
	struct stat st;
	ssize_t len;
	int r;

	if (there < 0)
		return failure_errno(failure, -there,
				     "cannot start %s of the image", path);
	/* Looked at before it is opened: to open a device can do things. */
	if (fstat(there, &st) < 0 || !S_ISREG(st.st_mode) ||
	    !(st.st_mode & 0111))
		return failure_set(failure, EACCES,
				   "cannot start %s of the image: it is not an "
				   "executable file",
				   path);
	fd = path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK, 0);
	len = fd < 0 ? fd : fd_read_full(fd, head, sizeof(head));
	if (len < 0)
		return failure_errno(failure, (int)-len,
				     "cannot read %s of the image", path);
	r = init_examine(head, (size_t)len, THIS_MACHINE, ret_interpreter,
			 &machine);
	if (r == -EPROTONOSUPPORT)
		return failure_set(failure, EPROTONOSUPPORT,
				   "cannot start %s of the image: it is for "
				   "%s, this machine is %s; use an image for "
				   "this architecture",
				   path, machine_name(machine),
				   machine_name(THIS_MACHINE));
	if (r < 0)
		return failure_set(failure, -r,
				   "cannot start %s of the image: it is %s",
				   path,
				   r == -ENOEXEC ? "neither an ELF nor a script"
						 : "a damaged ELF");
	return 0;
}

static bool is_file(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

int init_check(int root_fd, const char *path, struct failure *failure)
{
	char program[PATH_MAX], interpreter[PATH_MAX];

	if (!str_copy(program, sizeof(program), path))
		return failure_errno(failure, ENAMETOOLONG,
				     "cannot start %s of the image", path);
	for (int depth = 0; program[0]; depth++) {
		int r = check_program(root_fd, program, interpreter, failure);

		if (r < 0)
			return r;
		if (depth > SCRIPT_DEPTH)
			return failure_errno(failure, ELOOP,
					     "cannot start %s of the image",
					     path);
		(void)str_copy(program, sizeof(program), interpreter);
	}
	return 0;
}

const char *init_usual(int root_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(usual_places); i++)
		if (is_file(root_fd, usual_places[i]))
			return usual_places[i];
	return NULL;
}

int init_find(int root_fd, const char *wanted, char ret_path[static PATH_MAX],
	      struct failure *failure)
{
	const char *found = *wanted ? wanted : init_usual(root_fd);
	int r;

	if (!found)
		return failure_set(failure, ENODATA,
				   "the image has no init (looked for "
				   "/sbin/init, systemd, /init and others); "
				   "name it with --init PATH or image_init=");
	r = init_check(root_fd, found, failure);
	if (r < 0)
		return r;
	(void)str_copy(ret_path, PATH_MAX, found);
	return 0;
}
