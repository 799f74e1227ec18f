/* SPDX-License-Identifier: MIT */
/*
 * Joining wireless networks. A passphrase comes from the terminal, from
 * standard input or from a file, and goes into wpa_supplicant's socket; it is
 * in no argument and in no message.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/secret.h"
#include "cli/wifi-wizard.h"

#define SCANS_MAX 2 /* a beacon can be missed */

struct arguments {
	const char *interface;
	const char *passphrase_file;
	bool hidden;
};

struct verb {
	const char *name;
	int (*run)(struct wifi *wifi, const struct arguments *a,
		   const char *word, struct failure *failure);
	bool needs_ssid, takes_ssid;
};

static int run_list(struct wifi *wifi, _unused const struct arguments *a,
		    _unused const char *word, struct failure *failure)
{
	static struct wpa_scan scan;
	struct wpa_status status;
	int32_t level;
	int r = wifi_scan(wifi, &scan, failure);

	if (r == 0)
		r = wifi_status(wifi, &status, &level, failure);
	if (r == 0)
		wifi_print_scan(&scan, &status);
	return r;
}

static int parse_name(const char *word, struct wpa_ssid *ret_ssid,
		      struct failure *failure)
{
	int r = wpa_ssid_parse(view_over(word, strlen(word)), ret_ssid);

	if (r == 0 && ret_ssid->len > 0)
		return 0;
	return failure_set(failure, EINVAL,
			   "\"%s\" is no name of a network: it has 1 to %d "
			   "bytes, with \\xNN for those that cannot be typed "
			   "and \\\\ for a backslash",
			   word, WPA_SSID_MAX);
}

static int find_network(struct wifi *wifi, const struct wpa_ssid *ssid,
			struct wpa_bss *ret_bss, struct failure *failure)
{
	static struct wpa_scan scan;
	char name[WPA_SSID_TEXT_MAX];
	const struct wpa_bss *bss = NULL;

	for (int i = 0; i < SCANS_MAX && !bss; i++) {
		int r = wifi_scan(wifi, &scan, failure);

		if (r < 0)
			return r;
		bss = wpa_scan_find(&scan, ssid);
	}
	if (!bss)
		return failure_set(failure, ENETUNREACH,
				   "%s: no such network is in reach; `wifi` "
				   "lists those that are, --hidden joins one "
				   "that hides its name",
				   wpa_ssid_text(ssid, name));
	*ret_bss = *bss;
	return 0;
}

static int get_secret(struct wifi *wifi, const struct arguments *a,
		      char secret[static WPA_SECRET_MAX],
		      struct failure *failure)
{
	if (a->passphrase_file)
		return secret_read(a->passphrase_file, secret, WPA_SECRET_MAX,
				   failure);
	return secret_ask("Passphrase: ", wifi->interrupt, secret,
			  WPA_SECRET_MAX, failure);
}

static int run_connect(struct wifi *wifi, const struct arguments *a,
		       const char *word, struct failure *failure)
{
	char secret[WPA_SECRET_MAX] = "";
	struct wpa_bss bss = { .security = WPA_PSK_SAE };
	int r = parse_name(word, &bss.ssid, failure);

	if (r == 0 && !a->hidden)
		r = find_network(wifi, &bss.ssid, &bss, failure);
	if (r == 0 && a->passphrase_file && !wpa_needs_secret(bss.security))
		r = failure_set(failure, EINVAL,
				"%s: this network has no passphrase; is it the "
				"right one?",
				word);
	if (r == 0 && wpa_needs_secret(bss.security))
		r = get_secret(wifi, a, secret, failure);
	if (r == 0 && a->hidden && !*secret)
		bss.security = WPA_OPEN;
	if (r == 0)
		r = wifi_connect(wifi, &bss, a->hidden, secret, failure);
	explicit_bzero(secret, sizeof(secret));
	return r;
}

