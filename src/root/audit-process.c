/* SPDX-License-Identifier: MIT */
/*
 * Processes of a target: those in another PID namespace than ours, or in the
 * target's cgroup. Killing the init of a namespace kills all of it, and
 * cgroup.kill all in the cgroup, so whatever is found here slipped through
 * both, or cannot die (a dead network file system).
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/pidfd.h>

#include "base/fd.h"
#include "root/audit-internal.h"

#define PROC "/proc"

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* A process has the same PID namespace link as we do iff it is in ours. */
static bool in_other_namespace(const char *pid)
{
	char path[300], ours[64] = "", theirs[64] = "";

	snprintf(path, sizeof(path), PROC "/%s/ns/pid", pid);
	if (readlink(PROC "/self/ns/pid", ours, sizeof(ours) - 1) < 0 ||
	    readlink(path, theirs, sizeof(theirs) - 1) < 0)
		return false;
	return !str_eq(ours, theirs);
}

/* The line "0::/path" of /proc/PID/cgroup is cgroup2's. */
static bool in_cgroup(const char *pid, const char *cgroup)
{
	char bytes[4096], *at = bytes, *line;

	if (attribute_read(PROC, pid, "cgroup", bytes, sizeof(bytes)) < 0)
		return false;
	while ((line = strsep(&at, "\n"))) {
		const char *path = str_after(line, "0::");
		const char *rest = path ? str_after(path, cgroup) : NULL;

		if (rest && (*rest == '\0' || *rest == '/'))
			return true;
	}
	return false;
}

struct process {
	char name[64];
	char state;
	char start_time[24]; /* with the PID: who it is, for ever */
};

/* /proc/PID/stat is "PID (NAME) STATE ..." with the start time as field 22;
 * NAME may hold anything, the last ')' ends it (proc(5)). */
static int process_read(const char *pid, struct process *ret_process)
{
	struct process process = { .state = '?' };
	char stat[1024], *name, *rest, *word;
	ssize_t n = attribute_read(PROC, pid, "stat", stat, sizeof(stat));

	if (n < 0)
		return (int)n;
	name = strchr(stat, '(');
	rest = strrchr(stat, ')');
	if (!name || !rest || rest < name)
		return -EBADMSG;
	*rest++ = '\0';
	(void)str_copy(process.name, sizeof(process.name), name + 1);
	str_make_printable(process.name);
	rest += strspn(rest, " ");
	process.state = *rest;
	for (int field = 3; (word = strsep(&rest, " ")); field++)
		if (field == 22)
			(void)str_copy(process.start_time,
				       sizeof(process.start_time), word);
	*ret_process = process;
	return 0;
}

static int process_add(struct facts *facts, const char *pid)
{
	struct process process;
	char key[64], note[128];

	if (process_read(pid, &process) < 0)
		return 0; /* it ended meanwhile */
	/* A zombie is dead; its parent, in the end PID 1, reaps it. */
	if (process.state == 'Z' || process.state == 'X')
		return 0;
	snprintf(key, sizeof(key), "%s %s", pid, process.start_time);
	snprintf(note, sizeof(note), "process %s (%s)", pid, process.name);
	return facts_add(facts, key, note, "", 0);
}

static int processes_take(struct facts *facts)
{
	_cleanup_dir DIR *dir = opendir(PROC);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		const char *pid = entry->d_name;

		if (is_number(pid) &&
		    (in_other_namespace(pid) ||
		     in_cgroup(pid, facts->scope->cgroup_ours)))
			r = process_add(facts, pid);
	}
	return r;
}

static int processes_undo(const struct audit_scope *scope,
			  const struct change *change)
{
	const char *key = change->now->key, *space = strchr(key, ' ');
	_cleanup_fd int fd = FD_NONE;
	struct process process;
	char pid[16];
	uint64_t number;
	int r;

	(void)scope;
	snprintf(pid, sizeof(pid), "%.*s", (int)(space - key), key);
	r = str_to_u64(pid, INT32_MAX, &number);
	if (r < 0 || (pid_t)number == getpid())
		return -EINVAL;
	fd = pidfd_open((pid_t)number, 0);
	if (fd < 0)
		return errno == ESRCH ? 0 : -errno;
	/* The descriptor now holds one process: still the one we saw? */
	if (process_read(pid, &process) < 0 ||
	    !str_eq(process.start_time, space + 1))
		return 0;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return -errno;
	return 0;
}

static void processes_describe(const struct change *change, struct text *what,
			       struct text *cure)
{
	text_add(what, "%s was left running", change->now->note);
	text_add(cure, "killed");
}

const struct probe probe_processes = {
	.name = "processes",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 90,
	.changes = CHANGE_ADDED,
	.take = processes_take,
	.undo = processes_undo,
	.describe = processes_describe,
};
