/* SPDX-License-Identifier: MIT */
#include "root/become.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/signals.h"
#include "base/text.h"
#include "root/mount.h"

static const struct mount_option devpts_options[] = {
	{ "ptmxmode", "0666" },
	{ "mode", "0620" },
	{ "gid", "5" }, /* tty, in every distribution */
	{ NULL, NULL },
};
static const struct mount_option shm_options[] = {
	{ "mode", "1777" },
	{ NULL, NULL },
};

/* The file systems that every init expects or mounts itself. */
static const struct api_mount {
	const char *path;
	const char *type;
	const struct mount_option *options;
	unsigned int attributes;
} api_mounts[] = {
	{ "/proc", "proc", NULL,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "/sys", "sysfs", NULL,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "/sys/fs/cgroup", "cgroup2", NULL,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "/dev", "devtmpfs", NULL, MOUNT_ATTR_NOSUID },
	{ "/dev/pts", "devpts", devpts_options,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC },
	{ "/dev/shm", "tmpfs", shm_options,
	  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV },
};

int become_mount_api(int root_fd, struct failure *failure)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev" };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		r = path_mkdirs_in_root(root_fd, dirs[i], 0755);
		if (r < 0)
			return failure_errno(failure, -r,
					     "cannot make %s in the image",
					     dirs[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(api_mounts); i++) {
		const struct api_mount *m = &api_mounts[i];

		/* A new devtmpfs is the machine's only one again, in which
		 * these are there or not, as whoever came first left it. */
		if (str_after(m->path, "/dev/"))
			(void)!path_mkdirs_in_root(root_fd, m->path, 0755);
		r = mount_new_at(m->type, m->type, m->options, m->attributes,
				 root_fd, m->path, failure);
		/* A kernel may be without control groups. */
		if (r < 0 && !(r == -ENODEV && str_eq(m->type, "cgroup2")))
			return r;
	}
	return 0;
}

/* include/asm-generic/resource.h, INIT_RLIMITS; all others are endless. */
static void reset_limits(void)
{
	static const struct {
		int resource;
		struct rlimit limit;
	} kernel[] = {
		{ RLIMIT_STACK, { 8 * MIB, RLIM_INFINITY } },
		{ RLIMIT_CORE, { 0, RLIM_INFINITY } },
		{ RLIMIT_NOFILE, { 1024, 4096 } },
		{ RLIMIT_MEMLOCK, { 8 * MIB, 8 * MIB } },
		{ RLIMIT_MSGQUEUE, { 819200, 819200 } },
		{ RLIMIT_NICE, { 0, 0 } },
		{ RLIMIT_RTPRIO, { 0, 0 } },
	};
	static const int endless[] = { RLIMIT_CPU,   RLIMIT_FSIZE, RLIMIT_DATA,
				       RLIMIT_RSS,   RLIMIT_AS,	   RLIMIT_LOCKS,
				       RLIMIT_RTTIME };
	const struct rlimit infinity = { RLIM_INFINITY, RLIM_INFINITY };
	char text[24];
	uint64_t threads;

	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++)
		(void)setrlimit(kernel[i].resource, &kernel[i].limit);
	for (size_t i = 0; i < ARRAY_SIZE(endless); i++)
		(void)setrlimit(endless[i], &infinity);
	/* The kernel counts these by the size of the machine. */
	if (file_read_line(AT_FDCWD, "/proc/sys/kernel/threads-max", text,
			   sizeof(text)) > 0 &&
	    str_to_u64(text, UINT32_MAX, &threads) == 0) {
		const struct rlimit half = { threads / 2, threads / 2 };

		(void)setrlimit(RLIMIT_NPROC, &half);
		(void)setrlimit(RLIMIT_SIGPENDING, &half);
	}
}

/* Each for itself: on what one of them is not allowed, nothing depends. */
static void reset_scheduling(void)
{
	const struct sched_param normal = { 0 };
	const struct itimerval off = { 0 };
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)sched_setscheduler(0, SCHED_OTHER, &normal);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)setitimer(ITIMER_REAL, &off, NULL);
	(void)prctl(PR_SET_TIMERSLACK, 0);
	(void)personality(PER_LINUX);
}

void become_reset(void)
{
	signals_reset();
	umask(022);
	setsid();
	reset_limits();
	reset_scheduling();
	/* A protection from the OOM killer is not the new system's. */
	(void)!file_write(AT_FDCWD, "/proc/self/oom_score_adj", "0");
}

int become_open_console(struct failure *failure)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	/* A machine without any console still runs its init. */
	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (fd < 0 || (fd != i && dup2(fd, i) < 0))
			return failure_errno(failure, errno,
					     "cannot open the console");
	return 0;
}

int become_user(const struct program *program, bool give_console,
		struct failure *failure)
{
	const struct user *user = &program->user;

	/* Nothing depends on it: a machine may have no console. */
	(void)ioctl(STDIN_FILENO, TIOCSCTTY, 1);
	if (give_console)
		(void)!fchown(STDIN_FILENO, user->uid, (gid_t)-1);
	if (chdir(program->directory) < 0)
		return failure_errno(failure, errno,
				     "cannot enter the working directory %s of "
				     "the image",
				     program->directory);
	if (setgroups(user->group_count, user->groups) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return failure_errno(failure, errno,
				     "cannot become the user %u of the image",
				     user->uid);
	return 0;
}

int become_exec(const struct program *program, struct failure *failure)
{
	close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(program->path, (char *const *)program->argv,
	       (char *const *)program->env);
	return failure_errno(failure, errno, "cannot execute %s of the image",
			     program->path);
}
