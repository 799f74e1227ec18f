/* SPDX-License-Identifier: MIT */
/*
 * Options begin with two dashes or, as Pixiecore's did, with one: its command
 * lines work as they are (getopt_long_only(3)). Its names that differ from ours
 * are rows of the same table.
 */
#include "server/options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "wire/dhcp4.h"

#define DEFAULT_DIR	       "out"
#define DEFAULT_API_TIMEOUT_MS 5000
#define API_TIMEOUT_MAX_MS     (300 * MS_PER_S)

enum option_id {
	OPTION_API = 256,
	OPTION_API_TIMEOUT,
	OPTION_CMDLINE,
	OPTION_DEBUG,
	OPTION_DHCP_NO_BIND,
	OPTION_DHCP_SERVER,
	OPTION_DRY_RUN,
	OPTION_HELP,
	OPTION_INITRD,
	OPTION_INTERFACE,
	OPTION_KERNEL,
	OPTION_LISTEN,
	OPTION_LOG_JSON,
	OPTION_MACHINES,
	OPTION_MESSAGE,
	OPTION_PORT_DHCP,
	OPTION_PORT_HTTP,
	OPTION_PORT_PXE,
	OPTION_PORT_TFTP,
	OPTION_SECURE_BOOT,
	OPTION_TFTP_ROOT,
};

static const struct option table[] = {
	{ "api", required_argument, NULL, OPTION_API },
	{ "api-timeout", required_argument, NULL, OPTION_API_TIMEOUT },
	{ "cmdline", required_argument, NULL, OPTION_CMDLINE },
	{ "debug", optional_argument, NULL, OPTION_DEBUG },
	{ "dhcp-no-bind", no_argument, NULL, OPTION_DHCP_NO_BIND },
	{ "dhcp-server", required_argument, NULL, OPTION_DHCP_SERVER },
	{ "dry-run", required_argument, NULL, OPTION_DRY_RUN },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "http-port", required_argument, NULL, OPTION_PORT_HTTP },
	{ "initrd", required_argument, NULL, OPTION_INITRD },
	{ "interface", required_argument, NULL, OPTION_INTERFACE },
	{ "kernel", required_argument, NULL, OPTION_KERNEL },
	{ "listen", required_argument, NULL, OPTION_LISTEN },
	{ "log-json", no_argument, NULL, OPTION_LOG_JSON },
	{ "machines", required_argument, NULL, OPTION_MACHINES },
	{ "message", required_argument, NULL, OPTION_MESSAGE },
	{ "secure-boot", no_argument, NULL, OPTION_SECURE_BOOT },
	{ "tftp-root", required_argument, NULL, OPTION_TFTP_ROOT },
	/* Pixiecore's. */
	{ "api-request-timeout", required_argument, NULL, OPTION_API_TIMEOUT },
	{ "bootmsg", required_argument, NULL, OPTION_MESSAGE },
	{ "listen-addr", required_argument, NULL, OPTION_LISTEN },
	{ "port", required_argument, NULL, OPTION_PORT_HTTP },
	{ "port-dhcp", required_argument, NULL, OPTION_PORT_DHCP },
	{ "port-http", required_argument, NULL, OPTION_PORT_HTTP },
	{ "port-pxe", required_argument, NULL, OPTION_PORT_PXE },
	{ "port-tftp", required_argument, NULL, OPTION_PORT_TFTP },
	{ 0 },
};

static int parse_port(const char *text, uint16_t *ret_port,
		      struct failure *failure)
{
	uint64_t port;

	if (str_to_u64(text, UINT16_MAX, &port) < 0 || port == 0)
		return failure_set(failure, EINVAL,
				   "\"%s\" is not a port, a number from 1 to "
				   "65535",
				   text);
	*ret_port = (uint16_t)port;
	return 0;
}

/* A piece of a time, "30s" of "1m30s", added to *ms. False: it is none. */
static bool take_time(const char **at, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 } };
	uint64_t whole = 0, part = 0, worth = 100; /* part: thousandths */
	const char *start = *at;

	for (; **at >= '0' && **at <= '9'; (*at)++)
		whole = MIN(whole * 10 + (uint64_t)(**at - '0'),
			    (uint64_t)API_TIMEOUT_MAX_MS + 1);
	if (*at == start)
		return false;
	if (**at == '.')
		for ((*at)++; **at >= '0' && **at <= '9'; (*at)++) {
			part += (uint64_t)(**at - '0') * worth;
			worth /= 10;
		}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		const char *rest = str_after(*at, units[i].unit);

		if (!rest || (*rest && (*rest < '0' || *rest > '9')))
			continue;
		*ms += whole * units[i].ms + part * units[i].ms / 1000;
		*at = rest;
		return true;
	}
	return false;
}

