/* SPDX-License-Identifier: MIT */
#include "iso/distros.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/newfile.h"
#include "base/path.h"
#include "base/text.h"
#include "base/whole-file.h"
#include "image/checksum-list.h"
#include "image/http.h"
#include "image/verify.h"
#include "iso/distro-row.h"

#define TABLE "table" /* the section about the whole */

static const char own_table[] =
#include "distros-ini.h"
	;

/* --- parsing --- */

static bool is_date(const char *text)
{
	static const char form[] = "0000-00-00";
	size_t i;

	for (i = 0; form[i]; i++)
		if (form[i] == '0' ? text[i] < '0' || text[i] > '9'
				   : text[i] != form[i])
			return false;
	return !text[i];
}

static int read_table(const struct sections *sections, struct distros *distros,
		      struct failure *failure)
{
	const struct section *table = sections_find(sections, TABLE);
	const struct section_pair *date;

	if (!table)
		return failure_set(failure, EBADMSG,
				   "%s: no [" TABLE "]: this is no table of "
				   "distributions",
				   sections->file);
	date = section_get(table, "date");
	if (!date || table->count != 1 || !is_date(date->value))
		return section_wrong(sections, table->line, failure,
				     "[" TABLE "] has one key: date = "
				     "YYYY-MM-DD");
	distros->date = strdup(date->value);
	return distros->date
		       ? 0
		       : failure_errno(failure, ENOMEM, "%s", sections->file);
}

/* Keys first: rows rely on them. */
static int check_keys(const struct sections *sections, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; i < sections->count && r == 0; i++)
		if (str_after(sections->list[i].name, DISTRO_KEY_PREFIX))
			r = distro_key_check(sections, &sections->list[i],
					     failure);
	return r;
}

static bool is_row(const struct section *section)
{
	return !str_eq(section->name, TABLE) &&
	       !str_after(section->name, DISTRO_KEY_PREFIX);
}

static int read_rows(const struct sections *sections, struct distros *distros,
		     struct failure *failure)
{
	distros->list = calloc(sections->count, sizeof(*distros->list));
	if (!distros->list)
		return failure_errno(failure, ENOMEM, "%s", sections->file);
	for (size_t i = 0; i < sections->count; i++) {
		int r;

		if (!is_row(&sections->list[i]))
			continue;
		r = distro_row(sections, &sections->list[i],
			       &distros->list[distros->count], failure);
		if (r < 0)
			return r;
		distros->count++;
	}
	if (distros->count == 0)
		return failure_set(failure, EBADMSG, "%s: lists nothing",
				   sections->file);
	return 0;
}

int distros_parse(const char *text, size_t len, const char *name,
		  struct distros *ret_distros, struct failure *failure)
{
	_cleanup_sections struct sections sections = { 0 };
	struct distros distros = { 0 };
	int r = sections_parse(text, len, name, &sections, failure);

	if (r == 0)
		r = read_table(&sections, &distros, failure);
	if (r == 0)
		r = check_keys(&sections, failure);
	if (r == 0)
		r = read_rows(&sections, &distros, failure);
	if (r < 0)
		distros_clear(&distros);
	else
		*ret_distros = distros;
	return r;
}

void distros_clear(struct distros *distros)
{
	for (size_t i = 0; i < distros->count; i++)
		distro_clear(&distros->list[i]);
	free(distros->list);
	free(distros->date);
	*distros = (struct distros){ 0 };
}

/* --- the table in use --- */

int distros_load(struct distros *ret_distros, struct failure *failure)
{
	_cleanup_fd int fd = open(DISTROS_PATH, O_RDONLY | O_CLOEXEC);
	_cleanup_free char *text = NULL;
	struct failure why;
	size_t len;
	int r;

	if (fd < 0 && errno == ENOENT)
		return distros_parse(own_table, sizeof(own_table) - 1,
				     "distros.ini", ret_distros, failure);
	r = fd < 0 ? -errno
		   : whole_file_read(fd, DISTROS_SIZE_MAX, &text, &len);
	if (r < 0)
		return failure_errno(failure, -r, "cannot read " DISTROS_PATH);
	r = distros_parse(text, len, DISTROS_PATH, ret_distros, &why);
	if (r < 0)
		return failure_set(failure, -r,
				   "%s; remove the file to have the program's "
				   "own table",
				   why.text);
	return 0;
}

