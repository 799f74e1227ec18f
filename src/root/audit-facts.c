/* SPDX-License-Identifier: MIT */
/*
 * Facts, and what differs between two lists of them. No system calls but the
 * reading of files at the end.
 */
#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"
#include "root/audit-internal.h"

int facts_add(struct facts *facts, const char *key, const char *note,
	      const void *value, size_t len)
{
	struct fact *fact = arena_alloc(facts->arena, sizeof(*fact));

	if (fact) {
		fact->key = arena_copy(facts->arena, key, strlen(key) + 1);
		fact->note =
			note ? arena_copy(facts->arena, note, strlen(note) + 1)
			     : fact->key;
		fact->value = arena_copy(facts->arena, value, len);
		fact->len = len;
	}
	if (!fact || !fact->key || !fact->note || !fact->value) {
		facts->err = -ENOBUFS;
		return -ENOBUFS;
	}
	fact->next = facts->first;
	facts->first = fact;
	facts->count++;
	return 0;
}

int facts_add_text(struct facts *facts, const char *key, const char *value)
{
	return facts_add(facts, key, NULL, value, strlen(value));
}

const char *fact_text(const struct fact *fact, char *buf, size_t size)
{
	struct text text = text_over(buf, size);

	text_add(&text, "%.*s", (int)MIN(fact->len, (size_t)INT_MAX),
		 (const char *)fact->value);
	return buf;
}

/* '/' first, so that "a/b" follows "a" and not "a-b". */
static int key_rank(char c)
{
	return c == '/' ? 1 : c ? 1 + (unsigned char)c : 0;
}

static int key_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return key_rank(*a) - key_rank(*b);
}

static int value_compare(const struct fact *a, const struct fact *b)
{
	int order = memcmp(a->value, b->value, MIN(a->len, b->len));

	if (order)
		return order;
	return (a->len > b->len) - (a->len < b->len);
}

static int fact_compare(const void *a_pointer, const void *b_pointer)
{
	const struct fact *a = *(const struct fact *const *)a_pointer;
	const struct fact *b = *(const struct fact *const *)b_pointer;
	int order = key_compare(a->key, b->key);

	return order ? order : value_compare(a, b);
}

int facts_sort(struct facts *facts)
{
	size_t i = 0;

	facts->sorted = arena_alloc(facts->arena,
				    (facts->count + 1) * sizeof(struct fact *));
	if (!facts->sorted)
		return -ENOBUFS;
	for (struct fact *fact = facts->first; fact; fact = fact->next)
		facts->sorted[i++] = fact;
	qsort(facts->sorted, facts->count, sizeof(struct fact *), fact_compare);
	return 0;
}

struct diff {
	const struct probe *probe;
	void (*found)(const struct change *change, void *context);
	void *context;
	const char *tree; /* the last directory that was added */
};

static unsigned change_kind(const struct change *change)
{
	if (!change->before)
		return CHANGE_ADDED;
	return change->now ? CHANGE_CHANGED : CHANGE_REMOVED;
}

static void report(struct diff *diff, const struct fact *before,
		   const struct fact *now)
{
	struct change change = { .before = before, .now = now };
	unsigned kind = change_kind(&change);

	if (!(diff->probe->changes & kind))
		return;
	if (diff->probe->matters && !diff->probe->matters(&change))
		return;
	if (diff->probe->tree && kind == CHANGE_ADDED) {
		const char *rest =
			diff->tree ? str_after(now->key, diff->tree) : NULL;

		if (rest && *rest == '/')
			return;
		diff->tree = now->key;
	}
	diff->found(&change, diff->context);
}

/* How many facts from at on have the same key as the first of them. */
static size_t run_length(const struct facts *facts, size_t at)
{
	size_t n = 1;

	while (at + n < facts->count &&
	       str_eq(facts->sorted[at]->key, facts->sorted[at + n]->key))
		n++;
	return n;
}

/*
 * Two runs of the same key. One fact each, which is the rule, is the same
 * thing with another value; among several (stacked mounts) equal ones cancel
 * out and nothing says which of the others belong together.
 */
static void diff_run(struct diff *diff, struct fact **before, size_t before_n,
		     struct fact **now, size_t now_n)
{
	size_t b = 0, n = 0;

	if (before_n == 1 && now_n == 1) {
		if (value_compare(*before, *now))
			report(diff, *before, *now);
		return;
	}
	while (b < before_n || n < now_n) {
		int order = b == before_n ? 1
			    : n == now_n  ? -1
					  : value_compare(before[b], now[n]);

		if (order < 0)
			report(diff, before[b], NULL);
		if (order > 0)
			report(diff, NULL, now[n]);
		b += order <= 0;
		n += order >= 0;
	}
}

void facts_diff(const struct probe *probe, const struct facts *before,
		const struct facts *now,
		void (*found)(const struct change *change, void *context),
		void *context)
{
	struct diff diff = {
		.probe = probe,
		.found = found,
		.context = context,
	};
	size_t b = 0, n = 0;

	while (b < before->count || n < now->count) {
		int order = b == before->count ? 1
			    : n == now->count
				    ? -1
				    : key_compare(before->sorted[b]->key,
						  now->sorted[n]->key);
		size_t b_run = order <= 0 ? run_length(before, b) : 0;
		size_t n_run = order >= 0 ? run_length(now, n) : 0;

		diff_run(&diff, before->sorted + b, b_run, now->sorted + n,
			 n_run);
		b += b_run;
		n += n_run;
	}
}

#define SLURP_CHUNK (64 * (size_t)KIB)
#define SLURP_MAX   (16 * (size_t)MIB)

int file_slurp(const char *path, char **ret_bytes, size_t *ret_len)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free char *bytes = NULL;
	size_t len = 0, size = 0;

	if (fd < 0)
		return -errno;
	while (size < SLURP_MAX) {
		char *bigger = realloc(bytes, size + SLURP_CHUNK + 1);
		ssize_t n;

		if (!bigger)
			return -ENOMEM;
		bytes = bigger;
		size += SLURP_CHUNK;
		n = fd_read_full(fd, bytes + len, size - len);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len < size) {
			bytes[len] = '\0';
			*ret_bytes = TAKE_PTR(bytes);
			*ret_len = len;
			return 0;
		}
	}
	return -EFBIG;
}
