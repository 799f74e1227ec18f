/* SPDX-License-Identifier: MIT */
#include "iso/distro-row.h"

#include <errno.h>
#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/digest.h"

#define VALUE_MAX	 2048
#define FINGERPRINTS_MAX 1024
#define KEYS_LEN_MAX	 (256 * KIB)

/* One row that is being made. */
struct row {
	const struct sections *sections;
	const struct section *section;
	struct distro distro;
	struct failure *failure;
};

static int wrong_key(const struct row *row, const struct section_pair *pair,
		     const char *why)
{
	return section_wrong(row->sections, pair->line, row->failure,
			     "%s \"%.100s\" %s", pair->key, pair->value, why);
}

static int no_memory(const struct row *row)
{
	return failure_errno(row->failure, ENOMEM, "%s", row->sections->file);
}

/* --- keys of OpenPGP --- */

/* The certificates of a [key NAME], base64 over several lines. */
static int add_certificates(struct row *row, const struct section *key)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	struct distro *distro = &row->distro;

	for (size_t i = 0; i < key->count; i++) {
		const struct section_pair *pair = &key->pairs[i];
		size_t len = strlen(pair->value);
		size_t digits = strspn(pair->value, alphabet);
		size_t padding = strspn(pair->value + digits, "=");
		uint8_t *keys;

		if (!str_eq(pair->key, "data"))
			continue;
		if (digits + padding != len || len % 4 > 0 || padding > 2)
			return wrong_key(row, pair, "is no base64");
		if (distro->keys_len + len > KEYS_LEN_MAX)
			return wrong_key(row, pair, "is too much");
		keys = realloc(distro->keys, distro->keys_len + len);
		if (!keys)
			return no_memory(row);
		distro->keys = keys;
		if (EVP_DecodeBlock(keys + distro->keys_len,
				    (const uint8_t *)pair->value, (int)len) < 0)
			return wrong_key(row, pair, "is no base64");
		distro->keys_len += len / 4 * 3 - padding;
	}
	return 0;
}

/* Of version 4 or 6: RFC 9580 section 5.5.4. */
static bool is_fingerprint(const char *text)
{
	size_t len = strspn(text, "0123456789ABCDEFabcdef");

	return !text[len] && (len == 40 || len == 64);
}

static int add_key(struct row *row, const struct section_pair *pair,
		   const char *name, struct text *fingerprints)
{
	char heading[SECTION_NAME_MAX];
	struct text text = text_over(heading, sizeof(heading));
	const struct section *key;

	text_add(&text, DISTRO_KEY_PREFIX "%s", name);
	key = sections_find(row->sections, heading);
	if (!key)
		return wrong_key(row, pair,
				 "names a [key ...] that is not "
				 "there");
	text_add(fingerprints, "%s%s", fingerprints->len > 0 ? " " : "",
		 section_get(key, "fingerprint")->value);
	if (fingerprints->cut)
		return wrong_key(row, pair, "names too many keys");
	return add_certificates(row, key);
}

static int set_keys(struct row *row, const struct section_pair *pair)
{
	_cleanup_free char *names = strdup(pair->value);
	char fingerprints[FINGERPRINTS_MAX];
	struct text text = text_over(fingerprints, sizeof(fingerprints));
	char *rest = names, *name;
	int r = 0;

	if (!names)
		return no_memory(row);
	while (r == 0 && (name = strsep(&rest, " \t,")))
		if (*name)
			r = add_key(row, pair, name, &text);
	if (r < 0)
		return r;
	row->distro.fingerprints = strdup(fingerprints);
	return row->distro.fingerprints ? 0 : no_memory(row);
}

int distro_key_check(const struct sections *sections,
		     const struct section *section, struct failure *failure)
{
	struct row row = {
		.sections = sections,
		.section = section,
		.failure = failure,
	};
	const struct section_pair *fingerprint = NULL;
	int r;

	for (size_t i = 0; i < section->count; i++) {
		const struct section_pair *pair = &section->pairs[i];

		if (str_eq(pair->key, "fingerprint") && !fingerprint)
			fingerprint = pair;
		else if (!str_eq(pair->key, "data"))
			return wrong_key(&row, pair, "does not belong here");
	}
	if (!fingerprint)
		return section_wrong(sections, section->line, failure,
				     "[%s] has no fingerprint", section->name);
	if (!is_fingerprint(fingerprint->value))
		return wrong_key(&row, fingerprint, "is no fingerprint");
	r = add_certificates(&row, section);
	if (r == 0 && row.distro.keys_len == 0)
		r = section_wrong(sections, section->line, failure,
				  "[%s] has no data", section->name);
	distro_clear(&row.distro);
	return r;
}

