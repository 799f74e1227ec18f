/* SPDX-License-Identifier: MIT */
/*
 * The facts. Nothing here changes anything: files are read, /dev/console is
 * opened without becoming anybody's terminal, systemd is asked its version.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>

#include "base/fd.h"
#include "base/memory.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/blockdev.h"
#include "takeover/command.h"
#include "takeover/preflight-internal.h"

/* The inode of the first PID namespace (linux/proc_ns.h: PROC_PID_INIT_INO),
 * the same on every machine. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCu

#define STATUS_MAX	8192
#define MOUNTINFO_MAX	(1 * MIB)
#define ENVIRONMENT_MAX (1 * MIB)
#define PATH_TEXT_MAX	64
#define ANSWER_MS	(5 * MS_PER_S)
/* More than any tree of processes and stack of devices is deep. */
#define ANCESTORS_MAX 64
#define STACK_MAX     8

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static uint64_t read_number(const char *path)
{
	char text[32];
	uint64_t value;

	if (file_read_line(AT_FDCWD, path, text, sizeof(text)) < 0 ||
	    str_to_u64(text, UINT64_MAX, &value) < 0)
		return 0;
	return value;
}

/* Of files in /proc, whose size stat(2) does not tell. Returns how much. */
static size_t read_all(const char *path, char **ret_bytes, size_t max)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	ssize_t n;

	*ret_bytes = NULL;
	if (fd < 0)
		return 0;
	bytes = malloc(max);
	if (!bytes)
		return 0;
	n = fd_read_full(fd, bytes, max);
	*ret_bytes = bytes;
	return n < 0 ? 0 : (size_t)n;
}

static bool read_status(pid_t pid, struct process_status *ret_status)
{
	char path[PATH_TEXT_MAX], text[STATUS_MAX];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	process_status_parse(text, ret_status);
	return true;
}

static void read_comm(pid_t pid, char *buf, size_t size)
{
	char path[PATH_TEXT_MAX];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (file_read_line(AT_FDCWD, path, buf, size) < 0)
		buf[0] = '\0';
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat a, b;

	return stat(one, &a) == 0 && stat(other, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Also of two mounts of one file system; without mount IDs (before Linux 5.8)
 * they count as one. */
static bool is_same_mount(const char *one, const char *other)
{
	struct statx a = { 0 }, b = { 0 };

	return statx(AT_FDCWD, one, 0, STATX_INO | STATX_MNT_ID, &a) == 0 &&
	       statx(AT_FDCWD, other, 0, STATX_INO | STATX_MNT_ID, &b) == 0 &&
	       a.stx_ino == b.stx_ino && a.stx_mnt_id == b.stx_mnt_id &&
	       a.stx_dev_major == b.stx_dev_major &&
	       a.stx_dev_minor == b.stx_dev_minor;
}

/* --- we ourselves --- */

static void name_container(struct preflight_facts *facts)
{
	static const struct {
		const char *path, *name;
	} marks[] = {
		{ "/.dockerenv", "docker" },
		{ "/run/.containerenv", "podman" },
		{ "/proc/vz", "OpenVZ" },
	};
	char *buf = facts->container;
	_cleanup_free char *environment = NULL;
	size_t len;

	if (file_read_line(AT_FDCWD, "/run/systemd/container", buf,
			   sizeof(facts->container)) > 0)
		return;
	len = read_all("/proc/1/environ", &environment, ENVIRONMENT_MAX);
	if (environment_value(view_over(environment, len), "container", buf,
			      sizeof(facts->container)))
		return;
	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(marks) && buf[0] == '\0'; i++)
		if (exists(marks[i].path))
			str_copy(buf, sizeof(facts->container), marks[i].name);
}

static void gather_place(struct preflight_facts *facts)
{
	struct process_status status;
	struct stat st;

	facts->is_root = geteuid() == 0;
	if (read_status(getpid(), &status))
		facts->capabilities = status.effective;
	facts->same_pid_namespace = stat("/proc/self/ns/pid", &st) == 0 &&
				    st.st_ino == FIRST_PID_NAMESPACE;
	/* Images leave such marks on machines, too, so they only name what is
	 * known to be a container. */
	if (!facts->same_pid_namespace)
		name_container(facts);
	facts->same_mount_namespace =
		is_same_file("/proc/1/ns/mnt", "/proc/self/ns/mnt");
	/* A chroot may be to a bind mount of the root itself. */
	facts->same_root = is_same_mount("/proc/1/root/", "/");
}

/* --- PID 1 --- */

/* Of the manager that runs, which may be older than the files on disk. */
static uint32_t systemd_version(void)
{
	static const char *const running[] = { "systemctl", "show",
					       "--property=Version", "--value",
					       NULL };
	static const char *const installed[] = { "systemctl", "--version",
						 NULL };
	char text[512];
	uint32_t version = 0;

	if (command_run(running, ANSWER_MS, text, sizeof(text), NULL) == 0)
		version = systemd_version_parse(text);
	if (version == 0 &&
	    command_run(installed, ANSWER_MS, text, sizeof(text), NULL) == 0)
		version = systemd_version_parse(text);
	return version;
}

static bool is_32_bit_program(const char *path)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[5];

	/* EI_CLASS is ELFCLASS32. */
	return fd >= 0 &&
	       fd_read_full(fd, head, sizeof(head)) == sizeof(head) &&
	       head[4] == 1;
}

