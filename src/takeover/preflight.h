/* SPDX-License-Identifier: MIT */
/*
 * What must be true before a running system is replaced. Facts are gathered
 * without changing anything, then judged without looking at anything: so every
 * judgement has its unit test, and --dry-run tells the truth.
 */
#pragma once

#include "base/failure.h"
#include "wire/swap.h"

/* What runs as PID 1 now. */
enum init_kind {
	INIT_UNKNOWN,
	INIT_SYSTEMD,
	INIT_SYSVINIT,
	INIT_BUSYBOX,
	INIT_OPENRC,
	INIT_RUNIT,
};

#define PREFLIGHT_WATCHDOGS 8
#define PREFLIGHT_TEXT_MAX  256

/* /dev/watchdogN, by /sys/class/watchdog. */
struct watchdog_fact {
	char name[16];
	bool active;   /* it counts now */
	bool nowayout; /* it cannot be stopped: the new system must feed it */
	uint32_t timeout_s;
};

/* The machine and the caller, as they are. */
struct preflight_facts {
	bool is_root;
	uint64_t capabilities;	 /* effective ones of ours, CAP_* bits */
	bool same_pid_namespace; /* ours is the machine's first one */
	bool same_mount_namespace;
	bool same_root;	      /* our / is that of PID 1 */
	char container[64];   /* of another PID namespace, what it is of
				 ("docker", "lxc", …); "": unknown, or none */
	int yama;	      /* ptrace_scope, -1: no Yama */
	pid_t tracer;	      /* of PID 1; 0: none */
	char tracer_name[32]; /* its comm; "": gone, or none */
	bool pid1_is_32_bit;  /* on a 64-bit kernel */
	char raid[32];	      /* an array that a program of the old system
				 keeps the metadata of, mdmon(8); "": none */
	bool pid1_no_new_privs;
	uint32_t pid1_seccomp;	  /* Seccomp: of /proc/1/status */
	uint64_t pid1_bounding;	  /* CapBnd: of /proc/1/status */
	uint64_t last_capability; /* /proc/sys/kernel/cap_last_cap */
	bool selinux_enforcing;
	enum init_kind init;
	uint32_t systemd_version; /* 0: not systemd */
	char machine[16];	  /* uname(2): "x86_64" */
	uint64_t memory_total;	  /* bytes */
	uint64_t memory_available;
	uint64_t swap_used;
	char root_type[32]; /* of the file system at / */
	char root_source[128];
	bool root_is_rootfs;  /* pivot_root(2) cannot leave it */
	bool root_is_network; /* NFS, nbd, iSCSI, … */
	char consoles[128];   /* /sys/class/tty/console/active */
	bool console_opens;
	char remote[128]; /* "ssh from 192.0.2.7": this session comes
				     over the network; "": it does not */
	struct watchdog_fact watchdogs[PREFLIGHT_WATCHDOGS];
	size_t watchdog_count;
	bool kexec_loaded; /* reboot would go there, not to the disk */
};

/* What is known of the image and what was asked for. Before the image was read
 * image_known is false, and checks on it are left out. */
struct preflight_wanted {
	enum swap_method method;
	bool keep_storage;
	bool drop_network; /* the new system begins without addresses */
	uint32_t watchdog_s;
	bool image_known;
	bool image_in_memory; /* it is staged: image_bytes are taken already */
	uint64_t image_bytes; /* what its root takes in memory; 0: unknown */
	char init[256];	      /* of the image */
	char init_kind[32];   /* root/examine.h */
	bool has_ssh;	      /* it has an SSH server */
	bool has_ssh_keys;    /* and root may log in with some key */
};

enum check_verdict {
	CHECK_FINE,
	CHECK_WARNING,
	CHECK_REFUSED,
};

/* One row of the plan. text says what is so, and unless it is fine why that
 * matters and what to do. */
struct check {
	const char *name; /* "memory", "PID 1", … */
	enum check_verdict verdict;
	char text[PREFLIGHT_TEXT_MAX];
};

#define PREFLIGHT_CHECKS_MAX 32

/* Gathers; what cannot be found out is left at its zero, never guessed. */
void preflight_gather(struct preflight_facts *ret_facts);

/* The memory anew: bringing an image takes of it. */
void preflight_gather_memory(struct preflight_facts *facts);

/* Judges: every row, in the order in which a person wants them; returns their
 * number. Pure. */
size_t preflight_judge(const struct preflight_facts *facts,
		       const struct preflight_wanted *wanted,
		       struct check checks[static PREFLIGHT_CHECKS_MAX]);

/*
 * The method that is used for the one asked for: SWAP_AUTO is ptrace where
 * PID 1 can be traced, else the exitrd with systemd. -EOPNOTSUPP with *failure:
 * there is none, or the one asked for cannot work here. Pure.
 */
int preflight_method(const struct preflight_facts *facts,
		     const struct preflight_wanted *wanted,
		     enum swap_method *ret_method, struct failure *failure)
	_must_check;

/* "systemd", "sysvinit", … */
const char *init_kind_name(enum init_kind kind);
