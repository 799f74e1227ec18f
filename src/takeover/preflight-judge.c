/* SPDX-License-Identifier: MIT */
/*
 * One function a row. A row that does not apply stays without text, and is
 * left out. What is refused here is what could not be undone, or what nobody
 * would find out about before the machine is gone.
 */
#include "takeover/preflight.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "takeover/capabilities.h"
#include "takeover/preflight-internal.h"

#define CAPABILITY(number) ((uint64_t)1 << (number))

/* What the way to the new system needs of whoever begins it. */
#define CAPABILITIES_NEEDED                                        \
	(CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) |    \
	 CAPABILITY(CAP_FOWNER) | CAPABILITY(CAP_KILL) |           \
	 CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETUID) |         \
	 CAPABILITY(CAP_SYS_CHROOT) | CAPABILITY(CAP_SYS_PTRACE) | \
	 CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_BOOT) |    \
	 CAPABILITY(CAP_MKNOD) | CAPABILITY(CAP_SETFCAP))

/* What the kernel and the first processes of the new system take. */
#define MEMORY_TO_START (64 * MIB)

#define NAMES_MAX 120

static _printf(3, 4) void say(struct check *check, enum check_verdict verdict,
			      const char *format, ...)
{
	struct text text = text_over(check->text, sizeof(check->text));
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(check->text);
	check->verdict = verdict;
}

static void judge_rights(const struct preflight_facts *facts,
			 const struct preflight_wanted *wanted _unused,
			 struct check *check)
{
	uint64_t lacking = CAPABILITIES_NEEDED & ~facts->capabilities;
	char names[NAMES_MAX];

	if (!facts->is_root)
		say(check, CHECK_REFUSED,
		    "only root can replace the system: use sudo, or log in as "
		    "root");
	else if (lacking)
		say(check, CHECK_REFUSED,
		    "root lacks %s here: use a shell that has all "
		    "capabilities, such as a login on the console",
		    capability_names(lacking, names, sizeof(names)));
	else
		say(check, CHECK_FINE, "root, with all that is needed");
}

static void judge_machine(const struct preflight_facts *facts,
			  const struct preflight_wanted *wanted _unused,
			  struct check *check)
{
	if (str_eq(facts->machine, "x86_64"))
		say(check, CHECK_FINE, "%s", facts->machine);
	else
		say(check, CHECK_REFUSED,
		    "this machine is %s; only x86_64 can be taken over: boot "
		    "the image from the network instead",
		    facts->machine[0] ? facts->machine : "of an unknown kind");
}

/* Of a container PID 1 could be taken over, but not the machine. */
static void judge_container(const struct preflight_facts *facts,
			    const struct preflight_wanted *wanted _unused,
			    struct check *check)
{
	if (facts->same_pid_namespace)
		say(check, CHECK_FINE, "none, this is the machine itself");
	else
		say(check, CHECK_REFUSED,
		    "PID 1 is a container's here%s%s%s, not the machine's: run "
		    "boomerang swap on its host",
		    facts->container[0] ? " (" : "", facts->container,
		    facts->container[0] ? ")" : "");
}

static void judge_root_directory(const struct preflight_facts *facts,
				 const struct preflight_wanted *wanted _unused,
				 struct check *check)
{
	/* Other rows have said what to do; only root sees PID 1's root. */
	if (!facts->same_pid_namespace || !facts->is_root)
		return;
	if (!facts->same_mount_namespace)
		say(check, CHECK_REFUSED,
		    "this shell is in a mount namespace of its own, what is "
		    "mounted here PID 1 does not see: run it as nsenter -t 1 "
		    "-m -- boomerang swap …");
	else if (!facts->same_root)
		say(check, CHECK_REFUSED,
		    "this shell is in a chroot, PID 1 is not: run it as "
		    "nsenter -t 1 -m -r -- boomerang swap …");
	else if (facts->root_is_rootfs)
		say(check, CHECK_REFUSED,
		    "the root is still the initramfs, which cannot be left by "
		    "pivot_root(2): boot the system from a disk first, or "
		    "load the image from the bootstrap's prompt");
	else if (facts->root_is_network)
		say(check, CHECK_WARNING,
		    "%s from %s comes over the network, which must work until "
		    "it is released; the way back is a boot from the network, "
		    "too: be sure that it works",
		    facts->root_type, facts->root_source);
	else
		say(check, CHECK_FINE, "%s from %s", facts->root_type,
		    facts->root_source);
}

