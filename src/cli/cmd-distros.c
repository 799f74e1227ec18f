/* SPDX-License-Identifier: MIT */
/* boomerang distros: what `boomerang boot NAME` knows. */
#include <getopt.h>
#include <jansson.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/commands.h"
#include "image/http.h"
#include "iso/distros.h"

/* --- looking --- */

enum check {
	CHECK_NONE,
	CHECK_CHECKSUM,
	CHECK_SIGNATURE,
};

static const char *const check_names[] = {
	[CHECK_NONE] = "none",
	[CHECK_CHECKSUM] = "checksum",
	[CHECK_SIGNATURE] = "signature",
};

static enum check check_of(const struct distro *distro)
{
	if (distro->signature)
		return CHECK_SIGNATURE;
	return distro->checksums || distro->sha256 ? CHECK_CHECKSUM
						   : CHECK_NONE;
}

static json_t *distro_json(const struct distro *distro)
{
	json_t *urls = json_array();

	for (size_t i = 0; i < distro->url_count; i++)
		if (json_array_append_new(urls, json_string(distro->urls[i])) <
		    0)
			break;
	return json_pack("{ss ss ss* ss ss so}", "name", distro->name, "title",
			 distro->title, "version", distro->version, "medium",
			 medium_name(distro->medium), "checked_by",
			 check_names[check_of(distro)], "urls", urls);
}

static int print_json(const struct distros *distros)
{
	json_t *rows = json_array(), *table;
	int r = -1;

	for (size_t i = 0; i < distros->count; i++)
		if (json_array_append_new(rows,
					  distro_json(&distros->list[i])) < 0)
			break;
	table = json_pack("{ss so}", "date", distros->date, "distros", rows);
	if (table && json_array_size(rows) == distros->count)
		r = json_dumpf(table, stdout, JSON_INDENT(2));
	json_decref(table);
	if (r == 0 && putchar('\n') != EOF)
		return STATUS_OK;
	log_error("cannot write the table of distributions as JSON");
	return STATUS_FAILED;
}

static void print_table(const struct distros *distros)
{
	int name_width = 0, title_width = 0;

	for (size_t i = 0; i < distros->count; i++) {
		const struct distro *distro = &distros->list[i];

		name_width = MAX(name_width, (int)strlen(distro->name));
		title_width = MAX(title_width, (int)strlen(distro->title));
	}
	printf("%-*s  %-*s  %s\n", name_width, "NAME", title_width, "WHAT",
	       "CHECKED BY");
	for (size_t i = 0; i < distros->count; i++) {
		const struct distro *distro = &distros->list[i];

		printf("%-*s  %-*s  %s\n", name_width, distro->name,
		       title_width, distro->title,
		       check_names[check_of(distro)]);
	}
	printf("\ntable of %s; boomerang boot NAME\n", distros->date);
}

static int list(bool json)
{
	_cleanup_distros struct distros distros = { 0 };
	struct failure failure;

	if (distros_load(&distros, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	if (json)
		return print_json(&distros);
	print_table(&distros);
	return STATUS_OK;
}

/* --- changing --- */

static int update(const char *url)
{
	struct failure failure;
	struct trust trust;
	size_t count;

	if (!str_after(url, "https://") && !str_after(url, "http://"))
		return command_misuse("distros",
				      "update wants a URL, http:// or "
				      "https://");
	if (str_after(url, "http://"))
		log_warning("%s comes unencrypted: whoever is between may "
			    "change whose signatures are believed",
			    url);
	if (http_start(&failure) < 0 || trust_read(&trust, &failure) < 0 ||
	    distros_update(url, &trust, &count, &failure) < 0) {
		log_error("%s", failure.text);
		return STATUS_FAILED;
	}
	printf("%zu distributions, in " DISTROS_PATH "\n", count);
	return STATUS_OK;
}

/* --- the command line --- */

static int run_verb(bool json, int count, char **word)
{
	if (count == 0 || (count == 1 && str_eq(word[0], "list")))
		return list(json);
	if (json)
		return command_misuse("distros", "--json lists only");
	if (str_eq(word[0], "list"))
		return command_misuse("distros", "list takes no argument");
	if (!str_eq(word[0], "update"))
		return command_misuse("distros",
				      "has no verb \"%s\", only list and "
				      "update",
				      word[0]);
	if (count != 2)
		return command_misuse("distros", "update wants one URL");
	return update(word[1]);
}

int cmd_distros(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option != 'j')
			return command_bad_option(option, argv);
		json = true;
	}
	return run_verb(json, argc - optind, argv + optind);
}
