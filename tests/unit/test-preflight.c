/* SPDX-License-Identifier: MIT */
#include "takeover/preflight.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "takeover/capabilities.h"
#include "takeover/preflight-internal.h"
#include "tap.h"

#define ALL_CAPABILITIES 0x1ffffffffffULL

/* A machine and an image with which nothing is wrong. */
static const struct preflight_facts good_facts = {
	.is_root = true,
	.capabilities = ALL_CAPABILITIES,
	.same_pid_namespace = true,
	.same_mount_namespace = true,
	.same_root = true,
	.yama = 0,
	.pid1_bounding = ALL_CAPABILITIES,
	.last_capability = 40,
	.init = INIT_SYSTEMD,
	.systemd_version = 252,
	.machine = "x86_64",
	.memory_total = 2 * GIB,
	.memory_available = GIB,
	.root_type = "ext4",
	.root_source = "/dev/vda1",
	.consoles = "tty0 ttyS0",
	.console_opens = true,
};

static const struct preflight_wanted good_wanted = {
	.image_known = true,
	.image_bytes = 300 * MIB,
	.init = "/sbin/init",
	.init_kind = "systemd",
	.has_ssh = true,
	.has_ssh_keys = true,
};

struct situation {
	struct preflight_facts facts;
	struct preflight_wanted wanted;
};

static struct situation at;

/* One name each for what is set in a row of the table below. */
#define FACT(name, what)              \
	static void fact_##name(void) \
	{                             \
		at.facts.what;        \
	}
#define WANT(name, what)              \
	static void want_##name(void) \
	{                             \
		at.wanted.what;       \
	}

FACT(user, is_root = false)
FACT(no_kill, capabilities &= ~0x20ULL)
FACT(arm, machine[0] = 'a')
FACT(pidns, same_pid_namespace = false)
FACT(mntns, same_mount_namespace = false)
FACT(chroot, same_root = false)
FACT(rootfs, root_is_rootfs = true)
FACT(nfs, root_is_network = true)
FACT(init_unknown, init = INIT_UNKNOWN)
FACT(init_busybox, init = INIT_BUSYBOX)
FACT(init_sysv, init = INIT_SYSVINIT)
FACT(seccomp, pid1_seccomp = 2)
FACT(privs, pid1_no_new_privs = true)
FACT(bounds, pid1_bounding &= ~0x10000ULL)
FACT(selinux, selinux_enforcing = true)
FACT(yama2, yama = 2)
FACT(yama3, yama = 3)
FACT(narrow, pid1_is_32_bit = true)
FACT(systemd_257, systemd_version = 257)
FACT(no_meminfo, memory_total = 0)
FACT(little, memory_available = 200 * MIB)
FACT(swapped, swap_used = 900 * MIB)
FACT(no_console, console_opens = false)
FACT(serial, consoles[4] = '\0')
FACT(kexec, kexec_loaded = true)
WANT(staged, image_in_memory = true)
WANT(unknown, image_known = false)
WANT(no_init, init[0] = '\0')
WANT(no_ssh, has_ssh = false)
WANT(no_keys, has_ssh_keys = false)
WANT(dead_man, watchdog_s = 600)
WANT(keep, keep_storage = true)
WANT(ptrace, method = SWAP_PTRACE)
WANT(exitrd, method = SWAP_EXITRD)
WANT(soft, method = SWAP_SOFT_REBOOT)
WANT(kind, init_kind[0] = 'b')

static void fact_container(void)
{
	fact_pidns();
	strncpy(at.facts.container, "docker", 7);
}

static void fact_tracer(void)
{
	at.facts.tracer = 4711;
	strncpy(at.facts.tracer_name, "strace", 7);
}

static void fact_remote(void)
{
	strncpy(at.facts.remote, "ssh from 192.0.2.7", 19);
}

static void fact_watchdog_idle(void)
{
	at.facts.watchdogs[0] =
		(struct watchdog_fact){ .name = "watchdog0", .nowayout = true };
	at.facts.watchdog_count = 1;
}

static void fact_watchdog(void)
{
	fact_watchdog_idle();
	at.facts.watchdogs[0].active = true;
	at.facts.watchdogs[0].nowayout = false;
	at.facts.watchdogs[0].timeout_s = 30;
}