static void judge_init(const struct preflight_facts *facts,
		       const struct preflight_wanted *wanted _unused,
		       struct check *check)
{
	switch (facts->init) {
	case INIT_SYSTEMD:
		say(check, CHECK_FINE, "systemd %u", facts->systemd_version);
		break;
	case INIT_SYSVINIT:
	case INIT_OPENRC:
		say(check, CHECK_FINE, "%s", init_kind_name(facts->init));
		break;
	case INIT_BUSYBOX:
	case INIT_RUNIT:
		say(check, CHECK_FINE,
		    "%s: its services end by SIGTERM, with some seconds to "
		    "write what they have",
		    init_kind_name(facts->init));
		break;
	case INIT_UNKNOWN:
		say(check, CHECK_WARNING,
		    "of an unknown kind: its services end by SIGTERM, with "
		    "some seconds to write what they have; stop databases "
		    "yourself before");
		break;
	}
}

/* What the new system would lack; setting: of systemd's system.conf. */
static void say_jail(struct check *check, const struct preflight_facts *facts,
		     const char *what, const char *setting)
{
	bool systemd = facts->init == INIT_SYSTEMD;

	say(check, CHECK_REFUSED,
	    "PID 1 %s, and so would the new system, for ever: %s%s%s", what,
	    systemd ? "remove " : "", systemd ? setting : "",
	    systemd ? "= from systemd's system.conf, its usual reason, and "
		      "reboot"
		    : "only a reboot without it clears it");
}

/* A filter, the flag and the bounds go from PID 1 to the new init and to all
 * that it will ever start. */
static void judge_jail(const struct preflight_facts *facts,
		       const struct preflight_wanted *wanted _unused,
		       struct check *check)
{
	uint64_t lost =
		capability_all(facts->last_capability) & ~facts->pid1_bounding;
	char names[NAMES_MAX], what[NAMES_MAX + 16];

	if (facts->pid1_seccomp) {
		say_jail(check, facts, "has a seccomp filter",
			 "SystemCallArchitectures");
	} else if (facts->pid1_no_new_privs) {
		say_jail(check, facts,
			 "has NoNewPrivs (no setuid program works)",
			 "NoNewPrivileges");
	} else if (lost) {
		snprintf(what, sizeof(what), "lacks %s",
			 capability_names(lost, names, sizeof(names)));
		say_jail(check, facts, what, "CapabilityBoundingSet");
	} else {
		say(check, CHECK_FINE,
		    "no filter and no bounds that the new system would "
		    "inherit");
	}
}

/* The policy in the kernel is the old system's, and outlives it: no file of the
 * new one bears labels that it knows. */
static void judge_selinux(const struct preflight_facts *facts,
			  const struct preflight_wanted *wanted _unused,
			  struct check *check)
{
	if (facts->selinux_enforcing)
		say(check, CHECK_REFUSED,
		    "it enforces this system's policy, which would bind the "
		    "new one, whose files have no labels: run setenforce 0 "
		    "before");
}

static void say_method(struct check *check, const struct preflight_facts *facts,
		       enum swap_method method)
{
	char why[PREFLIGHT_TEXT_MAX];

	if (method == SWAP_PTRACE)
		say(check, CHECK_FINE,
		    "ptrace: PID 1 is taken over as it runs, the network "
		    "stays up");
	else if (method == SWAP_SOFT_REBOOT)
		say(check, CHECK_FINE,
		    "soft-reboot: systemd %u stops everything and starts the "
		    "image's systemd",
		    facts->systemd_version);
	else if (preflight_untraceable(facts, why, sizeof(why)))
		say(check, CHECK_FINE,
		    "exitrd: systemd shuts down into the new root, as %s", why);
	else
		say(check, CHECK_FINE,
		    "exitrd: systemd shuts down in its own order into the new "
		    "root");
}

static void judge_method(const struct preflight_facts *facts,
			 const struct preflight_wanted *wanted,
			 struct check *check)
{
	struct failure failure = { 0 };
	enum swap_method method;

	if (preflight_method(facts, wanted, &method, &failure) < 0)
		say(check, CHECK_REFUSED, "%s", failure.text);
	else
		say_method(check, facts, method);
}

