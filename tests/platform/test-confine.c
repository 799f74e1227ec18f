/* SPDX-License-Identifier: MIT */
/*
 * What a compromised unpacker can still do: this program confines itself as
 * the unpacker does and then behaves badly.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "../unit/tap.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "image/confine.h"

#define DATA_MAX (256 * MIB)

static int root_fd, kept_fd, other_fd;

/* An attack returns what its call did: 0 or more, or -1 and errno. */
struct attack {
	const char *what;
	long (*run)(void);
	int want; /* errno */
};

/* Raw calls, so that the C library neither checks nor changes anything. */
#define CALL(name, ...)                      \
	static long name(void)               \
	{                                    \
		return syscall(__VA_ARGS__); \
	}

CALL(open_file, SYS_openat, AT_FDCWD, "/inside", O_RDONLY)
CALL(open_device, SYS_openat, AT_FDCWD, "/null", O_RDWR)
CALL(open_create, SYS_openat, AT_FDCWD, "/inside", O_RDWR | O_CREAT, 0600)
CALL(open_two, SYS_openat2, AT_FDCWD, "/inside", NULL, 24)
CALL(call_socket, SYS_socket, AF_INET, SOCK_STREAM, 0)
CALL(call_unix, SYS_socket, AF_UNIX, SOCK_STREAM, 0)
CALL(call_mount, SYS_mount, "x", "/", "tmpfs", 0, NULL)
CALL(call_umount, SYS_umount2, "/", MNT_DETACH)
CALL(call_pivot, SYS_pivot_root, ".", ".")
CALL(call_chroot, SYS_chroot, ".")
CALL(call_chdir, SYS_chdir, "..")
CALL(call_fchdir, SYS_fchdir, root_fd)
CALL(call_unshare, SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS)
CALL(call_setns, SYS_setns, kept_fd, 0)
CALL(call_open_tree, SYS_open_tree, AT_FDCWD, "/", 1)
CALL(call_handle, SYS_open_by_handle_at, root_fd, NULL, 0)
CALL(call_ptrace, SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0)
CALL(call_kill, SYS_kill, 1, 0)
CALL(call_tgkill, SYS_tgkill, 1, 1, 0)
CALL(call_pidfd, SYS_pidfd_open, 1, 0)
CALL(call_vm_read, SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0)
CALL(call_exec, SYS_execve, "/inside", NULL, NULL)
CALL(call_fork, SYS_clone, SIGCHLD, 0, 0, 0, 0)
CALL(call_clone3, SYS_clone3, NULL, 0)
CALL(call_bpf, SYS_bpf, 0, NULL, 0)
CALL(call_module, SYS_init_module, NULL, 0, "")
CALL(call_module_fd, SYS_finit_module, kept_fd, "", 0)
CALL(call_kexec, SYS_kexec_load, 0, 0, NULL, 0)
CALL(call_reboot, SYS_reboot, 0, 0, 0, NULL)
CALL(call_perf, SYS_perf_event_open, NULL, 0, 0, 0, 0)
CALL(call_uring, SYS_io_uring_setup, 1, NULL)
CALL(call_keyctl, SYS_keyctl, 0, 0, 0, 0, 0)
CALL(call_ioctl, SYS_ioctl, kept_fd, 0, 0)
CALL(call_capset, SYS_capset, NULL, NULL)
CALL(call_setuid, SYS_setuid, 1)
CALL(call_prctl, SYS_prctl, 0, 0, 0, 0, 0)
CALL(open_proc, SYS_openat, AT_FDCWD, "/proc/1/mem", O_RDWR)
CALL(open_above, SYS_openat, root_fd, "../../etc/passwd", O_RDONLY)
CALL(open_path, SYS_openat, AT_FDCWD, "/null", O_PATH)
#if defined(SYS_open) /* old machines have old calls */
CALL(open_again, SYS_open, "/inside", O_RDONLY)
CALL(call_creat, SYS_creat, "/inside", 0600)
#endif
CALL(call_rename, SYS_renameat2, root_fd, "inside", root_fd, "x", 0)
CALL(call_execveat, SYS_execveat, kept_fd, "", NULL, NULL, AT_EMPTY_PATH)
CALL(call_memfd, SYS_memfd_create, "x", 0)
CALL(call_vfork, SYS_clone, CLONE_VM | CLONE_VFORK, 0, 0, 0, 0)
CALL(call_vm_write, SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0)
CALL(call_userfault, SYS_userfaultfd, 0)
CALL(call_limit, SYS_prlimit64, 0, RLIMIT_DATA, NULL, NULL)
CALL(call_parent_limit, SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, NULL)
CALL(call_setrlimit, SYS_setrlimit, RLIMIT_DATA, NULL)
CALL(call_priority, SYS_setpriority, PRIO_PROCESS, 0, -20)
CALL(call_fsopen, SYS_fsopen, "tmpfs", 0)
CALL(call_move_mount, SYS_move_mount, root_fd, "", AT_FDCWD, "/", 4)
CALL(call_seccomp, SYS_seccomp, 0, 0, NULL)
CALL(call_swapon, SYS_swapon, "/inside", 0)
CALL(call_syslog, SYS_syslog, 3, NULL, 0)
CALL(call_clock, SYS_clock_settime, CLOCK_REALTIME, NULL)
CALL(call_dup, SYS_pidfd_getfd, kept_fd, 0, 0)
CALL(call_fcntl, SYS_fcntl, kept_fd, F_SETOWN, 1)
CALL(map_code, SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
CALL(make_code, SYS_mprotect, 0, 0, PROT_EXEC)
CALL(read_other, SYS_read, other_fd, NULL, 0)
CALL(set_trusted, SYS_lsetxattr, "/inside", "trusted.x", "y", 1, 0)

static const struct attack attacks[] = {
	{ "open a file that is there", open_file, EPERM },
	{ "open a device node of its own", open_device, EPERM },
	{ "open it with O_CREAT but not O_EXCL", open_create, EPERM },
	{ "openat2", open_two, EPERM },
	{ "open /proc", open_proc, EPERM },
	{ "open a file above the root", open_above, EPERM },
	{ "a device node with O_PATH", open_path, EPERM },
#if defined(SYS_open)
	{ "open, the old call", open_again, EPERM },
	{ "creat", call_creat, EPERM },
#endif
	{ "rename", call_rename, EPERM },
	{ "an Internet socket", call_socket, EPERM },
	{ "a local socket", call_unix, EPERM },
	{ "mount", call_mount, EPERM },
	{ "umount", call_umount, EPERM },
	{ "pivot_root", call_pivot, EPERM },
	{ "chroot", call_chroot, EPERM },
	{ "chdir", call_chdir, EPERM },
	{ "fchdir", call_fchdir, EPERM },
	{ "unshare", call_unshare, EPERM },
	{ "setns", call_setns, EPERM },
	{ "open_tree", call_open_tree, EPERM },
	{ "open_by_handle_at", call_handle, EPERM },
	{ "ptrace of its parent", call_ptrace, EPERM },
	{ "kill", call_kill, EPERM },
	{ "tgkill of another", call_tgkill, EPERM },
	{ "pidfd_open", call_pidfd, EPERM },
	{ "process_vm_readv", call_vm_read, EPERM },
	{ "execve", call_exec, EPERM },
	{ "fork", call_fork, EPERM },
	{ "clone3", call_clone3, ENOSYS },
	{ "vfork", call_vfork, EPERM },
	{ "execveat of a descriptor", call_execveat, EPERM },
	{ "a file without a name to execute", call_memfd, EPERM },
	{ "process_vm_writev to its parent", call_vm_write, EPERM },
	{ "pidfd_getfd", call_dup, EPERM },
	{ "userfaultfd", call_userfault, EPERM },
	{ "its own limits", call_limit, EPERM },
	{ "its parent's limits", call_parent_limit, EPERM },
	{ "setrlimit", call_setrlimit, EPERM },
	{ "setpriority", call_priority, EPERM },
	{ "fsopen", call_fsopen, EPERM },
	{ "move_mount", call_move_mount, EPERM },
	{ "another filter", call_seccomp, EPERM },
	{ "swapon", call_swapon, EPERM },
	{ "the kernel's log", call_syslog, EPERM },
	{ "the clock", call_clock, EPERM },
	{ "signals by a descriptor", call_fcntl, EPERM },
	{ "bpf", call_bpf, EPERM },
	{ "init_module", call_module, EPERM },
	{ "finit_module", call_module_fd, EPERM },
	{ "kexec_load", call_kexec, EPERM },
	{ "reboot", call_reboot, EPERM },
	{ "perf_event_open", call_perf, EPERM },
	{ "io_uring_setup", call_uring, EPERM },
	{ "keyctl", call_keyctl, EPERM },
	{ "ioctl", call_ioctl, EPERM },
	{ "capset", call_capset, EPERM },
	{ "setuid", call_setuid, EPERM },
	{ "prctl", call_prctl, EPERM },
	{ "memory with PROT_EXEC", map_code, EPERM },
	{ "mprotect to PROT_EXEC", make_code, EPERM },
	{ "a descriptor that was open before", read_other, EBADF },
	{ "an attribute of trusted.*", set_trusted, EPERM },
};

/* What unpacking needs. Each returns 0 or more when it works. */

CALL(make_file, SYS_openat, AT_FDCWD, "/new", O_RDWR | O_CREAT | O_EXCL, 0600)
CALL(make_dir, SYS_mkdirat, AT_FDCWD, "/dir", 0700)
CALL(open_dir, SYS_openat, AT_FDCWD, "/dir", O_RDONLY | O_DIRECTORY)
CALL(make_owner, SYS_fchownat, AT_FDCWD, "/dir", 12, 34, 0)
CALL(make_above, SYS_mkdirat, root_fd, "../../../escaped", 0700)
CALL(make_device, SYS_mknodat, AT_FDCWD, "/null", S_IFCHR | 0666, makedev(1, 3))
CALL(read_kept, SYS_read, kept_fd, NULL, 0)

static void *nothing(void *argument)
{
	return argument;
}

static long make_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) != 0)
		return -1;
	return -pthread_join(thread, NULL);
}