static const char *find_nearest(const struct distros *distros, const char *name)
{
	_cleanup_free const char **names =
		calloc(distros->count, sizeof(*names));

	if (!names)
		return NULL;
	for (size_t i = 0; i < distros->count; i++)
		names[i] = distros->list[i].name;
	return nearest_name(name, names, distros->count);
}

int distros_find(const struct distros *distros, const char *name,
		 const struct distro **ret_distro, struct failure *failure)
{
	const char *nearest;

	for (size_t i = 0; i < distros->count; i++) {
		if (str_eq(distros->list[i].name, name)) {
			*ret_distro = &distros->list[i];
			return 0;
		}
	}
	nearest = find_nearest(distros, name);
	if (nearest)
		return failure_set(failure, ENOENT,
				   "no distribution \"%s\"; did you mean "
				   "\"%s\"?",
				   name, nearest);
	return failure_set(failure, ENOENT,
			   "no distribution \"%s\"; boomerang distros lists "
			   "them",
			   name);
}

static int keep(const char *text, size_t len, struct failure *failure)
{
	int r = path_mkdirs("/etc/boomerang", 0755);

	if (r < 0)
		return failure_errno(failure, -r, "/etc/boomerang");
	return newfile_write(DISTROS_PATH, 0644, text, len, failure);
}

static int check(const char *url, const struct http_answer *answer,
		 const struct trust *trust, struct failure *failure)
{
	struct reference reference;
	const struct verify_wishes wishes = {
		.reference = &reference,
		.trust = trust,
	};
	struct verifier *verifier = NULL;
	struct verify_verdict verdict;
	int r = reference_parse(url, &reference, failure);

	if (r == 0)
		r = verify_open(&wishes, url, &verifier, failure);
	if (r < 0)
		return r;
	verify_add(verifier, view_over(answer->body, answer->size));
	r = verify_finish(verifier, &verdict, failure);
	verify_close(verifier);
	return r;
}

int distros_update(const char *url, const struct trust *trust,
		   size_t *ret_count, struct failure *failure)
{
	const struct http_question question = {
		.url = url,
		.name = url,
		.size_max = DISTROS_SIZE_MAX,
	};
	_cleanup_distros struct distros distros = { 0 };
	struct http_answer answer;
	int r = http_ask(&question, &answer, failure);

	if (r < 0)
		return r;
	if (answer.status != 200)
		r = failure_set(failure, ENOENT,
				"%s: the server answers %ld, so the table "
				"stays as it is",
				url, answer.status);
	else
		r = check(url, &answer, trust, failure);
	if (r == 0)
		r = distros_parse(answer.body, answer.size, url, &distros,
				  failure);
	if (r == 0)
		r = keep(answer.body, answer.size, failure);
	if (r == 0)
		*ret_count = distros.count;
	http_answer_free(&answer);
	return r;
}

/* --- what belongs to an ISO --- */

/* What a URL says before "?" and "#", and behind the last "/" of that. */
static size_t path_length(const char *url)
{
	return strcspn(url, "?#");
}

static size_t directory_length(const char *url)
{
	size_t len = path_length(url);

	while (len > 0 && url[len - 1] != '/')
		len--;
	return len;
}

int distro_url(const char *iso_url, const char *file, char *buf, size_t size)
{
	struct text text = text_over(buf, size);

	if (!strstr(file, "://"))
		text_add(&text, "%.*s", (int)directory_length(iso_url),
			 iso_url);
	text_put(&text, file);
	return text.cut ? -ENOBUFS : 0;
}

/* Whether there is but one digest in the text; the first word of the first
 * line is it. */
static bool is_single(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);

	return !end || strspn(end, " \r\n") == len - (size_t)(end - text);
}

int distro_checksum(const char *iso_url, const char *text, size_t len,
		    char ret_sha256[static SHA256_HEX_MAX])
{
	size_t directory = directory_length(iso_url);
	char name[NAME_MAX + 1], first[SHA256_HEX_MAX];
	int r;

	if (path_length(iso_url) - directory >= sizeof(name))
		return -ENODATA;
	memcpy(name, iso_url + directory, path_length(iso_url) - directory);
	name[path_length(iso_url) - directory] = '\0';
	r = checksum_list_find(view_over(text, len), name, true, ret_sha256);
	/* The .sha256 of a "latest" calls it by the name that it has now. */
	if (r != -ENODATA || !is_single(text, len) || len < sizeof(first) - 1)
		return r;
	return checksum_list_find(view_over(text, sizeof(first) - 1), name,
				  true, ret_sha256);
}