static void fact_nowayout(void)
{
	fact_watchdog();
	at.facts.watchdogs[1] = at.facts.watchdogs[0];
	at.facts.watchdogs[1].name[8] = '1';
	at.facts.watchdogs[1].nowayout = true;
	at.facts.watchdog_count = 2;
}

typedef void (*change)(void);
#define CHANGES_MAX 4

static const struct {
	const char *row;
	change changes[CHANGES_MAX];
	enum check_verdict verdict;
	const char *says; /* a part of it; NULL: there is no such row */
} cases[] = {
	{ "rights", {}, CHECK_FINE, "root" },
	{ "rights", { fact_user }, CHECK_REFUSED, "sudo" },
	{ "rights", { fact_no_kill }, CHECK_REFUSED, "CAP_KILL here" },
	{ "machine", {}, CHECK_FINE, "x86_64" },
	{ "machine", { fact_arm }, CHECK_REFUSED, "from the network" },
	{ "container", {}, CHECK_FINE, "none" },
	{ "container", { fact_pidns }, CHECK_REFUSED, "on its host" },
	{ "container", { fact_container }, CHECK_REFUSED, "(docker)" },
	{ "root", {}, CHECK_FINE, "ext4 from /dev/vda1" },
	{ "root",
	  { fact_mntns },
	  CHECK_REFUSED,
	  "nsenter -t 1 -m -- boomerang swap" },
	{ "root", { fact_mntns, fact_container }, CHECK_FINE, NULL },
	{ "root", { fact_mntns, fact_user }, CHECK_FINE, NULL },
	{ "root", { fact_chroot }, CHECK_REFUSED, "chroot" },
	{ "root", { fact_rootfs }, CHECK_REFUSED, "initramfs" },
	{ "root", { fact_nfs }, CHECK_WARNING, "over the network" },
	{ "PID 1", {}, CHECK_FINE, "systemd 252" },
	{ "PID 1", { fact_init_busybox }, CHECK_FINE, "SIGTERM" },
	{ "PID 1", { fact_init_unknown }, CHECK_WARNING, "databases" },
	{ "inherited", {}, CHECK_FINE, "no filter" },
	{ "inherited",
	  { fact_seccomp },
	  CHECK_REFUSED,
	  "SystemCallArchitectures=" },
	{ "inherited", { fact_privs }, CHECK_REFUSED, "NoNewPrivileges=" },
	{ "inherited", { fact_bounds }, CHECK_REFUSED, "lacks CAP_SYS_MODULE" },
	{ "inherited",
	  { fact_bounds, fact_init_sysv },
	  CHECK_REFUSED,
	  "only a reboot" },
	{ "SELinux", {}, CHECK_FINE, NULL },
	{ "SELinux", { fact_selinux }, CHECK_REFUSED, "setenforce 0" },
	{ "method", {}, CHECK_FINE, "ptrace:" },
	{ "method", { fact_yama2 }, CHECK_FINE, "ptrace:" },
	{ "method", { fact_yama3 }, CHECK_FINE, "exitrd:" },
	{ "method", { fact_yama3 }, CHECK_FINE, "ptrace_scope is 3" },
	{ "method", { fact_yama3, fact_init_sysv }, CHECK_REFUSED, "3" },
	{ "method",
	  { fact_yama3, want_ptrace },
	  CHECK_REFUSED,
	  "--method exitrd" },
	{ "method", { fact_tracer }, CHECK_FINE, "exitrd:" },
	{ "method",
	  { fact_tracer, want_ptrace },
	  CHECK_REFUSED,
	  "strace (PID 4711)" },
	{ "method", { fact_narrow, fact_init_sysv }, CHECK_REFUSED, "32-bit" },
	{ "method", { want_exitrd }, CHECK_FINE, "exitrd:" },
	{ "method",
	  { want_exitrd, fact_init_busybox },
	  CHECK_REFUSED,
	  "--method ptrace" },
	{ "method", { want_soft }, CHECK_REFUSED, "systemd 254" },
	{ "method",
	  { want_soft, fact_systemd_257 },
	  CHECK_FINE,
	  "soft-reboot:" },
	{ "method",
	  { want_soft, fact_systemd_257, want_kind },
	  CHECK_REFUSED,
	  "an image with systemd" },
	{ "method",
	  { want_soft, fact_systemd_257, want_kind, want_unknown },
	  CHECK_FINE,
	  "soft-reboot:" },
	{ "method", { want_soft, fact_init_sysv }, CHECK_REFUSED, "sysvinit" },
	{ "memory", {}, CHECK_FINE, "315 MB for the image" },
	{ "memory", { fact_no_meminfo }, CHECK_REFUSED, "/proc" },
	{ "memory", { fact_little }, CHECK_REFUSED, "172 MB is missing" },
	{ "memory",
	  { fact_little, want_staged },
	  CHECK_FINE,
	  "210 MB free beside the image" },
	{ "memory", { fact_little, want_unknown }, CHECK_FINE, "210 MB free" },
	{ "memory", { fact_swapped }, CHECK_REFUSED, "in swap" },
	{ "memory", { fact_swapped, want_staged }, CHECK_FINE, "in swap" },
	{ "image's init", {}, CHECK_FINE, "/sbin/init (systemd)" },
	{ "image's init", { want_unknown }, CHECK_FINE, NULL },
	{ "image's init", { want_no_init }, CHECK_REFUSED, "IMAGE INIT" },
	{ "watchdogs", {}, CHECK_FINE, "none" },
	{ "watchdogs", { fact_watchdog_idle }, CHECK_FINE, "none of 1" },
	{ "watchdogs", { fact_watchdog }, CHECK_FINE, "watchdog0 counts" },
	{ "watchdogs",
	  { fact_nowayout },
	  CHECK_WARNING,
	  "watchdog1 cannot be stopped" },
	{ "console", {}, CHECK_FINE, "tty0 ttyS0" },
	{ "console", { fact_serial }, CHECK_FINE, "tty0" },
	{ "console", { fact_no_console, fact_user }, CHECK_FINE, NULL },
	{ "console", { fact_no_console }, CHECK_WARNING, "console=" },
	{ "kexec", {}, CHECK_FINE, NULL },
	{ "kexec", { fact_kexec }, CHECK_FINE, "to the disk" },
	{ "kexec", { fact_kexec, want_exitrd }, CHECK_WARNING, "kexec -u" },
	{ "session", {}, CHECK_FINE, "at the machine" },
	{ "session", { fact_remote }, CHECK_FINE, "log in again" },
	{ "session", { fact_remote, want_unknown }, CHECK_FINE, "192.0.2.7" },
	{ "session",
	  { fact_remote, want_no_ssh },
	  CHECK_REFUSED,
	  "has no SSH server" },
	{ "session",
	  { fact_remote, want_no_ssh },
	  CHECK_REFUSED,
	  "--watchdog SECONDS" },
	{ "session",
	  { fact_remote, want_no_keys },
	  CHECK_REFUSED,
	  "--keep-ssh" },
	{ "session",
	  { fact_remote, want_no_ssh, want_dead_man },
	  CHECK_WARNING,
	  "in 600 s" },
	{ "session", { want_no_ssh }, CHECK_FINE, "at the machine" },
	{ "way back", {}, CHECK_FINE, NULL },
	{ "way back", { want_dead_man }, CHECK_FINE, "within 600 s" },
	{ "storage", {}, CHECK_FINE, "released" },
	{ "storage", { want_keep }, CHECK_FINE, "--keep-storage" },
};