/* --- single values --- */

static bool is_url(const char *text)
{
	const char *rest = str_after(text, "https://");

	if (!rest)
		rest = str_after(text, "http://");
	return rest && *rest && *rest != '/' && !strpbrk(rest, " \t");
}

/* pair's value with the version in it. */
static int expand(struct row *row, const struct section_pair *pair,
		  char **ret_value)
{
	const struct section_pair *version =
		section_get(row->section, "version");
	char value[VALUE_MAX];
	struct text text = text_over(value, sizeof(value));
	const char *rest = pair->value;

	for (;;) {
		size_t plain = strcspn(rest, "{");

		text_add(&text, "%.*s", (int)plain, rest);
		rest += plain;
		if (!*rest)
			break;
		rest = str_after(rest, "{version}");
		if (!rest)
			return wrong_key(row, pair,
					 "has a \"{\" that is no "
					 "{version}");
		if (!version)
			return wrong_key(row, pair,
					 "wants a version, and "
					 "none is given");
		text_put(&text, version->value);
	}
	if (text.cut)
		return wrong_key(row, pair, "is too long");
	*ret_value = strdup(value);
	return *ret_value ? 0 : no_memory(row);
}

static int set_url(struct row *row, const struct section_pair *pair)
{
	struct distro *distro = &row->distro;
	_cleanup_free char *url = NULL;
	int r = expand(row, pair, &url);

	if (r < 0)
		return r;
	if (!is_url(url))
		return wrong_key(row, pair, "is no http:// or https:// URL");
	if (distro->url_count == DISTRO_MIRRORS_MAX)
		return wrong_key(row, pair, "is one mirror too many");
	distro->urls[distro->url_count++] = TAKE_PTR(url);
	return 0;
}

/* The first URL is the one that the row is known by. */
static int set_mirror(struct row *row, const struct section_pair *pair)
{
	if (row->distro.url_count == 0)
		return wrong_key(row, pair, "stands before the url");
	return set_url(row, pair);
}

/* A URL, or the name of a file beside the ISO. */
static int set_file(struct row *row, const struct section_pair *pair,
		    char **ret_file)
{
	int r = expand(row, pair, ret_file);

	if (r == 0 && !is_url(*ret_file) && strpbrk(*ret_file, "/: \t?#"))
		r = wrong_key(row, pair,
			      "is neither a URL nor the name of a "
			      "file beside the ISO");
	return r;
}

static int set_checksums(struct row *row, const struct section_pair *pair)
{
	return set_file(row, pair, &row->distro.checksums);
}

static int set_signature(struct row *row, const struct section_pair *pair)
{
	if (!str_eq(pair->value, "inline"))
		return set_file(row, pair, &row->distro.signature);
	row->distro.signature = strdup("");
	return row->distro.signature ? 0 : no_memory(row);
}

static int set_signs(struct row *row, const struct section_pair *pair)
{
	row->distro.signs_iso = str_eq(pair->value, "iso");
	if (!row->distro.signs_iso && !str_eq(pair->value, "checksums"))
		return wrong_key(row, pair, "is neither iso nor checksums");
	return 0;
}

static int set_sha256(struct row *row, const struct section_pair *pair)
{
	struct digest digest;

	if (digest_parse_sha256(pair->value, &digest) < 0)
		return wrong_key(row, pair, "is no sha256");
	return expand(row, pair, &row->distro.sha256);
}

static int set_medium(struct row *row, const struct section_pair *pair)
{
	if (medium_parse(pair->value, &row->distro.medium) < 0)
		return wrong_key(row, pair, "is no kind of medium");
	return 0;
}

static int set_title(struct row *row, const struct section_pair *pair)
{
	return expand(row, pair, &row->distro.title);
}

