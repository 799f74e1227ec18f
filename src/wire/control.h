/* SPDX-License-Identifier: MIT */
/*
 * The messages between PID 1 and everything else in the bootstrap. Both ends
 * come out of one build, so a message is a struct: fixed size, no pointers,
 * one per SOCK_SEQPACKET record. A record of another size or magic is refused.
 *
 * Control socket (CONTROL_PATH, root only): one request a connection, then
 * replies. CONTROL_LOAD answers with any number of CONTROL_WAITING and
 * CONTROL_PROGRESS and ends with CONTROL_DONE (the target's init runs) or
 * CONTROL_FAILED; closing the connection before that cancels the load.
 * CONTROL_STATUS answers with one CONTROL_STATUS_IS; the others with CONTROL_DONE (accepted) or
 * CONTROL_FAILED. CONTROL_KEXEC starts the kernel that was loaded for
 * kexec(8), which is refused while an image runs.
 *
 * Server reports (descriptor 3 of `boomerang report URL`): PID 1 tells what the
 * boot server shall know, in struct server_report. Nothing comes back; PID 1
 * drops what does not fit into the socket.
 *
 * Report pipe (descriptor 3 of `boomerang image load --report`): the child that
 * brings an image into the store tells how far it is, in struct image_report;
 * the last one, IMAGE_REPORT_DONE, is followed by one struct image_made. Then
 * the store is held for the reader until it hangs up.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define CONTROL_DIR   "/run/boomerang"
#define CONTROL_PATH  CONTROL_DIR "/control"
#define CONTROL_MAGIC 0x424d5231u /* "BMR1" */

#define CONTROL_REF_MAX	 2048
#define CONTROL_INIT_MAX 256
#define CONTROL_KEEP_MAX 64
#define SHA256_HEX_MAX	 65 /* 64 digits and the NUL */
#define CONTROL_LEAKS	 48
#define CONTROL_LEAK_MAX 160

/* [A-Za-z0-9._-], not beginning with '.' or '-', at most CONTROL_KEEP_MAX - 1
 * of them: it becomes the name of a directory, and an argument. */
bool control_keep_valid(const char *name);
/* 64 hexadecimal digits of either case. */
bool control_sha256_valid(const char *hex);

enum control_verb {
	CONTROL_LOAD = 1,
	CONTROL_RETURN,
	CONTROL_STATUS,
	CONTROL_REBOOT,
	CONTROL_POWEROFF,
	CONTROL_KEXEC,
};

struct control_request {
	uint32_t magic;
	uint32_t verb;
	char ref[CONTROL_REF_MAX];   /* CONTROL_LOAD: the image reference */
	char init[CONTROL_INIT_MAX]; /* CONTROL_LOAD: its init, "": found */
	char sha256[SHA256_HEX_MAX]; /* CONTROL_LOAD: of the image, "": any */
	char keep[CONTROL_KEEP_MAX]; /* CONTROL_LOAD: the name under which its
					changes are kept, "": they are not */
	uint32_t require_signature;  /* CONTROL_LOAD: 1: refuse an unsigned
					image, 0: as the bootstrap was built */
};

/* How far a load is. Sizes in bytes, 0: not known (yet). */
struct progress {
	uint64_t fetched;
	uint64_t fetch_total; /* what the server says there is to fetch */
	uint64_t unpacked;
	uint64_t entries;
	uint64_t elapsed_ms;
};

/* What one layer of an image in the store is. */
enum image_layout {
	IMAGE_LAYOUT_NONE,
	IMAGE_LAYOUT_TREE, /* LAYER/tree: a directory, whiteouts as overlayfs
			      has them */
	IMAGE_LAYOUT_FILE, /* LAYER/image: a file with a file system in it */
};

/*
 * The store: images in the bootstrap's memory, on a tmpfs of their own.
 *
 *   layers/ID/tree or layers/ID/image, and layers/ID/layer.json
 *   images/ID.json	what an image is made of (image/store.h)
 *   keep/NAME/{upper,work,image}	changes that are kept, and to which image
 *					they belong: its ID
 *   new/		what is being made; rubbish when nothing is
 *   running		the ID of the image that runs now, if one does
 *
 * ID: the first STORE_ID_DIGITS digits of a sha256.
 */
#define STORE_DIR	CONTROL_DIR "/images"
#define STORE_ID_DIGITS 16
#define STORE_ID_MAX	(STORE_ID_DIGITS + 1)

#define IMAGE_LAYERS_MAX       128 /* of one image; Docker makes 127 at most */
#define IMAGE_ARGS_MAX	       4096
#define IMAGE_ENV_MAX	       8192
#define IMAGE_DIRECTORY_MAX    256
#define IMAGE_USER_MAX	       64
#define IMAGE_FSTYPE_MAX       16
#define IMAGE_SUBDIRECTORY_MAX 64

/*
 * The program that an image names itself (OCI image-spec config.md: Entrypoint
 * and Cmd, Env, WorkingDir, User). args and env are strings one behind the
 * other, each with its NUL; args_len 0: none is named.
 */
struct image_start {
	uint32_t args_len;
	uint32_t env_len;
	char args[IMAGE_ARGS_MAX];
	char env[IMAGE_ENV_MAX];
	char directory[IMAGE_DIRECTORY_MAX]; /* "": "/" */
	char user[IMAGE_USER_MAX];	     /* "name", "uid", either with
						":group" or ":gid"; "": root */
};

/* An image of the store, ready to be mounted. */
struct image_made {
	uint32_t magic;
	uint32_t layer_count;
	char id[STORE_ID_MAX];
	struct {
		char id[STORE_ID_MAX];
	} layers[IMAGE_LAYERS_MAX]; /* lowest first */
	uint32_t layout;	    /* enum image_layout, of all of them; one
				       layer with IMAGE_LAYOUT_FILE */
	/* With IMAGE_LAYOUT_FILE: where in the file the root file system is
	 * (bytes; length 0: to its end) and what mount(2) calls it. */
	uint64_t offset;
	uint64_t length;
	char fstype[IMAGE_FSTYPE_MAX];
	/* The directory in it that is the root, such as a subvolume of btrfs;
	 * "": its top. Without "/" and "..". */
	char subdirectory[IMAGE_SUBDIRECTORY_MAX];
	struct image_start start;
};

enum image_report_kind {
	IMAGE_REPORT_PROGRESS = 1,
	IMAGE_REPORT_DONE,
	IMAGE_REPORT_FAILED,
};

struct image_report {
	uint32_t magic;
	uint32_t kind;
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

#define CONTROL_NETWORK_MAX 320

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
	/* "eth0 10.0.2.15/24 via 10.0.2.2", … */
	char network[CONTROL_NETWORK_MAX];
	uint32_t network_up;	/* 1: some interface has an address */
	struct failure failure; /* of the last load, err 0: none */
	struct leaks leaks;	/* of the last return */
};

enum control_reply_kind {
	CONTROL_PROGRESS = 1,
	CONTROL_DONE,
	CONTROL_FAILED,
	CONTROL_STATUS_IS,
	CONTROL_WAITING,
};

struct control_reply {
	uint32_t magic;
	uint32_t kind;
	union {
		struct progress progress;
		struct failure failure;
		struct status status;
		/* For the network, and what is known of it. */
		char waiting[CONTROL_NETWORK_MAX];
	};
};