/* "5s", "500ms", "1.5s", "1m30s", as Go writes them; a number alone is
 * seconds. */
static int parse_duration(const char *text, int64_t *ret_ms,
			  struct failure *failure)
{
	const char *at = text;
	uint64_t ms = 0, seconds;

	if (str_to_u64(text, API_TIMEOUT_MAX_MS, &seconds) == 0) {
		ms = seconds * MS_PER_S;
	} else {
		while (*at && ms <= (uint64_t)API_TIMEOUT_MAX_MS)
			if (!take_time(&at, &ms))
				ms = UINT64_MAX;
	}
	if (ms > 0 && ms <= (uint64_t)API_TIMEOUT_MAX_MS) {
		*ret_ms = (int64_t)ms;
		return 0;
	}
	return failure_set(failure, EINVAL,
			   "\"%s\" is not a time such as 5s or 500ms, at most "
			   "5m",
			   text);
}

static int parse_address(const char *text, uint32_t *ret_address,
			 struct failure *failure)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) != 1)
		return failure_set(failure, EINVAL,
				   "\"%s\" is not an IPv4 address to listen on",
				   text);
	*ret_address = ntohl(address.s_addr);
	return 0;
}

static int add_initrd(struct serve_settings *s, const char *initrd,
		      struct failure *failure)
{
	if (s->initrd_count == SERVE_INITRDS_MAX)
		return failure_set(failure, EINVAL,
				   "more than %d initrds; put some together "
				   "with cat",
				   SERVE_INITRDS_MAX);
	s->initrds[s->initrd_count++] = initrd;
	return 0;
}

/* -initrd a,b,c of Pixiecore. With two dashes a comma is part of the name. */
static int add_initrds(struct serve_options *o, const char *word, char *value,
		       struct failure *failure)
{
	char *list, *piece;
	int r = 0;

	if (str_after(word, "--") || !strchr(value, ','))
		return add_initrd(&o->settings, value, failure);
	list = o->initrd_list_count < SERVE_INITRDS_MAX ? strdup(value) : NULL;
	if (!list)
		return failure_errno(failure, ENOMEM, "-initrd");
	o->initrd_lists[o->initrd_list_count++] = list;
	while (r == 0 && (piece = strsep(&list, ",")))
		if (piece[0])
			r = add_initrd(&o->settings, piece, failure);
	return r;
}

static int add_interface(struct serve_settings *s, const char *name,
			 struct failure *failure)
{
	if (s->interface_count == SERVE_INTERFACES_MAX)
		return failure_set(failure, EINVAL,
				   "more than %d interfaces; leave --interface "
				   "out to serve all",
				   SERVE_INTERFACES_MAX);
	s->interfaces[s->interface_count++] = name;
	return 0;
}

static int set_dry_run(struct serve_options *o, const char *mac,
		       struct failure *failure)
{
	o->dry_run = true;
	if (mac_parse(mac, &o->dry_run_mac) < 0)
		return failure_set(failure, EINVAL,
				   "--dry-run: \"%s\" is not a MAC address "
				   "such as 52:54:00:12:34:56",
				   mac);
	return 0;
}

static int take(struct serve_options *o, enum option_id id, const char *word,
		char *value, struct failure *failure)
{
	struct serve_settings *s = &o->settings;

	switch (id) {
	case OPTION_API:
		s->api = value;
		return 0;
	case OPTION_API_TIMEOUT:
		return parse_duration(value, &s->api_timeout_ms, failure);
	case OPTION_CMDLINE:
		s->cmdline = value;
		return 0;
	case OPTION_DEBUG:
		/* Go's flags are also written -debug=true. */
		s->debug = !value || !str_eq(value, "false");
		return 0;
	case OPTION_DHCP_NO_BIND:
		s->dhcp_no_bind = true;
		return 0;
	case OPTION_DHCP_SERVER:
		s->dhcp_range = value;
		return 0;
	case OPTION_DRY_RUN:
		return set_dry_run(o, value, failure);
	case OPTION_HELP:
		o->help = true;
		return 0;
	case OPTION_INITRD:
		return add_initrds(o, word, value, failure);
	case OPTION_INTERFACE:
		return add_interface(s, value, failure);
	case OPTION_KERNEL:
		s->kernel = value;
		return 0;
	case OPTION_LISTEN:
		return parse_address(value, &s->listen, failure);
	case OPTION_LOG_JSON:
		s->log_json = true;
		return 0;
	case OPTION_MACHINES:
		s->machines = value;
		return 0;
	case OPTION_MESSAGE:
		s->message = value;
		return 0;
	case OPTION_PORT_DHCP:
		return parse_port(value, &s->dhcp_port, failure);
	case OPTION_PORT_HTTP:
		return parse_port(value, &s->http_port, failure);
	case OPTION_PORT_PXE:
		return parse_port(value, &s->pxe_port, failure);
	case OPTION_PORT_TFTP:
		return parse_port(value, &s->tftp_port, failure);
	case OPTION_SECURE_BOOT:
		s->secure_boot = true;
		return 0;
	case OPTION_TFTP_ROOT:
		s->tftp_root = value;
		return 0;
	}
	return failure_set(failure, EINVAL, "%s is not an option", word);
}