static long stay_inside(void)
{
	struct stat here, above;
	int fd = openat(root_fd, "..", O_RDONLY | O_DIRECTORY);

	if (fd < 0 || fstat(fd, &above) < 0 || fstat(root_fd, &here) < 0)
		return -1;
	return here.st_ino == above.st_ino && here.st_dev == above.st_dev ? 0
									  : -1;
}

static const struct attack needs[] = {
	{ "a new file", make_file, 0 },
	{ "a directory", make_dir, 0 },
	{ "to open a directory", open_dir, 0 },
	{ "a name that climbs to stay inside", make_above, 0 },
	{ "the descriptor that was kept", read_kept, 0 },
	{ "a thread", make_thread, 0 },
	{ "\"..\" of the root being the root", stay_inside, 0 },
	/* Without root, from here on: what makes it what it is. */
	{ "to give a directory away", make_owner, EINVAL },
	{ "a device node", make_device, EPERM },
};

struct results {
	struct failure failure;
	int confined;
	int needs[ARRAY_SIZE(needs)];
	int attacks[ARRAY_SIZE(attacks)];
};

static int outcome(const struct attack *attack)
{
	errno = 0;
	return attack->run() < 0 ? errno : 0;
}

/* A user that is nobody here. */
#define USER 64321

static int become_user(void)
{
	if (setgroups(0, NULL) < 0 || setresgid(USER, USER, USER) < 0 ||
	    setresuid(USER, USER, USER) < 0)
		return -errno;
	/* As after the exec that one who changes the user does. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static _Noreturn void behave_badly(struct results *results, bool as_root)
{
	const int keep[] = { root_fd, kept_fd };

	if (!as_root && become_user() < 0)
		_exit(2);
	results->confined = confine(&(struct confine){ .root_fd = root_fd,
						       .keep = keep,
						       .keep_count = 2,
						       .data_max = DATA_MAX },
				    &results->failure);
	if (results->confined < 0)
		_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		results->needs[i] = outcome(&needs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		results->attacks[i] = outcome(&attacks[i]);
	_exit(0);
}

static int open_descriptors(const char *root)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/inside", root);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	kept_fd = fd;
	/* A number that no later descriptor gets. */
	other_fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && other_fd >= 0 && root_fd >= 0 ? 0 : -1;
}