static int set_version(struct row *row, const struct section_pair *pair)
{
	if (strchr(pair->value, '{'))
		return wrong_key(row, pair, "cannot contain \"{\"");
	return expand(row, pair, &row->distro.version);
}

static int set_entry(struct row *row, const struct section_pair *pair)
{
	return expand(row, pair, &row->distro.entry);
}

static int set_append(struct row *row, const struct section_pair *pair)
{
	return expand(row, pair, &row->distro.append);
}

/* For a row that has nothing to be checked by, so that none is by mistake. */
static int set_check(struct row *row, const struct section_pair *pair)
{
	return str_eq(pair->value, "none") ? 0
					   : wrong_key(row, pair,
						       "is not "
						       "none");
}

/* --- a row --- */

static const struct {
	const char *key;
	int (*set)(struct row *row, const struct section_pair *pair);
	bool many;
} setters[] = {
	{ "append", set_append },
	{ "check", set_check },
	{ "checksums", set_checksums },
	{ "entry", set_entry },
	{ "keys", set_keys },
	{ "medium", set_medium },
	{ "mirror", set_mirror, .many = true },
	{ "sha256", set_sha256 },
	{ "signature", set_signature },
	{ "signs", set_signs },
	{ "title", set_title },
	{ "url", set_url },
	{ "version", set_version },
};

static int set_pair(struct row *row, const struct section_pair *pair)
{
	for (size_t i = 0; i < ARRAY_SIZE(setters); i++) {
		if (!str_eq(pair->key, setters[i].key))
			continue;
		if (!setters[i].many &&
		    section_get(row->section, pair->key) != pair)
			return wrong_key(row, pair, "is said twice");
		return setters[i].set(row, pair);
	}
	return wrong_key(row, pair, "is a key that nobody knows");
}

/* What one key alone cannot know. */
static const char *find_contradiction(const struct row *row)
{
	const struct distro *distro = &row->distro;
	bool checks = distro->checksums || distro->sha256 || distro->signature;

	if (!distro->title)
		return "has no title";
	if (distro->url_count == 0)
		return "has no url";
	if (!distro->signature != !distro->keys)
		return "has a signature without keys, or keys without one";
	if (distro->signs_iso && (!distro->signature || !*distro->signature))
		return "has no signature of the ISO";
	if (distro->signature && !distro->signs_iso && !distro->checksums)
		return "has a signature of checksums, and no checksums";
	if (!checks && !section_get(row->section, "check"))
		return "has nothing that it could be checked by: sha256, "
		       "checksums, signature, or check = none";
	if (checks && section_get(row->section, "check"))
		return "says check = none, and what to check by";
	return NULL;
}

static bool is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")] ==
		       '\0' &&
	       *name != '.' && *name != '-';
}

int distro_row(const struct sections *sections, const struct section *section,
	       struct distro *ret_distro, struct failure *failure)
{
	struct row row = {
		.sections = sections,
		.section = section,
		.failure = failure,
	};
	const char *why;
	int r = 0;

	if (!is_name(section->name))
		return section_wrong(sections, section->line, failure,
				     "[%s] is no name: a-z, 0-9, \".\" and "
				     "\"-\"",
				     section->name);
	row.distro.name = strdup(section->name);
	if (!row.distro.name)
		return no_memory(&row);
	for (size_t i = 0; i < section->count && r == 0; i++)
		r = set_pair(&row, &section->pairs[i]);
	why = r == 0 ? find_contradiction(&row) : NULL;
	if (why)
		r = section_wrong(sections, section->line, failure, "[%s] %s",
				  section->name, why);
	if (r < 0)
		distro_clear(&row.distro);
	else
		*ret_distro = row.distro;
	return r;
}

void distro_clear(struct distro *distro)
{
	for (size_t i = 0; i < distro->url_count; i++)
		free(distro->urls[i]);
	free(distro->name);
	free(distro->title);
	free(distro->version);
	free(distro->checksums);
	free(distro->sha256);
	free(distro->signature);
	free(distro->keys);
	free(distro->fingerprints);
	free(distro->entry);
	free(distro->append);
	*distro = (struct distro){ 0 };
}
