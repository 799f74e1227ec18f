/* SPDX-License-Identifier: MIT */
#include "image/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/text.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#else
#error "the system calls of this architecture are not listed here"
#endif

/* Anything at or above is the x32 ABI on x86, and unused elsewhere. */
#define SYSCALLS_END 0x40000000

/* --- descriptors --- */

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int close_others(const struct confine *what)
{
	unsigned int from = STDERR_FILENO + 1;
	int keep[CONFINE_KEEP_MAX];

	if (what->keep_count > CONFINE_KEEP_MAX)
		return -ENOBUFS;
	memcpy(keep, what->keep, what->keep_count * sizeof(*keep));
	qsort(keep, what->keep_count, sizeof(*keep), compare_ints);
	for (size_t i = 0; i < what->keep_count; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned int)keep[i] > from &&
		    close_range(from, (unsigned int)keep[i] - 1, 0) < 0)
			return -errno;
		from = (unsigned int)keep[i] + 1;
	}
	return close_range(from, ~0U, 0) < 0 ? -errno : 0;
}

/* A sanitizer's report must be seen. */
#if defined(__SANITIZE_ADDRESS__)
#define LAST_SILENCED STDOUT_FILENO
#else
#define LAST_SILENCED STDERR_FILENO
#endif

static int silence_standard_fds(void)
{
	_cleanup_fd int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= LAST_SILENCED; fd++)
		if (dup2(null_fd, fd) < 0)
			return -errno;
	return 0;
}

/* --- without root --- */

static int write_map(const char *file, unsigned int outside)
{
	char line[32];
	struct text text = text_over(line, sizeof(line));

	text_add(&text, "0 %u 1", outside);
	return file_write(AT_FDCWD, file, line);
}

int confine_become_root(void)
{
	unsigned int uid = geteuid(), gid = getegid();
	int r;

	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	/* Who may not change its groups may map one (user_namespaces(7)). */
	r = file_write(AT_FDCWD, "/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_map("/proc/self/uid_map", uid);
	if (r == 0)
		r = write_map("/proc/self/gid_map", gid);
	return r;
}

/* --- capabilities --- */

static int drop_capabilities(void)
{
	static const unsigned char kept[] = { CAP_CHOWN,  CAP_DAC_OVERRIDE,
					      CAP_FOWNER, CAP_FSETID,
					      CAP_MKNOD,  CAP_SETFCAP };
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t mask = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		mask |= (uint64_t)1 << kept[i];
	/* EINVAL: past the last one that this kernel knows. */
	for (unsigned long cap = 0; cap < 64; cap++)
		if (!(mask >> cap & 1) &&
		    prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL)
			return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		data[i].effective = (uint32_t)(mask >> (32 * i));
		data[i].permitted = data[i].effective;
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &header, data) < 0)
		return -errno;
	return 0;
}

/* --- system calls --- */

#define NR_OFFSET   offsetof(struct seccomp_data, nr)
#define ARCH_OFFSET offsetof(struct seccomp_data, arch)
/* The lower half of an argument, on little-endian machines. */
#define ARG_OFFSET(n)  (offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(offset)   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (uint32_t)(action))
#define DENY(error)    ANSWER(SECCOMP_RET_ERRNO | (error))
/* When the loaded word equals value: the next t instructions are skipped. */
#define SKIP_IF(value, t) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), t, 0)
#define SKIP_UNLESS(value, f) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, f)

/* Calls that are harmless with any arguments, given the chroot, the few
 * descriptors and the few capabilities. */
static const int allowed[] = {
	/* the stream and the files made from it */
	SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_close,
	SYS_fstat, SYS_newfstatat, SYS_fstatfs, SYS_ftruncate, SYS_mkdirat,
	SYS_mknodat, SYS_symlinkat, SYS_linkat, SYS_unlinkat, SYS_fchown,
	SYS_fchownat, SYS_fchmod, SYS_utimensat, SYS_fsetxattr, SYS_lsetxattr,
	SYS_flistxattr, SYS_fremovexattr, SYS_getdents64,
	/* memory and threads */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex,
	SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_getpid, SYS_gettid, SYS_clock_gettime, SYS_clock_nanosleep,
	SYS_getrandom, SYS_restart_syscall,
	/* signals to itself, and the end */
	SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_exit,
	SYS_exit_group,
#if defined(__SANITIZE_ADDRESS__)
	SYS_sigaltstack, /* its threads' */
#endif
};

struct program {
	struct sock_filter code[160];
	size_t len;
	bool full;
};

static void add(struct program *program, const struct sock_filter *code,
		size_t count)
{
	if (count > ARRAY_SIZE(program->code) - program->len) {
		program->full = true;
		return;
	}
	memcpy(program->code + program->len, code, count * sizeof(*code));
	program->len += count;
}

#define ADD(program, ...)                                           \
	do {                                                        \
		const struct sock_filter code_[] = { __VA_ARGS__ }; \
		add(program, code_, ARRAY_SIZE(code_));             \
	} while (0)

