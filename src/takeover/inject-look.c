/* SPDX-License-Identifier: MIT */
#include "takeover/inject-look.h"

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#define RED_ZONE 128 /* x86-64 psABI, 3.2.2: below rsp, yet in use */

static const unsigned char syscall_code[] = { 0x0f, 0x05 };

/* One line of /proc/PID/maps. */
struct mapping {
	uint64_t start, end;
	char access[5]; /* "r-xp" */
	char name[64];	/* "[stack]", the beginning of a path, or "" */
};

/* The number behind key in the text of /proc/PID/status; 0 without it. */
static uint32_t status_number(const char *status, const char *key)
{
	const char *found = strstr(status, key);

	return found ? (uint32_t)strtoul(found + strlen(key), NULL, 10) : 0;
}

int look_at(pid_t pid, struct look *ret_look, struct failure *failure)
{
	char path[48], status[8192];
	const char *state;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	n = file_read(AT_FDCWD, path, status, sizeof(status));
	if (n == -ENOENT || n == -ESRCH)
		return failure_set(failure, ESRCH, "there is no PID %d", pid);
	if (n < 0)
		return failure_errno(failure, (int)-n, "cannot read %s", path);
	/* The name comes first and may be anything, but has no line ends. */
	state = strstr(status, "\nState:\t");
	*ret_look = (struct look){
		.tracer = (pid_t)status_number(status, "\nTracerPid:\t"),
		.threads = status_number(status, "\nThreads:\t"),
		.seccomp = status_number(status, "\nSeccomp:\t"),
		.state = state ? state[strlen("\nState:\t")] : '?',
	};
	return 0;
}

int look_at_program(pid_t pid, struct failure *failure)
{
	_cleanup_fd int fd = FD_NONE;
	char path[48];
	Elf64_Ehdr header;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(failure, errno,
				     "cannot read the program of PID %d", pid);
	if (fd_read_full(fd, &header, sizeof(header)) != sizeof(header) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return failure_set(failure, EOPNOTSUPP,
				   "the program of PID %d is no ELF file", pid);
	/* x32 says EM_X86_64, too, but is of the 32-bit class. */
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_machine != EM_X86_64)
		return failure_set(failure, EOPNOTSUPP,
				   "PID %d runs a 32-bit program, which cannot "
				   "be taken over: use --method exitrd or "
				   "reboot",
				   pid);
	return 0;
}

static int yama_scope(void)
{
	char text[16];
	ssize_t n =
		file_read_line(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope",
			       text, sizeof(text));

	return n > 0 ? (int)strtol(text, NULL, 10) : 0;
}

int look_why_refused(pid_t pid, int err, struct failure *failure)
{
	struct look look;
	char path[48], name[32] = "?";

	if (look_at(pid, &look, NULL) == 0 && look.tracer != 0) {
		snprintf(path, sizeof(path), "/proc/%d/comm", look.tracer);
		if (file_read_line(AT_FDCWD, path, name, sizeof(name)) < 0)
			name[0] = '\0';
		return failure_set(failure, err,
				   "PID %d is traced by process %d (%s): end "
				   "that, or use --method exitrd",
				   pid, look.tracer, name);
	}
	if (yama_scope() >= 3)
		return failure_set(failure, err,
				   "Yama forbids tracing until the next boot "
				   "(kernel.yama.ptrace_scope=3): use --method "
				   "exitrd");
	return failure_errno(failure, err,
			     "cannot trace PID %d (which takes CAP_SYS_PTRACE "
			     "in its user namespace)",
			     pid);
}

int look_read(pid_t pid, uint64_t address, void *buf, size_t size)
{
	struct iovec here = { .iov_base = buf, .iov_len = size };
	struct iovec there = { .iov_base = (void *)(uintptr_t)address,
			       .iov_len = size };
	ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EFAULT;
}

int look_write(pid_t pid, uint64_t address, const void *buf, size_t size)
{
	struct iovec here = { .iov_base = (void *)(uintptr_t)buf,
			      .iov_len = size };
	struct iovec there = { .iov_base = (void *)(uintptr_t)address,
			       .iov_len = size };
	ssize_t n = process_vm_writev(pid, &here, 1, &there, 1, 0);

	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EFAULT;
}

