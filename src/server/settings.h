/* SPDX-License-Identifier: MIT */
/* What `boomerang serve` was told, checked as far as it can be without
 * looking at files. Owned by the command, which outlives the server. */
#pragma once

#include "base/util.h"

#define SERVE_INTERFACES_MAX 16
#define SERVE_INITRDS_MAX    32

enum serve_mode {
	SERVE_DIR,    /* the bootstrap in dir */
	SERVE_STATIC, /* kernel, initrds, cmdline, message */
	SERVE_API,
	SERVE_MACHINES, /* the machines file alone decides */
};

struct serve_settings {
	enum serve_mode mode;
	const char *dir; /* served, and where the bootstrap is; NULL: none */
	const char *kernel;
	const char *initrds[SERVE_INITRDS_MAX];
	size_t initrd_count;
	const char *cmdline; /* as the user gave it, may hold {{ ID "…" }} and
				{{ URL "…" }}; NULL: none */
	const char *message; /* NULL: none */
	const char *api;     /* URL prefix */
	int64_t api_timeout_ms;
	const char *machines; /* INI file; NULL: none */
	uint32_t listen;      /* host order; 0: every address */
	const char *interfaces[SERVE_INTERFACES_MAX]; /* 0 of them: all */
	size_t interface_count;
	uint16_t dhcp_port, pxe_port, tftp_port, http_port;
	bool dhcp_no_bind;
	const char *dhcp_range; /* full DHCP server, see dhcp-range.h; NULL:
				   beside another */
	const char *tftp_root;	/* NULL: none */
	bool secure_boot;	/* shim and GRUB first */
	bool log_json;
	bool debug;
};