static const struct check *find(const struct check *checks, size_t count,
				const char *row)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(checks[i].name, row) == 0)
			return &checks[i];
	return NULL;
}

static void test_rows(void)
{
	struct check checks[PREFLIGHT_CHECKS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct check *check;
		char what[160];
		size_t count;

		at = (struct situation){ good_facts, good_wanted };
		for (size_t j = 0; j < CHANGES_MAX && cases[i].changes[j]; j++)
			cases[i].changes[j]();
		count = preflight_judge(&at.facts, &at.wanted, checks);
		check = find(checks, count, cases[i].row);
		snprintf(what, sizeof(what), "%s %zu: %s", cases[i].row, i,
			 cases[i].says ? cases[i].says : "no row");
		if (!cases[i].says) {
			ok(!check, what);
			continue;
		}
		ok(check && check->verdict == cases[i].verdict &&
			   strstr(check->text, cases[i].says),
		   what);
		if (check)
			printf("# %d %s\n", check->verdict, check->text);
	}
}

static void test_good(void)
{
	struct check checks[PREFLIGHT_CHECKS_MAX];
	size_t count = preflight_judge(&good_facts, &good_wanted, checks);
	size_t fine = 0;

	for (size_t i = 0; i < count; i++)
		fine += checks[i].verdict == CHECK_FINE;
	ok_int((int64_t)fine, (int64_t)count, "a good machine is fine");
	ok(count >= 13, "in all rows");
}