static void gather_pid1(struct preflight_facts *facts)
{
	struct process_status status;
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/1/exe", program, sizeof(program) - 1);

	facts->last_capability = read_number("/proc/sys/kernel/cap_last_cap");
	if (read_status(1, &status)) {
		facts->tracer = status.tracer;
		facts->pid1_no_new_privs = status.no_new_privs;
		facts->pid1_seccomp = status.seccomp;
		facts->pid1_bounding = status.bounding;
	}
	if (facts->tracer)
		read_comm(facts->tracer, facts->tracer_name,
			  sizeof(facts->tracer_name));
	if (n < 0)
		read_comm(1, program, sizeof(program));
	else
		program[n] = '\0';
	facts->pid1_is_32_bit = is_32_bit_program("/proc/1/exe");
	/* sd_booted(3) */
	if (exists("/run/systemd/system")) {
		facts->init = INIT_SYSTEMD;
		facts->systemd_version = systemd_version();
	} else {
		facts->init = init_kind_of(program, exists("/run/openrc"));
	}
}

static void gather_yama(struct preflight_facts *facts)
{
	const char *path = "/proc/sys/kernel/yama/ptrace_scope";

	facts->yama = exists(path) ? (int)read_number(path) : -1;
}

/* --- the machine --- */

/* The device itself, or one of those that it is made of. */
static bool is_device_remote(const char *directory, unsigned depth)
{
	char path[PATH_MAX], slaves[PATH_MAX + 8], below[2 * PATH_MAX];
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;

	if (depth > STACK_MAX || !realpath(directory, path))
		return false;
	if (is_network_device(path))
		return true;
	snprintf(slaves, sizeof(slaves), "%s/slaves", path);
	dir = opendir(slaves);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", slaves, entry->d_name);
		if (is_device_remote(below, depth + 1))
			return true;
	}
	return false;
}

static void gather_root(struct preflight_facts *facts)
{
	_cleanup_free char *mountinfo = NULL;
	size_t len = read_all("/proc/1/mountinfo", &mountinfo, MOUNTINFO_MAX);
	char path[PATH_TEXT_MAX];
	struct stat st;

	root_mount_parse(view_over(mountinfo, len), facts);
	facts->root_is_network = is_network_type(facts->root_type);
	if (stat("/", &st) < 0)
		return;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(st.st_dev),
		 minor(st.st_dev));
	if (is_device_remote(path, 0))
		facts->root_is_network = true;
}

/* Documentation/admin-guide/md.rst: "external:" and who keeps it. */
static int gather_array(const char *name, void *context)
{
	struct preflight_facts *facts = context;
	char metadata[64];

	if (attribute_read(BLOCKDEV_DIR, name, "md/metadata_version", metadata,
			   sizeof(metadata)) > 0 &&
	    str_after(metadata, "external:"))
		str_copy(facts->raid, sizeof(facts->raid), name);
	return 0;
}

