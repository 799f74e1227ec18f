/* SPDX-License-Identifier: MIT */
/* What the kinds of init share, and the tests of their pure parts use. */
#pragma once

#include "takeover/services.h"

/* One kind's way. */
struct services_way {
	int (*list)(struct services *services, struct failure *failure);
	int (*stop)(const struct services *services, unsigned limit_s,
		    struct services *stopped, struct failure *failure);
	int (*start)(const struct services *stopped, struct failure *failure);
};

extern const struct services_way services_systemd;
extern const struct services_way services_sysv;
extern const struct services_way services_openrc;

/* Whether the service of this name, without a suffix such as ".service",
 * carries the network, logins, storage or the system itself. Pure. */
bool service_is_kept(const char *name);

/* Appends; one too many, or of a name too long, is passed over with a
 * warning. */
void services_add(struct services *services, const char *name);

/* One program for each of them, verb as its last or middle word. */
struct services_tool {
	const char *const *before; /* words before the name, NULL-terminated */
	const char *directory;	   /* before the name, in the same word; "" */
};

/* Runs it for one service: BEFORE… DIRECTORY/NAME VERB. 0, or a negative errno
 * with *failure. */
int services_call(const struct services_tool *tool, const char *name,
		  const char *verb, unsigned limit_s, struct failure *failure)
	_must_check;

/* --- systemd, pure --- */

/* A unit as `systemctl show` tells of it. Strings lie in what was parsed. */
struct unit {
	const char *id;
	const char *names;	/* with its aliases, separated by spaces,
quoted where that is necessary */
	const char *sub_state;	/* "running", "exited", "waiting", … */
	const char *dependents; /* up to four lists of whom it takes along when
				   it stops */
	const char *more_dependents[3];
	bool has_defaults; /* DefaultDependencies= */
	bool may_not_stop; /* RefuseManualStop= */
	bool is_transient; /* gone once it is stopped */
	bool has_stop;	   /* an ExecStop= of its own */
	bool active;	   /* it runs, begins to, or stops */
	bool is_stopping;
	bool chosen;
};

/* Appends the names in the output of `systemctl list-units --plain
 * --no-legend`. */
void units_list_parse(const char *text, struct services *names);

/* Takes the output of `systemctl show` apart, in place; at most max. Returns
 * how many. */
size_t units_parse(char *text, struct unit *units, size_t max);

/* Whether it starts services: a socket, timer or path. */
bool unit_is_trigger(const char *name);

/* Chooses what is stopped. cgroup: of the caller, the text of
 * /proc/self/cgroup. */
void units_choose(struct unit *units, size_t count, const char *cgroup);

/* --- sysvinit, pure --- */

/* "K01nginx" → "nginx", when name begins so (kind 'K' or 'S') and has two
 * digits; NULL: it is none. */
const char *rc_link_service(const char *name, char kind);

/* "N 2", what runlevel(8) says: '2'; 0 for what is none. */
char runlevel_parse(const char *text);