static void fill(char *text, size_t size)
{
	for (size_t i = 0; i < size - 1; i++)
		text[i] = i % 7 ? 'w' : '\n';
	text[size - 1] = '\0';
}

/* Of the longest names that there may be. */
static void fill_names(void)
{
	fill(at.facts.container, sizeof(at.facts.container));
	fill(at.facts.tracer_name, sizeof(at.facts.tracer_name));
	fill(at.facts.machine, sizeof(at.facts.machine));
	fill(at.facts.root_type, sizeof(at.facts.root_type));
	fill(at.facts.root_source, sizeof(at.facts.root_source));
	fill(at.facts.consoles, sizeof(at.facts.consoles));
	fill(at.facts.remote, sizeof(at.facts.remote));
	fill(at.wanted.init, sizeof(at.wanted.init));
	fill(at.wanted.init_kind, sizeof(at.wanted.init_kind));
}

static bool is_whole_line(const char *text)
{
	size_t len = strlen(text);

	/* One byte less, or it may have been cut. */
	return len < PREFLIGHT_TEXT_MAX - 1 && !strchr(text, '\n');
}

/* Each text there is, with the rows' own changes: one line, not cut. */
static void test_lines(bool odd)
{
	struct check checks[PREFLIGHT_CHECKS_MAX];
	bool whole = true;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t count;

		at = (struct situation){ good_facts, good_wanted };
		for (size_t j = 0; j < CHANGES_MAX && cases[i].changes[j]; j++)
			cases[i].changes[j]();
		if (odd)
			fill_names();
		count = preflight_judge(&at.facts, &at.wanted, checks);
		for (size_t j = 0; j < count; j++)
			if (odd ? strchr(checks[j].text, '\n') != NULL
				: !is_whole_line(checks[j].text)) {
				printf("# %s\n", checks[j].text);
				whole = false;
			}
	}
	ok(whole, odd ? "odd names make one line, too"
		      : "every text is one whole line");
}

static void test_capabilities(void)
{
	char buf[64];

	ok(capability_all(40) == ALL_CAPABILITIES, "41 capabilities");
	ok(capability_all(63) == UINT64_MAX, "all 64");
	ok_str(capability_names(0, buf, sizeof(buf)), "", "none");
	ok_str(capability_names(1ULL << 40 | 1, buf, sizeof(buf)),
	       "CAP_CHOWN, CAP_CHECKPOINT_RESTORE", "the first, the last");
	ok_str(capability_names(1ULL << 63, buf, sizeof(buf)), "capability 63",
	       "one that has no name yet");
	ok_str(capability_names(ALL_CAPABILITIES, buf, sizeof(buf)),
	       "CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and 38 more",
	       "more than fit are counted");
	for (size_t size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		capability_names(ALL_CAPABILITIES, buf, size);
		if (strnlen(buf, size) == size || buf[size] != 'x') {
			ok(false, "it stays in its buffer");
			return;
		}
	}
	ok(true, "it stays in its buffer");
}

/* As Debian 12 has it, with strace(1) on it and a unit's bounds. */
static const char status_text[] = "Name:\tsystemd\n"
				  "Umask:\t0000\n"
				  "State:\tS (sleeping)\n"
				  "Tgid:\t1\n"
				  "Ngid:\t0\n"
				  "Pid:\t1\n"
				  "PPid:\t17\n"
				  "TracerPid:\t4711\n"
				  "Uid:\t0\t0\t0\t0\n"
				  "SigIgn:\t0000000000001000\n"
				  "CapInh:\t0000000000000000\n"
				  "CapPrm:\t000001ffffffffff\n"
				  "CapEff:\t000001fffffffffe\n"
				  "CapBnd:\t000001fffffeffff\n"
				  "CapAmb:\t0000000000000000\n"
				  "NoNewPrivs:\t1\n"
				  "Seccomp:\t2\n"
				  "Seccomp_filters:\t1\n";

