/* SPDX-License-Identifier: MIT */
/* What the parts of preflight share, and their tests use. All pure. */
#pragma once

#include "takeover/preflight.h"
#include "wire/view.h"

/* Why PID 1 cannot be taken over by ptrace, into buf, a clause for a sentence;
 * false: it can. */
bool preflight_untraceable(const struct preflight_facts *facts, char *buf,
			   size_t size);

/* Of /proc/PID/status (proc_pid_status(5)); what is not there is 0. */
struct process_status {
	pid_t parent;
	pid_t tracer;
	bool no_new_privs;
	uint32_t seccomp;
	uint64_t effective;
	uint64_t bounding;
};

void process_status_parse(const char *text, struct process_status *ret_status);

/* "252.39-1~deb12u1", "v257", "systemd 252 (252.39)": 252, 257, 252; 0 for
 * what begins with no version. */
uint32_t systemd_version_parse(const char *text);

/* By what /proc/1/exe names ("/usr/bin/busybox (deleted)"). openrc: its
 * services are OpenRC's, whatever PID 1 is. */
enum init_kind init_kind_of(const char *program, bool openrc);

/* The value of name in an environment as /proc/PID/environ has it: made
 * printable, cut; false: it is not there, or empty. */
bool environment_value(struct view environment, const char *name, char *buf,
		       size_t size);

/* From where a session comes by the value of SSH_CONNECTION: "192.0.2.7 4711
 * 192.0.2.1 22" is "ssh from 192.0.2.7". */
void remote_describe(const char *ssh_connection, char *buf, size_t size);

/* Whether a program of this name (comm) carries sessions from elsewhere. */
bool is_remote_login(const char *comm);

/* Whether this type of file system lies on another machine. */
bool is_network_type(const char *type);
/* Whether a block device does, by where sysfs has it
 * ("/sys/devices/…/session1/target…"). */
bool is_network_device(const char *sysfs_path);

/* Of /proc/meminfo: what is in swap, in bytes. */
uint64_t swap_used_parse(const char *meminfo);

/* The top mount at / of /proc/self/mountinfo: its type and source. */
void root_mount_parse(struct view mountinfo, struct preflight_facts *facts);