static int take_options(int argc, char **argv, struct serve_options *o,
			struct failure *failure)
{
	int id, r = 0;

	opterr = 0;
	optind = 0; /* glibc: begin anew, as tests do */
	while (r == 0 &&
	       (id = getopt_long_only(argc, argv, ":", table, NULL)) != -1) {
		/* The option's word: before its value, or with it. */
		const char *word = argv[optind - 1];

		if (optarg == word)
			word = argv[optind - 2];
		if (id == ':')
			return failure_set(failure, EINVAL, "%s needs a value",
					   word);
		if (id == '?')
			return failure_set(failure, EINVAL,
					   "%s is not an option", word);
		r = take(o, (enum option_id)id, word, optarg, failure);
	}
	return r;
}

/* What excludes or needs what. */
static int check_together(const struct serve_settings *s, const char *dir,
			  struct failure *failure)
{
	if (!!s->kernel + !!s->api + !!s->machines > 1)
		return failure_set(failure, EINVAL,
				   "--kernel, --api and --machines exclude "
				   "each other: who boots what is decided by "
				   "one of them");
	if (s->kernel && dir)
		return failure_set(failure, EINVAL,
				   "--kernel and a directory (\"%s\") exclude "
				   "each other; another file for the machine "
				   "is an --initrd",
				   dir);
	if (!s->kernel && (s->initrd_count || s->cmdline || s->message))
		return failure_set(failure, EINVAL, "%s needs --kernel",
				   s->initrd_count ? "--initrd"
				   : s->cmdline	   ? "--cmdline"
						   : "--message");
	return 0;
}

static void choose_mode(struct serve_settings *s, const char *dir)
{
	s->mode = s->kernel	? SERVE_STATIC
		  : s->api	? SERVE_API
		  : s->machines ? SERVE_MACHINES
				: SERVE_DIR;
	if (s->mode == SERVE_STATIC)
		return;
	/* For the others the bootstrap is needed only if a machine is to get
	 * an image. */
	if (dir || s->mode == SERVE_DIR || access(DEFAULT_DIR, F_OK) == 0)
		s->dir = dir ? dir : DEFAULT_DIR;
}

static int parse(int argc, char **argv, struct serve_options *o,
		 struct failure *failure)
{
	const char *dir;
	int r = take_options(argc, argv, o, failure);

	if (r < 0 || o->help)
		return r;
	if (argc - optind > 1)
		return failure_set(failure, EINVAL,
				   "one directory at most, \"%s\" is too much",
				   argv[optind + 1]);
	dir = optind < argc ? argv[optind] : NULL;
	r = check_together(&o->settings, dir, failure);
	if (r < 0)
		return r;
	choose_mode(&o->settings, dir);
	return 0;
}

int options_parse(int argc, char **argv, struct serve_options *ret_options,
		  struct failure *failure)
{
	struct serve_options options = {
		.settings = {
			.api_timeout_ms = DEFAULT_API_TIMEOUT_MS,
			.dhcp_port = DHCP4_SERVER_PORT,
			.pxe_port = 4011,
			.tftp_port = 69,
			.http_port = 80,
		},
	};
	int r = parse(argc, argv, &options, failure);

	if (r < 0) {
		options_free(&options);
		return r;
	}
	*ret_options = options;
	return 0;
}

void options_free(struct serve_options *options)
{
	for (size_t i = 0; i < options->initrd_list_count; i++)
		free(options->initrd_lists[i]);
	options->initrd_list_count = 0;
}