static int run_forget(struct wifi *wifi, _unused const struct arguments *a,
		      const char *word, struct failure *failure)
{
	struct wpa_ssid ssid;
	int r = word ? parse_name(word, &ssid, failure) : 0;

	if (r == 0)
		r = wifi_forget(wifi, word ? &ssid : NULL, failure);
	if (r < 0)
		return r;
	if (r == 0 && word)
		return failure_set(failure, ENOENT,
				   "%s: no such network was joined", word);
	printf("%d network%s forgotten\n", r, r == 1 ? "" : "s");
	return 0;
}

static int run_status(struct wifi *wifi, _unused const struct arguments *a,
		      _unused const char *word, struct failure *failure)
{
	struct wpa_status status;
	int32_t level;
	int r = wifi_status(wifi, &status, &level, failure);

	if (r == 0)
		wifi_print_status(wifi, &status, level);
	return r;
}

static int run_wizard(struct wifi *wifi, _unused const struct arguments *a,
		      _unused const char *word, struct failure *failure)
{
	return wifi_wizard(wifi, failure);
}

static const struct verb wizard = { .name = "", .run = run_wizard };

static const struct verb verbs[] = {
	{ .name = "list", .run = run_list },
	{ .name = "connect",
	  .run = run_connect,
	  .needs_ssid = true,
	  .takes_ssid = true },
	{ .name = "forget", .run = run_forget, .takes_ssid = true },
	{ .name = "status", .run = run_status },
};

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(verbs); i++)
		if (str_eq(verbs[i].name, word))
			return &verbs[i];
	return word ? NULL : &wizard;
}

static int parse_options(int argc, char **argv, struct arguments *a)
{
	static const struct option options[] = {
		{ "hidden", no_argument, NULL, 'h' },
		{ "interface", required_argument, NULL, 'i' },
		{ "passphrase-file", required_argument, NULL, 'p' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, ":i:", options, NULL)) != -1) {
		switch (option) {
		case 'h':
			a->hidden = true;
			break;
		case 'i':
			a->interface = optarg;
			break;
		case 'p':
			a->passphrase_file = optarg;
			break;
		default:
			return command_bad_option(option, argv);
		}
	}
	return STATUS_OK;
}

static int check_arguments(int argc, char **argv, const struct arguments *a,
			   const struct verb *verb)
{
	int given = argc - optind;

	if (!verb)
		return command_misuse(argv[0],
				      "there are list, connect, forget, "
				      "status, not \"%s\"",
				      argv[optind]);
	if (verb->needs_ssid && given < 2)
		return command_misuse(argv[0], "%s which network?", verb->name);
	/* What is too much may be a passphrase, so it is not repeated. */
	if (given > 1 + verb->takes_ssid)
		return command_misuse(argv[0],
				      "too many words; a name with blanks is "
				      "put in quotes, a passphrase is asked "
				      "for");
	if (!verb->needs_ssid && (a->hidden || a->passphrase_file))
		return command_misuse(argv[0],
				      "--hidden and --passphrase-file are for "
				      "connect");
	return STATUS_OK;
}

static int run(const struct verb *verb, const struct arguments *a,
	       const char *word)
{
	struct interrupt interrupt;
	struct failure failure;
	struct wifi wifi;
	int r = interrupt_begin(&interrupt);

	if (r < 0) {
		log_error("wifi: %s", strerrordesc_np(-r));
		return STATUS_FAILED;
	}
	r = wifi_open(&wifi, a->interface, &interrupt, &failure);
	if (r == 0)
		r = verb->run(&wifi, a, word, &failure);
	wifi_close(&wifi);
	interrupt_end(&interrupt);
	if (r < 0)
		log_error("wifi: %s", failure.text);
	return r < 0 ? STATUS_FAILED : STATUS_OK;
}

int cmd_wifi(int argc, char **argv)
{
	struct arguments a = { 0 };
	int status = parse_options(argc, argv, &a);
	const struct verb *verb = NULL;

	if (status == STATUS_OK) {
		verb = find_verb(argv[optind]);
		status = check_arguments(argc, argv, &a, verb);
	}
	return status == STATUS_OK
		       ? run(verb, &a,
			     argc - optind > 1 ? argv[optind + 1] : NULL)
		       : status;
}
