/* SPDX-License-Identifier: MIT */
/*
 * What a compromised unpacker can still do: this program confines itself as
 * the unpacker does and then behaves badly.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
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
	{ "to give it away", make_owner, 0 },
	{ "a device node", make_device, 0 },
	{ "the descriptor that was kept", read_kept, 0 },
	{ "a thread", make_thread, 0 },
	{ "\"..\" of the root being the root", stay_inside, 0 },
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

static _Noreturn void behave_badly(struct results *results)
{
	const int keep[] = { root_fd, kept_fd };

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

static void check(const struct results *results, int status)
{
	if (!ok(WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
			results->confined == 0,
		"it confines itself and lives on")) {
		printf("# status %#x: %s\n", status, results->failure.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		ok_int(results->needs[i], 0, needs[i].what);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		ok_int(results->attacks[i], attacks[i].want, attacks[i].what);
}

int main(void)
{
	char root[] = "/tmp/test-confine-XXXXXX";
	struct results *results;
	int status = -1;
	pid_t pid;

	if (geteuid() != 0) {
		printf("1..0 # SKIP needs root\n");
		return 0;
	}
	results = mmap(NULL, sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (results == MAP_FAILED || !mkdtemp(root) ||
	    open_descriptors(root) < 0)
		return 1;
	pid = fork();
	if (pid == 0)
		behave_badly(results);
	waitpid(pid, &status, 0);
	check(results, status);
	ok_int(path_remove_tree(AT_FDCWD, root), 0, "nothing is left");
	return tap_done();
}
