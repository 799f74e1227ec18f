/* SPDX-License-Identifier: MIT */
#include "takeover/services.h"

#include <stdlib.h>

#include "takeover/services-internal.h"
#include "tap.h"

static struct services services;

/* Of systemd 252. */
static const char list_text[] =
	"systemd-ask-password-wall.path     loaded active     waiting         "
	"Forward Password Requests to Wall Directory Watch\n"
	"db.service                         loaded active     running         "
	"Database\n"
	"e2scrub_reap.service               loaded activating start     start "
	"Remove Stale Online ext4 Metadata Check Snapshots\n"
	"odd\\x2dname@a\\x20b.service         loaded active     running         "
	"\xe2\x97\x8f odd \xe2\x80\x93 name\n"
	"\xe2\x97\x8f marked.service loaded active running what some mark\n"
	"dbus.socket                        loaded active     running         "
	"D-Bus System Message Bus Socket";

static void test_list(void)
{
	static const char *const names[] = {
		"systemd-ask-password-wall.path",
		"db.service",
		"e2scrub_reap.service",
		"odd\\x2dname@a\\x20b.service",
		"marked.service",
		"dbus.socket",
	};

	services.count = 0;
	units_list_parse(list_text, &services);
	ok_int((int64_t)services.count, ARRAY_SIZE(names), "all units");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ok_str(services.names[i], names[i], "in their order");
	services.count = 0;
	units_list_parse("", &services);
	units_list_parse("\n\n", &services);
	ok_int((int64_t)services.count, 0, "no unit is none");
}

static void test_long_names(void)
{
	static char text[SERVICES_NAME_MAX + 32];

	memset(text, 'x', sizeof(text) - 1);
	services.count = 0;
	units_list_parse(text, &services);
	ok_int((int64_t)services.count, 0, "no name is cut");
	services.count = SERVICES_MAX;
	services_add(&services, "one.service");
	ok_int((int64_t)services.count, SERVICES_MAX, "what fits, fits");
}

/* The properties that are asked for, as systemd 252 tells them. */
struct shown {
	const char *id;
	const char *names; /* NULL: id */
	const char *active, *sub;
	const char *required_by, *bound_by;
	const char *stop;
	bool no_defaults, transient, refuses;
	bool chosen;
	const char *why;
};

static const struct shown shown[] = {
	{ .id = "db.service",
	  .required_by = "app.service",
	  .stop = "{ path=/bin/sh ; argv[]=/bin/sh -c echo a=b ; pid=0 }",
	  .chosen = true,
	  .why = "a database is stopped" },
	{ .id = "app.service", .chosen = true, .why = "and who needs it" },
	{ .id = "once.service", .sub = "exited", .why = "what only remains" },
	{ .id = "once-stop.service",
	  .sub = "exited",
	  .stop = "{ path=/bin/sh ; argv[]=/bin/sh }",
	  .chosen = true,
	  .why = "what remains and has a stop" },
	{ .id = "echo.socket",
	  .sub = "listening",
	  .chosen = true,
	  .why = "a socket" },
	{ .id = "apt-daily.timer",
	  .sub = "waiting",
	  .chosen = true,
	  .why = "a timer" },
	{ .id = "watch.path",
	  .sub = "waiting",
	  .chosen = true,
	  .why = "a path" },
	{ .id = "srv.mount", .sub = "mounted", .why = "a mount is not" },
	{ .id = "docker-1.scope", .why = "a scope is not" },
	{ .id = "dead.service",
	  .active = "inactive",
	  .sub = "dead",
	  .why = "what does not run" },
	{ .id = "broken.service",
	  .active = "failed",
	  .sub = "failed",
	  .why = "what failed" },
	{ .id = "starting.service",
	  .active = "activating",
	  .sub = "start",
	  .chosen = true,
	  .why = "what begins to run" },
	{ .id = "early.service",
	  .no_defaults = true,
	  .why = "what belongs to the boot" },
	{ .id = "run-u1.service",
	  .transient = true,
	  .why = "what could not be started again" },
	{ .id = "auditd.service", .refuses = true, .why = "what refuses" },
	{ .id = "ssh.service",
	  .names = "ssh.service sshd.service",
	  .why = "logins stay" },
	{ .id = "helper.service",
	  .required_by = "other.service ssh.service",
	  .why = "what they require stays" },
	{ .id = "helper2.service",
	  .bound_by = "helper.service",
	  .why = "and what that requires" },
	{ .id = "helper3.service",
	  .required_by = "dead.service",
	  .chosen = true,
	  .why = "but not for one that does not run" },
	{ .id = "helper4.service",
	  .required_by = "srv.mount",
	  .why = "what a mount requires stays" },
	{ .id = "weston.service",
	  .names = "weston.service display-manager.service",
	  .why = "an alias counts" },
	{ .id = "agent.service", .why = "what this command runs in" },
	{ .id = "gent.service", .chosen = true, .why = "not part of a name" },
	{ .id = "NetworkManager-dispatcher.service", .why = "the network" },
	{ .id = "systemd-journald.service", .why = "the log" },
	{ .id = "odd\\x2da@a\\x20b.service",
	  .names = "\"odd\\\\x2da@a\\\\x20b.service\"",
	  .chosen = true,
	  .why = "a name with escapes" },
	{ .id = "helper5.service",
	  .required_by = "\"odd\\\\x2dssh.service\"",
	  .why = "and what is required by such a name" },
	{ .id = "odd\\x2dssh.service",
	  .no_defaults = true,
	  .why = "which stays itself" },
};