static void gather_consoles(struct preflight_facts *facts)
{
	_cleanup_fd int fd = open("/dev/console",
				  O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	facts->console_opens = fd >= 0;
	if (file_read_line(AT_FDCWD, "/sys/class/tty/console/active",
			   facts->consoles, sizeof(facts->consoles)) < 0)
		facts->consoles[0] = '\0';
	str_make_printable(facts->consoles);
}

static void gather_watchdog(const char *name, struct watchdog_fact *ret_fact)
{
	char path[PATH_TEXT_MAX], state[16];

	str_copy(ret_fact->name, sizeof(ret_fact->name), name);
	snprintf(path, sizeof(path), "/sys/class/watchdog/%s/state", name);
	ret_fact->active =
		file_read_line(AT_FDCWD, path, state, sizeof(state)) > 0 &&
		str_eq(state, "active");
	snprintf(path, sizeof(path), "/sys/class/watchdog/%s/nowayout", name);
	ret_fact->nowayout = read_number(path);
	snprintf(path, sizeof(path), "/sys/class/watchdog/%s/timeout", name);
	ret_fact->timeout_s = (uint32_t)read_number(path);
}

static void gather_watchdogs(struct preflight_facts *facts)
{
	for (unsigned i = 0; i < PREFLIGHT_WATCHDOGS; i++) {
		char name[16], path[PATH_TEXT_MAX];

		snprintf(name, sizeof(name), "watchdog%u", i);
		snprintf(path, sizeof(path), "/sys/class/watchdog/%s", name);
		if (exists(path))
			gather_watchdog(
				name,
				&facts->watchdogs[facts->watchdog_count++]);
	}
}

/* --- the session --- */

/*
 * Whether process pid tells that its session came over the network: sudo takes
 * SSH_CONNECTION out of our own environment, but not out of the shell's; and
 * what runs in tmux has no sshd above it, but its shell has the variable.
 */
static bool tells_remote(pid_t pid, char *buf, size_t size)
{
	char path[PATH_TEXT_MAX], comm[32], connection[128];
	_cleanup_free char *environment = NULL;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	len = read_all(path, &environment, ENVIRONMENT_MAX);
	if (environment_value(view_over(environment, len), "SSH_CONNECTION",
			      connection, sizeof(connection))) {
		remote_describe(connection, buf, size);
		return true;
	}
	read_comm(pid, comm, sizeof(comm));
	if (!is_remote_login(comm))
		return false;
	snprintf(buf, size, "a session of %s", comm);
	return true;
}

static void gather_session(struct preflight_facts *facts)
{
	struct process_status status;
	pid_t pid = getpid();

	for (unsigned i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (tells_remote(pid, facts->remote, sizeof(facts->remote)))
			return;
		if (!read_status(pid, &status))
			return;
		pid = status.parent;
	}
}

void preflight_gather_memory(struct preflight_facts *facts)
{
	struct memory memory = memory_now();
	char meminfo[STATUS_MAX];

	facts->memory_total = memory.total;
	facts->memory_available = memory.available;
	if (file_read(AT_FDCWD, "/proc/meminfo", meminfo, sizeof(meminfo)) > 0)
		facts->swap_used = swap_used_parse(meminfo);
}

void preflight_gather(struct preflight_facts *ret_facts)
{
	struct preflight_facts facts = { 0 };
	struct utsname name;

	gather_place(&facts);
	gather_pid1(&facts);
	gather_yama(&facts);
	facts.selinux_enforcing = read_number("/sys/fs/selinux/enforce");
	preflight_gather_memory(&facts);
	gather_root(&facts);
	(void)!blockdev_each("md", gather_array, &facts);
	gather_consoles(&facts);
	gather_watchdogs(&facts);
	gather_session(&facts);
	facts.kexec_loaded = read_number("/sys/kernel/kexec_loaded");
	if (uname(&name) == 0)
		str_copy(facts.machine, sizeof(facts.machine), name.machine);
	*ret_facts = facts;
}