static void add_start(struct program *program)
{
	ADD(program, LOAD(ARCH_OFFSET), SKIP_IF(ARCH, 1),
	    ANSWER(SECCOMP_RET_KILL_PROCESS), LOAD(NR_OFFSET),
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYSCALLS_END, 0, 1),
	    ANSWER(SECCOMP_RET_KILL_PROCESS));
}

static void add_allowed(struct program *program)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		ADD(program, SKIP_UNLESS(allowed[i], 1),
		    ANSWER(SECCOMP_RET_ALLOW));
}

/* Allowed when all bits of want are set in the argument. */
static void add_bits_set(struct program *program, int nr, unsigned int arg,
			 uint32_t want)
{
	ADD(program, SKIP_UNLESS(nr, 5), LOAD(ARG_OFFSET(arg)),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, want), SKIP_UNLESS(want, 1),
	    ANSWER(SECCOMP_RET_ALLOW), LOAD(NR_OFFSET));
}

/* Allowed when none of the bits is set in the argument. */
static void add_bits_clear(struct program *program, int nr, unsigned int arg,
			   uint32_t never)
{
	ADD(program, SKIP_UNLESS(nr, 5), LOAD(ARG_OFFSET(arg)),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, never), SKIP_UNLESS(0, 1),
	    ANSWER(SECCOMP_RET_ALLOW), LOAD(NR_OFFSET));
}

static void add_equal(struct program *program, int nr, unsigned int arg,
		      uint32_t value)
{
	ADD(program, SKIP_UNLESS(nr, 4), LOAD(ARG_OFFSET(arg)),
	    SKIP_UNLESS(value, 1), ANSWER(SECCOMP_RET_ALLOW), LOAD(NR_OFFSET));
}

static int filter_system_calls(void)
{
	struct program program = { 0 };
	struct sock_fprog fprog;

	add_start(&program);
	add_allowed(&program);
	/* New files and directories; never something that is there, as it
	 * may be a device. O_TMPFILE has O_DIRECTORY's bit and makes a file
	 * without a name, which is harmless. */
	add_bits_set(&program, SYS_openat, 2, O_CREAT | O_EXCL);
	add_bits_set(&program, SYS_openat, 2, O_DIRECTORY);
	/* What fdopendir(3) does with its descriptor. */
	add_equal(&program, SYS_fcntl, 1, F_GETFL);
	add_equal(&program, SYS_fcntl, 1, F_SETFD);
	/* No code but ours, so nothing out of the archive is ever run. */
	add_bits_clear(&program, SYS_mmap, 2, PROT_EXEC);
	add_bits_clear(&program, SYS_mprotect, 2, PROT_EXEC);
	/* Threads, not processes. The C library falls back from clone3, whose
	 * flags a filter cannot see. */
	add_bits_set(&program, SYS_clone, 0, CLONE_THREAD);
	ADD(&program, SKIP_UNLESS(SYS_clone3, 1), DENY(ENOSYS));
	/* abort() */
	add_equal(&program, SYS_tgkill, 0, (uint32_t)getpid());
	ADD(&program, DENY(EPERM));
	if (program.full)
		return -ENOBUFS;
	fprog = (struct sock_fprog){ .len = (unsigned short)program.len,
				     .filter = program.code };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog) < 0)
		return -errno;
	return 0;
}

/* AddressSanitizer's shadow of terabytes would count. */
#if defined(__SANITIZE_ADDRESS__)
#define DATA_LIMIT(data_max) RLIM_INFINITY
#else
#define DATA_LIMIT(data_max) (data_max)
#endif

static int limit_resources(uint64_t data_max _unused)
{
	const struct rlimit data = { DATA_LIMIT(data_max),
				     DATA_LIMIT(data_max) };
	const struct rlimit core = { 0, 0 };

	if (setrlimit(RLIMIT_DATA, &data) < 0 ||
	    setrlimit(RLIMIT_CORE, &core) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static int enter_root(const struct confine *what, struct failure *failure)
{
	int r = geteuid() == 0 ? 0 : confine_become_root();

	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot make a user namespace to unpack "
				     "in: run as root");
	if (fchdir(what->root_fd) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return failure_errno(failure, errno,
				     "cannot enter the new root");
	return 0;
}

int confine(const struct confine *what, struct failure *failure)
{
	int r = close_others(what);

	if (r == 0)
		r = silence_standard_fds();
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot prepare the unpacker");
	r = enter_root(what, failure);
	if (r < 0)
		return r;
	/* Who is not dumpable any more cannot map its user. */
	r = limit_resources(what->data_max);
	if (r == 0)
		r = drop_capabilities();
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot drop the unpacker's rights");
	r = filter_system_calls();
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot filter the unpacker's system "
				     "calls (CONFIG_SECCOMP_FILTER?)");
	return 0;
}