static void test_status(void)
{
	struct process_status status;

	process_status_parse(status_text, &status);
	ok_int(status.parent, 17, "the parent");
	ok_int(status.tracer, 4711, "the tracer");
	ok(status.no_new_privs, "NoNewPrivs");
	ok_int(status.seccomp, 2, "the filter, not the number of filters");
	ok(status.effective == 0x1fffffffffe, "CapEff");
	ok(status.bounding == 0x1fffffeffff, "CapBnd");
	/* The kernel escapes a line end in a name, so none can be forged. */
	process_status_parse("Name:\tTracerPid:\t9\nTracerPid:\t0\n", &status);
	ok_int(status.tracer, 0, "a name is not taken for a field");
	process_status_parse("", &status);
	ok_int(status.tracer, 0, "nothing is nothing");
}

static void test_texts(void)
{
	static const struct {
		const char *text;
		uint32_t version;
	} versions[] = {
		{ "252.39-1~deb12u1\n", 252 },
		{ "v257.8", 257 },
		{ "systemd 252 (252.38-1~deb12u1)\n+PAM", 252 },
		{ "", 0 },
		{ "n/a", 0 },
		{ "99999999999999999999", 0 },
	};
	static const struct {
		const char *program;
		bool openrc;
		enum init_kind kind;
	} inits[] = {
		{ "/usr/lib/systemd/systemd", false, INIT_SYSTEMD },
		{ "/bin/busybox", false, INIT_BUSYBOX },
		{ "/bin/busybox", true, INIT_OPENRC },
		{ "/usr/bin/busybox.static", false, INIT_BUSYBOX },
		{ "/bin/busybox (deleted)", false, INIT_BUSYBOX },
		{ "/sbin/init", false, INIT_SYSVINIT },
		{ "/sbin/init", true, INIT_OPENRC },
		{ "/sbin/openrc-init", false, INIT_OPENRC },
		{ "/usr/bin/runit", false, INIT_RUNIT },
		{ "/usr/bin/tini", false, INIT_UNKNOWN },
		{ "/usr/bin/initial", false, INIT_UNKNOWN },
		{ "init", false, INIT_SYSVINIT },
		{ "", false, INIT_UNKNOWN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		ok_int(systemd_version_parse(versions[i].text),
		       versions[i].version, versions[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(inits); i++)
		ok_int(init_kind_of(inits[i].program, inits[i].openrc),
		       inits[i].kind, inits[i].program);
	ok_int((int64_t)swap_used_parse("MemTotal: 1 kB\nSwapCached: 9 kB\n"
					"SwapTotal:    1000 kB\n"
					"SwapFree:      900 kB\n"),
	       100 * 1024, "what is in swap");
	ok_int((int64_t)swap_used_parse("MemTotal: 1 kB\n"), 0, "no swap");
}

static void test_remote(void)
{
	static const char environment[] =
		"HOME=/root\0XSSH_CONNECTION=no\0SSH_CONNECTION=\0"
		"SSH_CONNECTION=2001:db8::7 4711 2001:db8::1 22\0A=";
	struct view view = view_over(environment, sizeof(environment) - 1);
	char buf[64], tiny[8];

	ok(environment_value(view, "SSH_CONNECTION", buf, sizeof(buf)),
	   "the variable is found");
	ok_str(buf, "2001:db8::7 4711 2001:db8::1 22", "the one with a value");
	ok(!environment_value(view, "A", buf, sizeof(buf)),
	   "an empty one is none");
	ok(!environment_value(view, "SSH", buf, sizeof(buf)),
	   "part of a name is none");
	ok(environment_value(view, "HOME", tiny, 3), "what is too long");
	ok_str(tiny, "/r", "is cut");
	ok(environment_value(view_over("A=\033[2J", 6), "A", buf,
			     sizeof(buf)) &&
		   !strchr(buf, '\033'),
	   "and made printable");
	remote_describe("192.0.2.7 4711 192.0.2.1 22", buf, sizeof(buf));
	ok_str(buf, "ssh from 192.0.2.7", "from where");
	remote_describe("", buf, sizeof(buf));
	ok_str(buf, "ssh", "from where nobody knows");
	ok(is_remote_login("sshd") && is_remote_login("dropbear") &&
		   !is_remote_login("bash"),
	   "who lets in from the network");
}

static void test_root(void)
{
	static const char lines[] =
		"1 1 0:2 / / rw - rootfs rootfs rw\n"
		"nonsense\n"
		"22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
		"23 22 0:21 / /proc rw - proc proc rw\n";
	static struct preflight_facts facts;

	root_mount_parse(view_over(lines, sizeof(lines) - 1), &facts);
	ok_str(facts.root_type, "ext4", "the upper of two roots");
	ok_str(facts.root_source, "/dev/vda1", "its device");
	ok(!facts.root_is_rootfs, "it is not rootfs");
	root_mount_parse(view_over(lines, 34), &facts);
	ok(facts.root_is_rootfs, "alone it is");
	ok(is_network_type("nfs4") && !is_network_type("ext4"), "types");
	ok(is_network_device("/sys/devices/platform/host3/session1/target3:0:0/"
			     "3:0:0:1/block/sdb/sdb1"),
	   "iSCSI");
	ok(is_network_device("/sys/devices/virtual/block/nbd0"), "nbd");
	ok(!is_network_device("/sys/devices/pci0000:00/0000:00:04.0/virtio1/"
			      "block/vda/vda1"),
	   "a disk of the machine");
}

static void test_method(void)
{
	struct failure failure = { 0 };
	enum swap_method method = SWAP_AUTO;

	at = (struct situation){ good_facts, good_wanted };
	ok_int(preflight_method(&at.facts, &at.wanted, &method, &failure), 0,
	       "there is a way");
	ok_int(method, SWAP_PTRACE, "by ptrace");
	fact_tracer();
	fact_init_busybox();
	method = SWAP_AUTO;
	ok_int(preflight_method(&at.facts, &at.wanted, &method, &failure),
	       -EOPNOTSUPP, "a busybox that is traced is not");
	ok(strstr(failure.text, "end that process"), "what to do");
	ok_int(method, SWAP_AUTO, "nothing is returned then");
}

/* --- this machine --- */

static void test_gather(void)
{
	static struct preflight_facts facts;

	preflight_gather(&facts);
	ok_int(facts.is_root, geteuid() == 0, "who we are");
	ok(facts.machine[0] && facts.root_type[0], "what this machine is");
	ok(facts.memory_available > 0 &&
		   facts.memory_available <= facts.memory_total,
	   "its memory");
	ok(facts.last_capability >= CAP_CHECKPOINT_RESTORE, "its capabilities");
}

/* As what sudo starts: the variable is gone, and only /proc knows of it. */
static int gather_session(const char *want)
{
	static struct preflight_facts facts;

	(void)unsetenv("SSH_CONNECTION");
	preflight_gather(&facts);
	return strcmp(facts.remote, want) == 0 ? 0 : 1;
}

static void test_environment(void)
{
	static char name[] = "test-preflight", want[] = "ssh from 192.0.2.7";
	static char variable[] = "SSH_CONNECTION=192.0.2.7 4711 192.0.2.1 22";
	char *const argv[] = { name, want, NULL };
	char *const environment[] = { variable, NULL };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execve("/proc/self/exe", argv, environment);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	ok_int(status, 0, "a session is remote by the shell's environment");
}

/* With no variable at all; the environment of what started this test may have
 * it, but is asked later. */
static void test_ancestor(void)
{
	static struct preflight_facts facts;
	int status = -1;
	pid_t pid = getenv("SSH_CONNECTION") ? -1 : fork();

	if (pid < 0)
		return;
	if (pid == 0) {
		prctl(PR_SET_NAME, "sshd-session");
		pid = fork();
		if (pid == 0) {
			prctl(PR_SET_NAME, "shell");
			preflight_gather(&facts);
			_exit(strcmp(facts.remote,
				     "a session of sshd-session") != 0);
		}
		waitpid(pid, &status, 0);
		_exit(status != 0);
	}
	waitpid(pid, &status, 0);
	ok_int(status, 0, "or by the server above it");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return gather_session(argv[1]);
	test_good();
	test_rows();
	test_lines(false);
	test_lines(true);
	test_capabilities();
	test_status();
	test_texts();
	test_remote();
	test_root();
	test_method();
	test_gather();
	test_environment();
	test_ancestor();
	return tap_done();
}
