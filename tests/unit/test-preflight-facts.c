/* SPDX-License-Identifier: MIT */
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "takeover/capabilities.h"
#include "takeover/preflight-internal.h"
#include "tap.h"

#define ALL_CAPABILITIES 0x1ffffffffffULL

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
	static char name[] = "test-preflight-facts",
		    want[] = "ssh from 192.0.2.7";
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
	test_capabilities();
	test_status();
	test_texts();
	test_remote();
	test_root();
	test_gather();
	test_environment();
	test_ancestor();
	return tap_done();
}
