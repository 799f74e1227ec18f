/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor does when something happens, as a table: every state
 * by every event. Pure: supervisor.c carries the actions out.
 */
#pragma once

#include "base/util.h"

enum state {
	STATE_IDLE,	/* the prompt; no image */
	STATE_WAITING,	/* a load was asked for, the network is not up yet */
	STATE_LOADING,	/* the load worker makes and enters a root */
	STATE_TARGET,	/* the target's init runs */
	STATE_STOPPING, /* all of the target is being killed */
	STATE_CLEANING, /* the clean worker waits, undoes and audits */
	STATE_COUNT,
};

enum event {
	EVENT_LOAD,	/* somebody asks for an image */
	EVENT_READY,	/* the network is up, or is not waited for */
	EVENT_ENTERED,	/* the target's init was started */
	EVENT_FAILED,	/* the load worker ended without a target */
	EVENT_CANCEL,	/* who asked for the load has gone */
	EVENT_RETURN,	/* hotkey, serial string, control socket */
	EVENT_ENDED,	/* the target's init is gone, and so all of it */
	EVENT_STUCK,	/* it should be gone for seconds */
	EVENT_CLEANED,	/* the clean worker ended or was given up */
	EVENT_REBOOT,	/* of the machine */
	EVENT_POWEROFF, /* of the machine */
	EVENT_KEXEC,	/* into the kernel that was loaded */
	EVENT_COUNT,
};

/* In the order in which they are carried out. */
enum action {
	ACTION_ACCEPT = 1 << 0,	  /* answer who asked: it will be done */
	ACTION_REFUSE = 1 << 1,	  /* answer who asked: not now, and why */
	ACTION_AWAIT = 1 << 2,	  /* wait for the network, if needed */
	ACTION_LOAD = 1 << 3,	  /* start the load worker */
	ACTION_HANDOVER = 1 << 4, /* consoles to the target; tell the loader */
	ACTION_KILL = 1 << 5,	  /* the load worker and all of the target */
	ACTION_CLEAN = 1 << 6,	  /* start the clean worker */
	ACTION_WELCOME = 1 << 7,  /* consoles back, prompts; tell the loader */
	ACTION_REBOOT = 1 << 8,
	ACTION_POWEROFF = 1 << 9,
	ACTION_KEXEC = 1 << 10,
};

struct step {
	enum state next;
	unsigned int actions; /* enum action, or-ed */
};

struct step supervise(enum state state, enum event event);

const char *state_name(enum state state);