static void close_descriptors(void)
{
	fd_close(kept_fd);
	fd_close(other_fd);
	fd_close(root_fd);
}

static void check(const struct results *results, int status, bool as_root)
{
	if (!ok(WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
			results->confined == 0,
		as_root ? "it confines itself and lives on"
			: "without root as well")) {
		printf("# status %#x: %s\n", status, results->failure.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		ok_int(results->needs[i], as_root ? 0 : needs[i].want,
		       needs[i].what);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		ok_int(results->attacks[i], attacks[i].want, attacks[i].what);
	ok(faccessat(root_fd, "escaped", F_OK, 0) == 0,
	   "what climbed is in the root");
}

static int run(bool as_root)
{
	char root[] = "/tmp/test-confine-XXXXXX";
	struct results *results;
	int status = -1;
	pid_t pid;

	results = mmap(NULL, sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED || !mkdtemp(root) ||
	    open_descriptors(root) < 0 ||
	    (!as_root && fchown(root_fd, USER, USER) < 0))
		return -1;
	pid = fork();
	if (pid == 0)
		behave_badly(results, as_root);
	waitpid(pid, &status, 0);
	check(results, status, as_root);
	close_descriptors();
	munmap(results, sizeof(*results));
	ok_int(path_remove_tree(AT_FDCWD, root), 0, "nothing is left");
	return 0;
}

int main(void)
{
	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	if (run(true) < 0 || run(false) < 0)
		return 1;
	return tap_done();
}