/* Calls each() for every mapping until it returns other than 0, and returns
 * that; 0 in the end. */
static int each_mapping(pid_t pid,
			int (*each)(const struct mapping *mapping,
				    void *context),
			void *context)
{
	_cleanup_file FILE *file = NULL;
	_cleanup_free char *line = NULL;
	size_t size = 0;
	char path[48];
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (r == 0 && getline(&line, &size, file) >= 0) {
		struct mapping mapping = { .name = "" };

		if (sscanf(line,
			   "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %63[^\n]",
			   &mapping.start, &mapping.end, mapping.access,
			   mapping.name) >= 3)
			r = each(&mapping, context);
	}
	return r;
}

struct search {
	pid_t pid;
	bool vdso_only;
	const struct look_scratch *want;
	uint64_t found;
};

/* Looks through one mapping, page by page; an instruction across two pages is
 * not worth the trouble. */
static int search_code(const struct mapping *mapping, void *context)
{
	struct search *search = context;
	unsigned char page[4096];

	/* Of vsyscall, nothing but three fixed addresses can be called. */
	if (mapping->access[0] != 'r' || mapping->access[2] != 'x' ||
	    str_eq(mapping->name, "[vsyscall]") ||
	    search->vdso_only != str_eq(mapping->name, "[vdso]"))
		return 0;
	for (uint64_t at = mapping->start; at < mapping->end;
	     at += sizeof(page)) {
		const unsigned char *hit;

		if (look_read(search->pid, at, page, sizeof(page)) < 0)
			continue;
		hit = memmem(page, sizeof(page), syscall_code,
			     sizeof(syscall_code));
		if (hit) {
			search->found = at + (uint64_t)(hit - page);
			return 1;
		}
	}
	return 0;
}

int look_for_syscall(pid_t pid, uint64_t *ret_address, struct failure *failure)
{
	struct search search = { .pid = pid, .vdso_only = true };
	int r = each_mapping(pid, search_code, &search);

	if (r == 0) {
		search.vdso_only = false;
		r = each_mapping(pid, search_code, &search);
	}
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot read the memory map of PID %d",
				     pid);
	if (r == 0)
		return failure_set(
			failure, ENODATA,
			"PID %d has no syscall instruction to borrow", pid);
	*ret_address = search.found;
	return 0;
}

static bool is_its_own(const struct mapping *mapping)
{
	return mapping->access[0] == 'r' && mapping->access[1] == 'w' &&
	       mapping->access[3] == 'p';
}

static int search_stack(const struct mapping *mapping, void *context)
{
	struct search *search = context;
	const struct look_scratch *want = search->want;
	uint64_t room = RED_ZONE + want->size + 16;

	if (want->stack_pointer < mapping->start ||
	    want->stack_pointer > mapping->end || !is_its_own(mapping))
		return 0;
	/* Other threads may own what is below a stack that is not the first
	 * thread's, as with coroutines. */
	if (want->has_threads && !str_eq(mapping->name, "[stack]"))
		return 0;
	if (want->stack_pointer - mapping->start < room)
		return 0;
	search->found = (want->stack_pointer - RED_ZONE - want->size) & ~15ULL;
	return 1;
}

static int search_private(const struct mapping *mapping, void *context)
{
	struct search *search = context;

	if (!is_its_own(mapping) ||
	    mapping->end - mapping->start < search->want->size)
		return 0;
	search->found = mapping->start;
	return 1;
}

int look_for_scratch(pid_t pid, const struct look_scratch *want,
		     uint64_t *ret_address, struct failure *failure)
{
	struct search search = { .pid = pid, .want = want };
	int r = each_mapping(pid, search_stack, &search);

	if (r == 0 && !want->has_threads)
		r = each_mapping(pid, search_private, &search);
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot read the memory map of PID %d",
				     pid);
	if (r == 0)
		return failure_set(failure, EOPNOTSUPP,
				   "PID %d has no room on its stack for the "
				   "path of the program",
				   pid);
	*ret_address = search.found;
	return 0;
}
