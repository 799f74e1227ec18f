/* SPDX-License-Identifier: MIT */
/*
 * The messages between PID 1 and everything else in the bootstrap. Both ends
 * come out of one build, so a message is a struct: fixed size, no pointers,
 * one per SOCK_SEQPACKET record. A record of another size or magic is refused.
 *
 * Control socket (CONTROL_PATH, root only): one request a connection, then
 * replies. CONTROL_LOAD answers with any number of CONTROL_PROGRESS and ends
 * with CONTROL_DONE (the target's init runs) or CONTROL_FAILED; closing the
 * connection before that cancels the load. CONTROL_STATUS answers with one
 * CONTROL_STATUS_IS; the others with CONTROL_DONE (accepted) or
 * CONTROL_FAILED.
 *
 * Server reports (descriptor 3 of `boomerang report URL`): PID 1 tells what the
 * boot server shall know, in struct server_report. Nothing comes back; PID 1
 * drops what does not fit into the socket.
 *
 * Report pipe (descriptor 3 of `boomerang image unpack --report`): the child
 * that makes a root out of a reference tells how far it is, in struct
 * image_report.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define CONTROL_DIR   "/run/boomerang"
#define CONTROL_PATH  CONTROL_DIR "/control"
#define CONTROL_MAGIC 0x424d5231u /* "BMR1" */

#define CONTROL_REF_MAX	 2048
#define CONTROL_INIT_MAX 256
#define CONTROL_LEAKS	 48
#define CONTROL_LEAK_MAX 160

enum control_verb {
	CONTROL_LOAD = 1,
	CONTROL_RETURN,
	CONTROL_STATUS,
	CONTROL_REBOOT,
	CONTROL_POWEROFF,
};

struct control_request {
	uint32_t magic;
	uint32_t verb;
	char ref[CONTROL_REF_MAX];   /* CONTROL_LOAD: the image reference */
	char init[CONTROL_INIT_MAX]; /* CONTROL_LOAD: its init, "": found */
};

/* How far a load is. Sizes in bytes, 0: not known (yet). */
struct progress {
	uint64_t fetched;
	uint64_t fetch_total; /* what the server says there is to fetch */
	uint64_t unpacked;
	uint64_t entries;
	uint64_t elapsed_ms;
};

/* What `boomerang image unpack` made in its directory. */
enum image_layout {
	IMAGE_LAYOUT_NONE,
	IMAGE_LAYOUT_TREE,     /* DIR/tree: an unpacked root */
	IMAGE_LAYOUT_SQUASHFS, /* DIR/image: a squashfs file */
	IMAGE_LAYOUT_EROFS,    /* DIR/image: an erofs file */
};

enum image_report_kind {
	IMAGE_REPORT_PROGRESS = 1,
	IMAGE_REPORT_DONE,
	IMAGE_REPORT_FAILED,
};

struct image_report {
	uint32_t magic;
	uint32_t kind;
	uint32_t layout; /* enum image_layout, with IMAGE_REPORT_DONE */
	struct progress progress;
	struct failure failure;
};

/* The stages, levels and expectations of doc/timeline.md that a bootstrap
 * knows; `boomerang report` has their names. */
enum report_stage {
	REPORT_BOOTSTRAP,
	REPORT_IMAGE,
	REPORT_TARGET,
	REPORT_RETURN,
	REPORT_STAGES,
};

enum report_level {
	REPORT_INFO,
	REPORT_WARNING,
	REPORT_ERROR,
	REPORT_LEVELS,
};

enum report_next {
	REPORT_NEXT_NOTHING,
	REPORT_NEXT_IMAGE,
	REPORT_NEXT_PROGRESS,
	REPORT_NEXT_TARGET,
	REPORT_NEXTS,
};

#define REPORT_TEXT_MAX 240

struct server_report {
	uint32_t magic;
	uint32_t stage; /* enum report_stage */
	uint32_t level; /* enum report_level */
	uint32_t next;	/* enum report_next */
	int64_t at_ms;	/* clock_ms(), when it happened */
	uint8_t mac[8]; /* of the interface that has an address, six bytes;
			   zeros: none had one yet */
	char text[REPORT_TEXT_MAX]; /* "": only the address is told */
};

enum phase {
	PHASE_BOOTSTRAP,
	PHASE_LOADING,
	PHASE_TARGET,
	PHASE_RETURNING,
};

/* One difference that the audit found after a return. */
struct leak {
	uint32_t undone;	     /* 1: put right, 0: it remains */
	char what[CONTROL_LEAK_MAX]; /* "loop0: detached from /x.img" */
};

struct leaks {
	uint32_t count;	 /* found, may exceed what is listed */
	uint32_t undone; /* of them */
	uint32_t listed;
	struct leak list[CONTROL_LEAKS];
};

struct status {
	uint32_t phase; /* enum phase */
	uint32_t loads; /* targets entered since boot */
	uint32_t returns;
	int64_t boot_time; /* seconds since the epoch */
	uint64_t uptime_ms;
	uint64_t memory_total;	     /* bytes */
	uint64_t memory_available;   /* bytes */
	uint64_t return_ms;	     /* how long the last return took */
	char return_reason[64];	     /* "hotkey", "serial ttyS0", … */
	char image[CONTROL_REF_MAX]; /* last reference asked for */
	char network[160];	     /* "eth0 10.0.2.15/24 via 10.0.2.2", … */
	struct failure failure;	     /* of the last load, err 0: none */
	struct leaks leaks;	     /* of the last return */
};

enum control_reply_kind {
	CONTROL_PROGRESS = 1,
	CONTROL_DONE,
	CONTROL_FAILED,
	CONTROL_STATUS_IS,
};

struct control_reply {
	uint32_t magic;
	uint32_t kind;
	union {
		struct progress progress;
		struct failure failure;
		struct status status;
	};
};