static const char own_cgroup[] = "1:name=systemd:/system.slice\n"
				 "0::/system.slice/agent.service/sub\n";

static void show_unit(FILE *out, const struct shown *unit)
{
	if (unit->stop)
		fprintf(out, "ExecStop=%s\n", unit->stop);
	fprintf(out,
		"Id=%s\nNames=%s\nRequiredBy=%s\nBoundBy=%s\nConsistsOf=\n"
		"PropagatesStopTo=\nActiveState=%s\nSubState=%s\n"
		"RefuseManualStop=%s\nDefaultDependencies=%s\nTransient=%s\n",
		unit->id, unit->names ? unit->names : unit->id,
		unit->required_by ? unit->required_by : "",
		unit->bound_by ? unit->bound_by : "",
		unit->active ? unit->active : "active",
		unit->sub ? unit->sub : "running", unit->refuses ? "yes" : "no",
		unit->no_defaults ? "no" : "yes",
		unit->transient ? "yes" : "no");
}

static void test_choose(void)
{
	static struct unit units[64];
	char *text = NULL;
	size_t size, count;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (i > 0)
			fputc('\n', out);
		show_unit(out, &shown[i]);
	}
	fclose(out);
	count = units_parse(text, units, ARRAY_SIZE(units));
	ok_int((int64_t)count, ARRAY_SIZE(shown), "every unit is told of");
	units_choose(units, count, own_cgroup);
	for (size_t i = 0; i < count; i++) {
		ok_str(units[i].id, shown[i].id, "one after the other");
		ok_int(units[i].chosen, shown[i].chosen, shown[i].why);
	}
	free(text);
}

static void test_show(void)
{
	char text[] = "Id=a.service\nActiveState=deactivating\n"
		      "SubState=stop-sigterm\nExecStop=\nnonsense\n=\n"
		      "\n\n\nSubState=lost\n\nId=b.service\n"
		      "ActiveState=inactive";
	struct unit units[4];
	size_t count = units_parse(text, units, ARRAY_SIZE(units));

	ok_int((int64_t)count, 2, "two units, and what is none between them");
	ok(units[0].active && units[0].is_stopping, "one is about to stop");
	ok(!units[0].has_stop, "an empty command is none");
	ok_str(units[1].id, "b.service", "the last needs no line end");
	ok(!units[1].active && !units[1].is_stopping, "it does not run");
}

static void test_show_full(void)
{
	char text[] = "Id=a.service\n\nId=b.service\n\nId=c.service\n";
	struct unit units[2];

	ok_int((int64_t)units_parse(text, units, ARRAY_SIZE(units)), 2,
	       "no more than there is room for");
}

/* What Debian 12's rc0.d has, and OpenRC's default runlevel. */
static void test_kept(void)
{
	static const char *const stay[] = {
		"networking",	"ssh",
		"sshd",		"sendsigs",
		"umountfs",	"umountroot",
		"umountnfs.sh", "halt",
		"reboot",	"killprocs",
		"hwclock.sh",	"udev",
		"urandom",	"console-setup.sh",
		"dbus",		"rsyslog",
		"mdadm",	"lvm2",
		"net.eth0",	"getty@tty1",
		"user@1000",	"systemd-logind",
		"watchdog",	"nftables",
		"rbdmap",	"drbd@r0",
	};
	static const char *const stop[] = {
		"nginx", "postgresql", "docker",  "cron", "nfs-kernel-server",
		"exim4", "libvirtd",   "mariadb",
	};

	for (size_t i = 0; i < ARRAY_SIZE(stay); i++)
		ok(service_is_kept(stay[i]), stay[i]);
	for (size_t i = 0; i < ARRAY_SIZE(stop); i++)
		ok(!service_is_kept(stop[i]), stop[i]);
}

static void test_sysv(void)
{
	ok_str(rc_link_service("K01nginx", 'K'), "nginx", "a link");
	ok_str(rc_link_service("S20ssh", 'S'), "ssh", "a link to start");
	ok_str(rc_link_service("S20ssh", 'K'), NULL, "the other kind");
	ok_str(rc_link_service("K1nginx", 'K'), NULL, "too few digits");
	ok_str(rc_link_service("K01", 'K'), NULL, "no name");
	ok_str(rc_link_service("K", 'K'), NULL, "nothing but the letter");
	ok_str(rc_link_service("README", 'K'), NULL, "something else");
	ok_int(runlevel_parse("N 2\n"), '2', "the runlevel");
	ok_int(runlevel_parse("2 5"), '5', "after another");
	ok_int(runlevel_parse("unknown"), 0, "no runlevel");
	ok_int(runlevel_parse("N S\n"), 0, "single user is none");
	ok_int(runlevel_parse("N 23\n"), 0, "nor is a number");
	ok_int(runlevel_parse(""), 0, "nor is nothing");
}

static void test_none(void)
{
	struct failure failure = { 0 };

	services.count = 9;
	ok_int(services_list(INIT_BUSYBOX, &services, &failure), 0,
	       "busybox has no way to stop services");
	ok_int((int64_t)services.count, 0, "so it has none to stop");
	ok_int(services_stop(INIT_SYSTEMD, &services, 1, &services, &failure),
	       0, "to stop none is done at once");
	ok_int(services_start(INIT_SYSTEMD, &services, &failure), 0,
	       "and to start none");
}

int main(void)
{
	test_list();
	test_long_names();
	test_choose();
	test_show();
	test_show_full();
	test_kept();
	test_sysv();
	test_none();
	return tap_done();
}