/* Taken while the old system still runs; what it used comes free too late. */
static void judge_memory(const struct preflight_facts *facts,
			 const struct preflight_wanted *wanted,
			 struct check *check)
{
	bool staged = wanted->image_known && wanted->image_in_memory;
	uint64_t image =
		wanted->image_known && !staged ? wanted->image_bytes : 0;
	uint64_t need = image + facts->swap_used + MEMORY_TO_START;
	uint64_t have = facts->memory_available;
	char parts[3][SIZE_TEXT_MAX], all[2][SIZE_TEXT_MAX];
	char for_image[64] = "", for_swap[64] = "";

	if (image)
		snprintf(for_image, sizeof(for_image), "%s for the image, ",
			 size_text(image, parts[0]));
	if (facts->swap_used)
		snprintf(for_swap, sizeof(for_swap), "%s that is in swap, ",
			 size_text(facts->swap_used, parts[1]));
	size_text(MEMORY_TO_START, parts[2]);
	size_text(have, all[0]);
	if (facts->memory_total == 0)
		say(check, CHECK_REFUSED,
		    "/proc/meminfo cannot be read: mount /proc");
	else if (need > have)
		say(check, CHECK_REFUSED,
		    "%s is missing: needed are %s%s%s to start, free are %s%s; "
		    "stop what takes memory, or use a smaller image",
		    size_text(need - have, all[1]), for_image, for_swap,
		    parts[2], all[0], staged ? " beside the image" : "");
	else
		say(check, CHECK_FINE, "%s free%s; needed are %s%s%s to start",
		    all[0], staged ? " beside the image" : "", for_image,
		    for_swap, parts[2]);
}

/* That the kernel can start it is not judged here: it has been tried. */
static void judge_image_init(const struct preflight_facts *facts _unused,
			     const struct preflight_wanted *wanted,
			     struct check *check)
{
	bool known =
		wanted->init_kind[0] && !str_eq(wanted->init_kind, "unknown");

	if (!wanted->image_known)
		return;
	if (wanted->init[0] == '\0')
		say(check, CHECK_REFUSED,
		    "the image has none: name the program to start, "
		    "boomerang swap IMAGE INIT, or use an image with an init");
	else
		say(check, CHECK_FINE, "%.160s%s%s%s, for this machine",
		    wanted->init, known ? " (" : "",
		    known ? wanted->init_kind : "", known ? ")" : "");
}

static void judge_watchdogs(const struct preflight_facts *facts,
			    const struct preflight_wanted *wanted _unused,
			    struct check *check)
{
	const struct watchdog_fact *stubborn = NULL;
	char buf[NAMES_MAX] = "";
	struct text active = text_over(buf, sizeof(buf));

	for (size_t i = 0; i < facts->watchdog_count; i++) {
		const struct watchdog_fact *dog = &facts->watchdogs[i];

		if (!dog->active)
			continue;
		if (dog->nowayout && !stubborn)
			stubborn = dog;
		text_add(&active, "%s%s", active.len ? ", " : "", dog->name);
	}
	if (stubborn)
		say(check, CHECK_WARNING,
		    "%s cannot be stopped (nowayout) and resets the machine "
		    "after %u s without care: boomerang goes on feeding it, "
		    "unless the new system does so",
		    stubborn->name, stubborn->timeout_s);
	else if (active.len)
		say(check, CHECK_FINE, "%s counts, and will be stopped", buf);
	else if (facts->watchdog_count)
		say(check, CHECK_FINE, "none of %zu counts",
		    facts->watchdog_count);
	else
		say(check, CHECK_FINE, "the machine has none");
}

static void judge_console(const struct preflight_facts *facts,
			  const struct preflight_wanted *wanted _unused,
			  struct check *check)
{
	if (!facts->is_root)
		return;
	if (facts->console_opens)
		say(check, CHECK_FINE, "%s",
		    facts->consoles[0] ? facts->consoles : "/dev/console");
	else
		say(check, CHECK_WARNING,
		    "/dev/console cannot be opened: what goes wrong nobody "
		    "will see; add console= to the kernel's command line, or "
		    "use --watchdog SECONDS");
}

/* reboot(2), of which boomerang makes use itself, does not care. */
static void judge_kexec(const struct preflight_facts *facts,
			const struct preflight_wanted *wanted,
			struct check *check)
{
	enum swap_method method = SWAP_PTRACE;

