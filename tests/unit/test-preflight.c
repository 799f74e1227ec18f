/* SPDX-License-Identifier: MIT */
#include "takeover/preflight.h"

#include <errno.h>
#include <stdio.h>

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
FACT(raid, raid[0] = 'm')
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

static void want_program(void)
{
	strncpy(at.wanted.init, "/bin/sh", 8);
	strncpy(at.wanted.init_kind, "unknown", 8);
}

static void want_no_addresses(void)
{
	at.wanted.drop_network = true;
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
	{ "method", { fact_raid }, CHECK_FINE, "needs its mdmon" },
	{ "method",
	  { fact_raid, want_ptrace },
	  CHECK_REFUSED,
	  "--method exitrd" },
	{ "method", { fact_raid, fact_init_sysv }, CHECK_REFUSED, "mdmon" },
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
	{ "image's init", { want_program }, CHECK_FINE, "/bin/sh, for" },
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
	{ "session", {}, CHECK_FINE, "not over the" },
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
	{ "session",
	  { fact_remote, want_no_addresses },
	  CHECK_REFUSED,
	  "takes the addresses: leave it out" },
	{ "session",
	  { fact_remote, want_no_addresses, want_dead_man },
	  CHECK_WARNING,
	  "in 600 s" },
	{ "session", { want_no_addresses }, CHECK_FINE, "not over the" },
	{ "session", { want_no_ssh }, CHECK_FINE, "not over the" },
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

int main(void)
{
	test_good();
	test_rows();
	test_lines(false);
	test_lines(true);
	test_method();
	return tap_done();
}
