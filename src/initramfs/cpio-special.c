/* SPDX-License-Identifier: MIT */
#include "initramfs/cpio-special.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "image/name.h"

#define LINE_MAX_BYTES (4 * PATH_MAX + 128)

static const struct {
	const char *name;
	uint32_t type;
} types[] = {
	{ "dir", S_IFDIR },	{ "file", S_IFREG },  { "link", S_IFLNK },
	{ "char", S_IFCHR },	{ "block", S_IFBLK }, { "fifo", S_IFIFO },
	{ "socket", S_IFSOCK },
};

bool cpio_mode_is_node(uint32_t mode)
{
	return !S_ISREG(mode) && !S_ISDIR(mode) && !S_ISLNK(mode);
}

static bool has_numbers(uint32_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

void cpio_special_write(FILE *out, const struct newc_entry *entry,
			const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i].type == (entry->mode & S_IFMT))
			fprintf(out, "%s", types[i].name);
	fprintf(out, " %04o %u %u ", entry->mode & 07777, entry->uid,
		entry->gid);
	if (has_numbers(entry->mode))
		fprintf(out, "%u %u ", entry->node_major, entry->node_minor);
	for (const char *at = path; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c <= ' ' || c == '\\' || c == 0x7f)
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('\n', out);
}

/* --- reading --- */

/* The next word of *line, or NULL. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t len = strcspn(word, " \t");

	if (len == 0)
		return NULL;
	*line = word + len + (word[len] != '\0');
	word[len] = '\0';
	return word;
}

static bool next_number(char **line, int base, uint32_t max, uint32_t *ret)
{
	char *word = next_word(line), *end;
	unsigned long value;

	if (!word || word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	value = strtoul(word, &end, base);
	*ret = (uint32_t)value;
	return errno == 0 && *end == '\0' && value <= max;
}

/* In place; false: a backslash without three octal digits, or a NUL. */
static bool unescape(char *path)
{
	char *to = path;

	for (const char *at = path; *at; at++) {
		unsigned int c = 0;

		if (*at != '\\') {
			*to++ = *at;
			continue;
		}
		for (int i = 0; i < 3; i++) {
			at++;
			if (*at < '0' || *at > '7')
				return false;
			c = c * 8 + (unsigned int)(*at - '0');
		}
		if (c == 0 || c > 0xff)
			return false;
		*to++ = (char)c;
	}
	*to = '\0';
	return true;
}

static bool set_type(const char *word, struct cpio_special *row)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(types); i++)
		if (str_eq(word, types[i].name)) {
			row->mode = types[i].type;
			return true;
		}
	return false;
}

static bool parse_line(char *line, struct cpio_special *row)
{
	uint32_t permissions = 0;
	const char *clean;
	char *path;

	if (!set_type(next_word(&line), row) ||
	    !next_number(&line, 8, 07777, &permissions) ||
	    !next_number(&line, 10, UINT32_MAX, &row->uid) ||
	    !next_number(&line, 10, UINT32_MAX, &row->gid))
		return false;
	row->mode |= permissions;
	if (has_numbers(row->mode) &&
	    (!next_number(&line, 10, UINT32_MAX, &row->node_major) ||
	     !next_number(&line, 10, UINT32_MAX, &row->node_minor)))
		return false;
	path = next_word(&line);
	if (!path || next_word(&line) || !unescape(path) ||
	    name_clean(path, &clean) != NAME_GOOD)
		return false;
	row->path = strdup(clean);
	return row->path;
}

static int compare_rows(const void *a, const void *b)
{
	return strcmp(((const struct cpio_special *)a)->path,
		      ((const struct cpio_special *)b)->path);
}

/* In the order of lines where they are of one path. */
static int compare_lines(const void *a, const void *b)
{
	const struct cpio_special *first = a, *second = b;
	int r = compare_rows(a, b);

	return r ? r : first->line < second->line ? -1 : 1;
}

static int add_row(struct cpio_specials *specials,
		   const struct cpio_special *row)
{
	struct cpio_special *grown =
		reallocarray(specials->rows, specials->count + 1, sizeof(*row));

	if (!grown)
		return -ENOMEM;
	specials->rows = grown;
	specials->rows[specials->count++] = *row;
	return 0;
}

static int parse_one(struct cpio_specials *specials, struct view text,
		     size_t number, const char *name, struct failure *failure)
{
	_cleanup_free char *line = NULL;
	struct cpio_special row = { .line = number };

	if (text.left == 0 || text.at[0] == '#')
		return 0;
	if (text.left < LINE_MAX_BYTES)
		line = strndup((const char *)text.at, text.left);
	if (!line || strlen(line) != text.left || !parse_line(line, &row))
		return failure_set(failure, EINVAL,
				   "%s: line %zu is not TYPE MODE UID GID "
				   "[MAJOR MINOR] PATH",
				   name, number);
	if (add_row(specials, &row) == 0)
		return 0;
	free(row.path);
	return failure_errno(failure, ENOMEM, "%s", name);
}

/* Sorts them; of those with one path the last stays. */
static void put_in_order(struct cpio_specials *specials)
{
	size_t kept = 0;

	if (specials->count > 0)
		qsort(specials->rows, specials->count, sizeof(*specials->rows),
		      compare_lines);
	for (size_t i = 0; i < specials->count; i++) {
		if (kept > 0 && compare_rows(&specials->rows[kept - 1],
					     &specials->rows[i]) == 0)
			free(specials->rows[--kept].path);
		specials->rows[kept++] = specials->rows[i];
	}
	specials->count = kept;
}

int cpio_specials_parse(struct cpio_specials *ret_specials, struct view text,
			const char *name, struct failure *failure)
{
	struct cpio_specials specials = { 0 };
	int r = 0;

	for (size_t number = 1; r == 0 && text.left > 0; number++) {
		const uint8_t *end = memchr(text.at, '\n', text.left);
		size_t len = end ? (size_t)(end - text.at) : text.left;

		r = parse_one(&specials, view_sub(&text, len), number, name,
			      failure);
		view_skip(&text, end ? 1 : 0);
	}
	if (r < 0) {
		cpio_specials_clear(&specials);
		return r;
	}
	put_in_order(&specials);
	*ret_specials = specials;
	return 0;
}

void cpio_specials_clear(struct cpio_specials *specials)
{
	for (size_t i = 0; i < specials->count; i++)
		free(specials->rows[i].path);
	free(specials->rows);
	*specials = (struct cpio_specials){ 0 };
}

const struct cpio_special *
cpio_specials_find(const struct cpio_specials *specials, const char *path)
{
	const struct cpio_special wanted = { .path = (char *)(uintptr_t)path };

	return specials->count > 0
		       ? bsearch(&wanted, specials->rows, specials->count,
				 sizeof(wanted), compare_rows)
		       : NULL;
}