	if (!facts->kexec_loaded)
		return;
	if (preflight_method(facts, wanted, &method, NULL) < 0)
		return;
	if (method == SWAP_PTRACE)
		say(check, CHECK_FINE,
		    "a kernel is loaded; a way back would still go through "
		    "the firmware to the disk");
	else
		say(check, CHECK_WARNING,
		    "a kernel is loaded, and systemd may reboot into that "
		    "instead of the disk when something fails: unload it with "
		    "kexec -u");
}

/* Whether the image gets addresses by itself nobody knows before it runs. */
static void say_unreachable(struct check *check,
			    const struct preflight_facts *facts,
			    const struct preflight_wanted *wanted)
{
	if (wanted->watchdog_s)
		say(check, CHECK_WARNING,
		    "%s will be cut, and --no-keep-network takes the "
		    "addresses: without swap --confirm the machine is back on "
		    "its disk in %u s",
		    facts->remote, wanted->watchdog_s);
	else
		say(check, CHECK_REFUSED,
		    "%s would be cut, and --no-keep-network takes the "
		    "addresses: leave it out, or use --watchdog SECONDS to "
		    "come back by itself",
		    facts->remote);
}

static void judge_session(const struct preflight_facts *facts,
			  const struct preflight_wanted *wanted,
			  struct check *check)
{
	const char *lack = wanted->has_ssh ? "has no key with which root may "
					     "log in"
					   : "has no SSH server";

	if (facts->remote[0] == '\0')
		say(check, CHECK_FINE,
		    "not over the network, as far as can be seen");
	else if (wanted->drop_network)
		say_unreachable(check, facts, wanted);
	else if (!wanted->image_known)
		say(check, CHECK_FINE,
		    "%s: it will be cut; the image is examined for a way back "
		    "in before anything is stopped",
		    facts->remote);
	else if (wanted->has_ssh && wanted->has_ssh_keys)
		say(check, CHECK_FINE,
		    "%s: it will be cut; log in again as root", facts->remote);
	else if (wanted->watchdog_s)
		say(check, CHECK_WARNING,
		    "%s will be cut, and the image %s: without swap --confirm "
		    "the machine is back on its disk in %u s",
		    facts->remote, lack, wanted->watchdog_s);
	else
		say(check, CHECK_REFUSED,
		    "%s would be cut, and the image %s: %s, or --watchdog "
		    "SECONDS to come back by itself",
		    facts->remote, lack,
		    wanted->has_ssh ? "use --keep-ssh or --ssh-key"
				    : "use one that has one");
}

static void judge_dead_man(const struct preflight_facts *facts _unused,
			   const struct preflight_wanted *wanted,
			   struct check *check)
{
	if (wanted->watchdog_s)
		say(check, CHECK_FINE,
		    "the machine reboots into its disk unless boomerang swap "
		    "--confirm runs within %u s",
		    wanted->watchdog_s);
}

static void judge_storage(const struct preflight_facts *facts _unused,
			  const struct preflight_wanted *wanted,
			  struct check *check)
{
	if (wanted->keep_storage)
		say(check, CHECK_FINE,
		    "no disk is released (--keep-storage), the new system "
		    "may use them");
	else
		say(check, CHECK_FINE, "all disks are released");
}

static const struct {
	const char *name;
	void (*judge)(const struct preflight_facts *facts,
		      const struct preflight_wanted *wanted,
		      struct check *check);
} rows[] = {
	{ "rights", judge_rights },	  { "machine", judge_machine },
	{ "container", judge_container }, { "root", judge_root_directory },
	{ "PID 1", judge_init },	  { "inherited", judge_jail },
	{ "SELinux", judge_selinux },	  { "method", judge_method },
	{ "memory", judge_memory },	  { "image's init", judge_image_init },
	{ "watchdogs", judge_watchdogs }, { "console", judge_console },
	{ "kexec", judge_kexec },	  { "session", judge_session },
	{ "way back", judge_dead_man },	  { "storage", judge_storage },
};
_Static_assert(ARRAY_SIZE(rows) <= PREFLIGHT_CHECKS_MAX, "all rows fit");

size_t preflight_judge(const struct preflight_facts *facts,
		       const struct preflight_wanted *wanted,
		       struct check checks[static PREFLIGHT_CHECKS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct check *check = &checks[count];

		*check = (struct check){ .name = rows[i].name };
		rows[i].judge(facts, wanted, check);
		if (check->text[0])
			count++;
	}
	return count;
}
